"""A STUN server on the loopback interface."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

from aioice import stun

OUTSIDE = ("203.0.113.7", 40_000)
"""Not the browser's own: an address that is the same inside and outside is none to tell."""


class _Server(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        self.asked.append(addr)
        answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = OUTSIDE
        self._transport.sendto(bytes(answer), addr)


@contextlib.asynccontextmanager
async def answering_stun() -> AsyncIterator[tuple[str, list[tuple[str, int]]]]:
    """Answer until the end; gives the ``host:port`` to ask, and who asked."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(_Server, ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    try:
        yield f"{host}:{port}", server.asked
    finally:
        transport.close()
