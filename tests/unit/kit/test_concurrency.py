"""The limit of concurrent tasks of one key: further tasks wait in order or are refused, and other keys do not wait."""

import asyncio

import pytest

from kit.concurrency import KeyedConcurrency
from kit.errors import TooMany

pytestmark = pytest.mark.anyio


def concurrency(
    *, limit: int = 1, max_waiting: int = 10, seconds: float = 20, max_pause: float = 0
) -> KeyedConcurrency:
    return KeyedConcurrency(TooMany, limit=limit, max_waiting=max_waiting, seconds=seconds, max_pause=max_pause)


async def settle() -> None:
    """Let every task run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_run_and_the_rest_run_in_their_order() -> None:
    slots = concurrency(limit=2)
    began: list[int] = []
    go_on = asyncio.Event()

    async def use(number: int) -> None:
        async with slots.slot("key"):
            began.append(number)
            await go_on.wait()

    tasks = [asyncio.create_task(use(number)) for number in range(5)]
    await settle()
    assert began == [0, 1]
    go_on.set()
    await asyncio.gather(*tasks)
    assert began == [0, 1, 2, 3, 4]
    assert slots._tasks == {}


async def test_another_key_does_not_wait() -> None:
    slots = concurrency()
    async with slots.slot("one"), slots.slot("other"):
        pass


async def test_one_more_than_may_wait_is_refused_at_once() -> None:
    slots = concurrency(max_waiting=0)
    async with slots.slot("key"):
        with pytest.raises(TooMany):
            await slots.acquire("key")
    async with slots.slot("key"):
        pass


async def test_who_waits_too_long_is_refused_and_leaves_the_queue() -> None:
    slots = concurrency(seconds=0.01)
    async with slots.slot("key"):
        with pytest.raises(TooMany):
            await slots.acquire("key")
        assert not slots._tasks["key"].waiters
    assert slots._tasks == {}


async def test_who_is_cancelled_while_it_waits_takes_no_slot() -> None:
    slots = concurrency()
    async with slots.slot("key"):
        cancelled = asyncio.create_task(slots.acquire("key"))
        await settle()
        cancelled.cancel()
        await settle()
    assert slots._tasks == {}


async def test_a_slot_that_comes_together_with_the_cancellation_is_passed_on() -> None:
    slots = concurrency()
    await slots.acquire("key")
    cancelled = asyncio.create_task(slots.acquire("key"))
    patient = asyncio.create_task(slots.acquire("key"))
    await settle()
    slots.release("key")
    cancelled.cancel()
    await patient
    slots.release("key")
    assert slots._tasks == {}


async def test_a_slot_rests_while_more_of_its_key_wait_and_other_keys_go_on() -> None:
    slots = concurrency(max_pause=20)
    async with slots.slot("key"):
        waiting = asyncio.create_task(slots.acquire("key"))
        # Held this long, and so it rests twice as long.
        await asyncio.sleep(0.05)
    assert not waiting.done()
    async with slots.slot("other"):
        pass
    assert not waiting.done()
    await waiting
    slots.release("key")
    assert slots._tasks == {}
