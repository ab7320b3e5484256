"""Serves STUN on the loopback interface, and lists its clients."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast

from aioice import stun

OUTSIDE = ("203.0.113.7", 40_000)
"""The IP address and port that every client gets. Browsers do not report an address that equals their own."""


class _Server(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.clients: list[tuple[str, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = stun.parse_message(data)
        self.clients.append(addr)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = OUTSIDE
        self._transport.sendto(bytes(response), addr)


@contextlib.asynccontextmanager
async def answering_stun() -> AsyncIterator[tuple[str, list[tuple[str, int]]]]:
    """Serve inside the ``async with`` block; yields the ``host:port`` and the list of clients' addresses."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(_Server, ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    try:
        yield f"{host}:{port}", server.clients
    finally:
        transport.close()
