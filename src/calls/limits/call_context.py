"""Reads in one statement what the admission of an outgoing call needs, except the usage counters."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.reserved_minutes import LIVE_INCOMING_SQL
from calls.limits.call_duration import CallRequest, UsageSnapshot
from calls.limits.destinations import Destination, home_countries
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits
from calls.limits.limit_holder import LimitHolder
from kit.db.raw import CompiledStatement, raw_connection
from tenants.plans import Plan

_HOUR = dt.timedelta(hours=1)
_MAX_COUNTED_FOREIGN_NUMBERS = 2000
"""The highest count of foreign numbers within an hour: more than any limit allows."""
_CONTEXT_SQL = """
    SELECT t.revoked_at IS NOT NULL OR o.deleted_at IS NOT NULL AS is_revoked,
           o.suspended_at IS NOT NULL AS is_suspended,
           o.name, o.slug, o.plan, o.country, o.time_zone, o.created_at AS founded_at, o.limits AS permanent_overrides,
           r.limits AS own, r.countries AS countries,
           l.minutes_per_day AS token_minutes_per_day, l.live_calls AS token_live_calls,
           ARRAY(SELECT v.id FROM verified_number v WHERE v.organization_id = :organization AND v.state = 'verified'
                 ORDER BY v.id) AS verified_ids,
           ARRAY(SELECT v.e164 FROM verified_number v WHERE v.organization_id = :organization AND v.state = 'verified'
                 ORDER BY v.id) AS verified_numbers,
           coalesce(r.match_area_code, false) AS matches_area_code, t.from_numbers AS token_numbers,
           CASE WHEN coalesce(r.sticky, true) THEN (
               -- Only among the latest calls: a flood of refused calls must not make each further call slower.
               SELECT c.from_number FROM (
                   SELECT c.from_number, c.status, c.direction FROM call c
                   WHERE c.organization_id = :organization AND c.to_number = :number ORDER BY c.id DESC LIMIT 50
               ) AS c WHERE c.status <> 'refused' AND c.direction = 'outbound' LIMIT 1
           ) END AS last_number,
           l.countries AS token_countries, coalesce(nullif(t.label, ''), t.prefix) AS token_name,
           (SELECT jsonb_object_agg(v.name, v.value) FROM limit_override v
            WHERE v.organization_id = :organization AND v.ends_at > :now) AS overrides,
           EXISTS (SELECT FROM calling_pause) AS is_paused,
           EXISTS (SELECT FROM call c WHERE c.organization_id = :organization AND c.carrier_sid = :sid) AS is_stored,
           EXISTS (SELECT FROM call c
                   WHERE c.organization_id = :organization AND c.reserved_until < :now) AS has_overdue_reservations,
           EXISTS (SELECT FROM blocked_number b
                   WHERE b.organization_id = :organization AND b.number = :number) AS is_blocked,
           EXISTS (SELECT FROM phone_number n WHERE n.organization_id = :organization AND n.e164 = :number
                   AND n.released_at IS NULL) AS is_own_number,
           coalesce((SELECT u.day_micros FROM incoming_usage u WHERE u.organization_id = :organization
                     AND u.day >= date_trunc('day', :now, 'UTC')), 0) AS incoming_day_micros,
           coalesce((SELECT u.month_micros FROM incoming_usage u WHERE u.organization_id = :organization
                     AND u.month >= date_trunc('month', :now, 'UTC')), 0) AS incoming_month_micros,
           (SELECT micros FROM live_incoming) AS incoming_reserved_micros,
           d.seen_at, CASE WHEN d.hour_start > :hour_ago THEN d.attempts ELSE 0 END AS calls_to_number,
           (SELECT count(*) FROM (
               SELECT FROM call_destination f
               WHERE f.organization_id = :organization AND f.seen_at > :hour_ago AND f.is_foreign LIMIT :most
           ) AS foreign_destination) AS foreign_numbers
    FROM embed_token t
    JOIN organization o ON o.id = t.organization_id
    LEFT JOIN calling_rules r ON r.organization_id = o.id
    LEFT JOIN token_limits l ON l.token_id = t.id
    LEFT JOIN call_destination d ON d.organization_id = o.id AND d.number = :number
    WHERE t.organization_id = :organization AND t.id = :token_id
