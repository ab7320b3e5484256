"""Circuit breaker: after repeated failures no request is sent to the carrier for some seconds."""

import enum
import math
import time
from collections import deque
from collections.abc import Callable

import structlog

from carrier.port import NotDoneAtCarrier

FAILURES_TO_OPEN = 5
"""Consecutive failures within ``FAILURE_WINDOW_SECONDS`` that open the breaker."""
FAILURE_WINDOW_SECONDS = 30.0
OPEN_SECONDS = 5.0
"""Seconds that the breaker stays open: half of the time within which calls of a revoked token must end."""
PROBE_SECONDS = 10.0
"""Seconds after which a trial request without a result no longer blocks other requests."""
log = structlog.get_logger("epoch.carrier")


class BreakerState(enum.StrEnum):
    """States of the breaker."""

    CLOSED = "closed"
    """Requests pass."""
    OPEN = "open"
    """No request passes."""
    PROBING = "probing"
    """One trial request passes; its result closes or opens the breaker."""


class CircuitBreaker:
    """Circuit breaker of one process: consulted before each request, informed of its result."""

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
        """Let a request pass; after ``OPEN_SECONDS`` only one trial request. Raises: NotDoneAtCarrier."""
        if self._open_until is None:
            return
        now = self._clock()
        if now < self._open_until:
            raise NotDoneAtCarrier(
                "the carrier failed repeatedly: no request is sent to it for some seconds",
                retry_after=math.ceil(self._open_until - now),
            )
        self._open_until = now + PROBE_SECONDS

    def record_success(self) -> None:
        """Record a response of the carrier."""
        if self._open_until is not None:
            log.info("carrier_answers_again")
        self._failures.clear()
        self._open_until = None

    def record_failure(self) -> None:
        """Record a missing response, or a server error of the carrier."""
        now = self._clock()
        self._failures.append(now)
        is_burst = len(self._failures) == FAILURES_TO_OPEN and now - self._failures[0] <= FAILURE_WINDOW_SECONDS
        if self._open_until is not None or is_burst:
            log.warning("carrier_left_alone", seconds=OPEN_SECONDS)
            self._open_until = now + OPEN_SECONDS
