"""Measures the CPU and the statements of a whole call: ``whole_call.py [OTHER] [--starts N] [--rounds N] [--calls N]``.

A call is seven carrier callbacks: the browser's request, four states of the dialled leg, the end of the dial and of the
caller's leg. With ``OTHER``, a checkout of another commit, a worker of each gets some calls in turn, in changing order,
so that other work on the machine affects both. CPU is that of the worker, and that of PostgreSQL's processes beside it.
Statements are those of ``pg_stat_statements``, without the frame of transactions: BEGIN, COMMIT and set_config.
"""

import argparse
import asyncio
import contextlib
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
from twilio.request_validator import RequestValidator

from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.clock import utc_now
from outgoing import Connections, InvalidMeasurement, signed_request
from outgoing_data import QUIET_ORGANIZATION, Tenants
from processes import Server, choose_cores, free_port, on_cores, tree_cpu_seconds
from run import CACHE, CARRIER, HERE
from serving import await_ready, public_url

PAST_CALLS = 10_000
CONCURRENT_CALLS = 4
"""Calls under way at the same time."""
WARM_UP_CALLS = 60
MILLISECONDS_TARGET = 10.0
STATEMENTS_TARGET = 16.0
_CALL_SID = re.compile(rb"CallSid=(CA[0-9a-f]{32})")
PREPARE = """
import sys
from epoch.migrations import upgrade
from outgoing_data import fill
upgrade(sys.argv[1])
fill(sys.argv[1], int(sys.argv[2]))
"""
READ_TENANTS = "SELECT id_of('organization', n) o, id_of('token', n) t FROM generate_series(1, 1000) n"
# The roles of requests; a worker's own jobs run as another one.
COUNT_STATEMENTS = """
SELECT query, calls FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = current_database() AND s.userid IN ('epoch_app'::regrole, 'epoch_lookup'::regrole)
AND query !~* '^(begin|commit|rollback|set )' AND query NOT LIKE 'SELECT set_config(%' ORDER BY calls DESC
"""


class Used(NamedTuple):
    """The use of one call, on average."""

    worker: float
    """Milliseconds of the worker's CPU."""
    database: float
    """Milliseconds of the CPU of PostgreSQL's processes."""
    statements: float


def signed_callback(port: int, path: str, form: dict[str, str]) -> bytes:
    """A signed report of the carrier."""
    form = {"AccountSid": CARRIER["TWILIO_ACCOUNT_SID"], "ApiVersion": "2010-04-01", **form}
    signature = RequestValidator(CARRIER["TWILIO_AUTH_TOKEN"]).compute_signature(public_url(port) + path, form)
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def whole_call(port: int, token_id: UUID, number: int) -> list[bytes]:
    """The seven webhooks of an answered call, in order."""
    request = signed_request(port, token_id, number)
    found = _CALL_SID.search(request)
    caller, child, now = found[1].decode() if found else "", f"CA{secrets.token_hex(16)}", format_datetime(utc_now())
    to = {"To": f"+1212555{number % 10_000:04}", "From": "+12012000001", "Direction": "outbound-dial"}
    leg = {"CallSid": child, "ParentCallSid": caller, "Timestamp": now, "CallbackSource": "call-progress-events", **to}
    states: list[dict[str, str]] = [
        {"CallStatus": "initiated"},
        {"CallStatus": "ringing"},
        {"CallStatus": "in-progress"},
        {"CallStatus": "completed", "CallDuration": "6", "Duration": "1", "SipResponseCode": "200"},
    ]
    steps = [{**leg, **state, "SequenceNumber": str(sequence)} for sequence, state in enumerate(states)]
    dial = {"CallSid": caller, "DialCallSid": child, "DialCallStatus": "completed", "DialCallDuration": "6"}
    end = {"CallSid": caller, "CallStatus": "completed", "CallDuration": "9", "Timestamp": now, "SequenceNumber": "0"}
    return [
        request,
        *(signed_callback(port, "/voice/status", step) for step in steps),
        signed_callback(port, "/voice/dial-ended", dial),
        signed_callback(port, "/voice/status", end),
    ]


async def place(port: int, calls: list[list[bytes]]) -> None:
    """Let ``calls`` happen, ``CONCURRENT_CALLS`` at a time. Raises: InvalidMeasurement, when one is refused."""
    connections, waiting = Connections(port), iter(calls)

    async def one_after_another() -> None:
        for request, *reports in waiting:
            answer = await connections.send(request)
            if b"<Dial " not in answer:
                raise InvalidMeasurement(f"a call was refused: {answer!r}")
            for report in reports:
                await connections.send(report)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENT_CALLS):
            group.create_task(one_after_another())
    connections.close()


