"""Delays messages of the server and the carrier, so that the phone stays in a state while a test inspects it."""

import asyncio
import json

from playwright.async_api import BrowserContext, Route, WebSocketRoute


class MessageDelay:
    """Holds back ``exchange``, ``ringing`` and ``answer`` until a test releases each. Install it before the page."""

    def __init__(self) -> None:
        self._exchange = asyncio.Event()
        self._released: set[str] = set()
        self._waiting: list[tuple[WebSocketRoute, str, str | bytes]] = []

    async def install(self, context: BrowserContext) -> None:
        await context.route("**/widget/exchange", self._delay_exchange)
        await context.route_web_socket("**", self._connect)

    def release(self, what: str) -> None:
        """Send the waiting messages of this kind, and delay no later ones."""
        if what == "exchange":
            self._exchange.set()
            return
        self._released.add(what)
        waiting, self._waiting = self._waiting, []
        for socket, kind, message in waiting:
            self._send_or_hold(socket, kind, message)

    async def _delay_exchange(self, route: Route) -> None:
        await self._exchange.wait()
        await route.continue_()

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: self._send_or_hold(socket, _kind(message), message))

    def _send_or_hold(self, socket: WebSocketRoute, kind: str, message: str | bytes) -> None:
        if kind in {"ringing", "answer"} - self._released:
            self._waiting.append((socket, kind, message))
        else:
            socket.send(message)


def _kind(message: str | bytes) -> str:
    try:
        kind: str = json.loads(message)["type"]
    except ValueError:  # a heartbeat
        return ""
    return kind
