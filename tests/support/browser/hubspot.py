"""Imitates a HubSpot record page: the product's calling page in a frame, connected by HubSpot's SDK."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Frame, Locator, Page, Route

from support.browser.phone import PATIENCE, POLL_SECONDS, Found
from support.browser.product import Customer

HUBSPOT = "https://app.hubspot.com"
Message = dict[str, Any]

_SDK = Path(__file__).resolve().parents[3] / "frontend/node_modules/@hubspot/calling-extensions-sdk/dist/main.js"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A record</title><div id="frame"></div>
<script src="/sdk.js"></script>
<script>
  window.heard = [];
  const context = %(context)s;
  window.host = new IFrameManager({
    iFrameOptions: { src: %(src)s, width: "400", height: "650", hostElementSelector: "#frame" },
    debugMode: false,
    onMessageHandler: (message) => heard.push(message),
  });
  // HubSpot sends the frame's context in the first message of the handshake.
  const send = host.sendMessage.bind(host);
  host.sendMessage = (message, callback) =>
    send(message.type === "SYNC" ? { ...message, ...context } : message, callback);
</script>"""


def calling_page_url(customer: Customer, *, raw: str | None = None) -> str:
    """The URL of the calling page, as shown in the dashboard."""
    return f"{customer.product.url}/integrations/hubspot?t={customer.token.id}#{raw or customer.token.raw}"


class HubSpot:
    """A HubSpot record in ``page``, with the calling page in a frame."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.console: list[str] = []
        page.on("console", self._record_message)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def _record_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    @property
    def frame(self) -> Frame:
        return self.page.frames[1]

    @property
    def panel(self) -> Locator:
        """The phone inside the frame."""
        return self.frame.locator("epoch-phone")

    @property
    def notice(self) -> Locator:
        return self.frame.locator("#notice")

    @property
    def status(self) -> Locator:
        return self.frame.locator("#status")

    async def show(self, src: str, *, origin: str = HUBSPOT, context: Mapping[str, Any] | None = None) -> None:
        """Open a record at ``origin``; ``context`` overrides fields of HubSpot's handshake."""
        handshake = {"portalId": 62515, "userId": 7, "ownerId": 9, **(context or {})}
        body = _PAGE % {"context": json.dumps(handshake), "src": json.dumps(src)}

        async def serve(route: Route) -> None:
            if route.request.url.endswith("/sdk.js"):
                await route.fulfill(body=_SDK.read_text(), content_type="text/javascript")
            else:
                await route.fulfill(body=body, content_type="text/html")

        await self.page.route(f"{origin}/**", serve)
        await self.page.goto(f"{origin}/contacts/1")

    async def send(self, kind: str, data: Any = None) -> None:
        await self.page.evaluate("([type, data]) => host.sendMessage({ type, data })", [kind, data])

    async def post(self, message: Any) -> None:
        """Post ``message`` to the frame without HubSpot's SDK."""
        await self.page.evaluate("message => host.iFrame.contentWindow.postMessage(message, '*')", message)

    async def received(self, *kinds: str) -> list[Message]:
        """The messages that HubSpot's page received from the frame: those of ``kinds``, or all without any kind."""
        messages: list[Message] = await self.page.evaluate("() => heard")
        return [message for message in messages if not kinds or message["type"] in kinds]

    async def until(self, kind: str, count: int = 1) -> Message:
        """Wait for the ``count``-th message of this kind from the frame and return it."""

        async def probe() -> Message | None:
            messages = await self.received(kind)
            return messages[count - 1] if len(messages) >= count else None

        return await self._until(probe, f"{kind} no. {count}")

    async def until_blocked(self) -> None:
        """Wait until the browser shows an error page in place of the calling page."""

        async def probe() -> bool:
            return self.frame.url.startswith("chrome-error:")

        await self._until(probe, "blocked frame")

    async def record(self, customer: Customer, call_id: str) -> Message:
        """Wait for the call's closed record and return it."""

        async def probe() -> Message | None:
            rows = await customer.calls()
            return next((row for row in rows if row["call_id"] == call_id and row["ended_at"]), None)

        return await self._until(probe, "closed record")

    async def _until(self, probe: Callable[[], Awaitable[Found | None]], what: str) -> Found:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    if found := await probe():
                        return found
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise AssertionError(f"no {what}; received {await self.received()}; console {self.console}") from None
