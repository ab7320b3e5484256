"""Tells owners that a limit is nearly used up, and staff that something looks like fraud; once per window."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.errors import CallLimitReached, TooManyCalls
from calls.limits import limit_names as names
from calls.limits.call_context import CallContext
from calls.limits.call_duration import UsageSnapshot
from calls.limits.metrics import NEAR_LIMITS
from calls.limits.models import Alert, AlertKind
from calls.limits.prices import MICROS_PER_CENT
from calls.limits.usage_counters import UsageDelta
from kit.actor import SYSTEM, Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from kit.http.app_key import AppKey
from kit.mail import Mail
from tenants.members import MemberService

NEAR_LIMIT_PERCENT = 80
FOREIGN_NUMBERS_ALERT = 10
"""So many different foreign numbers within an hour are for staff to look at; fewer, where not twice as many may be."""

SendMail = Callable[[AsyncSession, Mail], None]
"""Sends a mail once the session's transaction is committed."""


class LimitUsage(msgspec.Struct, frozen=True):
    """One limit, and how much of it was used before and after something happened."""

    name: str
    before: int
    after: int
    limit: int
    window: dt.datetime
    token_id: UUID | None = None

    @property
    def became_near(self) -> bool:
        return self.before * 100 < self.limit * NEAR_LIMIT_PERCENT <= self.after * 100

    @property
    def subject(self) -> str:
        return self.name if self.token_id is None else f"{self.name}:{self.token_id}"


