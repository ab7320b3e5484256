"""Serves a TCP protocol of a test on the loopback interface; a restarted server can use the same port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving_on_loopback(serve: Serve, port: int, **options: Any) -> AsyncIterator[int]:
    """Serve on ``port``, or on a free one for 0; yields the port. ``options`` are those of ``asyncio.start_server``."""
    server = await asyncio.start_server(serve, "127.0.0.1", port, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
