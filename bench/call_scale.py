"""Measures the CPU of exchanges, calls and idle widgets by workers and tokens: ``call_scale.py [--workers N ...]``.

The server is ``epoch serve`` with its supervisor. CPU is that of all its processes and, beside it, of PostgreSQL's;
figures are CPU for each exchange and call, because requests per second depend on what else runs on the machine. An open
phone (an idle widget) exchanges its token once, and then requests its token's state every five minutes.
"""

import argparse
import asyncio
import contextlib
import os
import random
import secrets as random_secrets
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

import load
import outgoing_data
from dataset import Visitor, write_visitors
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from generator import read_requests
from kit import secrets
from outgoing import InvalidMeasurement
from processes import Server, free_port, postmaster_of, resident_bytes, tree_cpu_seconds, tree_of
from run import CARRIER
from serving import await_ready, public_url
from whole_call import place, whole_call
from widget.models import TOKEN_PREFIX

CACHE = Path(__file__).resolve().parent.parent / ".cache"
FOLDER = "bench-calls-by-workers"
PAST_CALLS = 10_000
USED_TOKENS = 20_000
"""The most tokens that exchanges and calls use; the others only fill the table."""
WARM_UP_CALLS, WARM_UP_SECONDS, ATTEMPTS = 60, 2, 4
STATE_SECONDS = 300
"""A visible phone asks for its token's state so often."""
_OTHER_TOKENS = """
INSERT INTO embed_token (id, organization_id, digest, prefix, label, allowed_domains)
SELECT id_of('other', n), id_of('organization', n % 1000 + 1), sha256(('other' || n)::bytea), 'ept_abcd', 'Team ' || n,
ARRAY['customer.test'] FROM generate_series(1, $1::int) n
"""
_ORGANIZATIONS = "SELECT id_of('organization', n) FROM generate_series(3, 1000) n"


class Tokens(NamedTuple):
    """The tokens of a filled database that are used, by their ids and as pages have them."""

    ids: Sequence[UUID]
    visitors: Path


class Used(NamedTuple):
    """Milliseconds of CPU for one piece of work."""

    server: float
    database: float


class Figures(NamedTuple):
    """One line of the table."""

    workers: int
    tokens: int
    exchange: Used
    call: Used
    resident: float
    """MB of one worker, pages that several share counted in each."""
    proportional: float
    """MB of all processes of the server, shared pages counted once, for each worker."""


def fill(url: str, count: int, file: Path) -> Tokens:
    """Fill the migrated, empty database with calls and ``count`` tokens of 1,000 organizations."""
    outgoing_data.fill(url, PAST_CALLS)
    return asyncio.run(_add_tokens(url, count, file))


async def _add_tokens(url: str, count: int, file: Path) -> Tokens:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")
        owners = [row[0] for row in await connection.fetch(_ORGANIZATIONS)]
        minted = [(uuid7(), secrets.mint(TOKEN_PREFIX)) for _ in range(min(count, USED_TOKENS))]
        records = [
            (token_id, owners[number % len(owners)], token.digest, token.hint, "Page", ["customer.test"])
            for number, (token_id, token) in enumerate(minted)
        ]
        columns = ("id", "organization_id", "digest", "prefix", "label", "allowed_domains")
        await connection.copy_records_to_table("embed_token", columns=columns, records=records)
        await connection.execute(_OTHER_TOKENS, count - len(minted), timeout=1800)
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()
    write_visitors([Visitor(token.raw, "https://crm.customer.test") for _, token in minted], file)
    return Tokens([token_id for token_id, _ in minted], file)