class LimitAlerts:
    """Looks at each change of the books. ``send`` is how mails leave; ``public_url`` is where they lead."""

    def __init__(self, send: SendMail, public_url: str) -> None:
        self._send = send
        self._public_url = public_url

    async def check_usage(
        self,
        session: AsyncSession,
        organization_id: UUID,
        token_id: UUID,
        standing: CallContext,
        books: UsageSnapshot,
        entry: UsageDelta,
        now: dt.datetime,
    ) -> None:
        """``entry`` was written to ``books``: tell the owners of each limit that it brought to 80 %."""
        for use in _limit_usages(standing, books, entry, token_id, now):
            if not use.became_near:
                continue
            NEAR_LIMITS.labels(use.name).inc()
            if await _insert_alert_once(
                session, organization_id, AlertKind.NEAR_LIMIT, use.subject, use.window, {"limit": use.limit}
            ):
                await self._notify_owners(session, organization_id, standing, use)

    async def check_foreign(
        self, session: AsyncSession, organization_id: UUID, standing: CallContext, token_id: UUID, now: dt.datetime
    ) -> None:
        """Another foreign number was called: raise the alarm when there are many within an hour."""
        numbers, limit = standing.foreign_numbers + 1, standing.limits[names.FOREIGN_NUMBERS_PER_HOUR]
        if numbers < min(FOREIGN_NUMBERS_ALERT, -(-limit // 2)):
            return
        hour = now.replace(minute=0, second=0, microsecond=0)
        details = {"numbers": numbers, "limit": limit, "token_id": str(token_id)}
        subject = names.FOREIGN_NUMBERS_PER_HOUR
        if await _insert_alert_once(session, organization_id, AlertKind.FOREIGN_DESTINATIONS, subject, hour, details):
            await record(
                session,
                SYSTEM,
                "calling.many_foreign_numbers",
                organization_id=organization_id,
                subject_id=organization_id,
                subject_name=standing.name,
                details=details,
            )

    async def _notify_owners(
        self, session: AsyncSession, organization_id: UUID, standing: CallContext, use: LimitUsage
    ) -> None:
        await record(
            session,
            SYSTEM,
            "calling.limit_near",
            organization_id=organization_id,
            subject_id=use.token_id or organization_id,
            subject_name=standing.name if use.token_id is None else standing.token_name,
            details={"limit": use.name, "used": use.after, "of": use.limit},
        )
        for owner in await MemberService(session).list_owners(organization_id):
            self._send(session, _mail(standing, use, owner.email, self._public_url))


LIMIT_ALERTS: AppKey[LimitAlerts] = AppKey("limit_alerts")


async def resolve(session: AsyncSession, alert_id: UUID, *, by: Actor) -> None:
    """Staff have seen an alert. Raises: NotFound, when somebody else had before."""
    seen = (
        sa.update(Alert)
        .where(Alert.id == alert_id, Alert.resolved_at.is_(None))
        .values(resolved_at=utc_now(), resolved_by=by.name)
        .returning(Alert.organization_id, Alert.kind)
    )
    row = (await session.execute(seen)).one_or_none()
    if row is None:
        raise NotFound
    told = {"alert": row.kind.value}
    await record(session, by, "alert.seen", organization_id=row.organization_id, subject_id=alert_id, details=told)


async def _insert_alert_once(
    session: AsyncSession,
    organization_id: UUID,
    kind: AlertKind,
    subject: str,
    window: dt.datetime,
    details: dict[str, Any],
) -> bool:
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


def _limit_usages(
    standing: CallContext, books: UsageSnapshot, entry: UsageDelta, token_id: UUID, now: dt.datetime
) -> Iterator[LimitUsage]:
    limits, whole, token = standing.limits, books.organization, books.token
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    cents = MICROS_PER_CENT
    for name, used, more, limit, window, of_token in (
        (names.CALLS_PER_DAY, whole.day_attempts, entry.attempts, limits[names.CALLS_PER_DAY], day, None),
        (names.MINUTES_PER_DAY, whole.day_minutes, entry.minutes, limits[names.MINUTES_PER_DAY], day, None),
        (names.MINUTES_PER_MONTH, whole.month_minutes, entry.minutes, limits[names.MINUTES_PER_MONTH], month, None),
        (names.CENTS_PER_DAY, whole.day_micros, entry.micros, limits[names.CENTS_PER_DAY] * cents, day, None),
        (names.CENTS_PER_MONTH, whole.month_micros, entry.micros, limits[names.CENTS_PER_MONTH] * cents, month, None),
        (
            names.CENTS_PER_DAY_PER_TOKEN,
            token.day_micros,
            entry.micros,
            limits[names.CENTS_PER_DAY_PER_TOKEN] * cents,
            day,
            token_id,
        ),
        (names.MINUTES_PER_DAY, token.day_minutes, entry.minutes, standing.token_minutes_per_day or 0, day, token_id),
    ):
        if limit and more > 0:
            yield LimitUsage(name, used, used + more, limit, window, of_token)


_MONTHLY_LIMITS = frozenset({names.MINUTES_PER_MONTH, names.CENTS_PER_MONTH})
_REJECTION_MESSAGES = {names.CALLS_PER_DAY: TooManyCalls.message}
_LIMIT_DESCRIPTIONS = {
    names.CALLS_PER_DAY: "calls for today",
    names.MINUTES_PER_DAY: "minutes for today",
    names.MINUTES_PER_MONTH: "minutes for this month",
    names.CENTS_PER_DAY: "calling budget for today",
    names.CENTS_PER_MONTH: "calling budget for this month",
    names.CENTS_PER_DAY_PER_TOKEN: "calling budget for today",
}


def _mail(standing: CallContext, use: LimitUsage, to: str, public_url: str) -> Mail:
    who = standing.name if use.token_id is None else f"The token {standing.token_name} of {standing.name}"
    until = "the end of the month" if use.name in _MONTHLY_LIMITS else "midnight"
    refusal = _REJECTION_MESSAGES.get(use.name, CallLimitReached.message)
    return Mail(
        to=to,
        subject=f"{standing.name} has used {NEAR_LIMIT_PERCENT} % of its {_LIMIT_DESCRIPTIONS[use.name]}",
        paragraphs=(
            f"{who} has used {NEAR_LIMIT_PERCENT} % of its {_LIMIT_DESCRIPTIONS[use.name]}.",
            f"Once all of it is used, calls are refused with “{refusal}” until {until} (UTC).",
            "If you do not know these calls, revoke the token they were placed with: anybody who reads it can use it.",
        ),
        action=("See calling rules", f"{public_url}/dashboard/{standing.slug}/settings#calling-rules"),
    )
