"""Records the carrier's health: counts its responses, and stores each process's breaker state in the database."""

import datetime as dt
import enum

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from carrier.breaker import BreakerState, CircuitBreaker
from kit.buffered_writer import BufferedWriter
from kit.clock import utc_now
from kit.counters import CounterBuffer
from kit.db.database import Database
from kit.db.model import Base, text_enum
from kit.db.outage import is_outage
from kit.http.app_key import AppKey

REPORT_INTERVAL = dt.timedelta(seconds=30)
"""Interval at which a process refreshes its row; an older row belongs to a process that has ended."""
_UPSERT_SQL = """
INSERT INTO carrier_health_report (id, reported_at, state, answered_at, failed_at, failure)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET reported_at = excluded.reported_at, state = excluded.state,
answered_at = excluded.answered_at, failed_at = excluded.failed_at, failure = excluded.failure
"""
log = structlog.get_logger("epoch.carrier")


class CarrierCounter(enum.StrEnum):
    """Counters of requests to the carrier."""

    ANSWERED = "carrier.answered"
    MILLISECONDS = "carrier.milliseconds"
    """Total response time, in milliseconds."""
    FAILED = "carrier.failed"
    """No response, or a server error of the carrier."""
    ACCESS_REFUSED = "carrier.access_refused"
    """Our credentials were refused, or the account is suspended."""
    NOT_SENT = "carrier.left_alone"
    """Not sent, because the circuit breaker was open."""


class CarrierHealthReport(Base):
    """State of the carrier as one process sees it; the row's id identifies the process."""

    __tablename__ = "carrier_health_report"
    __table_args__ = (sa.Index(None, "reported_at"),)

    reported_at: Mapped[dt.datetime]
    """Time of the process's last report."""
    state: Mapped[BreakerState] = mapped_column(text_enum(BreakerState, name="state"))
    answered_at: Mapped[dt.datetime | None]
    failed_at: Mapped[dt.datetime | None]
    failure: Mapped[str | None]
    """A description of the last failure; never the carrier's text, which quotes phone numbers."""


class CarrierHealthReporter(BufferedWriter):
    """Records the result of each request of one process."""

    def __init__(self, database: Database, measures: CounterBuffer) -> None:
        super().__init__(name="carrier_health_report")
        self._database = database
        self._measures = measures
        self._id = uuid7()
        self._breaker: CircuitBreaker | None = None
        self._answered_at: dt.datetime | None = None
        self._failed_at: dt.datetime | None = None
        self._failure: str | None = None
        self._reported: tuple[object, ...] = ()
        self._reported_at: dt.datetime | None = None
        self.is_access_refused = False
        """True while the carrier's last answer to this process refused our credentials."""

    def set_breaker(self, breaker: CircuitBreaker) -> None:
        """Set this process's circuit breaker, whose state is reported."""
        self._breaker = breaker

    @property
    def state(self) -> BreakerState:
        """The state of this process's circuit breaker."""
        return BreakerState.CLOSED if self._breaker is None else self._breaker.state

    def record_answer(self, seconds: float, *, is_access_refused: bool = False) -> None:
        """Record a response and its duration, and whether the carrier refused our credentials."""
        self._answered_at = utc_now()
        if is_access_refused:
            if not self.is_access_refused:
                log.error("carrier_access_refused", advice="check the credentials and the account: epoch doctor")
            self._measures.add(CarrierCounter.ACCESS_REFUSED)
        self.is_access_refused = is_access_refused
        self._measures.add(CarrierCounter.ANSWERED)
        self._measures.add(CarrierCounter.MILLISECONDS, round(seconds * 1000))

    def record_failure(self, failure: str) -> None:
        """Record a missing response or a server error; ``failure`` describes it."""
        self._failed_at, self._failure = utc_now(), failure
        self._measures.add(CarrierCounter.FAILED)

    def record_not_sent(self) -> None:
        """Record a request that was not sent."""
        self._measures.add(CarrierCounter.NOT_SENT)

    async def flush(self) -> None:
        """Write this process's state if it changed or was last written before ``REPORT_INTERVAL``."""
        state = self.state
        now, report = utc_now(), (state, self._answered_at is None, self._failed_at, self._failure)
        if report == self._reported and self._reported_at is not None and now - self._reported_at < REPORT_INTERVAL:
            return
        row = (self._id, now, state.value, self._answered_at, self._failed_at, self._failure)
        try:
            await self._database.lookup_pool.execute(_UPSERT_SQL, *row)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("carrier_health_not_reported", error=type(error).__name__)
        else:
            self._reported, self._reported_at = report, now


CARRIER_HEALTH: AppKey[CarrierHealthReporter] = AppKey("carrier_health")
