"""What all processes have counted: exchanges of tokens, and how the carrier answers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.breaker import BreakerState
from carrier.health import REPORT_INTERVAL, CarrierCounter, CarrierHealthReport
from kit.counters import MinuteCounter
from kit.errors import Unavailable

LATELY = 5
"""Minutes that the newest figures are about."""
_EXCHANGES = "exchange."
_ADMITTED = "exchange.ok"
_ERRORS = f"{_EXCHANGES}{Unavailable.code}"


class ExchangesNow(NamedTuple):
    """Exchanges of the last minutes."""

    admitted: int
    refused: Sequence[tuple[str, int]]
    """Why, and how often; the most frequent first."""
    errors: int
    """Those that we could not answer."""

    @property
    def all(self) -> int:
        return self.admitted + sum(times for _, times in self.refused) + self.errors

    @property
    def per_minute(self) -> float:
        return self.all / LATELY


class CarrierNow(NamedTuple):
    """How the carrier does: figures of the last minutes, and how each of our processes stands with it."""

    states: Mapping[BreakerState, int]
    """Processes that run, by the state of their breakers."""
    answered: int
    failed: int
    left_alone: int
    milliseconds: int | None
    """What an answer took on average; None without any."""
    answered_at: dt.datetime | None
    failed_at: dt.datetime | None
    failure: str | None
    """What the last failure was."""

    @property
    def error_share(self) -> int | None:
        """Percent of the requests that failed."""
        sent = self.answered + self.failed
        return round(100 * self.failed / sent) if sent else None

    @property
    def is_well(self) -> bool:
        return not self.failed and set(self.states) <= {BreakerState.CLOSED}


async def counted_by_hour(session: AsyncSession, first: dt.datetime) -> Mapping[dt.datetime, tuple[int, int]]:
    """Exchanges that were admitted and not, by the hour from ``first`` on."""
    amount = sa.func.sum(MinuteCounter.amount)
    query = (
        sa.select(
            sa.func.date_trunc("hour", MinuteCounter.minute, "UTC"),
            sa.func.coalesce(amount.filter(MinuteCounter.name == _ADMITTED), 0),
            sa.func.coalesce(amount.filter(MinuteCounter.name != _ADMITTED), 0),
        )
        .where(MinuteCounter.minute >= first, MinuteCounter.name.startswith(_EXCHANGES))
        .group_by(sa.literal_column("1"))
    )
    return {start: (int(admitted), int(refused)) for start, admitted, refused in await session.execute(query)}


async def exchanges_now(session: AsyncSession, now: dt.datetime) -> ExchangesNow:
    """The exchanges of the last minutes."""
    found = await _lately(session, now)
    refused = {
        name.removeprefix(_EXCHANGES): amount
        for name, amount in found.items()
        if name.startswith(_EXCHANGES) and name not in (_ADMITTED, _ERRORS)
    }
    ordered = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
    return ExchangesNow(found.get(_ADMITTED, 0), ordered, found.get(_ERRORS, 0))


async def carrier_now(session: AsyncSession, now: dt.datetime) -> CarrierNow:
    """How the carrier does."""
    found = await _lately(session, now)
    running = (
        sa.select(CarrierHealthReport.state, sa.func.count())
        .where(CarrierHealthReport.reported_at > now - 2 * REPORT_INTERVAL)
        .group_by(CarrierHealthReport.state)
        .order_by(CarrierHealthReport.state)
    )
    failures = (
        sa.select(CarrierHealthReport.failed_at, CarrierHealthReport.failure)
        .where(CarrierHealthReport.failed_at.is_not(None))
        .order_by(CarrierHealthReport.failed_at.desc())
        .limit(1)
    )
    failure = (await session.execute(failures)).one_or_none()
    answered = found.get(CarrierCounter.ANSWERED, 0)
    return CarrierNow(
        states={row[0]: row[1] for row in await session.execute(running)},
        answered=answered,
        failed=found.get(CarrierCounter.FAILED, 0),
        left_alone=found.get(CarrierCounter.NOT_SENT, 0),
        milliseconds=found.get(CarrierCounter.MILLISECONDS, 0) // answered if answered else None,
        answered_at=await session.scalar(sa.select(sa.func.max(CarrierHealthReport.answered_at))),
        failed_at=None if failure is None else failure[0],
        failure=None if failure is None else failure[1],
    )


async def _lately(session: AsyncSession, now: dt.datetime) -> Mapping[str, int]:
    """Amounts of the last ``LATELY`` whole minutes and the one that runs, by name."""
    since = now.replace(second=0, microsecond=0) - dt.timedelta(minutes=LATELY - 1)
    query = (
        sa.select(MinuteCounter.name, sa.func.sum(MinuteCounter.amount))
        .where(MinuteCounter.minute >= since)
        .group_by(MinuteCounter.name)
    )
    return {name: int(amount) for name, amount in await session.execute(query)}
