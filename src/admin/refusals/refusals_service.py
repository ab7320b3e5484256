"""Reads refused calls of an organization, person or number, with reasons, and origins that embed tokens blocked.

Each query is answered by an index; the latest calls and origins are read up to a maximum.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from admin.formatters import format_number, humanize_name
from calls.limits.models import CappedRejection
from calls.models import Call, CallStatus
from calls.refusal_help import Explanation, explain, refusal_facts
from kit.ids import first_uuid7
from tenants.models import Membership, Organization
from widget.models import BlockedOrigin, EmbedToken
from widget.refusals import REFUSALS, FixedBy

SHOWN_DAYS = 30
"""Refused calls are searched this far back."""
MAX_REFUSALS = 50
_MAX_ORIGINS = 20
_FIXED_BY = {
    FixedBy.CALLER: "the caller",
    FixedBy.DEVELOPER: "the developer of the page",
    FixedBy.ADMIN: "an admin of {organization}",
    FixedBy.OWNER: "an owner of {organization}",
    FixedBy.SUPPORT: "our staff",
}


class RefusedCall(NamedTuple):
    """One refused call, with its reason as sentences."""

    call_id: UUID | None
    """None for a refusal over the hourly cap, which has no call record."""
    organization_id: UUID
    organization: str
    number: str
    agent: str | None
    refused_at: dt.datetime
    code: str
    message: str
    help: str
    fixed_by: str
    facts: Sequence[tuple[str, Any]]
    """The limit, country or number with its value at that time."""


class RefusalsService:
    """Refused calls and pages, for staff."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of_organization(self, organization_id: UUID, now: dt.datetime) -> Sequence[RefusedCall]:
        """The latest refused calls of an organization, those over the hourly cap included."""
        calls = await self._calls(now, Call.owned_by(organization_id))
        capped = (
            sa.select(
                CappedRejection.end_reason,
                CappedRejection.end_details,
                CappedRejection.rejected_at,
                Organization.id,
                Organization.name,
            )
            .join(Organization, Organization.id == CappedRejection.organization_id)
            .where(CappedRejection.owned_by(organization_id))
            .order_by(CappedRejection.rejected_at.desc())
            .limit(MAX_REFUSALS)
        )
        over_cap = [
            _refused(row.end_reason, row.end_details, None, row.id, row.name, "", None, row.rejected_at)
            for row in await self._session.execute(capped)
        ]
        return sorted([*calls, *over_cap], key=lambda refused: refused.refused_at, reverse=True)[:MAX_REFUSALS]

    async def of_user(self, user_id: UUID, email: str, now: dt.datetime) -> Sequence[RefusedCall]:
        """The latest refused calls that a signed-in person placed in their organizations."""
        organization_ids = sa.select(Membership.organization_id).where(Membership.user_id == user_id)
        organizations = (await self._session.scalars(organization_ids)).all()
        own = Call.organization_id.in_(organizations), Call.agent == email, Call.agent_is_member.is_(True)
        return await self._calls(now, *own)

    async def of_numbers(self, numbers: Sequence[str], now: dt.datetime) -> Sequence[RefusedCall]:
        """The latest refused calls of all organizations to a number, in any of its spellings."""
        return await self._calls(now, Call.to_number.in_(numbers))

    async def count_by_reason(self, organization_id: UUID, now: dt.datetime) -> Sequence[tuple[str, int]]:
        """The number of refused calls of an organization by their reason, the most frequent first."""
        query = (
            sa.select(Call.end_reason, sa.func.count())
            .where(*_recently_refused(now), Call.owned_by(organization_id))
            .group_by(Call.end_reason)
            .order_by(sa.func.count().desc(), Call.end_reason)
        )
        return [(_label(code), count) for code, count in await self._session.execute(query)]

    async def blocked_origins(self, organization_ids: Sequence[UUID]) -> Sequence[Any]:
        """The pages whose domain a token does not allow, the latest first."""
        query = (
            sa.select(
                BlockedOrigin.origin,
                BlockedOrigin.times,
                BlockedOrigin.last_seen_at,
                BlockedOrigin.token_id,
                EmbedToken.label,
                EmbedToken.prefix,
                EmbedToken.allowed_domains,
                Organization.name.label("organization"),
            )
            .join(EmbedToken, EmbedToken.id == BlockedOrigin.token_id)
            .join(Organization, Organization.id == BlockedOrigin.organization_id)
            .where(BlockedOrigin.organization_id.in_(organization_ids))
            .order_by(BlockedOrigin.last_seen_at.desc())
            .limit(_MAX_ORIGINS)
        )
        return (await self._session.execute(query)).all()

    async def organizations_of(self, user_id: UUID) -> Sequence[Any]:
        """Id, name and slug of each organization of a person."""
        query = (
            sa.select(Organization.id, Organization.name, Organization.slug)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == user_id)
            .order_by(Organization.name)
        )
        return (await self._session.execute(query)).all()

    async def _calls(self, now: dt.datetime, *conditions: sa.ColumnElement[bool]) -> Sequence[RefusedCall]:
        query = (
            sa.select(
                Call.id,
                Call.to_number,
                Call.agent,
                Call.started_at,
                Call.end_reason,
                Call.end_details,
                Call.organization_id,
                Organization.name,
            )
            .join(Organization, Organization.id == Call.organization_id)
            .where(*conditions, *_recently_refused(now))
            .order_by(Call.id.desc())
            .limit(MAX_REFUSALS)
        )
        return [
            _refused(
                row.end_reason,
                row.end_details,
                row.id,
                row.organization_id,
                row.name,
                row.to_number,
                row.agent,
                row.started_at,
            )
            for row in await self._session.execute(query)
        ]


def _label(code: str | None) -> str:
    refusal = REFUSALS.get(code or "")
    return humanize_name(code or "unknown") if refusal is None else refusal.label


def _recently_refused(now: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    # Ids begin with their time.
    return Call.id >= first_uuid7(now - dt.timedelta(days=SHOWN_DAYS)), Call.status == CallStatus.REFUSED


def _refused(
    code: str | None,
    stored: Any,
    call_id: UUID | None,
    organization_id: UUID,
    organization: str,
    number: str,
    agent: str | None,
    refused_at: dt.datetime,
) -> RefusedCall:
    explanation = explain(code, stored, organization=organization)
    message, advice = (
        (code or "Unknown reason"),
        "Report this reason to engineering: its table lacks it.",
    )
    fixed_by, facts = "our staff", []
    if explanation is not None:
        message, advice = explanation.refusal.message, explanation.help
        fixed_by, facts = fixed_by_name(explanation, organization), explanation_facts(explanation, number)
    return RefusedCall(
        call_id, organization_id, organization, number, agent, refused_at, code or "", message, advice, fixed_by, facts
    )


def fixed_by_name(explanation: Explanation, organization: str) -> str:
    """Text that names who can remove the cause of a refusal."""
    return _FIXED_BY[explanation.fixed_by].format(organization=organization)


def explanation_facts(explanation: Explanation, number: str) -> list[tuple[str, str]]:
    """Labels and values of the facts behind a refusal, as they were at that time; times are in UTC."""
    blocked = [("Blocked number", format_number(number))] if explanation.refusal.code == "number_blocked" else []
    return [*blocked, *refusal_facts(explanation)]
