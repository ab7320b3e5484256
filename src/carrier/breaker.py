"""A circuit breaker: a carrier that fails again and again is left alone for a moment instead of waited for."""

import enum
import time
from collections import deque
from collections.abc import Callable

import structlog

from carrier.port import CarrierUnavailable

FAILURES_TO_OPEN = 5
"""In a row, within ``WINDOW_SECONDS``, open it."""
FAILURE_WINDOW_SECONDS = 30.0
OPEN_SECONDS = 5.0
"""How long nobody is let through: half of what ending the calls of a revoked token may take."""
PROBE_SECONDS = 10.0
"""How long the one request that is then let through may be without a verdict."""
log = structlog.get_logger("epoch.carrier")


class BreakerState(enum.StrEnum):
    """Whether requests are let through."""

    CLOSED = "closed"
    """They are."""
    OPEN = "open"
    """None is."""
    PROBING = "probing"
    """One is, and decides about the others."""


class CircuitBreaker:
    """Asked before each request and told of its outcome; one for each process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=FAILURES_TO_OPEN)
        self._open_until: float | None = None

    @property
    def state(self) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.PROBING

    def ensure_closed(self) -> None:
        """Let a request through, after a pause one alone. Raises: CarrierUnavailable."""
        if self._open_until is None:
            return
        now = self._clock()
        if now < self._open_until:
            raise CarrierUnavailable("the carrier has failed too often and is left alone for a moment")
        self._open_until = now + PROBE_SECONDS

    def record_success(self) -> None:
        """The carrier answered."""
        if self._open_until is not None:
            log.info("carrier_answers_again")
        self._failures.clear()
        self._open_until = None

    def record_failure(self) -> None:
        """It did not, or with a fault of its own."""
        now = self._clock()
        self._failures.append(now)
        is_burst = len(self._failures) == FAILURES_TO_OPEN and now - self._failures[0] <= FAILURE_WINDOW_SECONDS
        if self._open_until is not None or is_burst:
            log.warning("carrier_left_alone", seconds=OPEN_SECONDS)
            self._open_until = now + OPEN_SECONDS