@contextlib.contextmanager
def serving(url: str, port: int, workers: int) -> Iterator[Server]:
    """Run the server until the block ends."""
    log_path = CACHE / "bench-call-scale.log"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environ = {
        **inherited,
        **CARRIER,
        "EPOCH_DATABASE_URL": url,
        "EPOCH_PORT": str(port),
        "EPOCH_PUBLIC_URL": public_url(port),
        "EPOCH_WORKERS": str(workers),
        "EPOCH_DATA_DIR": str(CACHE / "bench-data"),
        "EPOCH_DRAIN_SECONDS": "0",
    }
    argv = [sys.executable, "-P", "-m", "epoch", "serve"]
    with log_path.open("wb") as log:
        server = Server(argv, environ=environ, cores=os.sched_getaffinity(0), log=log)
        try:
            await_ready(server, port, log_path)
            yield server
        finally:
            server.stop()


class Meter:
    """Reads the CPU of a server and of PostgreSQL."""

    def __init__(self, server: Server, postmaster: int) -> None:
        self._server = server
        self._postmaster = postmaster
        self._before = self._now()

    def _now(self) -> tuple[float, float]:
        return self._server.cpu_seconds(), tree_cpu_seconds(self._postmaster)

    def used(self, pieces: int) -> Used:
        """The CPU since the last reading, for each of so many pieces of work."""
        now = self._now()
        server, database = (1000 * (after - before) / pieces for after, before in zip(now, self._before, strict=True))
        self._before = now
        return Used(server, database)


def measure(port: int, meter: Meter, tokens: Tokens, *, rounds: int, seconds: int, calls: int) -> tuple[Used, Used]:
    """An exchange and a whole call, medians of the rounds."""
    number = random_secrets.randbelow(2**40)
    exchanges, whole = list[Used](), list[Used]()
    load.generate(port, tokens.visitors, WARM_UP_SECONDS)
    for index in range(rounds + 1):
        meter.used(1)
        loaded = load.generate(port, tokens.visitors, seconds)
        if loaded.refused or loaded.broken:
            raise SystemExit(f"{loaded.refused} exchanges were refused, {loaded.broken} broken")
        exchanges.append(meter.used(loaded.requests))
        count = calls if index else WARM_UP_CALLS
        whole.append(_calls(port, meter, tokens, number, count))
        number += count * ATTEMPTS
    return _summary(exchanges[1:]), _summary(whole[1:])


def _calls(port: int, meter: Meter, tokens: Tokens, number: int, count: int) -> Used:
    """The CPU of whole calls. They are repeated when a busy machine had one of them refused."""
    for attempt in range(1, ATTEMPTS + 1):
        ids = range(number + attempt * count, number + (attempt + 1) * count)
        made = [whole_call(port, tokens.ids[at % len(tokens.ids)], at) for at in ids]
        meter.used(1)
        try:
            asyncio.run(place(port, made))
        except* InvalidMeasurement as errors:
            print(f"repeated: {errors.exceptions[0]}", flush=True)
        else:
            return meter.used(count)
    raise InvalidMeasurement("calls were refused again and again")


def _summary(used: Sequence[Used]) -> Used:
    return Used(*(median(column) for column in zip(*used, strict=True)))


