"""Generates HTTP load of exchanges on machines without wrk: ``generator.py PORT VISITORS CONNECTIONS SECONDS``."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import cast

import httptools
import uvloop


class Tally:
    """Results of all connections together."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.refused = 0
        self.broken = 0


class Connection(asyncio.Protocol):
    """Sends one request after another; reconnects when the server closes the connection."""

    def __init__(self, port: int, requests: list[bytes], tally: Tally, until: float) -> None:
        self._port, self._requests, self._tally, self._until = port, requests, tally, until
        self._loop = asyncio.get_running_loop()
        self._waits = False
        self._reconnecting: asyncio.Task[None] | None = None
        self.done = self._loop.create_future()

    async def open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError:
            self._tally.broken += 1
            self.done.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits:
            self._waits = False
            self._tally.broken += 1
        if time.perf_counter() < self._until:
            self._reconnecting = self._loop.create_task(self.open())
        elif not self.done.done():
            self.done.set_result(None)

    def on_message_complete(self) -> None:
        self._waits = False
        self._tally.latencies.append(time.perf_counter() - self._began)
        if self._parser.get_status_code() // 100 != 2:
            self._tally.refused += 1
        if time.perf_counter() >= self._until or not self._parser.should_keep_alive():
            self._transport.close()
        else:
            self._send()

    def _send(self) -> None:
        self._waits = True
        self._began = time.perf_counter()
        self._transport.write(random.choice(self._requests))


def read_requests(port: int, visitors: Path) -> list[bytes]:
    """Build one request for each ``token origin`` line."""
    requests = []
    for line in visitors.read_text().splitlines():
        token, origin = line.split(" ")
        body = json.dumps({"token": token}, separators=(",", ":"))
        requests.append(
            f"POST /widget/exchange HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Origin: {origin}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
    return requests


async def run(port: int, visitors: Path, connections: int, seconds: float) -> None:
    requests, tally = read_requests(port, visitors), Tally()
    began = time.perf_counter()
    opened = [Connection(port, requests, tally, began + seconds) for _ in range(connections)]
    await asyncio.gather(*(connection.open() for connection in opened))
    await asyncio.gather(*(connection.done for connection in opened))
    took = time.perf_counter() - began
    ordered = sorted(tally.latencies) or [0.0]
    result = {
        "requests": len(tally.latencies),
        "seconds": took,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "refused": tally.refused,
        "broken": tally.broken,
    }
    print("RESULT", json.dumps(result))


if __name__ == "__main__":
    uvloop.run(run(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
