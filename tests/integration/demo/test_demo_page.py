"""The demo page over HTTP: its snippet, numbers and token, content security policy, caching, sandbox only."""

import html
import re
from collections.abc import Callable

import httpx
import pytest
from litestar import Litestar

from demo.contacts import CONTACTS, SANDBOX_NUMBERS
from demo.controllers import demo_router
from kit.settings import load_settings
from support.asgi import asgi_transport

pytestmark = pytest.mark.anyio

TOKEN = "ept_" + "0" * 38
TAG = f'<script src="http://localhost:8123/widget/phone.js" data-token="{TOKEN}" data-click-to-call="on"></script>'
ASSETS = {"demo.js": "demo-AAAA.js", "demo.css": "demo-BBBB.css"}


def browser(app: Litestar, host: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=asgi_transport(app), base_url=f"http://{host}")


async def get_demo(
    read_token: Callable[[], str | None] = lambda: TOKEN, *, host: str = "localhost:8123", **environ: str
) -> httpx.Response:
    settings = load_settings({"EPOCH_PORT": "8123", **environ})
    app = Litestar([demo_router(settings, ASSETS, read_token)], openapi_config=None)
    async with browser(app, host) as client:
        return await client.get("/demo")


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    directives = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in directives}


async def test_the_page_runs_the_very_snippet_that_it_shows() -> None:
    answer = await get_demo()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.count(TAG) == 1
    shown = re.search(r'<code id="snippet">(.*?)</code>', answer.text, re.DOTALL)
    assert shown is not None
    assert html.unescape(shown[1]) == TAG


async def test_every_contact_and_every_scripted_number_can_be_called() -> None:
    page = (await get_demo()).text
    called = [html.unescape(number) for number in re.findall(r'<button [^>]*data-phone="([^"]+)"', page)]
    assert called == [*(person.phone for person in CONTACTS), *(number.phone for number in SANDBOX_NUMBERS)]


async def test_demo_and_guide_link_to_each_other(client: httpx.AsyncClient) -> None:
    demo, guide = await client.get("/demo"), await client.get("/docs/widget-integration")
    assert all(f'<a href="{path}">' in demo.text for path in ("/docs/widget-integration", "/schema/ui", "/dashboard"))
    assert '<a href="/demo">' in guide.text


async def test_the_built_files_are_linked_by_their_hashed_names() -> None:
    page = (await get_demo()).text
    assert '<script src="/widget/demo-AAAA.js"></script>' in page
    assert '<link rel="stylesheet" href="/widget/demo-BBBB.css">' in page


async def test_the_policy_admits_our_own_files_and_nothing_inline() -> None:
    answer = await get_demo()
    policy = policy_of(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", "http://localhost:8123"]
    assert policy["style-src"] == ["'self'"]
    assert {"'self'", "ws://localhost:*", "http://localhost:*"} <= set(policy["connect-src"])
    for closed in ("base-uri", "frame-ancestors", "object-src"):
        assert policy[closed] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"


async def test_the_markup_needs_nothing_that_the_policy_forbids() -> None:
    page = (await get_demo()).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)


async def test_the_page_with_its_token_is_kept_in_no_cache() -> None:
    assert (await get_demo()).headers["cache-control"] == "no-store"


async def test_without_a_token_the_page_says_what_to_do_and_carries_no_phone() -> None:
    answer = await get_demo(lambda: None)
    assert answer.status_code == 200
    assert "There is no demo token yet" in answer.text
    assert "epoch seed" in answer.text
    assert "phone.js" not in answer.text


async def test_a_token_minted_later_is_on_the_next_page() -> None:
    kept: list[str] = []
    settings = load_settings({"EPOCH_PORT": "8123"})
    app = Litestar([demo_router(settings, ASSETS, lambda: kept[-1] if kept else None)], openapi_config=None)
    async with browser(app, "localhost:8123") as client:
        before = await client.get("/demo")
        kept.append(TOKEN)
        after = await client.get("/demo")
    assert TAG not in before.text
    assert TAG in after.text


async def test_what_is_read_as_a_token_cannot_break_out_of_the_page() -> None:
    page = (await get_demo(lambda: '"><img src=x onerror=alert(1)>')).text
    assert "<img" not in page


async def test_at_another_host_the_page_warns_and_the_widget_still_comes_from_the_public_url() -> None:
    at_public_url = await get_demo()
    at_other_host = await get_demo(host="127.0.0.1:8123")
    warning = "opened at another URL"
    assert warning not in at_public_url.text
    assert warning in at_other_host.text
    assert TAG in at_other_host.text


async def test_a_real_carrier_has_no_demo() -> None:
    answer = await get_demo(
        EPOCH_CARRIER="twilio",
        EPOCH_SECRET_KEY="k" * 32,
        TWILIO_ACCOUNT_SID="AC" + "1" * 32,
        TWILIO_AUTH_TOKEN="2" * 32,
        TWILIO_API_KEY_SID="SK" + "3" * 32,
        TWILIO_API_KEY_SECRET="4" * 32,
        TWILIO_TWIML_APP_SID="AP" + "5" * 32,
    )
    assert answer.status_code == 404


async def test_a_missing_build_is_told_at_the_start() -> None:
    with pytest.raises(KeyError):
        demo_router(load_settings({}), {}, lambda: None)
