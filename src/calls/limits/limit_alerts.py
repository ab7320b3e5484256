"""Alerts owners about limits that are nearly used up, and staff about calls to many foreign numbers.

Each alert is raised once in an hour, day or month, as the limit counts. Also marks alerts as seen by staff.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits import limit_names
from calls.limits.alert_mails import AlertMailer, LimitUsage
from calls.limits.call_context import CallContext
from calls.limits.call_duration import UsageSnapshot
from calls.limits.limit_holder import LimitHolder
from calls.limits.metrics import NEAR_LIMITS
from calls.limits.models import Alert, AlertKind
from calls.limits.prices import MICROS_PER_CENT
from calls.limits.usage_counters import UsageDelta
from kit.actor import SYSTEM, Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from kit.rounding import divide_up
from tenants.members import MemberService

FOREIGN_NUMBERS_ALERT = 10
"""Distinct foreign numbers within an hour that cause an alert; half the limit if that is fewer."""


class IncomingTotal(msgspec.Struct, frozen=True):
    """The usage of the limits that incoming calls count in."""

    day_minutes: int
    """Minutes of incoming calls."""
    day_micros: int
    """Cost of all calls, incoming and outgoing, as is ``month_micros``."""
    month_micros: int


class LimitAlertService:
    """Checks each change of the usage counters and raises alerts."""

    def __init__(self, session: AsyncSession, mailer: AlertMailer) -> None:
        self._session = session
        self._mailer = mailer

    async def check_usage(
        self,
        organization_id: UUID,
        token_id: UUID,
        context: CallContext,
        usage: UsageSnapshot,
        delta: UsageDelta,
        now: dt.datetime,
    ) -> None:
        """Alert owners of each limit that came to 80 % when ``delta`` was added to ``usage``."""
        await self._check(organization_id, context.holder, _limit_usages(context, usage, delta, token_id, now))

    async def check_incoming(
        self,
        organization_id: UUID,
        holder: LimitHolder,
        total: IncomingTotal,
        *,
        minutes: int,
        micros: int,
        now: dt.datetime,
    ) -> None:
        """Alert owners of each limit that came to 80 % when ``minutes`` and ``micros`` were added, as in ``total``."""
        await self._check(organization_id, holder, _incoming_usages(holder, total, minutes, micros, now))

    async def _check(self, organization_id: UUID, holder: LimitHolder, usages: Iterable[LimitUsage]) -> None:
        for limit in usages:
            if not limit.became_near:
                continue
            NEAR_LIMITS.labels(limit.name).inc()
            details = {"limit": limit.limit}
            if await self._insert_once(organization_id, AlertKind.NEAR_LIMIT, limit.subject, limit.window, details):
                await self._notify_owners(organization_id, holder, limit)

    async def check_foreign(
        self, organization_id: UUID, token_id: UUID, context: CallContext, now: dt.datetime
    ) -> None:
        """Count a foreign number that is called now, and alert staff if there were many within the hour."""
        limit_name = limit_names.FOREIGN_NUMBERS_PER_HOUR
        numbers, limit = context.foreign_numbers + 1, context.limits[limit_name]
        if numbers < min(FOREIGN_NUMBERS_ALERT, divide_up(limit, 2)):
            return
        hour = now.replace(minute=0, second=0, microsecond=0)
        details = {"numbers": numbers, "limit": limit, "token_id": str(token_id)}
        if await self._insert_once(organization_id, AlertKind.FOREIGN_DESTINATIONS, limit_name, hour, details):
            await record(
                self._session,
                SYSTEM,
                "calling.many_foreign_numbers",
                organization_id=organization_id,
                subject_id=organization_id,
                subject_name=context.name,
                details=details,
            )

    async def _insert_once(
        self, organization_id: UUID, kind: AlertKind, subject: str, window: dt.datetime, details: dict[str, Any]
    ) -> bool:
        return await insert_alert_once(self._session, organization_id, kind, subject, window, details)

    async def _notify_owners(self, organization_id: UUID, holder: LimitHolder, limit: LimitUsage) -> None:
        await record(
            self._session,
            SYSTEM,
            "calling.limit_near",
            organization_id=organization_id,
            subject_id=limit.token_id or organization_id,
            subject_name=holder.name if limit.token_id is None else holder.token_name,
            details={"limit": limit.name, "used": limit.after, "of": limit.limit},
        )
        for owner in await MemberService(self._session).list_owners(organization_id):
            await self._mailer.send_near_limit(self._session, holder, limit, to=owner.email)


async def insert_alert_once(
    session: AsyncSession,
    organization_id: UUID,
    kind: AlertKind,
    subject: str,
    window: dt.datetime,
    details: dict[str, Any],
) -> bool:
    """Store an alert; False when the window has the same alert already."""
    values = {
        "id": uuid7(),
        "organization_id": organization_id,
        "kind": kind,
        "subject": subject,
        "window_start": window,
        "details": details,
    }
    statement = insert(Alert).values(values).on_conflict_do_nothing().returning(Alert.id)
    return await session.scalar(statement) is not None


async def count_alerts(session: AsyncSession, organization_id: UUID, kind: AlertKind, window: dt.datetime) -> int:
    """The number of the organization's alerts of ``kind`` in the window."""
    own_rows = Alert.owned_by(organization_id), Alert.kind == kind, Alert.window_start == window
    return await session.scalar(sa.select(sa.func.count()).select_from(Alert).where(*own_rows)) or 0


