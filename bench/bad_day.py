"""Measures how much a bad day of one tenant, or of strangers, costs the others.

``bad_day.py [--seconds N] [--rounds N] [--only WORDS]``; the answer is a table for docs/performance.md.

Two workers of ``epoch run`` and PostgreSQL on this machine's processors, loopback only. Exchanges, calls and pages of
39 organizations arrive at a steady rate, whether earlier ones are answered or not; latency counts from when a request
should have been sent. A second process makes the trouble. Before each trouble the same requests are measured in quiet;
the times of several rounds are put together.
"""

import argparse
import asyncio
import contextlib
import json
import math
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import UUID

import asyncpg

from accounts.auth import cookie_name
from calls.limits.limit_names import DEFAULT_LIMITS
from dashboard import percentile
from dashboard_data import ID_OF
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit import secrets
from outgoing import signed_request
from processes import Server, free_port
from run import CARRIER
from serving import await_ready, public_url
from widget.models import TOKEN_PREFIX

CACHE = Path(__file__).resolve().parent.parent / ".cache"
ORGANIZATIONS, NOISY = 40, 1
CALLS = 20_000
RATES = {"exchange": 20.0, "webhook": 8.0, "page": 8.0}
"""Requests a second."""
TARGETS = {"exchange": 2.0, "webhook": 2.0, "page": 3.0}
"""The p50 in trouble, of the p50 in quiet."""
SETTLE_SECONDS = 2.0
FORK = multiprocessing.get_context("fork")
SLOW_CLIENTS, FLOOD_CLIENTS, EXPORT_CLIENTS, SIGN_INS, WRITERS = 600, 40, 30, 400, 12
_ROWS = """
INSERT INTO user_account (id, email, password_hash, email_verified_at)
SELECT id_of('user', n), 'owner-' || n || '@customer.test', 'none', now() FROM generate_series(1, $1::int) n;
INSERT INTO organization (id, name, slug, plan, country, limits, created_at)
SELECT id_of('organization', n), 'Customer ' || n, 'customer-' || n, 'enterprise', 'US', $2::jsonb,
now() - interval '60 days' FROM generate_series(1, $1::int) n;
INSERT INTO membership (id, organization_id, user_id, role)
SELECT id_of('membership', n), id_of('organization', n), id_of('user', n), 'owner' FROM generate_series(1, $1::int) n;
INSERT INTO phone_number (id, organization_id, e164)
SELECT id_of('number', n), id_of('organization', n), '+1' || 2012000000 + n FROM generate_series(1, $1::int) n;
INSERT INTO call (id, organization_id, carrier_sid, token_id, identity, from_number, to_number, status, duration,
started_at, answered_at, ended_at, country, created_at)
SELECT id_of(began, 'call' || n), id_of('organization', 1), 'CA' || md5('call' || n), id_of('token', 1),
'w_' || md5('w' || n), '+12012000001', '+1' || 2120000000 + n, 'completed', 60, began, began, began + interval '60 s',
'US', began FROM (SELECT n, now() - interval '1 minute' * n AS began FROM generate_series(1, $3::int) n) made
"""


class InvalidMeasurement(Exception):
    """The measurement does not mean what it should."""


@dataclass(frozen=True)
class Tenants:
    """The organizations: 1 makes the trouble."""

    ids: list[UUID]
    token_ids: list[UUID]
    tokens: list[str]
    sessions: list[str]


async def fill(database_url: str) -> Tenants:
    """Fill the migrated, empty database."""
    numbers = range(1, ORGANIZATIONS + 1)
    tokens = [secrets.mint(TOKEN_PREFIX) for _ in numbers]
    sessions = [secrets.mint("") for _ in numbers]
    limits = json.dumps({**dict.fromkeys(DEFAULT_LIMITS, 100_000_000), "first_days": 0})
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(ID_OF)
        values = (str(ORGANIZATIONS), f"'{limits}'", str(CALLS))
        statements = _ROWS
        for position, value in enumerate(values, 1):
            statements = statements.replace(f"${position}", value)
        await connection.execute(statements)
        for number, token, session in zip(numbers, tokens, sessions, strict=True):
            await connection.execute(
                "INSERT INTO embed_token (id, organization_id, digest, prefix, label)"
                " VALUES (id_of('token', $1::bigint), id_of('organization', $1::bigint), $2, 'ept_abcd', 'Page')",
                number,
                token.digest,
            )
            await connection.execute(
                "INSERT INTO login_session (id, user_id, digest, expires_at)"
                " VALUES (id_of('session', $1::bigint), id_of('user', $1::bigint), $2, now() + interval '1 day')",
                number,
                session.digest,
            )
        await connection.execute("ANALYZE")
        ids = await connection.fetch(
            "SELECT id_of('organization', n) o, id_of('token', n) t FROM generate_series(1, $1::int) n", ORGANIZATIONS
        )
    finally:
        await connection.close()
    return Tenants([r["o"] for r in ids], [r["t"] for r in ids], [t.raw for t in tokens], [s.raw for s in sessions])


