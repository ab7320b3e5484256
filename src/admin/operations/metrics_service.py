"""Reads figures for the operations page: token exchanges, requests to the carrier, and states of circuit breakers."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.breaker import BreakerState
from carrier.health import REPORT_INTERVAL, CarrierCounter, CarrierHealthReport
from kit.counters import MinuteCounter
from kit.errors import Unavailable

RECENT_MINUTES = 5
"""The recent figures are about this many minutes."""
_EXCHANGES = "exchange."
_ADMITTED = "exchange.ok"
_ERRORS = f"{_EXCHANGES}{Unavailable.code}"


class RecentExchanges(NamedTuple):
    """Exchanges of the last ``RECENT_MINUTES``."""

    admitted: int
    refused: Sequence[tuple[str, int]]
    """Error code and count, the most frequent first."""
    errors: int
    """Exchanges that failed because the service was unavailable."""

    @property
    def total(self) -> int:
        return self.admitted + sum(times for _, times in self.refused) + self.errors

    @property
    def per_minute(self) -> float:
        return self.total / RECENT_MINUTES


class CarrierStatus(NamedTuple):
    """Requests to the carrier in the last ``RECENT_MINUTES``, and the circuit breakers of all processes."""

    states: Mapping[BreakerState, int]
    """Number of running processes, by the state of their breakers."""
    answered: int
    failed: int
    not_sent: int
    """Requests that an open circuit breaker stopped."""
    average_milliseconds: int | None
    """Mean response time; None without a response."""
    answered_at: dt.datetime | None
    failed_at: dt.datetime | None
    failure: str | None
    """Error text of the last failure; None without one."""

    @property
    def error_share(self) -> int | None:
        """Failed requests in percent."""
        sent = self.answered + self.failed
        return round(100 * self.failed / sent) if sent else None

    @property
    def is_healthy(self) -> bool:
        return not self.failed and set(self.states) <= {BreakerState.CLOSED}


class MetricsService:
    """Reads the counters and reports of all processes."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def exchanges_by_hour(self, first: dt.datetime) -> Mapping[dt.datetime, tuple[int, int]]:
        """Numbers of admitted and refused exchanges for each hour from ``first`` on."""
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
        return {start: (int(admitted), int(refused)) for start, admitted, refused in await self._session.execute(query)}

    async def recent_exchanges(self, now: dt.datetime) -> RecentExchanges:
        """The exchanges of the last ``RECENT_MINUTES``."""
        found = await self._recent_counts(now)
        refused = {
            name.removeprefix(_EXCHANGES): amount
            for name, amount in found.items()
            if name.startswith(_EXCHANGES) and name not in (_ADMITTED, _ERRORS)
        }
        ordered = sorted(refused.items(), key=lambda item: (-item[1], item[0]))
        return RecentExchanges(found.get(_ADMITTED, 0), ordered, found.get(_ERRORS, 0))

    async def carrier_status(self, now: dt.datetime) -> CarrierStatus:
        """The recent requests to the carrier, and the state of the circuit breakers."""
        found = await self._recent_counts(now)
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
        failure = (await self._session.execute(failures)).one_or_none()
        answered = found.get(CarrierCounter.ANSWERED, 0)
        return CarrierStatus(
            states={row[0]: row[1] for row in await self._session.execute(running)},
            answered=answered,
            failed=found.get(CarrierCounter.FAILED, 0),
            not_sent=found.get(CarrierCounter.NOT_SENT, 0),
            average_milliseconds=found.get(CarrierCounter.MILLISECONDS, 0) // answered if answered else None,
            answered_at=await self._session.scalar(sa.select(sa.func.max(CarrierHealthReport.answered_at))),
            failed_at=None if failure is None else failure[0],
            failure=None if failure is None else failure[1],
        )

    async def _recent_counts(self, now: dt.datetime) -> Mapping[str, int]:
        """Counters of the last ``RECENT_MINUTES``, the current minute included, by name."""
        since = now.replace(second=0, microsecond=0) - dt.timedelta(minutes=RECENT_MINUTES - 1)
        query = (
            sa.select(MinuteCounter.name, sa.func.sum(MinuteCounter.amount))
            .where(MinuteCounter.minute >= since)
            .group_by(MinuteCounter.name)
        )
        return {name: int(amount) for name, amount in await self._session.execute(query)}
