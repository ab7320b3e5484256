"""Begins a request and disconnects before its body is complete."""

from urllib.parse import urlsplit

import anyio


async def abort_request(url: str) -> None:
    """Begin a request to ``url``, and close the connection before its body is complete."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    async with await anyio.connect_tcp(address.hostname, address.port) as connection:
        await connection.send(b"POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: 100\r\n\r\nhalf")