def request(
    port: int, method: str, path: str, *, address: str, headers: Sequence[str] = (), body: bytes = b"", raw: bytes = b""
) -> bytes:
    """A request that our proxy forwards for ``address``; or ``raw``, as from there."""
    if raw:
        return raw.replace(b"\r\n", f"\r\nX-Forwarded-For: {address}\r\n".encode(), 1)
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}", f"X-Forwarded-For: {address}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Client:
    """Keeps connections to the server and reads whole answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def send(self, sent: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer."""
        while self._idle and time.monotonic() - self._idle[0][2] > 3:
            self._idle.pop(0)[1].close()
        if self._idle:
            reader, writer, _ = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        if b"content-length: " in lower:
            body = await reader.readexactly(int(lower.partition(b"content-length: ")[2].split(b"\r\n", 1)[0]))
        else:
            body = b""
            while size := int((await reader.readline()).strip() or b"0", 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readexactly(2)
        if b"connection: close" in lower:
            writer.close()
        else:
            self._idle.append((reader, writer, time.monotonic()))
        return int(head.split(b" ", 2)[1]), head, body


@dataclass
class Timings:
    """Response times by kind of request, in seconds, and the answers that were not 200."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in RATES})
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, more: "Timings") -> None:
        """Put the times of another round to these."""
        for kind, seconds in more.seconds.items():
            self.seconds[kind] += seconds
        self.refused += more.refused


async def probe(port: int, tenants: Tenants, seconds: float) -> Timings:
    """Send the other tenants' requests at their rates for ``seconds``."""
    timings, client, loop = Timings(), Client(port), asyncio.get_running_loop()
    salt = time.time_ns() % 10**9

    def make(kind: str, number: int) -> bytes:
        other = 1 + number % (ORGANIZATIONS - 1)
        address = f"10.1.{other}.{number % 200}"
        if kind == "exchange":
            body = json.dumps({"token": tenants.tokens[other]}).encode()
            headers = ["Content-Type: text/plain", "Origin: https://www.customer.test"]
            return request(port, "POST", "/widget/exchange", address=address, headers=headers, body=body)
        if kind == "webhook":
            signed = signed_request(port, tenants.token_ids[other], salt + number)
            return request(port, "", "", address=address, raw=signed)
        cookie = f"Cookie: {cookie_name(public_url(port))}={tenants.sessions[other]}"
        return request(port, "GET", f"/dashboard/customer-{other + 1}/calls", address=address, headers=[cookie])

    async def one(kind: str, number: int, due: float) -> None:
        await asyncio.sleep(due - loop.time())
        status, _, body = await client.send(make(kind, number))
        timings.seconds[kind].append(loop.time() - due)
        if status != 200 or (kind == "webhook" and b"<Dial " not in body):
            timings.refused[f"{kind} {status}"] += 1

    start = loop.time() + 0.1
    async with asyncio.TaskGroup() as group:
        for kind, rate in RATES.items():
            for number in range(int(rate * seconds)):
                group.create_task(one(kind, number, start + number / rate))
    return timings


@dataclass(frozen=True)
class Trouble:
    """The server, database and tenants that the functions which make trouble use."""

    port: int
    database_url: str
    tenants: Tenants

    @property
    def cookie(self) -> str:
        return f"Cookie: {cookie_name(public_url(self.port))}={self.tenants.sessions[NOISY - 1]}"

    @property
    def api(self) -> str:
        return f"/api/organizations/{self.tenants.ids[NOISY - 1]}"


async def quiet(_: Trouble) -> None:
    """Nothing happens."""
    await asyncio.Event().wait()


async def slow_clients(trouble: Trouble) -> None:
    """Half-open requests of strangers: headers that do not end, bodies that do not come."""

    async def one(number: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                source = (f"127.0.0.{2 + number % 3}", 0)
                reader, writer = await asyncio.open_connection("127.0.0.1", trouble.port, local_addr=source)
                head = b"POST /widget/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n"
                writer.write(head if number % 2 else head + b"\r\n{")
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(one(number) for number in range(SLOW_CLIENTS)))


async def flood(trouble: Trouble) -> None:
    """One tenant asks for pages and lists again and again."""
    paths = (
        "/dashboard/customer-1/calls",
        f"{trouble.api}/calls",
        "/dashboard/customer-1/usage",
        f"{trouble.api}/usage",
    )

    async def one(number: int) -> None:
        client = Client(trouble.port)
        while True:
            path = paths[number % len(paths)]
            await client.send(request(trouble.port, "GET", path, address="10.0.0.1", headers=[trouble.cookie]))

    await asyncio.gather(*(one(number) for number in range(FLOOD_CLIENTS)))


async def slow_exports(trouble: Trouble) -> None:
    """One tenant downloads its 20,000 calls again and again, slowly."""

    async def one() -> None:
        sent = request(
            trouble.port, "GET", f"{trouble.api}/calls/export.csv", address="10.0.0.1", headers=[trouble.cookie]
        )
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", trouble.port)
            writer.write(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while True:
                if not await reader.read(16_384):
                    break
                await asyncio.sleep(0.02)
            writer.close()
            await asyncio.sleep(0.2)

    await asyncio.gather(*(one() for _ in range(EXPORT_CLIENTS)))


async def sign_ins(trouble: Trouble) -> None:
    """Hundreds of people sign in at once, each from an address of their own, with a wrong password."""
    client = Client(trouble.port)
    _, head, _ = await client.send(request(trouble.port, "GET", "/api/session", address="10.2.0.1"))
    token = head.partition(b"csrftoken=")[2].partition(b";")[0].decode()
    headers = [f"Cookie: csrftoken={token}", f"x-csrftoken: {token}", "Content-Type: application/json"]

    async def one(number: int) -> None:
        body = json.dumps({"email": f"nobody-{time.time_ns()}@customer.test", "password": "wrong-password"}).encode()
        address = f"10.{3 + number // 250}.{time.time_ns() % 250}.{number % 250}"
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await Client(trouble.port).send(
                request(trouble.port, "POST", "/api/session", address=address, headers=headers, body=body)
            )

    while True:
        await asyncio.gather(*(one(number) for number in range(SIGN_INS)))


async def locked_row(trouble: Trouble) -> None:
    """A row of one tenant is locked for a second at a time, and writes of it wait."""
    client = Client(trouble.port)
    _, head, _ = await client.send(
        request(trouble.port, "GET", "/api/session", address="10.0.0.1", headers=[trouble.cookie])
    )
    csrf = head.partition(b"csrftoken=")[2].partition(b";")[0].decode()
    headers = [f"{trouble.cookie}; csrftoken={csrf}", f"x-csrftoken: {csrf}", "Content-Type: application/json"]
    path = f"{trouble.api}/embed-tokens/{trouble.tenants.token_ids[NOISY - 1]}"

    async def write() -> None:
        own = Client(trouble.port)
        while True:
            sent = request(trouble.port, "PATCH", path, address="10.0.0.1", headers=headers, body=b'{"label": "Page"}')
            await own.send(sent)

    async def lock() -> None:
        connection = await asyncpg.connect(trouble.database_url)
        while True:
            async with connection.transaction():
                token_id = trouble.tenants.token_ids[NOISY - 1]
                await connection.execute("SELECT FROM embed_token WHERE id = $1 FOR UPDATE", token_id)
                await asyncio.sleep(1)

    await asyncio.gather(lock(), *(write() for _ in range(WRITERS)))


async def heavy_query(trouble: Trouble) -> None:
    """Somebody's report keeps one processor of the database busy."""
    connection = await asyncpg.connect(trouble.database_url)
    while True:
        await connection.fetchval("SELECT sum(sqrt(n)) FROM generate_series(1, 1000000) n")


P99_TARGETS = {(sign_ins, "exchange"): 2.0}
"""The p99 in trouble, of the p99 in quiet, where one is promised."""
TROUBLES: dict[str, Callable[[Trouble], Awaitable[None]]] = {
    f"{SLOW_CLIENTS} half-open requests": slow_clients,
    f"{FLOOD_CLIENTS} clients of one tenant without a pause": flood,
    f"{EXPORT_CLIENTS} slow exports of one tenant": slow_exports,
    f"{SIGN_INS} sign-ins at once, again and again": sign_ins,
    f"a locked row and {WRITERS} writers of one tenant": locked_row,
    "a heavy query in the database": heavy_query,
}


def make_trouble(name: str, trouble: Trouble, seconds: float) -> None:
    """Runs in a process of its own and ends by itself."""

    async def run() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await TROUBLES[name](trouble)

    asyncio.run(run())


@contextlib.asynccontextmanager
async def in_trouble(name: str, trouble: Trouble, seconds: float) -> AsyncIterator[None]:
    """Make the trouble while the block runs."""
    process = FORK.Process(target=make_trouble, args=(name, trouble, seconds + 30), daemon=True)
    process.start()
    await asyncio.sleep(SETTLE_SECONDS)
    try:
        yield
        if not process.is_alive():
            raise InvalidMeasurement(f"{name}: the trouble ended early")
    finally:
        process.terminate()
        process.join()


async def measure(trouble: Trouble, names: Sequence[str], *, seconds: float, rounds: int) -> bool:
    """Print one line for each trouble and kind of request; True when every target holds."""
    print("| trouble | requests of others | p50 quiet, ms | p50 | ratio | p99 quiet | p99 | ratio | refused |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    holds = True
    await probe(trouble.port, trouble.tenants, seconds / 2)  # connects and prepares
    for name in names:
        calm, bad = Timings(), Timings()
        for _ in range(rounds):
            calm.add(await probe(trouble.port, trouble.tenants, seconds))
            async with in_trouble(name, trouble, seconds):
                bad.add(await probe(trouble.port, trouble.tenants, seconds))
            await asyncio.sleep(SETTLE_SECONDS)
        for kind in TARGETS:
            holds = report(name, kind, calm, bad) and holds
    return holds


def report(name: str, kind: str, calm: Timings, bad: Timings) -> bool:
    """Print the line of one trouble and kind of request; True when its targets hold."""
    before, after = calm.seconds[kind], bad.seconds[kind]
    middle, last = median(after) / median(before), percentile(after, 0.99) / percentile(before, 0.99)
    middle_holds, last_holds = middle <= TARGETS[kind], last < P99_TARGETS.get((TROUBLES[name], kind), math.inf)
    refused = sum(count for what, count in bad.refused.items() if what.startswith(kind))
    figures = [
        f"{1000 * median(before):.1f}",
        f"{1000 * median(after):.1f}",
        _ratio(middle, holds=middle_holds),
        f"{1000 * percentile(before, 0.99):.0f}",
        f"{1000 * percentile(after, 0.99):.0f}",
        _ratio(last, holds=last_holds),
    ]
    print(f"| {name} | {kind} | {' | '.join(figures)} | {refused} |", flush=True)
    return middle_holds and last_holds


def _ratio(value: float, *, holds: bool) -> str:
    return f"{value:.1f}" if holds else f"**{value:.1f}**"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, choices=range(2, 61), metavar="2..60")
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 21), metavar="1..20")
    parser.add_argument("--only", default="", metavar="WORDS", help="the troubles whose name contains these words")
    given = parser.parse_args()
    seconds, rounds = given.seconds, given.rounds
    names = [name for name in TROUBLES if given.only in name]
    if not names:
        parser.error(f"no trouble is named so; there are: {', '.join(TROUBLES)}")
    CACHE.mkdir(exist_ok=True)
    port, log_path = free_port(), CACHE / "bench-server.log"
    with EmbeddedPostgres(CACHE / "bench-postgres", durable=False) as postgres, log_path.open("wb") as log:
        postgres.drop_database("bad_day")
        url = postgres.create_database("bad_day")
        upgrade(url)
        tenants = asyncio.run(fill(url))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
        environ = {
            **inherited,
            **CARRIER,
            "EPOCH_DATABASE_URL": url,
            "EPOCH_PORT": str(port),
            "EPOCH_WORKERS": "2",
            "EPOCH_DATA_DIR": str(CACHE / "bench-data"),
            "EPOCH_DRAIN_SECONDS": "0",
            "EPOCH_TRUSTED_PROXIES": "127.0.0.1",
            # Background work must not reach the carrier.
            "HTTPS_PROXY": "http://127.0.0.1:1",
        }
        argv = [sys.executable, "-P", "-m", "epoch", "run"]
        server = Server(argv, environ=environ, cores=os.sched_getaffinity(0), log=log)
        try:
            await_ready(server, port, log_path)
            load = os.getloadavg()[0]
            print(f"load before: {load:.1f}; {rounds} rounds of {seconds} s each; two workers\n", flush=True)
            holds = asyncio.run(measure(Trouble(port, url, tenants), names, seconds=seconds, rounds=rounds))
        finally:
            server.stop()
    targets = ", ".join(f"{kind} <= {ratio:g}" for kind, ratio in TARGETS.items())
    print(f"\ntargets (p50): {targets}; p99 of the exchange during sign-ins < 2")
    print("all hold" if holds else "MISSED where bold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
