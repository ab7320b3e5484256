"""Prometheus counter of rate limits: windows in which 80 % of a limit were used, and uses that a limit refused."""

from prometheus_client import Counter

NEAR = "near"
REFUSED = "refused"
RATE_LIMITS = Counter(
    "epoch_rate_limits",
    "Windows in which somebody came to 80 % of a rate limit (near), and uses beyond one (refused), by limit.",
    ["limit", "outcome"],
)


def count_near_or_refused(key: str, count: int, limit: int) -> None:
    """Count the ``count``-th use of ``key`` in its window, if it reaches 80 % of ``limit`` or exceeds it.

    The label ``limit`` is the text of ``key`` before its first colon; the rest may be personal data.
    """
    if count > limit:
        count_refused(key)
    # True once in each window: for the smallest count that is at least 80 %.
    elif 5 * count >= 4 * limit > 5 * (count - 1):
        RATE_LIMITS.labels(_name_of(key), NEAR).inc()


def count_refused(key: str) -> None:
    """Count a refused use of ``key``."""
    RATE_LIMITS.labels(_name_of(key), REFUSED).inc()


def _name_of(key: str) -> str:
    return key.partition(":")[0]
