"""ASGI helpers for handlers without a framework: read or replay a request's body, send a whole response."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from litestar.types import HTTPScope, Receive, Send

from kit.errors import BodyTooLarge, MalformedRequest

Headers = Iterable[tuple[bytes, bytes]]
SEND_AT_ONCE = "epoch.send_at_once"
"""Key of an ASGI extension of our server: a function that sends an encoded head and a body, or returns False."""


async def read_body(receive: Receive, *, limit: int) -> bytes:
    """Read the request's body.

    Raises:
        BodyTooLarge: the body has more than ``limit`` bytes; the rest is not read.
        MalformedRequest: the client disconnected before the end of the body.
    """
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        chunks, size = [body], len(body)
        while message.get("more_body", False) and size <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise MalformedRequest("The request ended before its body did")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
        body = b"".join(chunks)
    if len(body) > limit:
        raise BodyTooLarge(f"The request body is larger than {limit // 1024} kB")
    return body


def replay_body(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` whose first message is ``body``, which was already read from the original one."""
    pending = True

    async def receive_body_first() -> Any:
        nonlocal pending
        if not pending:
            return await receive()
        pending = False
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body_first


async def send_response(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> None:
    """Send a whole response; adds its ``Content-Length``, which an answer without content must not have."""
    length = [] if status == HTTPStatus.NO_CONTENT else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class ResponseHead:
    """The status and the headers of many responses, encoded once."""

    def __init__(self, status: HTTPStatus, headers: list[tuple[bytes, bytes]]) -> None:
        """``headers`` are all but ``Content-Length``, their names in lower case."""
        self.status = status
        self.headers = headers
        first = b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
        self.encoded = first + b"".join(b"%s: %s\r\n" % header for header in headers)


async def send_with_head(scope: HTTPScope, send: Send, head: ResponseHead, body: bytes) -> None:
    """Send a whole response: in one step (at a third of the cost) if the server can, else by ``send_response``."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    send_at_once = extensions.get(SEND_AT_ONCE)
    if send_at_once is None or not send_at_once(head.encoded, body):
        await send_response(send, head.status, head.headers, body)