class AlertService:
    """Alerts as staff see them, of all organizations."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def resolve(self, alert_id: UUID, *, by: Actor) -> None:
        """Mark an alert as seen. Raises: NotFound, also when it is marked already."""
        resolve = (
            sa.update(Alert)
            .where(Alert.id == alert_id, Alert.resolved_at.is_(None))
            .values(resolved_at=utc_now(), resolved_by=by.name)
            .returning(Alert.organization_id, Alert.kind)
        )
        row = (await self._session.execute(resolve)).one_or_none()
        if row is None:
            raise NotFound
        await record(
            self._session,
            by,
            "alert.seen",
            organization_id=row.organization_id,
            subject_id=alert_id,
            details={"alert": row.kind.value},
        )


def _limit_usages(
    context: CallContext, usage: UsageSnapshot, delta: UsageDelta, token_id: UUID, now: dt.datetime
) -> Iterator[LimitUsage]:
    """The usage of each limit that ``delta`` changed."""
    limits, organization, token = context.limits, usage.organization, usage.token
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)

    def micros(name: str) -> int:
        return limits[name] * MICROS_PER_CENT

    of_organization = (
        (limit_names.CALLS_PER_DAY, organization.day_attempts, delta.attempts, limits[limit_names.CALLS_PER_DAY], day),
        (
            limit_names.MINUTES_PER_DAY,
            organization.day_minutes,
            delta.minutes,
            limits[limit_names.MINUTES_PER_DAY],
            day,
        ),
        (
            limit_names.MINUTES_PER_MONTH,
            organization.month_minutes,
            delta.minutes,
            limits[limit_names.MINUTES_PER_MONTH],
            month,
        ),
        (limit_names.CENTS_PER_DAY, organization.day_micros, delta.micros, micros(limit_names.CENTS_PER_DAY), day),
        (
            limit_names.CENTS_PER_MONTH,
            organization.month_micros,
            delta.micros,
            micros(limit_names.CENTS_PER_MONTH),
            month,
        ),
    )
    token_limit = limit_names.CENTS_PER_DAY_PER_TOKEN
    # No mail about a token's limit that equals the organization's.
    token_micros = micros(token_limit) if limits[token_limit] < limits[limit_names.CENTS_PER_DAY] else 0
    of_token = (
        (token_limit, token.day_micros, delta.micros, token_micros, day),
        (limit_names.MINUTES_PER_DAY, token.day_minutes, delta.minutes, context.token_minutes_per_day or 0, day),
    )
    for counted, counted_token in ((of_organization, None), (of_token, token_id)):
        for name, used, added, limit, window in counted:
            if limit and added > 0:
                yield LimitUsage(name, used, used + added, limit, window, counted_token)


def _incoming_usages(
    holder: LimitHolder, total: IncomingTotal, minutes: int, micros: int, now: dt.datetime
) -> Iterator[LimitUsage]:
    """The usage of each limit that an incoming call changed."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    cents_of_day, cents_of_month = limit_names.CENTS_PER_DAY, limit_names.CENTS_PER_MONTH
    for name, after, added, unit, window in (
        (limit_names.INCOMING_MINUTES_PER_DAY, total.day_minutes, minutes, 1, day),
        (cents_of_day, total.day_micros, micros, MICROS_PER_CENT, day),
        (cents_of_month, total.month_micros, micros, MICROS_PER_CENT, day.replace(day=1)),
    ):
        limit = holder.limits[name] * unit
        if limit and added > 0:
            yield LimitUsage(name, after - added, after, limit, window, is_incoming=True)
