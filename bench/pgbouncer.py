"""Benchmark of the exchange through PgBouncer in transaction mode against a direct connection: ``pgbouncer.py``.

The application runs in this process, without an HTTP server. Both ways take turns in each round; the CPU of this
process, of PostgreSQL and of PgBouncer is added, and the median of the rounds' ratios is printed.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from dataset import Visitor, fill
from epoch.app import create_app
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.settings import load_settings
from processes import cpu_seconds_of, tree_of
from run import CARRIER
from support.pgbouncer import running_pgbouncer

CACHE = Path(__file__).resolve().parents[1] / ".cache"
CONCURRENT_EXCHANGES = 4
ROUND_EXCHANGES = 1_000


class Cost(NamedTuple):
    """CPU of one exchange in microseconds, by process, and its mean time with ``CONCURRENT_EXCHANGES`` at once."""

    application: float
    postgres: float
    pooler: float
    seconds: float

    @property
    def total(self) -> float:
        return self.application + self.postgres + self.pooler


class Side:
    """The application with one way to its database."""

    def __init__(self, app: Any, visitors: Sequence[Visitor]) -> None:
        self._app = app
        self._visitors = visitors
        self._numbers = count()

    async def exchange(self, times: int) -> None:
        async def run(share: int) -> None:
            for _ in range(share):
                await self._one(next(self._numbers))

        await asyncio.gather(*(run(times // CONCURRENT_EXCHANGES) for _ in range(CONCURRENT_EXCHANGES)))

    async def _one(self, number: int) -> None:
        visitor = self._visitors[number % len(self._visitors)]
        body = f'{{"token":"{visitor.token}"}}'.encode()
        status: list[int] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])

        await self._app(_scope(number, visitor, len(body)), receive, send)
        if status != [200]:
            raise AssertionError(f"an exchange was answered with {status}")


def _scope(number: int, visitor: Visitor, length: int) -> dict[str, Any]:
    # Each request from another address, because addresses have limits.
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    headers = {"origin": visitor.origin, "content-type": "text/plain", "content-length": str(length)}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/widget/exchange",
        "raw_path": b"/widget/exchange",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (address, 40_000),
        "server": ("localhost", 8000),
        "state": {},
    }


async def measure(side: Side, postgres: int, pooler: int | None) -> Cost:
    began, own = time.perf_counter(), time.process_time()
    server, between = _tree_seconds(postgres), _tree_seconds(pooler)
    await side.exchange(ROUND_EXCHANGES)
    micro = 1e6 / ROUND_EXCHANGES
    return Cost(
        (time.process_time() - own) * micro,
        (_tree_seconds(postgres) - server) * micro,
        (_tree_seconds(pooler) - between) * micro,
        (time.perf_counter() - began) / ROUND_EXCHANGES * CONCURRENT_EXCHANGES,
    )


def _tree_seconds(root: int | None) -> float:
    return 0.0 if root is None else sum(cpu_seconds_of(pid) for pid in tree_of(root))


async def compare(url: str, pooled_url: str, postgres: int, pooler: int, rounds: int) -> list[tuple[Cost, Cost]]:
    visitors = await asyncio.to_thread(fill, url)
    common = {**CARRIER, "EPOCH_PUBLIC_URL": "http://localhost:8000", "EPOCH_DATA_DIR": str(CACHE / "bench-pgbouncer")}
    direct = create_app(load_settings({**common, "EPOCH_DATABASE_URL": url}))
    pooled = create_app(
        load_settings(
            {
                **common,
                "EPOCH_DATABASE_URL": pooled_url,
                "EPOCH_DATABASE_POOLER": "transaction",
                "EPOCH_DATABASE_DIRECT_URL": url,
            }
        )
    )
    async with direct.lifespan(), pooled.lifespan():
        sides = Side(direct, visitors), Side(pooled, visitors)
        for side in sides:
            await side.exchange(ROUND_EXCHANGES)
        return [
            (await measure(sides[0], postgres, None), await measure(sides[1], postgres, pooler)) for _ in range(rounds)
        ]


def main() -> int:
    """Print the medians; return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    root = CACHE / "bench-pgbouncer-postgres"
    with EmbeddedPostgres(root, durable=False) as server:
        name = f"bench_{os.getpid()}"
        url = server.create_database(name)
        try:
            upgrade(url)
            postgres = int((root / "data" / "postmaster.pid").read_text().split()[0])
            with running_pgbouncer(url, mode="transaction") as bouncer:
                costs = asyncio.run(compare(url, bouncer.url, postgres, bouncer.pid, rounds))
        finally:
            server.drop_database(name)
    for side, label in enumerate(("direct", "PgBouncer")):
        median_of = [median(pair[side][field] for pair in costs) for field in range(len(Cost._fields))]
        print(
            f"{label:10} application {median_of[0]:5.0f} µs, PostgreSQL {median_of[1]:5.0f} µs, PgBouncer"
            f" {median_of[2]:5.0f} µs, {CONCURRENT_EXCHANGES} at once {median_of[3] * 1e3:5.2f} ms"
        )
    print(f"CPU of all, median of the ratios: {median(pooled.total / direct.total for direct, pooled in costs):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
