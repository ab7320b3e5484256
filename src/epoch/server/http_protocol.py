"""uvicorn's HTTP protocol with time limits, limits on the number of connections, and a graceful end."""

import asyncio
import math
from typing import Any, cast

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from epoch.server.connection_limits import MAX_REFUSED, ConnectionLimits
from epoch.server.raw_responses import RawResponses
from kit.http.asgi import SEND_AT_ONCE
from kit.http.client_ip_address import limited_network

_NO_CONTENT = b"HTTP/1.1 204"
FIRST_REQUEST_SECONDS = 1.0
"""A connection without a request stays open for this time when the server stops: a request may be on its way."""
SWEEP_SECONDS = 0.5
"""The time between two looks at the deadlines of all connections."""
LINGER_SECONDS = 2.0
"""The time in which a client can read the last answer before its connection is cut."""
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
        """Make the protocol of one connection; uvicorn calls this with its own arguments."""
        return HttpConnection(self, **arguments)

    def add(self, connection: "HttpConnection", ip_address: str) -> bytes | None:
        """Count a new connection; return the response that refuses it if it exceeds a limit."""
        network = limited_network(ip_address)
        self._connections.add(connection)
        self._by_network[network] = of_client = self._by_network.get(network, 0) + 1
        refusal = None
        if len(self._connections) > self.limits.total:
            refusal = self.responses.worker_refused
        elif of_client > self.limits.per_client and self.limits.is_limited(ip_address):
            refusal = self.responses.client_refused
        if refusal is not None:
            self._refused += 1
        return refusal

    @property
    def is_overrun(self) -> bool:
        """True when there are too many connections to answer even the refused ones."""
        return len(self._connections) > self.limits.total + MAX_REFUSED

    def discard(self, connection: "HttpConnection", ip_address: str) -> None:
        """Stop counting a closed connection."""
        network = limited_network(ip_address)
        self._connections.discard(connection)
        remaining = self._by_network.get(network, 0) - 1
        if remaining > 0:
            self._by_network[network] = remaining
        else:
            self._by_network.pop(network, None)

    def drain(self) -> None:
        """From now on each answer carries ``Connection: close``, so that clients connect to another server."""
        self.is_draining = True
        for connection in self._connections:
            connection.close_after_answer()

    async def close_late_connections(self) -> None:
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

    ``close_late_connections`` checks its deadlines: a timer for each request would make each request slower.
    """

    def __init__(self, registry: ConnectionRegistry, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._registry, self._limits = registry, registry.limits
        self._ip_address = ""
        self._refusal: bytes | None = None
        self._read_deadline = self._write_deadline = math.inf
        self._has_begun_message = False
        self._has_ended = False
        self._running: RequestResponseCycle | None = None
        """The request that the application answers now; later requests wait in ``pipeline``."""
        self._extensions = {SEND_AT_ONCE: self._send_at_once}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._ip_address = self.client[0] if self.client else ""
        self.timeout_keep_alive = self._limits.keep_alive_seconds(self._ip_address)
        self._refusal = self._registry.add(self, self._ip_address)
        if self._registry.is_overrun:
            self.transport.abort()
        seconds = self._limits.header_seconds if self._refusal is None else LINGER_SECONDS
        self._read_deadline = self.loop.time() + seconds

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.discard(self, self._ip_address)
        self._read_deadline = self._write_deadline = math.inf
        self._extensions.clear()  # It refers to this connection, which is then freed without the garbage collector.
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._has_ended:
            return
        if self._refusal is None:
            super().data_received(data)
        else:
            # The refusal is sent when a request arrives, because clients do not read before they have written.
            self._end_with(self._refusal)

    def send_400_response(self, msg: str) -> None:
        # uvicorn calls this when its parser fails; its own answer would lack the security headers.
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
        # While the application works on its answer, the client has no deadline.
        self._read_deadline = self._idle_deadline() if self.cycle.response_complete else math.inf

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        cast("dict[str, Any]", cycle.scope)["extensions"] = self._extensions
        super()._start_asgi_task(cycle, app)

    def _send_at_once(self, head: bytes, body: bytes) -> bool:
        """Send the whole response to the running request; False, without effect, when it must be sent by ``send``.

        This is faster than ``send``, which takes two messages, and checks and encodes each header.
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
        # As uvicorn does, without its timer for each answer: ``close_late_connections`` ends idle connections.
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
        """Add ``Connection: close`` to the answer to the newest request, if that answer has not begun."""
        newest: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if newest is not None and not newest.response_started:
            newest.keep_alive = False

    def close_when_late(self, now: float) -> bool:
        """Close the connection if its client has exceeded a time limit at ``now``; return whether it has."""
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
        """Close the connection, at once or after the answer; uvicorn calls this when the server stops."""
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def _idle_deadline(self) -> float:
        """The time at which an idle connection is closed; a closing one has longer, until its client has read all."""
        seconds = self.timeout_keep_alive
        return self.loop.time() + (seconds + LINGER_SECONDS if self.transport.is_closing() else seconds)

    def _end_with(self, response: bytes) -> None:
        """Send ``response`` unless another one has begun, and nothing afterwards; end the running request."""
        self._has_ended = True
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if is_answering:
            cycle.disconnected = True
            cycle.message_event.set()
        if response and not (is_answering and cycle.response_started):
            self.transport.write(response)
        self._read_deadline = self.loop.time() + LINGER_SECONDS
        # The connection is closed later: if the client still sends data, closing now would reset the connection before
        # the client has read the response.
        self.transport.write_eof()