def memory(server: Server, workers: int) -> tuple[float, float]:
    """MB of the largest processes, as many as there are workers, and of all with shared pages once, for each worker."""
    tree = tree_of(server.pid)
    resident = sorted((resident_bytes(pid) for pid in tree), reverse=True)[:workers]
    return sum(resident) / workers / 1e6, sum(map(_proportional_bytes, tree)) / workers / 1e6


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def open_phones(port: int, server: Server, postmaster: int, tokens: Tokens, *, count: int, seconds: int) -> None:
    """Let ``count`` phones be open for ``seconds``; print what they cost."""
    exchanges = random.sample(read_requests(port, tokens.visitors), count)
    states = [request.replace(b"POST /widget/exchange", b"POST /widget/status", 1) for request in exchanges]
    meter, workers = Meter(server, postmaster), len(tree_of(server.pid)) - 1
    time.sleep(seconds)
    quiet, before = meter.used(1), memory(server, workers)
    asyncio.run(_send(port, exchanges, seconds / 2))
    opening, opened = meter.used(1), memory(server, workers)
    asyncio.run(_send(port, (states * (seconds // STATE_SECONDS + 1))[: count * seconds // STATE_SECONDS], seconds))
    asking, after = meter.used(1), memory(server, workers)
    print(f"\n| {count:,} open phones, {workers} workers | server's CPU | PostgreSQL's CPU | MB of all processes |")
    print("|---|---:|---:|---:|")
    for name, used, resident, length in (
        ("nobody", quiet, before, seconds),
        ("all open within half of the time", opening, opened, seconds / 2),
        ("all are open", asking, after, seconds),
    ):
        shares = [f"{value / 10 / length:.2f} %" for value in used]
        print(f"| {name}, {length:.0f} s | {' | '.join(shares)} | {resident[1] * workers:.0f} |")


async def _send(port: int, requests: Sequence[bytes], seconds: float) -> None:
    """Send each request at its moment over a connection of its own. Raises: SystemExit, when one is refused."""
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def one(number: int, request: bytes) -> None:
        await asyncio.sleep(start + seconds * number / len(requests) - loop.time())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"a phone was answered {head.splitlines()[0].decode()}")

    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(requests):
            group.create_task(one(number, request))
    await asyncio.sleep(max(0.0, start + seconds - loop.time()))


def report(lines: Sequence[Figures]) -> None:
    print(
        "\n| workers | tokens | exchange: server's CPU ms | PostgreSQL's | share | whole call: server's CPU ms | ",
        end="",
    )
    print("PostgreSQL's | share | a worker, MB | without shared pages, MB |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for line in lines:
        cells = [f"{line.workers}", f"{line.tokens:,}"]
        for used, digits in ((line.exchange, 3), (line.call, 1)):
            share = used.database / (used.server + used.database)
            cells += [f"{used.server:.{digits}f}", f"{used.database:.{digits}f}", f"{share:.0%}"]
        print(f"| {' | '.join(cells)} | {line.resident:.0f} | {line.proportional:.0f} |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures exchanges and calls by workers and by tokens.")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="with the second number of tokens")
    parser.add_argument("--tokens", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of exchanges in each round")
    parser.add_argument("--calls", type=int, default=100, help="of each round")
    parser.add_argument("--phones", type=int, default=1_000)
    parser.add_argument("--open-seconds", type=int, default=60)
    given = parser.parse_args()
    usual, lines = given.tokens[1] if len(given.tokens) > 1 else given.tokens[0], list[Figures]()
    with EmbeddedPostgres(CACHE / FOLDER, durable=False) as postgres:
        for tokens in given.tokens:
            postgres.drop_database("bench_call_scale")
            url = postgres.create_database("bench_call_scale")
            upgrade(url)
            filled = fill(url, tokens, CACHE / "bench-call-scale-visitors")
            port = free_port()  # the same for all: a database belongs to one address
            for workers in given.workers if tokens == usual else given.workers[:1]:
                postmaster, began = postmaster_of(CACHE / FOLDER), os.getloadavg()[0]
                with serving(url, port, workers) as server:
                    meter = Meter(server, postmaster)
                    exchange, call = measure(
                        port, meter, filled, rounds=given.rounds, seconds=given.seconds, calls=given.calls
                    )
                    lines.append(Figures(workers, tokens, exchange, call, *memory(server, workers)))
                    print(f"load {began:.1f} to {os.getloadavg()[0]:.1f}: {lines[-1]}", flush=True)
                    if given.phones and tokens == usual and workers == given.workers[min(1, len(given.workers) - 1)]:
                        open_phones(port, server, postmaster, filled, count=given.phones, seconds=given.open_seconds)
        postgres.drop_database("bench_call_scale")
    report(sorted(lines, key=lambda line: (line.tokens, line.workers)))


if __name__ == "__main__":
    main()
