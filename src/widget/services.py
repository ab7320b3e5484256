"""What happens to embed tokens."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService

from accounts.models import User
from kit import secrets
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from kit.text import is_valid_text
from tenants.jobs import end_live_calls
from tenants.models import Organization
from widget import limits
from widget.blocked_origins import is_refused
from widget.domains import parse_allowed_domains
from widget.errors import TooManyTokens
from widget.models import TOKEN_PREFIX, EmbedToken, RefusedOrigin

_CREATOR = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)


class ListedToken(NamedTuple):
    """An active token in a list."""

    token: EmbedToken
    creator: str | None
    """Who made it; None for the product itself and for people who are gone."""
    refused_pages: int
    """How many different pages it refused lately and would refuse now."""


class EmbedTokenService(SQLAlchemyAsyncRepositoryService[EmbedToken]):
    """Embed tokens of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[EmbedToken]):
        model_type = EmbedToken

    repository_type = Repository

    async def issue(
        self, organization_id: UUID, *, label: str, allowed_domains: Sequence[str] | str, by: Actor
    ) -> tuple[EmbedToken, str]:
        """Make a token and return it with its raw text, which nobody can read again.

        Raises:
            ValidationFailed: the label or a domain cannot be stored.
            TooManyTokens: the organization holds as many active tokens as it may.
        """
        domains = read_domains(allowed_domains)
        checked = read_label(label)
        # Locks the organization's row: two tokens asked for at once must not both be the last one allowed.
        held = await self.repository.session.scalar(
            sa.select(Organization.limits).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        active = await self.count(*self._active(organization_id))
        if active >= int((held or {}).get("active_tokens", limits.ACTIVE_TOKENS)):
            raise TooManyTokens
        minted = secrets.mint(TOKEN_PREFIX)
        token = await self.create(
            EmbedToken(
                organization_id=organization_id,
                digest=minted.digest,
                prefix=minted.hint,
                label=checked,
                allowed_domains=list(domains),
                created_by=by.user_id,
            )
        )
        await record(
            self.repository.session,
            by,
            "embed_token.created",
            organization_id=organization_id,
            subject_id=token.id,
            subject_name=_name(token),
            details={"allowed_domains": token.allowed_domains},
        )
        return token, minted.raw

    async def page(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[EmbedToken]:
        """``limit`` + 1 active tokens, newest first."""
        query = (
            sa.select(EmbedToken).where(*self._active(organization_id)).order_by(EmbedToken.id.desc()).limit(limit + 1)
        )
        if after is not None:
            query = query.where(EmbedToken.id < after)
        rows: Sequence[EmbedToken] = (await self.repository.session.scalars(query)).all()
        return rows

    async def listed(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[ListedToken]:
        """``limit`` + 1 active tokens, newest first, with what the list says of each."""
        refusals = sa.select(sa.func.array_agg(RefusedOrigin.origin)).where(
            RefusedOrigin.owned_by(organization_id), RefusedOrigin.token_id == EmbedToken.id
        )
        query = (
            sa.select(EmbedToken, _CREATOR, refusals.scalar_subquery())
            .outerjoin(User, User.id == EmbedToken.created_by)
            .where(*self._active(organization_id))
            .order_by(EmbedToken.id.desc())
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(EmbedToken.id < after)
        return [
            ListedToken(token, creator, sum(is_refused(token.allowed_domains, origin) for origin in origins or ()))
            for token, creator, origins in await self.repository.session.execute(query)
        ]

    async def creator(self, organization_id: UUID, token: EmbedToken) -> str | None:
        """Who made ``token``; None for the product itself and for people who are gone."""
        query = (
            sa.select(_CREATOR)
            .select_from(EmbedToken)
            .join(User, User.id == EmbedToken.created_by)
            .where(EmbedToken.owned_by(organization_id), EmbedToken.id == token.id)
        )
        found: str | None = await self.repository.session.scalar(query)
        return found

    async def named(self, organization_id: UUID) -> dict[UUID, str]:
        """The newest tokens by name, revoked ones included: what a list of calls can be narrowed to."""
        query = (
            sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix)
            .where(EmbedToken.owned_by(organization_id))
            .order_by(EmbedToken.revoked_at.is_not(None), EmbedToken.id.desc())
            .limit(limits.NAMED_TOKENS)
        )
        return {row.id: row.label or row.prefix for row in await self.repository.session.execute(query)}

    async def name_of(self, organization_id: UUID, token_id: UUID) -> str:
        """What a token, live or revoked, is called. Raises: NotFound."""
        token = await self.get_one_or_none(EmbedToken.owned_by(organization_id), EmbedToken.id == token_id)
        if token is None:
            raise NotFound
        return _name(token)

    async def active(self, organization_id: UUID, token_id: UUID) -> EmbedToken:
        """One active token. Raises: NotFound."""
        token = await self.get_one_or_none(*self._active(organization_id), EmbedToken.id == token_id)
        if token is None:
            raise NotFound
        return token

    async def change(
        self,
        organization_id: UUID,
        token_id: UUID,
        *,
        by: Actor,
        label: str | None = None,
        allowed_domains: Sequence[str] | str | None = None,
    ) -> EmbedToken:
        """Change what is given. Raises: NotFound, ValidationFailed."""
        token = await self.active(organization_id, token_id)
        before = {"label": token.label, "allowed_domains": token.allowed_domains}
        if label is not None:
            token.label = read_label(label)
        if allowed_domains is not None:
            token.allowed_domains = list(read_domains(allowed_domains))
        after = {"label": token.label, "allowed_domains": token.allowed_domains}
        await record(
            self.repository.session,
            by,
            "embed_token.changed",
            organization_id=organization_id,
            subject_id=token.id,
            subject_name=_name(token),
            details={"before": before, "after": after},
        )
        return token

    async def revoke(self, organization_id: UUID, token_id: UUID, *, by: Actor) -> None:
        """Revoke for good: once committed, no exchange and no call with the token succeeds, and live ones are ended.

        Raises: NotFound.
        """
        token = await self.active(organization_id, token_id)
        token.revoked_at, token.revoked_by = utc_now(), by.user_id
        end_live_calls(self.repository.session, token.id)
        await record(
            self.repository.session,
            by,
            "embed_token.revoked",
            organization_id=organization_id,
            subject_id=token.id,
            subject_name=_name(token),
        )

    @staticmethod
    def _active(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
        return EmbedToken.owned_by(organization_id), EmbedToken.revoked_at.is_(None)


def _name(token: EmbedToken) -> str:
    return token.label or token.prefix


def read_label(label: str) -> str:
    """A label as it is stored. Raises: ValidationFailed."""
    if not is_valid_text(label):
        raise ValidationFailed([("label", "Control characters are not allowed")])
    if len(label) > limits.LABEL_CHARACTERS:
        raise ValidationFailed([("label", f"At most {limits.LABEL_CHARACTERS} characters")])
    return label.strip()


def read_domains(given: Sequence[str] | str) -> tuple[str, ...]:
    """The list to store; a list is read as the form's text with one item a line. Raises: InvalidDomains."""
    return parse_allowed_domains(given if isinstance(given, str) else "\n".join(given))


def snippet(public_url: str, raw_token: str) -> str:
    """The script tag a customer pastes."""
    return f'<script src="{public_url}/widget/phone.js" data-token="{raw_token}"></script>'
