"""Many requests for one path that arrive together: the worker answers other requests between them."""

import asyncio

import pytest
from litestar import Litestar

from support.raw_requests import RawRequest, send_raw

pytestmark = pytest.mark.anyio
BURST = 30


async def test_requests_for_one_path_that_arrive_together_do_not_begin_together(app: Litestar) -> None:
    turn, ended = 0, list[int]()

    async def send() -> None:
        assert (await send_raw(app, RawRequest("POST", b"/api/session"))).status == 403
        ended.append(turn)

    sending = [asyncio.create_task(send()) for _ in range(BURST)]
    while len(ended) < BURST:
        await asyncio.sleep(0)
        turn += 1
    await asyncio.gather(*sending)
    assert len(set(ended)) == BURST, "each in a turn of the event loop of its own"
