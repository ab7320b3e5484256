"""uvicorn's HTTP protocol with what a server that faces the internet needs: time-outs, limits, and an orderly end."""

import asyncio
import math
from typing import Any, cast

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from epoch.server.connection_limits import MAX_REFUSED, ConnectionLimits
from epoch.server.raw_responses import RawResponses
from kit.http.asgi import SEND_AT_ONCE
from kit.http.client_address import limited_network

_NO_CONTENT = b"HTTP/1.1 204"
FIRST_REQUEST_SECONDS = 1.0
"""The time that a connection without a request stays open when the server stops: its request may be on the way."""
SWEEP_SECONDS = 0.5
LINGER_SECONDS = 2.0
"""The time that a client has to read the last answer before its connection is cut."""
log = structlog.get_logger("epoch.connections")


class ConnectionRegistry:
    """The open HTTP connections of one worker."""

    def __init__(self, limits: ConnectionLimits, responses: RawResponses) -> None:
        self.limits = limits
        self.responses = responses
        self.is_draining = False
        self._connections: set[HttpConnection] = set()
        self._by_network: dict[str, int] = {}
        self._refused = 0

    def create_protocol(self, **arguments: Any) -> "HttpConnection":
        """A protocol for one connection; uvicorn calls it with its own arguments."""
        return HttpConnection(self, **arguments)

    def add(self, connection: "HttpConnection", address: str) -> bytes | None:
        """Count a new connection; the response that refuses it when it is one too many."""
        network = limited_network(address)
        self._connections.add(connection)
        self._by_network[network] = of_client = self._by_network.get(network, 0) + 1
        refusal = None
        if len(self._connections) > self.limits.total:
            refusal = self.responses.worker_refused
        elif of_client > self.limits.per_client and self.limits.is_limited(address):
            refusal = self.responses.client_refused
        if refusal is not None:
            self._refused += 1
        return refusal

    @property
    def is_overrun(self) -> bool:
        """True when there are too many connections to answer even the refused ones."""
        return len(self._connections) > self.limits.total + MAX_REFUSED

    def discard(self, connection: "HttpConnection", address: str) -> None:
        network = limited_network(address)
        self._connections.discard(connection)
        left = self._by_network.get(network, 0) - 1
        if left > 0:
            self._by_network[network] = left
        else:
            self._by_network.pop(network, None)

    def drain(self) -> None:
        """From now on each answer carries ``Connection: close``, so that clients connect to another server."""
        self.is_draining = True
        for connection in self._connections:
            connection.close_after_answer()

    async def close_late_ones(self) -> None:
        """Close connections whose client exceeds a time limit, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = loop.time()
            late = sum(connection.close_when_late(now) for connection in list(self._connections))
            refused, self._refused = self._refused, 0
            if late or refused:
                log.info("connections_closed", late=late, refused=refused, open=len(self._connections))


class HttpConnection(HttpToolsProtocol):
    """One connection of a client.

    A sweep looks at the deadlines: a timer for each request would cost the exchange more.
    """

    def __init__(self, registry: ConnectionRegistry, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._registry, self._limits = registry, registry.limits
        self._address = ""
        self._refusal: bytes | None = None
        self._read_deadline = self._write_deadline = math.inf
        self._has_begun_message = False
        self._has_ended = False
        self._running: RequestResponseCycle | None = None
        """The request that the application answers; later ones wait in ``pipeline``."""
        self._extensions = {SEND_AT_ONCE: self._send_at_once}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._address = self.client[0] if self.client else ""
        self.timeout_keep_alive = self._limits.keep_alive_seconds(self._address)
        self._refusal = self._registry.add(self, self._address)
        if self._registry.is_overrun:
            self.transport.abort()
        seconds = self._limits.header_seconds if self._refusal is None else LINGER_SECONDS
        self._read_deadline = self.loop.time() + seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.discard(self, self._address)
        self._read_deadline = self._write_deadline = math.inf
        self._extensions.clear()  # They refer to this connection, which need not wait for the garbage collector.
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._has_ended:
            return
        if self._refusal is None:
            super().data_received(data)
        else:
            # Answered with the request: a client may not expect an answer before.
            self._end_with(self._refusal)

    def send_400_response(self, msg: str) -> None:
        # uvicorn calls it when its parser fails, and would send an answer without the security headers.
        self._end_with(self._registry.responses.malformed)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun_message = True
        self._read_deadline = self.loop.time() + self._limits.header_seconds

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._read_deadline = self.loop.time() + self._limits.body_seconds
        if self._registry.is_draining:
            self.close_after_answer()

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if not self.cycle.response_complete:
            self._read_deadline += len(body) / self._limits.body_bytes_per_second

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._has_begun_message = False
        # Now the application works; a finished one waits for the next request.
        self._read_deadline = self._idle_deadline() if self.cycle.response_complete else math.inf

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cast("dict[str, Any]", cycle.scope)["extensions"] = self._extensions
        super()._start_asgi_task(cycle, app)

    def _send_at_once(self, head: bytes, body: bytes) -> bool:
        """Send the whole response of the running request; False where only ``send`` knows what to do.

        ``send`` does the same in two steps, and checks and encodes each header.
        """
        cycle = self._running
        if cycle is None or cycle.response_started or cycle.disconnected or not cycle.keep_alive:
            return False
        if self.flow.write_paused or cycle.waiting_for_100_continue or cycle.scope["method"] == "HEAD":
            return False
        cycle.response_started = cycle.response_complete = True
        lines = [b"%s: %s\r\n" % header for header in self.server_state.default_headers]
        length = b"\r\n" if head.startswith(_NO_CONTENT) else b"content-length: %d\r\n\r\n" % len(body)
        self.transport.write(b"".join([head, *lines, length, body]))
        cycle.message_event.set()
        self.on_response_complete()
        return True

    def on_response_complete(self) -> None:
        # As uvicorn's, without its timer for each answer: the sweep also ends idle connections.
        self.server_state.total_requests += 1
        is_closing = self.transport.is_closing()
        if not is_closing:
            self.flow.resume_reading()
        if self.pipeline:
            if not is_closing:
                self._start_asgi_task(*self.pipeline.pop())
        elif not self._has_begun_message:
            self._read_deadline = self._idle_deadline()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_deadline = self.loop.time() + self._limits.write_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_deadline = math.inf

    def close_after_answer(self) -> None:
        """Let the answer of the newest request, when it has not begun, carry ``Connection: close``."""
        newest: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if newest is not None and not newest.response_started:
            newest.keep_alive = False

    def close_when_late(self, now: float) -> bool:
        """Close the connection when its client exceeded a time limit before ``now``; True when it did."""
        if now < self._read_deadline and now < self._write_deadline:
            return False
        if self._has_ended or self.transport.is_closing() or now >= self._write_deadline:
            self.transport.abort()
        elif self._has_begun_message:
            self._end_with(self._registry.responses.timeout)
        else:
            self._end_with(b"")
        return True

    def shutdown(self) -> None:
        """Called when the server has stopped to accept: close, at once or after the answer."""
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def _idle_deadline(self) -> float:
        """The time at which the connection ends without another request; a closing one, whose answer nobody reads."""
        seconds = self.timeout_keep_alive
        return self.loop.time() + (seconds + LINGER_SECONDS if self.transport.is_closing() else seconds)

    def _end_with(self, response: bytes) -> None:
        """Send ``response`` unless another has begun, then nothing more; the request that is on its way is over."""
        self._has_ended = True
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering:
            cycle.disconnected = True
            cycle.message_event.set()
        if response and not (is_answering and cycle.response_started):
            self.transport.write(response)
        self._read_deadline = self.loop.time() + LINGER_SECONDS
        # Closed later: closing at once, with data that the client still sends, would reset the connection before the
        # client has read the response.
        self.transport.write_eof()
