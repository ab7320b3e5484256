"""Creates, lists, changes and revokes embed tokens; lists the origins that they blocked; makes their script tags."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from events.emit import emit
from events.event_types import EventType
from kit import secrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from kit.text import is_valid_text
from phone_numbers.from_numbers import FromNumber
from phone_numbers.services import PhoneNumberService
from tenants.jobs import enqueue_end_live_calls
from tenants.models import Organization
from widget.domains import is_page_allowed, parse_allowed_domains
from widget.errors import TooManyTokens
from widget.models import (
    MAX_ACTIVE_TOKENS,
    MAX_BLOCKED_ORIGINS,
    MAX_LABEL_CHARACTERS,
    TOKEN_PREFIX,
    BlockedOrigin,
    EmbedToken,
)
from widget.schemas import EmbedTokenInfo

MAX_TOKEN_CHOICES = 200
"""Limit of the tokens to choose from in the filter of the list of calls."""
_CREATOR_NAME = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)


class ListedEmbedToken(NamedTuple):
    """An active token in a list."""

    token: EmbedToken
    creator_name: str | None
    """None if the product itself or a person whose account was deleted created it."""
    blocked_pages: int
    """Number of the origins that the token blocked and that its present list still blocks."""


class EmbedTokenService:
    """Embed tokens of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[EmbedToken]):
        model_type = EmbedToken

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tokens = self.Repository(session=session)

    async def issue(
        self,
        organization_id: UUID,
        *,
        label: str,
        allowed_domains: Sequence[str] | str,
        recent_calls: bool = False,
        from_numbers: Sequence[UUID] = (),
        by: Actor,
    ) -> tuple[EmbedToken, str]:
        """Create a token and return it with its raw text, which is never stored.

        Raises:
            ValidationFailed: the label or a domain is not valid, recent calls are requested without a domain, or the
                organization's calls may not show a number.
            TooManyTokens: the organization has the largest allowed number of active tokens.
        """
        domains = parse_domains(allowed_domains)
        checked_label = parse_label(label)
        _ensure_domains_for_recent_calls(domains, recent_calls)
        usable = [number.id for number in await self.list_from_numbers(organization_id)] if from_numbers else []
        numbers = _parse_from_numbers(from_numbers, usable)
        # Locks the organization's row, so that two tokens that are created at the same time cannot exceed the limit.
        limits = await self._session.scalar(
            sa.select(Organization.limits).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        active = await self._tokens.count(*_is_active(organization_id), EmbedToken.for_dashboard.is_(False))
        if active >= int((limits or {}).get("active_tokens", MAX_ACTIVE_TOKENS)):
            raise TooManyTokens
        minted = secrets.mint(TOKEN_PREFIX)
        token = EmbedToken(
            organization_id=organization_id,
            digest=minted.digest,
            prefix=minted.hint,
            label=checked_label,
            allowed_domains=list(domains),
            recent_calls=recent_calls,
            from_numbers=numbers,
            created_by=by.user_id,
        )
        return await self.add(token, by=by), minted.raw

    async def add(self, token: EmbedToken, *, by: Actor) -> EmbedToken:
        """Store a new, validated token with its audit event, and emit its event for programs."""
        token = await self._tokens.add(token)
        await self._record(token, by, "embed_token.created", {"allowed_domains": token.allowed_domains})
        await self._emit(token, EventType.EMBED_TOKEN_CREATED)
        return token

    async def list_active(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[EmbedToken]:
        """``limit`` + 1 active tokens, newest first."""
        query = (
            sa.select(EmbedToken).where(*_is_active(organization_id)).order_by(EmbedToken.id.desc()).limit(limit + 1)
        )
        if after is not None:
            query = query.where(EmbedToken.id < after)
        rows: Sequence[EmbedToken] = (await self._session.scalars(query)).all()
        return rows

    async def list_using_numbers(self, organization_id: UUID, number_ids: Sequence[UUID]) -> Sequence[EmbedToken]:
        """Active tokens whose list of numbers contains one of ``number_ids``, newest first."""
        uses_number = EmbedToken.from_numbers.overlap(list(number_ids))
        query = sa.select(EmbedToken).where(*_is_active(organization_id), uses_number).order_by(EmbedToken.id.desc())
        return (await self._session.scalars(query)).all()

    async def list_with_creators(
        self, organization_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[ListedEmbedToken]:
        """``limit`` + 1 active tokens, newest first, with their creators' names and the number of blocked origins."""
        blocked = sa.select(sa.func.array_agg(BlockedOrigin.origin)).where(
            BlockedOrigin.owned_by(organization_id), BlockedOrigin.token_id == EmbedToken.id
        )
        query = (
            sa.select(EmbedToken, _CREATOR_NAME, blocked.scalar_subquery())
            .outerjoin(User, User.id == EmbedToken.created_by)
            .where(*_is_active(organization_id))
            .order_by(EmbedToken.id.desc())
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(EmbedToken.id < after)
        return [
            ListedEmbedToken(token, creator_name, sum(_is_still_blocked(token, origin) for origin in origins or ()))
            for token, creator_name, origins in await self._session.execute(query)
        ]

    async def list_blocked_origins(self, organization_id: UUID, token: EmbedToken) -> Sequence[BlockedOrigin]:
        """Origins that ``token`` blocked and that its present list still blocks, the one seen last first."""
        query = (
            sa.select(BlockedOrigin)
            .where(BlockedOrigin.owned_by(organization_id), BlockedOrigin.token_id == token.id)
            .order_by(BlockedOrigin.last_seen_at.desc(), BlockedOrigin.id)
            .limit(MAX_BLOCKED_ORIGINS)
        )
        rows: Sequence[BlockedOrigin] = (await self._session.scalars(query)).all()
        return [row for row in rows if _is_still_blocked(token, row.origin)]

    async def list_names(self, organization_id: UUID) -> dict[UUID, str]:
        """Names of the newest tokens by id, revoked ones included, for the filter of a list of calls."""
        query = (
            sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix)
            .where(EmbedToken.owned_by(organization_id))
            .order_by(EmbedToken.revoked_at.is_not(None), EmbedToken.id.desc())
            .limit(MAX_TOKEN_CHOICES)
        )
        return {row.id: row.label or row.prefix for row in await self._session.execute(query)}

    async def get_creator_name(self, organization_id: UUID, token: EmbedToken) -> str | None:
        """Name of the person who created ``token``; None for the product itself and for deleted accounts."""
        query = (
            sa.select(_CREATOR_NAME)
            .select_from(EmbedToken)
            .join(User, User.id == EmbedToken.created_by)
            .where(EmbedToken.owned_by(organization_id), EmbedToken.id == token.id)
        )
        name: str | None = await self._session.scalar(query)
        return name

    async def get_name(self, organization_id: UUID, token_id: UUID) -> str:
        """Name of a token, active or revoked. Raises: NotFound."""
        token = await self._tokens.get_one_or_none(EmbedToken.owned_by(organization_id), EmbedToken.id == token_id)
        if token is None:
            raise NotFound
        return _name(token)

    async def get_active(self, organization_id: UUID, token_id: UUID) -> EmbedToken:
        """One active token. Raises: NotFound."""
        token = await self._tokens.get_one_or_none(*_is_active(organization_id), EmbedToken.id == token_id)
        if token is None:
            raise NotFound
        return token

    async def update(
        self,
        organization_id: UUID,
        token_id: UUID,
        *,
        by: Actor,
        label: str | None = None,
        allowed_domains: Sequence[str] | str | None = None,
        recent_calls: bool | None = None,
        from_numbers: Sequence[UUID] | None = None,
    ) -> EmbedToken:
        """Change the fields that are not None; without a domain, the token stops showing recent calls.

        Raises: NotFound, ValidationFailed.
        """
        token = await self.get_active(organization_id, token_id)
        numbers = {number.id: number.number for number in await self.list_from_numbers(organization_id)}
        before = _audit_values(token, numbers)
        if label is not None:
            token.label = parse_label(label)
        if allowed_domains is not None:
            token.allowed_domains = list(parse_domains(allowed_domains))
        _ensure_domains_for_recent_calls(token.allowed_domains, recent_calls)
        is_wanted = token.recent_calls if recent_calls is None else recent_calls
        token.recent_calls = is_wanted and bool(token.allowed_domains)
        if from_numbers is not None:
            token.from_numbers = _parse_from_numbers(from_numbers, numbers)
        await self._record(token, by, "embed_token.changed", {"before": before, "after": _audit_values(token, numbers)})
        return token

    async def revoke(self, organization_id: UUID, token_id: UUID, *, by: Actor) -> None:
        """Revoke the token for ever. After the commit no exchange and no new call succeeds; its live calls are ended.

        Raises: NotFound.
        """
        token = await self.get_active(organization_id, token_id)
        token.revoked_at, token.revoked_by = utc_now(), by.user_id
        await enqueue_end_live_calls(self._session, token.id)
        await self._record(token, by, "embed_token.revoked")
        await self._emit(token, EventType.EMBED_TOKEN_REVOKED)

    async def _emit(self, token: EmbedToken, event_type: EventType) -> None:
        numbers = {number.id for number in await self.list_from_numbers(token.organization_id)}
        info = EmbedTokenInfo.of(token, numbers)
        await emit(self._session, token.organization_id, event_type, info, subject_id=token.id)

    async def list_from_numbers(self, organization_id: UUID) -> Sequence[FromNumber]:
        """The numbers that a token may be limited to, the default first."""
        return await PhoneNumberService(self._session).list_from_numbers(organization_id)

    async def _record(
        self, token: EmbedToken, by: Actor, action: str, details: dict[str, object] | None = None
    ) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=token.organization_id,
            subject_id=token.id,
            subject_name=_name(token),
            details=details,
        )


def _is_active(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return EmbedToken.owned_by(organization_id), EmbedToken.revoked_at.is_(None)


def _is_still_blocked(token: EmbedToken, origin: str) -> bool:
    """True if the token's present list does not allow ``origin``."""
    return not is_page_allowed(token.allowed_domains, [origin.encode()])


def _audit_values(token: EmbedToken, numbers: Mapping[UUID, str]) -> dict[str, object]:
    return {
        "label": token.label,
        "allowed_domains": token.allowed_domains,
        "recent_calls": token.recent_calls,
        "numbers": [numbers[number_id] for number_id in token.from_numbers if number_id in numbers],
    }


def _ensure_domains_for_recent_calls(domains: Sequence[str], recent_calls: bool | None) -> None:
    """Raises: ValidationFailed."""
    if recent_calls and not domains:
        raise ValidationFailed(
            [("recent_calls", "List the allowed domains first: a token that any website can use shows no recent calls")]
        )


def _name(token: EmbedToken) -> str:
    return token.label or token.prefix


def _parse_from_numbers(number_ids: Sequence[UUID], usable_ids: Container[UUID]) -> list[UUID]:
    """The ids without duplicates. Raises: ValidationFailed."""
    if not all(number_id in usable_ids for number_id in number_ids):
        raise ValidationFailed([("from_numbers", "Each must be the id of a number that the organization holds")])
    return list(dict.fromkeys(number_ids))


def parse_label(label: str) -> str:
    """A label as it is stored. Raises: ValidationFailed."""
    if not is_valid_text(label):
        raise ValidationFailed([("label", "Control characters are not allowed")])
    if len(label) > MAX_LABEL_CHARACTERS:
        raise ValidationFailed([("label", f"At most {MAX_LABEL_CHARACTERS} characters")])
    return label.strip()


def parse_domains(typed: Sequence[str] | str) -> tuple[str, ...]:
    """The domains to store, from the form's text or from a list of such texts. Raises: InvalidDomains."""
    return parse_allowed_domains(typed if isinstance(typed, str) else "\n".join(typed))


def script_tag(public_url: str, raw_token: str) -> str:
    """The script tag that a customer pastes into a page."""
    return f'<script src="{public_url}/widget/phone.js" data-token="{raw_token}"></script>'
