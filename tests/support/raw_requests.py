"""Sends an ASGI application requests with bytes that HTTP clients refuse to send, in the form in which servers do."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

HeaderLines = Sequence[tuple[bytes, bytes]]


class RawRequest(NamedTuple):
    """One request, with path and query encoded as in HTTP."""

    method: str
    path: bytes
    query: bytes = b""
    headers: HeaderLines = ()
    body: bytes = b""
    is_cut: bool = False
    """True for a client that disconnects before its body is complete."""


class RawResponse(NamedTuple):
    """The response that the application sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: int


async def send_raw(app: Any, request: RawRequest) -> RawResponse:
    """Send ``request`` as the HTTP server would, from this machine."""
    names = {name for name, _ in request.headers}
    defaults = [(b"host", b"localhost:8000"), (b"content-length", b"%d" % len(request.body))]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path.decode("ascii")),
        "raw_path": request.path,
        "root_path": "",
        "query_string": request.query,
        "headers": [*((name, value) for name, value in defaults if name not in names), *request.headers],
        "client": ("127.0.0.1", 40_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
    }
    sent: list[Any] = []
    is_read, is_over = False, asyncio.Event()

    async def receive() -> Any:
        nonlocal is_read
        if not is_read:
            is_read = True
            return {"type": "http.request", "body": request.body, "more_body": request.is_cut}
        if not request.is_cut:
            await is_over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            is_over.set()

    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    assert len(starts) == 1, f"{len(starts)} answers to {request}"
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in starts[0]["headers"]}
    chunks = [message.get("body", b"") for message in sent if message["type"] == "http.response.body"]
    return RawResponse(starts[0]["status"], headers, b"".join(chunks), len(chunks))
