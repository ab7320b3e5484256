"""The phone in Debian's WebKit, which has no WebRTC: it loads, also under a strict policy, and reports the cause."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.browser.host_site import HostSite, widget_tag
from support.browser.product import ECHO, Customer
from support.browser.webkit import WebKit, running_webkit
from support.waiting import wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.webkit]

STATE = "window.EpochPhone?.getState()"
BUTTON = """(() => {
    const { shadowRoot } = document.querySelector("epoch-phone");
    const fab = shadowRoot.querySelector(".fab");
    const { width, height, right, bottom } = fab.getBoundingClientRect();
    return {
        text: shadowRoot.getElementById("state").textContent,
        size: [width, height],
        corner: [innerWidth - right, innerHeight - bottom],
        position: getComputedStyle(shadowRoot.querySelector(".root")).position,
    };
})()"""


@pytest.fixture
async def webkit(tmp_path: Path) -> AsyncIterator[WebKit]:
    async with running_webkit(tmp_path) as started:
        yield started


@pytest.mark.reported_fault("feature detection", threads="swiper#6831")
@pytest.mark.parametrize("policy", [None, "default-src 'none'; script-src {url}; connect-src {url}"])
async def test_without_webrtc_the_phone_says_so_and_does_not_call(
    webkit: WebKit, customer: Customer, host_site: HostSite, policy: str | None
) -> None:
    url = customer.product.url
    headers = {"Content-Security-Policy": policy.format(url=url)} if policy else None
    await webkit.goto(host_site.page(widget_tag(url, customer.token.raw), headers=headers))

    async def is_in_error() -> bool:
        return bool(await webkit.evaluate(STATE) == "error")

    await wait_until(is_in_error)
    assert await webkit.evaluate("typeof RTCPeerConnection") == "undefined"
    error: dict[str, Any] = await webkit.evaluate(
        "new Promise((resolve) => EpochPhone.on('error', resolve))"  # replayed to later subscribers
    )
    assert error["code"] == "browser_not_supported"
    assert error["message"] == "This browser cannot make calls"
    assert await webkit.evaluate("EpochPhone.isReady()") is False
    assert await webkit.evaluate(f"EpochPhone.call('{ECHO}')") is False
    assert await webkit.evaluate(STATE) == "error"
    button = await webkit.evaluate(BUTTON)
    assert button == {"text": "not working", "size": [56, 56], "corner": [20, 20], "position": "fixed"}
