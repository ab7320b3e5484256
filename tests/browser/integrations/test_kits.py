"""Kits downloaded from the dashboard page that shows a new token once: they contain the token, and calls work."""

import asyncio
import json
import os
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from playwright.async_api import Browser, Route, expect

from browser.conftest import OpenPage
from support.browser.dashboard import download_kit, generate_token, sign_in
from support.browser.hubspot import HubSpot
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio
SITE = "http://localhost:3999"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


async def test_the_html_kit_calls_and_lists_the_call(customer: Customer, open_page: OpenPage) -> None:
    dashboard = await open_page("about:blank", customer.product)
    page = dashboard.page
    sent: list[tuple[str, str]] = []
    await sign_in(page, customer)
    raw = await generate_token(page, customer, "localhost")
    page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    files = await download_kit(page, "HTML")
    assert raw.encode() in files["index.html"]
    assert any(url.endswith("/kits/html") for url, _ in sent)
    # The phone on that page shows its token to the exchange, as every phone does.
    others = [(url, body) for url, body in sent if "/widget/" not in url]
    assert [url for url, body in others if raw in url or raw in body] == []

    async def serve(route: Route) -> None:
        name = route.request.url.removeprefix(f"{SITE}/")
        await route.fulfill(body=files[name], content_type=TYPES[Path(name).suffix])

    site = await open_page("about:blank", customer.product, permissions=["local-network-access", "microphone"])
    await site.page.route(f"{SITE}/**", serve)
    await site.page.goto(f"{SITE}/index.html")
    await site.until_event("ready")
    await site.page.get_by_role("link", name="(212) 555-0101").click()
    await site.until_event("callAnswered")
    await site.hangup()
    await expect(site.page.locator("#calls li")).to_have_text(re.compile(re.escape(f"{ECHO}: completed, ") + r"\d+ s"))


async def test_a_kit_of_a_revoked_token_says_so_in_the_guides_words(customer: Customer, open_page: OpenPage) -> None:
    dashboard = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    await generate_token(dashboard.page, customer, "localhost")
    files = await download_kit(dashboard.page, "HTML")
    await dashboard.page.get_by_role("link", name="Done").click()
    await dashboard.page.get_by_role("button", name="Revoke CRM", exact=True).click()
    await dashboard.page.get_by_role("dialog").get_by_role("button", name="Revoke token").click()
    await expect(dashboard.page.get_by_role("button", name="Revoke CRM", exact=True)).to_have_count(0)

    site = await open_page("about:blank", customer.product, permissions=["local-network-access", "microphone"])
    await site.page.route(
        f"{SITE}/**",
        lambda route: route.fulfill(
            body=files[route.request.url.removeprefix(f"{SITE}/")],
            content_type=TYPES[Path(route.request.url).suffix],
        ),
    )
    await site.page.goto(f"{SITE}/index.html")
    assert (await site.until_event("error"))["message"] == "Invalid or revoked token"
    await site.page.evaluate("() => EpochPhone.open()")
    await expect(site.panel.get_by_text("Invalid or revoked token").first).to_be_visible()


async def test_the_hubspot_kit_registers_a_page_that_calls(
    customer: Customer, open_page: OpenPage, browser: Browser, tmp_path: Path
) -> None:
    dashboard: Phone = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    raw = await generate_token(dashboard.page, customer, "app.hubspot.com")
    shown = await dashboard.page.locator("#hubspot-settings").text_content()
    files = await download_kit(dashboard.page, "HubSpot")
    settings = json.loads(files["calling-settings.json"])
    assert settings == json.loads(shown or "")
    assert settings["url"].endswith(f"#{raw}")

    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with _Settings.serving() as api:
        environ = {**os.environ, "HUBSPOT_API": api, "APP_ID": "77", "DEVELOPER_API_KEY": "k&y"}
        process = await asyncio.create_subprocess_exec("node", str(tmp_path / "register.mjs"), env=environ)
        assert await process.wait() == 0
    path = "/crm/extensions/calling/2026-03/77/settings?hapikey=k%26y"
    assert _Settings.requests == [("POST", path, settings), ("PATCH", path, settings)]

    context = await browser.new_context(permissions=["local-network-access", "microphone"])
    hubspot = HubSpot(await context.new_page())
    await hubspot.show(settings["url"])
    await hubspot.until("LOGGED_IN")
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await hubspot.until("CALL_ANSWERED")
    await context.close()


class _Settings(BaseHTTPRequestHandler):
    """HubSpot's settings endpoint, for an app that has settings already."""

    requests: ClassVar[list[tuple[str, str, object]]] = []

    @classmethod
    def serving(cls) -> "_Serving":
        cls.requests.clear()
        return _Serving()

    def do_POST(self) -> None:
        self._answer(HTTPStatus.CONFLICT)

    def do_PATCH(self) -> None:
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.command, self.path, json.loads(body)))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


class _Serving:
    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Settings)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
