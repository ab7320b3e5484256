"""The carrier's health that each process stores: counted answers and failures, the circuit breaker's state."""

from contextlib import suppress

import pytest
import sqlalchemy as sa

from carrier.breaker import FAILURES_TO_OPEN, BreakerState
from carrier.health import CarrierCounter, CarrierHealthReport, CarrierHealthReporter
from carrier.port import CarrierError
from carrier.twilio import TwilioCarrier
from kit.counters import CounterBuffer
from kit.db.database import Database
from kit.settings import Settings

pytestmark = pytest.mark.anyio


class UnflushedCounters(CounterBuffer):
    """Counters that stay in memory, so that a test can read them."""

    async def flush(self) -> None: ...

    @property
    def counts(self) -> dict[str, int]:
        return dict(self._pending)


async def stored_report(database: Database, health: CarrierHealthReporter) -> CarrierHealthReport:
    async with database.sessions() as session:
        mine = sa.select(CarrierHealthReport).where(CarrierHealthReport.id == health._id)
        return (await session.scalars(mine)).one()


async def test_answers_are_counted_with_the_time_they_took(
    settings: Settings, other_worker_database: Database, database: Database
) -> None:
    counters = UnflushedCounters(other_worker_database)
    health = CarrierHealthReporter(other_worker_database, counters)
    address = settings.sandbox_address
    carrier = TwilioCarrier(settings.twilio, api_base=f"http://{address}", signaling=address, health=health)
    try:
        await carrier.owned_numbers()
    finally:
        await carrier.close()
    assert counters.counts[CarrierCounter.ANSWERED] == 1
    assert counters.counts[CarrierCounter.MILLISECONDS] >= 0
    await health.flush()
    row = await stored_report(database, health)
    assert (row.state, row.failed_at, row.answered_at is not None) == (BreakerState.CLOSED, None, True)


async def test_a_failing_carrier_is_reported_until_it_answers_again(
    settings: Settings, other_worker_database: Database, database: Database
) -> None:
    counters = UnflushedCounters(other_worker_database)
    health = CarrierHealthReporter(other_worker_database, counters)
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None, health=health)
    try:
        # Creating is not tried again by itself: each of these fails once, and the last finds nobody to ask.
        for _ in range(FAILURES_TO_OPEN + 1):
            with suppress(CarrierError):
                await away.buy_number("+14155550100", friendly_name="x")
    finally:
        await away.close()
    assert counters.counts == {CarrierCounter.FAILED: FAILURES_TO_OPEN, CarrierCounter.NOT_SENT: 1}
    await health.flush()
    row = await stored_report(database, health)
    assert row.state in (BreakerState.OPEN, BreakerState.PROBING)
    assert (row.failure, row.failed_at is not None, row.answered_at) == ("it refuses connections", True, None)
    before = row.reported_at
    await health.flush()
    # Open becomes probing by itself; otherwise nothing is written before it is time.
    after = await stored_report(database, health)
    assert after.reported_at == before or after.state is not row.state
