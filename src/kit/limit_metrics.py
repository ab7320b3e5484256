"""Prometheus counter of rate limits: uses that came near one, and uses that one refused."""

from prometheus_client import Counter

NEAR = "near"
REFUSED = "refused"
RATE_LIMITS = Counter(
    "epoch_rate_limits",
    "Windows in which somebody came to 80 % of a rate limit (near), and uses beyond one (refused), by limit.",
    ["limit", "outcome"],
)


def count_near_or_refused(key: str, count: int, limit: int) -> None:
    """Tell of the ``count``-th use of ``key`` in its window, of which ``limit`` are allowed.

    The name of the limit is the key's text before the first colon, never what stands behind it.
    """
    if count > limit:
        count_refused(key)
    # Reached once in each window: the smallest count that is 80 %.
    elif 5 * count >= 4 * limit > 5 * (count - 1):
        RATE_LIMITS.labels(_name_of(key), NEAR).inc()


def count_refused(key: str) -> None:
    """Tell of a use of ``key`` that was refused."""
    RATE_LIMITS.labels(_name_of(key), REFUSED).inc()


def _name_of(key: str) -> str:
    return key.partition(":")[0]
