"""ASGI helpers for handlers without a framework: read a body up to a limit, send a whole response."""

from collections.abc import Iterable
from typing import Any

from litestar.types import Receive, Send

from kit.errors import BodyTooLarge, MalformedRequest

Headers = Iterable[tuple[bytes, bytes]]


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
    """Send a whole response; adds its ``Content-Length``."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
