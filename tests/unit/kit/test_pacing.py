"""Pacing of HTTP requests: one request of each key, such as an organization, begins per iteration of the event loop."""

import asyncio

import pytest

from kit.http.pacing import Pacing

pytestmark = pytest.mark.anyio


async def test_requests_of_a_key_begin_one_in_each_iteration_and_in_order() -> None:
    pacing, begun = Pacing(), list[int]()

    async def begin(number: int) -> None:
        await pacing.wait("path")
        begun.append(number)

    tasks = [asyncio.create_task(begin(number)) for number in range(20)]
    counts = []
    while len(begun) < len(tasks):
        await asyncio.sleep(0)
        counts.append(len(begun))
    assert begun == list(range(20))
    assert all(later - earlier <= 1 for earlier, later in zip([0, *counts], counts, strict=False))


async def test_keys_do_not_wait_for_each_other() -> None:
    pacing, begun = Pacing(), list[str]()

    async def begin(key: str) -> None:
        await pacing.wait(key)
        begun.append(key)

    tasks = [asyncio.create_task(begin(key)) for key in ("busy", "busy", "busy", "other")]
    await asyncio.sleep(0)
    assert begun == ["busy", "other"]
    await asyncio.gather(*tasks)


async def test_one_that_was_cancelled_holds_nobody_up_and_nothing_is_kept() -> None:
    pacing = Pacing()
    tasks = [asyncio.create_task(pacing.wait("path")) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not tasks[2].cancelled()
    await asyncio.sleep(0)
    assert pacing._waiters == {}