"""
CALL_CONTEXT_SQL = f"WITH live_incoming AS ({LIVE_INCOMING_SQL}) {_CONTEXT_SQL}"
CALL_CONTEXT_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("organization", "token_id")),
    *(sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("now", "hour_ago")),
    *(sa.bindparam(name, type_=sa.Text()) for name in ("number", "sid")),
    sa.bindparam("most", _MAX_COUNTED_FOREIGN_NUMBERS, type_=sa.BigInteger()),
)
# A concurrent revocation or suspension waits until the call is stored, so that it ends this call too.
CALL_CONTEXT_STATEMENT = CompiledStatement(
    sa.text(CALL_CONTEXT_SQL + "FOR SHARE OF t, o").bindparams(*CALL_CONTEXT_PARAMETERS)
)


class CallContext(msgspec.Struct, frozen=True):
    """The state of a token, its organization and one destination, as rules and limits need it."""

    is_revoked: bool
    is_suspended: bool
    name: str
    slug: str
    plan: Plan
    country: str
    time_zone: str | None
    """The organization's own; None for that of its country."""
    limits: EffectiveLimits
    countries: Sequence[str] | None
    token_name: str
    token_minutes_per_day: int | None
    token_live_calls: int | None
    token_countries: Sequence[str] | None
    is_paused: bool
    is_stored: bool
    """True if the call itself is stored already, as after a repeated request of the carrier."""
    has_overdue_reservations: bool
    """True if calls that must be over by now still have reservations."""
    is_blocked: bool
    is_own_number: bool
    calls_to_number: int
    foreign_numbers: int
    called_within_hour: bool
    verified_ids: Sequence[UUID]
    """Ids of the organization's verified numbers."""
    verified_numbers: Sequence[str]
    """The verified numbers in the same order, E.164."""
    token_numbers: Sequence[UUID]
    """Ids of the numbers that the token may show; empty for all."""
    last_number: str | None
    """The number from which the destination was called last, E.164; None if there is none, or ``sticky`` is off."""
    matches_area_code: bool
    """True if a number with the destination's area code is to be shown."""
    incoming_day_micros: int
    """Cost of incoming calls today; the spending limits count it too."""
    incoming_month_micros: int
    incoming_reserved_micros: int
    """The highest cost of the incoming calls that are live."""

    @property
    def holder(self) -> LimitHolder:
        """The organization and the token's name for mails about limits."""
        return LimitHolder(self.name, self.slug, self.country, self.time_zone, self.limits, self.token_name)

    def with_incoming(self, usage: UsageSnapshot) -> UsageSnapshot:
        """``usage`` with the cost of incoming calls added to the organization's counters."""
        organization = usage.organization
        return msgspec.structs.replace(
            usage,
            organization=msgspec.structs.replace(
                organization,
                day_micros=organization.day_micros + self.incoming_day_micros,
                month_micros=organization.month_micros + self.incoming_month_micros,
                reserved_micros=organization.reserved_micros + self.incoming_reserved_micros,
            ),
        )

    def is_foreign(self, country: str) -> bool:
        return country not in home_countries(self.country)

    def call_request(self, destination: Destination, rate_micros: int) -> CallRequest:
        """The request that the limits are checked for."""
        is_new_foreign = self.is_foreign(destination.country) and not self.called_within_hour
        return CallRequest(
            rate_micros=rate_micros,
            calls_to_number=self.calls_to_number,
            is_new_foreign=is_new_foreign,
            foreign_numbers=self.foreign_numbers,
            token_live_calls=self.token_live_calls,
            token_minutes_per_day=self.token_minutes_per_day,
        )


class CallContextService:
    """Reads the context of one outgoing call."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def load(
        self,
        organization_id: UUID,
        token_id: UUID,
        now: dt.datetime,
        *,
        number: str | None = None,
        carrier_sid: str | None = None,
    ) -> CallContext | None:
        """The context of a call to ``number``; None when the organization has no such token."""
        connection = await raw_connection(self._session)
        row = await connection.fetch_row(
            CALL_CONTEXT_STATEMENT,
            organization=organization_id,
            token_id=token_id,
            now=now,
            hour_ago=now - _HOUR,
            number=number,
            sid=carrier_sid,
        )
        return None if row is None else context_of(row, now)


def context_of(row: Any, now: dt.datetime) -> CallContext:
    """The ``CallContext`` in a row of ``CALL_CONTEXT_SQL``."""
    plan = Plan(row["plan"])
    sources = LimitSources(
        plan, row["founded_at"], row["permanent_overrides"] or {}, row["overrides"] or {}, row["own"] or {}
    )
    seen_at: dt.datetime | None = row["seen_at"]
    columns = {name: row[name] for name in CallContext.__struct_fields__ if name in row and name != "plan"}
    return CallContext(
        **columns,
        plan=plan,
        limits=effective_limits(sources, now),
        called_within_hour=seen_at is not None and seen_at > now - _HOUR,
    )
