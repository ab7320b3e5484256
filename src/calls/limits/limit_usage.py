"""Reads the present usage of each limit, for pages and the API."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.models import IncomingCaller, IncomingUsage
from calls.limits import limit_names as names
from calls.limits.models import CallDestination, UsageCounter, UsageScope
from calls.limits.prices import MICROS_PER_CENT
from kit.rounding import divide_up

_MINUTE, _HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


class LimitUsageService:
    """Reads usage counters without locking them."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, organization_id: UUID, now: dt.datetime) -> dict[str, int]:
        """The usage of each limit by its name, without reservations of live calls.

        For limits of each token, client, called number or caller: the highest usage among them.
        """
        scopes = {row.scope: row for row in await self._session.execute(_most_used(organization_id, now))}

        def highest(scope: UsageScope, column: str) -> int:
            return getattr(scopes[scope], column) if scope in scopes else 0

        def cents(scope: UsageScope, column: str, incoming: int = 0) -> int:
            return divide_up(highest(scope, column) + incoming, MICROS_PER_CENT)

        organization, token, client = UsageScope.ORGANIZATION, UsageScope.TOKEN, UsageScope.IDENTITY
        called = (await self._session.execute(_destinations(organization_id, now))).one()
        incoming = (await self._session.execute(_incoming(organization_id, now))).one()
        return {
            names.LIVE_CALLS: highest(organization, "live"),
            names.LIVE_CALLS_PER_TOKEN: highest(token, "live"),
            names.LIVE_CALLS_PER_CLIENT: highest(client, "live"),
            names.CALLS_PER_MINUTE: highest(organization, "minute_attempts"),
            names.CALLS_PER_MINUTE_PER_TOKEN: highest(token, "minute_attempts"),
            names.CALLS_PER_MINUTE_PER_CLIENT: highest(client, "minute_attempts"),
            names.CALLS_PER_DAY: highest(organization, "day_attempts"),
            names.CALLS_TO_NUMBER_PER_HOUR: called.to_one,
            names.FOREIGN_NUMBERS_PER_HOUR: called.foreign,
            names.MINUTES_PER_DAY: highest(organization, "day_minutes"),
            names.MINUTES_PER_MONTH: highest(organization, "month_minutes"),
            names.INCOMING_MINUTES_PER_DAY: incoming.minutes,
            names.CALLS_OF_CALLER_PER_HOUR: incoming.of_caller,
            names.WITHHELD_CALLS_PER_HOUR: incoming.withheld,
            names.CENTS_PER_DAY: cents(organization, "day_micros", incoming.day_micros),
            names.CENTS_PER_MONTH: cents(organization, "month_micros", incoming.month_micros),
            names.CENTS_PER_DAY_PER_TOKEN: cents(token, "day_micros"),
        }


def _most_used(organization_id: UUID, now: dt.datetime) -> sa.Executable:
    """The highest usage of each scope; usage of past windows counts as 0."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    in_minute, in_day = UsageCounter.minute_start > now - _MINUTE, UsageCounter.day >= day
    in_month = UsageCounter.month >= day.replace(day=1)

    def highest(column: sa.ColumnElement[int], is_in_window: sa.ColumnElement[bool], label: str) -> sa.Label[int]:
        return sa.func.coalesce(sa.func.max(column).filter(is_in_window), 0).label(label)

    return (
        sa.select(
            UsageCounter.scope,
            sa.func.max(UsageCounter.live).label("live"),
            highest(UsageCounter.minute_attempts.expression, in_minute, "minute_attempts"),
            highest(UsageCounter.day_attempts.expression, in_day, "day_attempts"),
            highest(UsageCounter.day_minutes.expression, in_day, "day_minutes"),
            highest(UsageCounter.day_micros.expression, in_day, "day_micros"),
            highest(UsageCounter.month_minutes.expression, in_month, "month_minutes"),
            highest(UsageCounter.month_micros.expression, in_month, "month_micros"),
        )
        .where(UsageCounter.owned_by(organization_id))
        .group_by(UsageCounter.scope)
    )


def _destinations(organization_id: UUID, now: dt.datetime) -> sa.Executable:
    """The most calls to one number, and the count of foreign numbers, within the hour."""
    hour_ago = now - _HOUR
    to_one = sa.func.max(CallDestination.attempts).filter(CallDestination.hour_start > hour_ago)
    foreign = sa.func.count().filter(CallDestination.seen_at > hour_ago, CallDestination.is_foreign)
    return sa.select(sa.func.coalesce(to_one, 0).label("to_one"), foreign.label("foreign")).where(
        CallDestination.owned_by(organization_id)
    )


def _incoming(organization_id: UUID, now: dt.datetime) -> sa.Executable:
    """Minutes and costs of incoming calls; calls within the hour of the busiest caller, and with withheld numbers."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    own_rows = IncomingUsage.owned_by(organization_id)
    minutes = sa.select(IncomingUsage.day_minutes).where(own_rows, IncomingUsage.day >= today)
    of_day = sa.select(IncomingUsage.day_micros).where(own_rows, IncomingUsage.day >= today)
    of_month = sa.select(IncomingUsage.month_micros).where(own_rows, IncomingUsage.month >= today.replace(day=1))
    calls, is_withheld = sa.func.max(IncomingCaller.calls), IncomingCaller.number == ""
    return sa.select(
        sa.func.coalesce(minutes.scalar_subquery(), 0).label("minutes"),
        sa.func.coalesce(of_day.scalar_subquery(), 0).label("day_micros"),
        sa.func.coalesce(of_month.scalar_subquery(), 0).label("month_micros"),
        sa.func.coalesce(calls.filter(sa.not_(is_withheld)), 0).label("of_caller"),
        sa.func.coalesce(calls.filter(is_withheld), 0).label("withheld"),
    ).where(IncomingCaller.owned_by(organization_id), IncomingCaller.hour_start > now - _HOUR)
