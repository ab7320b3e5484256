"""Delays messages of the server and the carrier, so that a state lasts while a test looks at it."""

import asyncio
import json

from playwright.async_api import BrowserContext, Route, WebSocketRoute


class Gate:
    """``exchange``, ``ringing``, ``answer``: closed until a test opens it. To be ``prepare``d before the page."""

    def __init__(self) -> None:
        self._exchange = asyncio.Event()
        self._passed: set[str] = set()
        self._waiting: list[tuple[WebSocketRoute, str, str | bytes]] = []

    async def prepare(self, context: BrowserContext) -> None:
        await context.route("**/widget/exchange", self._ask)
        await context.route_web_socket("**", self._connect)

    def open(self, what: str) -> None:
        """Let pass what is said from now on, and what waits."""
        if what == "exchange":
            self._exchange.set()
            return
        self._passed.add(what)
        waiting, self._waiting = self._waiting, []
        for socket, kind, message in waiting:
            self._say(socket, kind, message)

    async def _ask(self, route: Route) -> None:
        await self._exchange.wait()
        await route.continue_()

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: self._say(socket, _kind(message), message))

    def _say(self, socket: WebSocketRoute, kind: str, message: str | bytes) -> None:
        if kind in {"ringing", "answer"} - self._passed:
            self._waiting.append((socket, kind, message))
        else:
            socket.send(message)


def _kind(message: str | bytes) -> str:
    try:
        kind: str = json.loads(message)["type"]
    except ValueError:  # a heartbeat
        return ""
    return kind