class Checkout:
    """A commit's code with its database."""

    def __init__(self, name: str, root: Path, packages: Path | None, postgres: EmbeddedPostgres) -> None:
        self._root, self._log, self._postgres = root, CACHE / f"bench-calls-{name}.log", postgres
        postgres.drop_database(f"calls_{name}")
        self._url = url = postgres.create_database(f"calls_{name}")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("EPOCH_", "TWILIO_"))}
        path = os.pathsep.join(map(str, [root / "src", root / "bench", *([] if packages is None else [packages])]))
        self._environ = {**inherited, **CARRIER, "EPOCH_DATABASE_URL": url, "PYTHONPATH": path}
        prepare = [sys.executable, "-P", "-c", PREPARE, url, str(PAST_CALLS)]
        subprocess.run(prepare, env=self._environ, check=True)
        self._tenants = asyncio.run(self._read_tenants())
        self._number = secrets.randbelow(2**40)

    async def _read_tenants(self) -> Tenants:
        connection = await asyncpg.connect(self._url)
        await connection.execute("CREATE EXTENSION pg_stat_statements")
        rows = await connection.fetch(READ_TENANTS)
        await connection.close()
        return Tenants([row["o"] for row in rows], [row["t"] for row in rows])

    @contextlib.contextmanager
    def serving(self, core: int) -> Iterator[tuple[int, Server]]:
        """A worker that is ready, and its port."""
        port = free_port()
        argv = [sys.executable, "-P", str(self._root / "bench" / "product_server.py"), str(port)]
        environ = {**self._environ, "EPOCH_PUBLIC_URL": public_url(port)}
        with self._log.open("wb") as log:
            server = Server(argv, environ=environ, cores={core}, log=log, cwd=self._root)
            try:
                await_ready(server, port, self._log)
                yield port, server
            finally:
                server.stop()

    def measure(self, port: int, server: Server, count: int, *, lists: bool = False) -> Used:
        """Let ``count`` calls happen, of all organizations in turn."""
        tokens = self._tenants.tokens[QUIET_ORGANIZATION:]
        calls = [whole_call(port, tokens[(self._number + n) % len(tokens)], self._number + n) for n in range(count)]
        self._number += count
        return asyncio.run(self._measure(port, server, calls, lists=lists))

    async def _measure(self, port: int, server: Server, calls: list[list[bytes]], *, lists: bool) -> Used:
        connection = await asyncpg.connect(self._url)
        directory = Path(await connection.fetchval("SHOW data_directory"))
        postmaster = int((directory / "postmaster.pid").read_text().splitlines()[0])
        await connection.execute("SELECT pg_stat_statements_reset()")
        before, database = server.cpu_seconds(), tree_cpu_seconds(postmaster)
        await place(port, calls)
        worker = server.cpu_seconds() - before
        database = tree_cpu_seconds(postmaster) - database
        counted = await connection.fetch(COUNT_STATEMENTS)
        await connection.close()
        if lists:
            for row in counted:
                print(f"{row['calls'] / len(calls):6.2f} {' '.join(row['query'].split())[:130]}")
        statements = sum(row["calls"] for row in counted) / len(calls)
        return Used(1000 * worker / len(calls), 1000 * database / len(calls), statements)


@contextlib.contextmanager
def counting_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server that counts statements."""
    folder = CACHE / "bench-calls"
    with EmbeddedPostgres(folder) as postgres:
        asyncio.run(_load_extension(postgres.url))
    # The setting takes effect with the next start.
    with EmbeddedPostgres(folder) as postgres:
        yield postgres


async def _load_extension(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    await connection.close()


def summary(used: list[Used]) -> Used:
    """The median of each figure."""
    return Used(*(median(column) for column in zip(*used, strict=True)))


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description="Measures a whole call's CPU and statements.")
    parser.add_argument("other", type=Path, nargs="?", help="a checkout of another commit")
    parser.add_argument("--packages", type=Path, help="folder with packages that only the other commit needs")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=4, help="of each start")
    parser.add_argument("--calls", type=int, default=100, help="of each round")
    parser.add_argument("--statements", action="store_true", help="list the statements of this checkout's calls")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    used: dict[str, list[Used]] = {}
    with on_cores({other_core}), counting_postgres() as postgres:
        checkouts = {"this checkout": Checkout("own", HERE.parent, None, postgres)}
        if arguments.other is not None:
            checkouts["the other"] = Checkout("other", arguments.other.resolve(), arguments.packages, postgres)
        for _ in range(arguments.starts):
            with contextlib.ExitStack() as started:
                running = [
                    (name, one, *started.enter_context(one.serving(server_core))) for name, one in checkouts.items()
                ]
                for _, one, port, server in running:
                    one.measure(port, server, WARM_UP_CALLS)
                for number in range(arguments.rounds):
                    for name, one, port, server in reversed(running) if number % 2 else running:
                        used.setdefault(name, []).append(one.measure(port, server, arguments.calls))
                _, one, port, server = running[0]
                if arguments.statements:
                    one.measure(port, server, arguments.calls, lists=True)
    return 0 if report(used) else 1


def report(used: dict[str, list[Used]]) -> bool:
    """Print the table and what is missed; True when nothing is."""
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}; {CONCURRENT_CALLS} calls at once, one worker")
    print("\n| a whole call | worker's CPU ms | PostgreSQL's CPU ms | statements |\n|---|---:|---:|---:|")
    for name, measured in used.items():
        print(f"| {name} | {' | '.join(f'{value:.1f}' for value in summary(measured))} |")
    own = used["this checkout"]
    if "the other" in used:
        pairs = list(zip(own, used["the other"], strict=True))
        print(f"\nRatio to the other: worker {median(a.worker / b.worker for a, b in pairs):.3f}, ", end="")
        print(f"PostgreSQL {median(a.database / b.database for a, b in pairs):.3f}")
    measured = summary(own)
    verdicts = [
        (f"{measured.worker:.1f} ms of the worker's CPU", measured.worker <= MILLISECONDS_TARGET),
        (f"{measured.statements:.1f} statements", measured.statements <= STATEMENTS_TARGET),
    ]
    print()
    for text, holds in verdicts:
        print("holds " if holds else "MISSED", text)
    return all(holds for _, holds in verdicts)


if __name__ == "__main__":
    sys.exit(main())
