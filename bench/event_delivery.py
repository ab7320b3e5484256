"""Benchmark of events and webhooks: ``event_delivery.py [--seconds N] [--rate N] [--rows N]``.

1. Events are inserted at a fixed rate, of many organizations and of one, and a worker of ``epoch jobs`` numbers and
   delivers them to a receiver in this process. The delay is the time from an event's commit to the arrival of its
   delivery.
2. The same with 1,000 endpoints that accept every connection and never answer.
3. The page of a webhook and the API's list of its deliveries, with many rows (``delivery_log.py``).
"""

import argparse
import asyncio
import itertools
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg

import delivery_log
from dashboard_pages import InvalidMeasurement, percentile
from epoch.migrations import upgrade
from epoch.process_role import ProcessRole
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.secret_keys import SecretKeys
from processes import Server, choose_cores, free_port, on_cores
from run import CARRIER
from serving import NotServing, await_ready
from webhooks.signatures import new_secret, secret_encryptor

CACHE = Path(__file__).resolve().parent.parent / ".cache"
RATE = 300
"""Events inserted a second, of all organizations together."""
SHARE_OF_ONE = 0.2
"""Of the rate, for one endpoint: 60 events a second are those of an organization with a million calls a day."""
ORGANIZATIONS = 30
DEAD_ENDPOINTS = 1000
DEAD_EVENT_SECONDS = 5.0
"""Time between events for the dead endpoints: each makes as many deliveries as there are endpoints."""
CONNECTIONS = 4
DELAY_TARGET = 1.0
"""Seconds from an event's commit to the arrival of its delivery, p99."""
HANG_SECONDS = 60.0
"""The time after their first event within which the dead endpoints must have received their requests."""
QUIET_SECONDS = 20.0
"""The time after the last event within which all deliveries must have arrived."""
_ORGANIZATION = "INSERT INTO organization (id, name, slug, plan, country) VALUES ($1, $2, $2, 'pro', 'US')"
_ENDPOINTS = """
INSERT INTO webhook_endpoint (id, organization_id, url, events, secret)
SELECT gen_random_uuid(), $1, $2 || n, ARRAY['call.missed'], $3 FROM generate_series(1, $4::int) n
"""
_EVENT = """
INSERT INTO event_outbox (organization, type, subject_id, content)
VALUES ($1, 'call.missed', $1, json_build_object('number', $2::int))
"""
_ENVIRON = {"EPOCH_SECRET_KEY": CARRIER["EPOCH_SECRET_KEY"], "EPOCH_METRICS_TOKEN": "m" * 32}
_OK = b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n"
_NUMBER = re.compile(rb'"number": ?(\d+)')


class Load(NamedTuple):
    """The delays of one run."""

    name: str
    delays: Sequence[float]
    wanted: float
    """Events a second."""
    rate: float
    """Events a second, as inserted."""
    cpu: float
    """Seconds of processor time of the worker for each event; hardly changed by other load on the machine."""

    @property
    def row(self) -> str:
        """A row of the table."""
        values = (median(self.delays), percentile(list(self.delays), 0.99), max(self.delays))
        delays = " | ".join(f"{1000 * value:.0f}" for value in values)
        return f"| {self.name} | {self.rate:.0f} | {delays} | {1000 * self.cpu:.1f} |"


class Receiver:
    """Endpoints below ``/living``, which answer at once, and below ``/dead``, which never do."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}
        """The time of the first delivery of each event."""
        self.hanging = 0
        self.most_hang = asyncio.Event()
        """Set when nine in ten dead endpoints had a request at once."""
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2 * DEAD_ENDPOINTS)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            if b" /dead" in head.partition(b"\r\n")[0]:
                self.hanging += 1
                if self.hanging >= DEAD_ENDPOINTS * 0.9:
                    self.most_hang.set()
                with suppress(ConnectionError):
                    await reader.read()  # until the client gives up
                self.hanging -= 1
            else:
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                if number := _NUMBER.search(body):
                    self.arrived.setdefault(int(number[1]), time.perf_counter())
                writer.write(_OK)
                await writer.drain()
        writer.close()


class Events:
    """Adds organizations, endpoints and events."""

    def __init__(self, pool: asyncpg.Pool, receiver: Receiver) -> None:
        self._pool = pool
        self.receiver = receiver
        self._secret = secret_encryptor(SecretKeys(_ENVIRON["EPOCH_SECRET_KEY"])).encrypt(new_secret().encode())
        self._numbers = itertools.count(1)

    async def organization(self, *, living: int = 1, dead: int = 0) -> UUID:
        organization_id = uuid4()
        await self._pool.execute(_ORGANIZATION, organization_id, f"o-{organization_id.hex}")
        for kind, count in (("living", living), ("dead", dead)):
            await self._pool.execute(_ENDPOINTS, organization_id, f"{self.receiver.url}/{kind}", self._secret, count)
        return organization_id

    async def insert(self, organizations: Sequence[UUID], rate: float, seconds: float) -> dict[int, float]:
        """Insert events of the organizations in turn; return the time of each one's commit by its number."""
        committed: dict[int, float] = {}
        places, began = itertools.count(), time.perf_counter()

        async def insert_in_turn() -> None:
            while (due := (place := next(places)) / rate) < seconds:
                await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
                number = next(self._numbers)
                await self._pool.execute(_EVENT, organizations[place % len(organizations)], number)
                committed[number] = time.perf_counter()

        await asyncio.gather(*(insert_in_turn() for _ in range(CONNECTIONS)))
        return committed


