"""Rate limits of one minute: counts in memory, also if the shared store (Valkey) does not answer, and their metrics."""

import socket
from collections.abc import Iterator

import anyio
import pytest

from kit.http.rate_limit import (
    STORE_PAUSE_SECONDS,
    MemoryRateLimiter,
    RateLimiter,
    SharedRateLimiter,
    build_rate_limiter,
)
from kit.limit_metrics import count_near_or_refused
from support.metrics import Growth

pytestmark = pytest.mark.anyio


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def silent_address() -> Iterator[str]:
    """The address of a server that accepts connections and sends no response."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


async def test_the_limit_holds_within_a_minute_and_ends_with_it() -> None:
    clock = Clock(600)
    limiter = MemoryRateLimiter(clock=clock)
    assert [await limiter.hit("key", 3) for _ in range(3)] == [0, 0, 0]
    clock.now = 615.5
    assert await limiter.hit("key", 3) == 44
    clock.now = 659.9
    assert await limiter.hit("key", 3) == 1
    clock.now = 660
    assert await limiter.hit("key", 3) == 0


async def test_keys_do_not_share_their_counts() -> None:
    limiter = MemoryRateLimiter(clock=Clock(0))
    assert await limiter.hit("one", 1) == 0
    assert await limiter.hit("other", 1) == 0
    assert await limiter.hit("one", 1) > 0


async def test_looking_does_not_count() -> None:
    limiter = MemoryRateLimiter(clock=Clock(0))
    assert [await limiter.peek("key", 1) for _ in range(5)] == [0] * 5
    assert await limiter.hit("key", 1) == 0
    assert await limiter.peek("key", 1) > 0


async def test_each_of_several_workers_keeps_its_share() -> None:
    limiter = MemoryRateLimiter(workers=4, clock=Clock(0))
    assert [await limiter.hit("key", 8) > 0 for _ in range(3)] == [False, False, True]


async def test_a_share_is_never_nothing() -> None:
    limiter = MemoryRateLimiter(workers=64, clock=Clock(0))
    assert await limiter.hit("key", 5) == 0


@pytest.mark.parametrize("store", ["closed_address", "silent_address"])
async def test_without_its_store_the_shared_limiter_counts_in_memory(
    store: str, request: pytest.FixtureRequest
) -> None:
    fallback = MemoryRateLimiter(clock=Clock(0))
    clock = Clock(0)
    limiter = SharedRateLimiter(f"valkey://{request.getfixturevalue(store)}", fallback, clock=clock)
    with anyio.fail_after(30):
        assert [await limiter.hit("key", 2) > 0 for _ in range(3)] == [False, False, True]
        assert await limiter.peek("key", 2) > 0
        assert await limiter.peek("other", 2) == 0
        clock.now = STORE_PAUSE_SECONDS
        assert await limiter.peek("key", 2) > 0


def test_the_store_is_used_only_when_configured() -> None:
    assert isinstance(build_rate_limiter(None, workers=1), MemoryRateLimiter)
    assert isinstance(build_rate_limiter("valkey://127.0.0.1:1", workers=1), SharedRateLimiter)


def limiters() -> list[RateLimiter]:
    # The store ``memory://`` has the same interface as Valkey's.
    return [MemoryRateLimiter(), SharedRateLimiter("memory://", MemoryRateLimiter())]


@pytest.mark.parametrize("limiter", limiters(), ids=["memory", "store"])
async def test_coming_near_a_limit_is_counted_once_and_each_refusal(limiter: RateLimiter) -> None:
    name = f"near-{type(limiter).__name__}"
    near, refused = (Growth("epoch_rate_limits_total", limit=name, outcome=outcome) for outcome in ("near", "refused"))
    seen = []
    for _ in range(12):
        waits = await limiter.hit(f"{name}:somebody", 10) > 0
        seen.append((waits, near.amount, refused.amount))
    assert seen[6:] == [
        (False, 0, 0),
        (False, 1, 0),
        (False, 1, 0),
        (False, 1, 0),
        (True, 1, 1),
        (True, 1, 2),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, 60, 1200])
async def test_every_limit_has_one_count_that_is_near(limit: int) -> None:
    name = f"near-{limit}"
    growth = Growth("epoch_rate_limits_total", limit=name, outcome="near")
    for count in range(1, limit + 1):
        count_near_or_refused(f"{name}:x", count, limit)
    assert growth.amount == 1
