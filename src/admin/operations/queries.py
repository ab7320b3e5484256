"""What goes on at this moment, in all organizations: bounded reads, each by an index."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from admin.operations.metrics_queries import (
    CarrierNow,
    ExchangesNow,
    carrier_now,
    counted_by_hour,
    exchanges_now,
)
from admin.operations.reconciliation_queries import Reconciled, reconciled
from calls.limits.models import Alert, CallingPause
from calls.models import Call, CallStatus
from kit.ids import first_uuid7
from kit.jobs.queue import Backlog, OutboxItem, backlog
from tenants.models import Organization

SHOWN = 20
"""Rows of each list."""
HOURS = 24
MOST_CALLS = 100_000
"""Of the last ``HOURS`` that are counted, the latest; a busier day is said to be one."""
MOST_COUNTED = 10_000
"""Of live calls and pieces of work."""
# Spelled as the partial index is: a parameter would not be known to fit it.
_IS_LIVE = sa.text("call.status IN ('initiated','ringing','in-progress')")


class Hour(NamedTuple):
    """What began within one hour, UTC."""

    start: dt.datetime
    calls: int
    """Refused ones are not among them."""
    refused: int
    exchanges: int
    exchanges_refused: int


class Pause(NamedTuple):
    """Why no call is placed, and since when."""

    reason: str
    since: dt.datetime
    ends_live_calls: bool
    """True when those that were live are ended too."""


class Queue(NamedTuple):
    """The outbox."""

    backlog: Sequence[Backlog]
    """What waits, by kind; at most ``MOST_COUNTED`` pieces are counted."""
    given_up: int
    """Of the last month; the same cap."""


class Operations(NamedTuple):
    """One look at everything."""

    pause: Pause | None
    live_count: int
    """Up to ``MOST_COUNTED``."""
    live: Sequence[Any]
    alerts: Sequence[Any]
    hours: Sequence[Hour]
    """The latest last."""
    is_whole_day: bool
    """False when there were more calls than are counted."""
    countries: Sequence[Any]
    exchanges: ExchangesNow
    carrier: CarrierNow
    queue: Queue
    reconciled: Reconciled


async def operations(session: AsyncSession, now: dt.datetime) -> Operations:
    """What goes on ``now``."""
    first = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=HOURS - 1)
    calls = await _calls_by_hour(session, first)
    measured = await counted_by_hour(session, first)
    starts = [first + dt.timedelta(hours=number) for number in range(HOURS)]
    return Operations(
        pause=await pause_of(session),
        live_count=await _counted(session, sa.select(Call.id).where(_IS_LIVE)),
        live=await _live(session),
        alerts=await _alerts(session),
        hours=[Hour(start, *calls.get(start, (0, 0)), *measured.get(start, (0, 0))) for start in starts],
        is_whole_day=sum(sum(pair) for pair in calls.values()) < MOST_CALLS,
        countries=await _countries(session, first),
        exchanges=await exchanges_now(session, now),
        carrier=await carrier_now(session, now),
        queue=await _queue(session),
        reconciled=await reconciled(session, SHOWN, now),
    )


async def pause_of(session: AsyncSession) -> Pause | None:
    """The pause of all calls, while there is one."""
    query = sa.select(CallingPause.reason, CallingPause.created_at, CallingPause.ends_live_calls)
    row = (await session.execute(query.limit(1))).one_or_none()
    return None if row is None else Pause(*row)


def _latest_calls(first: dt.datetime) -> Any:
    # Ids begin with their time: the primary key finds the day.
    since = first_uuid7(first)
    return (
        sa.select(Call.started_at, Call.status, Call.country)
        .where(Call.id >= since)
        .order_by(Call.id.desc())
        .limit(MOST_CALLS)
        .subquery()
    )


async def _calls_by_hour(session: AsyncSession, first: dt.datetime) -> Mapping[dt.datetime, tuple[int, int]]:
    calls = _latest_calls(first)
    is_refused = calls.c.status == CallStatus.REFUSED
    query = sa.select(
        sa.func.date_trunc("hour", calls.c.started_at, "UTC"),
        sa.func.count().filter(~is_refused),
        sa.func.count().filter(is_refused),
    ).group_by(sa.literal_column("1"))
    return {start: (placed, refused) for start, placed, refused in await session.execute(query)}


async def _countries(session: AsyncSession, first: dt.datetime) -> Sequence[Any]:
    calls = _latest_calls(first)
    query = (
        sa.select(calls.c.country, sa.func.count().label("calls"))
        .where(calls.c.status != CallStatus.REFUSED, calls.c.country.is_not(None))
        .group_by(calls.c.country)
        .order_by(sa.desc("calls"), calls.c.country)
        .limit(SHOWN)
    )
    return (await session.execute(query)).all()


async def _live(session: AsyncSession) -> Sequence[Any]:
    query = (
        sa.select(Call.id, Call.to_number, Call.status, Call.started_at, Call.organization_id, Organization.name)
        .join(Organization, Organization.id == Call.organization_id)
        .where(_IS_LIVE)
        .order_by(Call.started_at.desc())
        .limit(SHOWN)
    )
    return (await session.execute(query)).all()


async def _alerts(session: AsyncSession) -> Sequence[Any]:
    query = (
        sa.select(
            Alert.id, Alert.kind, Alert.created_at, Alert.organization_id, Organization.name, Organization.suspended_at
        )
        .join(Organization, Organization.id == Alert.organization_id)
        .where(Alert.resolved_at.is_(None))
        .order_by(Alert.id.desc())
        .limit(SHOWN)
    )
    return (await session.execute(query)).all()


async def _queue(session: AsyncSession) -> Queue:
    given_up = await _counted(session, sa.select(OutboxItem.id).where(OutboxItem.given_up_at.is_not(None)))
    return Queue(await backlog(session, most=MOST_COUNTED), given_up)


async def _counted(session: AsyncSession, query: sa.Select[Any]) -> int:
    some = query.limit(MOST_COUNTED).subquery()
    return int(await session.scalar(sa.select(sa.func.count()).select_from(some)) or 0)
