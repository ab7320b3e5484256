"""Wraps the ``send`` of one HTTP request: adds the request id to the response, measures it for metrics and traces."""

import time
from http import HTTPStatus
from typing import Any

from kit.buffered_histogram import BufferedHistogram
from kit.http.asgi import SEND_AT_ONCE
from kit.http.request_ids import HEADER, begin_request
from kit.tracing import TRACING, OpenSpan, context_ids

REQUEST_SECONDS = BufferedHistogram(
    "epoch_http_request_duration_seconds",
    "Seconds from a request to the end of its answer, by route and class of status.",
    ["route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
NO_ANSWER = "none"
"""The status of a request whose client disconnected before the answer."""
_STATUS_CLASSES = (NO_ANSWER, "1xx", "2xx", "3xx", "4xx", "5xx")
"""By the first digit of the status; 0 without an answer."""
OTHER = "other"
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_ROUTE_BY_PATH = {
    "/widget/exchange": "exchange",
    "/widget/status": "status",
    "/widget/recent": "recent",
    "/voice/outgoing": "voice_outgoing",
    "/voice/status": "voice_status",
    "/voice/dial-ended": "voice_dial_ended",
    "/voice/unavailable": "voice_unavailable",
    "/voice/usage-alert": "voice_usage_alert",
    "/voice/verification": "voice_verification",
}
_ROUTE_FOLDERS = frozenset({"admin", "api", "dashboard", "demo", "docs", "health", "integrations", "metrics", "widget"})
"""First parts of paths that are names of routes; other paths count as ``OTHER``, so that series stay few."""


class ObservedResponse:
    """Replaces the ``send`` of one request. Made before anything else reads the request."""

    __slots__ = ("_at_once", "_began", "_id", "_method", "_route", "_send", "_span", "_status")

    def __init__(self, scope: Any, send: Any) -> None:
        self._began = time.perf_counter()
        self._id = begin_request(scope)
        self._route = _route_of(scope["path"])
        self._send = send
        self._status = 0
        self._span = None if TRACING.tracer is None else TRACING.begin(self._route, "server", parent=_parent_of(scope))
        self._method = scope["method"]
        self._at_once = (scope.get("extensions") or {}).get(SEND_AT_ONCE)
        if self._at_once is not None:
            scope["extensions"] = {SEND_AT_ONCE: self._send_at_once}

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            # A new list: the headers of a message may be those of all answers.
            message["headers"] = [*message.get("headers", ()), (HEADER, self._id)]
        await self._send(message)

    def _send_at_once(self, head: bytes, body: bytes) -> bool:
        """Replace the server's function of this name: ``head`` is the encoded status line with the headers."""
        if self._at_once is None or not self._at_once(b"%s%s: %s\r\n" % (head, HEADER, self._id), body):
            return False
        self._status = int(head[9:12])
        return True

    def end(self) -> None:
        """Count the request: its answer was sent, or its client disconnected."""
        status = _STATUS_CLASSES[self._status // 100]
        REQUEST_SECONDS.observe_later((self._route, status), time.perf_counter() - self._began)
        if self._span is not None:
            self._end_span(self._span)
        # Otherwise the request's scope and this object hold each other until the collector finds them: 12 µs a request.
        self._at_once = None
        self._send = _send_nothing

    def _end_span(self, span: OpenSpan) -> None:
        attributes: dict[str, str | int] = {
            "http.request.method": self._method if self._method in _METHODS else "_OTHER",
            "http.response.status_code": self._status,
        }
        error = str(self._status) if self._status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
        span.end({**attributes, **context_ids()}, error=error)


async def _send_nothing(_message: Any) -> None:
    """Ignore a message that comes after the end."""


def _parent_of(scope: Any) -> str | None:
    """The client's span (W3C ``traceparent``); None when the request names none."""
    found = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
    return None if found is None else found.decode("latin-1")


def _route_of(path: str) -> str:
    if (route := _ROUTE_BY_PATH.get(path)) is not None:
        return route
    folder = path[1:].partition("/")[0]
    return folder if folder in _ROUTE_FOLDERS else OTHER