async def measure(
    name: str,
    cpu_seconds: Callable[[], float],
    events: Events,
    organizations: Sequence[UUID],
    wanted: float,
    seconds: float,
) -> Load:
    """Insert ``wanted`` events a second. Raises: InvalidMeasurement, when a delivery is missing."""
    await events.insert(organizations, wanted, 2)  # warms up
    receiver, began, cpu = events.receiver, time.perf_counter(), cpu_seconds()
    committed = await events.insert(organizations, wanted, seconds)
    rate = len(committed) / (time.perf_counter() - began)
    deadline = time.perf_counter() + QUIET_SECONDS
    while not committed.keys() <= receiver.arrived.keys():
        if time.perf_counter() > deadline:
            missing = len(committed.keys() - receiver.arrived.keys())
            raise InvalidMeasurement(f"{name}: {missing} deliveries are missing after {QUIET_SECONDS:.0f} s")
        await asyncio.sleep(0.05)
    delays = [max(0.0, receiver.arrived[number] - at) for number, at in committed.items()]
    load = Load(name, delays, wanted, rate, (cpu_seconds() - cpu) / len(committed))
    print(load.row, flush=True)
    return load


async def deliver(url: str, cpu_seconds: Callable[[], float], rate: float, seconds: float) -> list[Load]:
    """Measure the delays while a worker of ``epoch jobs`` runs against the database."""
    receiver = Receiver()
    await receiver.start()
    async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        events = Events(pool, receiver)
        many = [await events.organization() for _ in range(ORGANIZATIONS)]
        loads = [await measure(f"{ORGANIZATIONS} organizations", cpu_seconds, events, many, rate, seconds)]
        loads.append(await measure("one endpoint", cpu_seconds, events, many[:1], rate * SHARE_OF_ONE, seconds))
        hindered = await events.organization(living=0, dead=DEAD_ENDPOINTS)

        async def keep_dead_busy() -> None:
            while True:
                await events.insert([hindered], 1, 1)
                await asyncio.sleep(DEAD_EVENT_SECONDS)

        busy = asyncio.create_task(keep_dead_busy())
        try:
            await asyncio.wait_for(receiver.most_hang.wait(), HANG_SECONDS)
        except TimeoutError:
            raise InvalidMeasurement(
                f"only {receiver.hanging} of {DEAD_ENDPOINTS} dead endpoints got a request"
            ) from None
        print(f"{receiver.hanging:,} requests hang", flush=True)
        loads.append(
            await measure(f"{DEAD_ENDPOINTS:,} dead endpoints besides", cpu_seconds, events, many, rate, seconds)
        )
        print(f"{receiver.hanging:,} requests hang at the end", flush=True)
        busy.cancel()
    return loads


@contextmanager
def jobs(url: str, core: int, log_path: Path) -> Iterator[Server]:
    """Run a worker of ``epoch jobs`` until the block ends. Raises: NotServing."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environ: Mapping[str, str] = {
        **inherited,
        **_ENVIRON,
        "EPOCH_DATABASE_URL": url,
        "EPOCH_DATA_DIR": str(log_path.with_suffix("")),
    }
    with log_path.open("wb") as log:
        argv = [sys.executable, "-P", str(Path(__file__).with_name("product_server.py")), str(port), ProcessRole.JOBS]
        server = Server(argv, environ=environ, cores={core}, log=log)
        try:
            await_ready(server, port, log_path)
            yield server
        finally:
            server.stop()


def report(loads: Sequence[Load], pages: Mapping[str, Sequence[float]], rows: int) -> bool:
    """Print the tables and the missed targets; True when no target is missed."""
    print(f"\nLoad average {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores.")
    print("\n| deliveries | events/s | p50 ms | p99 ms | max ms | CPU ms for each |\n|---|---:|---:|---:|---:|---:|")
    verdicts = []
    for load in loads:
        print(load.row)
        is_in_time = percentile(list(load.delays), 0.99) <= DELAY_TARGET
        verdicts.append((f"{load.name}: p99 within {DELAY_TARGET:g} s", is_in_time))
        verdicts.append((f"{load.name}: {load.wanted} events inserted a second", load.rate >= load.wanted * 0.95))
    print(f"\n| delivery log with {rows:,} rows | p50 ms | p99 ms |\n|---|---:|---:|")
    for name, taken in pages.items():
        print(f"| {name} | {1000 * median(taken):.1f} | {1000 * percentile(list(taken), 0.99):.1f} |")
        verdicts.append((f"{name}: p50 within 25 ms", median(taken) <= delivery_log.P50_TARGET))
    print()
    for text, holds in verdicts:
        print("holds " if holds else "MISSED", text)
    return all(holds for _, holds in verdicts)


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures deliveries of webhooks and their log.")
    parser.add_argument("--seconds", type=float, default=30, help="of each run with events")
    parser.add_argument("--rate", type=float, default=RATE, help="events inserted a second")
    parser.add_argument("--rows", type=int, default=delivery_log.ROWS, help="in the delivery log; 0 leaves it out")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8 * DEAD_ENDPOINTS), hard))
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-events", durable=False) as postgres:
        try:
            postgres.drop_database("deliveries")
            url = postgres.create_database("deliveries")
            upgrade(url)
            with jobs(url, server_core, CACHE / "bench-events-jobs.log") as worker:
                loads = asyncio.run(deliver(url, worker.cpu_seconds, arguments.rate, arguments.seconds))
            postgres.drop_database("deliveries")
            pages = delivery_log.measure(postgres, arguments.rows, server_core) if arguments.rows else {}
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    return 0 if report(loads, pages, arguments.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
