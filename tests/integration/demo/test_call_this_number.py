"""The demo's button that lets the sandbox call the demo's number from outside, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from anyio import fail_after
from litestar import Litestar

from demo.contacts import CALLER_NUMBER, DEMO_NUMBER
from demo.controllers import demo_router
from kit.settings import load_settings
from support.asgi import asgi_transport
from support.incoming_calls import WAIT_SECONDS, IncomingCallBench

pytestmark = pytest.mark.anyio
ASSETS = {"demo.js": "demo-AAAA.js", "demo.css": "demo-BBBB.css"}
OWN = {"Origin": "http://localhost:8123"}
DOCUMENT = (
    '<Gather numDigits="1" timeout="1"><Say>Thank you for calling</Say></Gather>'
    '<Dial callerId="+14155550100" action="/after"><Number url="/ask">+12125550109</Number></Dial>'
)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[IncomingCallBench]:
    async with IncomingCallBench.opened(tmp_path) as opened:
        yield opened


def demo(sandbox_address: str | None) -> httpx.AsyncClient:
    """A browser on the demo of a product whose sandbox is at ``sandbox_address``."""
    settings = msgspec.structs.replace(load_settings({"EPOCH_PORT": "8123"}), sandbox_address=sandbox_address)
    app = Litestar([demo_router(settings, ASSETS, lambda: None)], openapi_config=None)
    return httpx.AsyncClient(transport=asgi_transport(app), base_url=OWN["Origin"], headers=OWN)


async def test_the_button_tells_what_the_caller_hears(bench: IncomingCallBench) -> None:
    bench.application.documents = {
        "/incoming": DOCUMENT,
        "/ask": '<Gather timeout="1"/><Hangup/>',
        "/after": '<Record action="/end" trim="do-not-trim"/>',
        "/end": "",
    }
    async with demo(bench.client.base_url.netloc.decode()) as browser:
        started = await browser.post("/demo/incoming-calls")
        assert started.status_code == 201
        path = f"/demo/incoming-calls/{started.json()['sid']}"
        with fail_after(WAIT_SECONDS):
            while not (heard := (await browser.get(path)).json())["is_over"]:
                pass
        assert (await browser.get("/demo/incoming-calls/CA0")).status_code == 404
    assert heard["lines"] == [
        f"{CALLER_NUMBER} calls {DEMO_NUMBER}.",
        "The caller hears: “Thank you for calling”",
        "Ringing +12125550109.",
        "The caller hears a beep, and speaks.",
        "The phone +12125550109: answered, and did not accept.",
        "What the caller said was recorded.",
        "The call is over: completed.",
    ]


async def test_a_call_that_cannot_be_made_says_why(bench: IncomingCallBench) -> None:
    [number] = [row for row in bench.sandbox._store.numbers() if row.e164 == DEMO_NUMBER]
    await bench.client.delete(f"{bench.rest}/IncomingPhoneNumbers/{number.sid}.json", auth=bench.auth)
    async with demo(bench.client.base_url.netloc.decode()) as browser:
        refused = await browser.post("/demo/incoming-calls")
    async with demo(None) as browser:
        stopped = await browser.post("/demo/incoming-calls")
    assert (refused.status_code, stopped.status_code) == (409, 409)
    assert "not a number of the account" in refused.json()["message"]
    assert "make run" in stopped.json()["message"]


@pytest.mark.parametrize("headers", [{"Origin": "https://example.com"}, {"Sec-Fetch-Site": "cross-site"}, {}])
async def test_only_our_own_page_calls(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/demo/incoming-calls", headers=headers)
    assert answer.status_code == 403
