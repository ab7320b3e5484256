"""Retry schedule of webhook deliveries: growing waits with jitter, and the times after which attempts end. Pure."""

import datetime as dt
import random

RETRY_SECONDS = (5, 20, 60, 300, 900, 1800, 3600, 7200)
"""Waits after the first, second … failed attempt; the last value is repeated."""
RETRY_PERIOD = dt.timedelta(days=3, hours=2)
"""An attempt that fails later than this after the delivery was queued is the last one."""
PAUSE_AFTER = dt.timedelta(days=3)
"""An endpoint is paused when all attempts have failed for this time."""
EAGER_PERIOD = dt.timedelta(minutes=2)
"""The time after an endpoint's first failure in which new deliveries are still attempted at once."""
EAGER_FAILURES = 3
"""The count of failures is at most this in ``EAGER_PERIOD``, so that many new deliveries do not prolong the waits."""
MAX_RETRY_AFTER_SECONDS = 6 * 3600
"""The longest wait that a receiver can ask for."""
_JITTER = 0.2


def wait_after(failures: int, retry_after: int | None = None) -> dt.timedelta:
    """The wait after ``failures`` failed attempts, at least 1; not shorter than ``retry_after`` seconds."""
    planned = RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)
    return max(dt.timedelta(seconds=planned), requested_wait(retry_after))


def requested_wait(retry_after: int | None) -> dt.timedelta:
    """The wait that a receiver requested, at most ``MAX_RETRY_AFTER_SECONDS``."""
    return dt.timedelta(seconds=min(retry_after or 0, MAX_RETRY_AFTER_SECONDS))
