"""What goes on at this moment, in all organizations: bounded reads, each by an index."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.outbox import OutboxItem
from tenants.models import Organization
from voice.calling.models import Alert, CallingPause
from voice.models import Call, CallStatus

SHOWN = 20
"""Rows of each list."""
MOST_CALLS = 100_000
"""Of today that are counted, the latest; a busier day is said to be one."""
MOST_WAITING = 10_000
"""Pieces of work that are counted."""


class Hour(NamedTuple):
    """The calls that began within one hour, UTC."""

    hour: int
    calls: int
    """Refused ones are not among them."""
    refused: int


class Operations(NamedTuple):
    """One look at everything."""

    paused: str | None
    """Why calls are paused; None while they are not."""
    live: Sequence[Any]
    alerts: Sequence[Any]
    hours: Sequence[Hour]
    is_whole_day: bool
    """False when there were more calls than are counted."""
    countries: Sequence[Any]
    waiting: int
    """Pieces of work in the outbox, up to ``MOST_WAITING``."""
    oldest: dt.datetime | None
    """Since when the one of them that is due the longest waits."""


async def operations(session: AsyncSession, now: dt.datetime) -> Operations:
    """What goes on ``now``."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    # Ids begin with their time: the primary key finds today.
    first = UUID(int=int(midnight.timestamp() * 1000) << 80)
    today = (
        sa.select(Call.started_at, Call.status, Call.country)
        .where(Call.id >= first)
        .order_by(Call.id.desc())
        .limit(MOST_CALLS)
        .subquery()
    )
    refused = today.c.status == CallStatus.REFUSED
    hour = sa.cast(sa.extract("hour", sa.func.timezone("UTC", today.c.started_at)), sa.Integer)
    by_hour = sa.select(hour.label("hour"), sa.func.count().filter(~refused), sa.func.count().filter(refused)).group_by(
        sa.literal_column("1")
    )
    found = {row[0]: Hour(*row) for row in await session.execute(by_hour)}
    countries = (
        sa.select(today.c.country, sa.func.count().label("calls"))
        .where(~refused, today.c.country.is_not(None))
        .group_by(today.c.country)
        .order_by(sa.desc("calls"), today.c.country)
        .limit(SHOWN)
    )
    # Spelled as the partial index is: a parameter would not be known to fit it.
    is_live = sa.text("call.status IN ('initiated','ringing','in-progress')")
    live = (
        sa.select(Call.id, Call.to_number, Call.status, Call.started_at, Call.organization_id, Organization.name)
        .join(Organization, Organization.id == Call.organization_id)
        .where(is_live)
        .order_by(Call.started_at.desc())
        .limit(SHOWN)
    )
    alerts = (
        sa.select(Alert.id, Alert.kind, Alert.created_at, Alert.organization_id, Organization.name)
        .join(Organization, Organization.id == Alert.organization_id)
        .where(Alert.resolved_at.is_(None))
        .order_by(Alert.id.desc())
        .limit(SHOWN)
    )
    work = sa.select(OutboxItem.due_at).where(OutboxItem.given_up_at.is_(None)).limit(MOST_WAITING).subquery()
    waiting, oldest = (await session.execute(sa.select(sa.func.count(), sa.func.min(work.c.due_at)))).one()
    return Operations(
        paused=await session.scalar(sa.select(CallingPause.reason).limit(1)),
        live=(await session.execute(live)).all(),
        alerts=(await session.execute(alerts)).all(),
        hours=[found.get(number, Hour(number, 0, 0)) for number in range(now.hour + 1)],
        is_whole_day=sum(item.calls + item.refused for item in found.values()) < MOST_CALLS,
        countries=(await session.execute(countries)).all(),
        waiting=waiting,
        oldest=oldest,
    )
