"""Measures the admission of calls: ``outgoing.py [--rate N] [--seconds N] [--calls N] [--durable]``.

Signed requests for calls arrive at random times, whether earlier ones are answered or not (an open loop): a worker that
stalls still gets requests, and latency counts from when a request should have been sent. One worker, every rule and
limit on. It also counts the PostgreSQL buffers that the admission's statements read, with one live call and a thousand,
and with few and many stored calls.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import random
import secrets
import sys
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from twilio.request_validator import RequestValidator

import outgoing_data
from calls.callback_forms import OutgoingCall
from calls.limits.admission_service import AdmissionService
from calls.limits.alert_mails import AlertMailer
from calls.limits.prices import load_price_list
from dashboard_buffers import EXPLAIN, buffers_of
from dashboard_pages import percentile
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.database import Database
from outgoing_data import BUSY_ORGANIZATION, QUIET_ORGANIZATION, Tenants
from processes import choose_cores, on_cores
from run import CARRIER
from serving import NotServing, public_url, serving

CACHE = Path(__file__).resolve().parent.parent / ".cache"
FEW_CALLS, MANY_CALLS = 1_000, 1_000_000
WARM_UP_SECONDS = 3
KEPT_SECONDS = 3.0
"""The time that a connection may be idle: the worker closes it after five seconds."""
P99_TARGET = 0.1
"""Seconds from when a request should have been sent to its answer."""
BUFFERS_TARGET = 1.5


class InvalidMeasurement(Exception):
    """The measurement does not mean what it should."""


def signed_request(port: int, token_id: UUID, number: int) -> bytes:
    """A signed request for a call to one of the 10,000 numbers of an exchange, as the carrier sends it."""
    form = {
        "AccountSid": CARRIER["TWILIO_ACCOUNT_SID"],
        "ApiVersion": "2010-04-01",
        "ApplicationSid": CARRIER["TWILIO_TWIML_APP_SID"],
        "CallSid": f"CA{secrets.token_hex(16)}",
        "CallStatus": "ringing",
        "CallId": f"{UUID(bytes=secrets.token_bytes(16), version=4)}",
        "Caller": f"client:w_{token_id.hex}_{number:016x}",
        "Direction": "inbound",
        "From": f"client:w_{token_id.hex}_{number:016x}",
        "Metadata": json.dumps({"contact": f"c-{number}", "agent": "Ada"}),
        "Page": "https://crm.customer.test",
        "To": f"+1212555{number % 10_000:04}",
    }
    return signed(port, "/voice/outgoing", form)


def signed(port: int, path: str, form: Mapping[str, str]) -> bytes:
    """A signed request as the carrier sends it."""
    url = f"{public_url(port)}{path}"
    signature = RequestValidator(CARRIER["TWILIO_AUTH_TOKEN"]).compute_signature(url, dict(form))
    body = urlencode(form).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connections:
    """Connections to the worker, as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()
        self.opened = 0

    async def send(self, request: bytes) -> bytes:
        """The answer's body. Raises: InvalidMeasurement, when it is no 200."""
        now = time.monotonic()
        while self._idle and self._idle[0][0] < now - KEPT_SECONDS:
            self._idle.popleft()[2].close()
        if self._idle:
            _, reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            self.opened += 1
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 204")):
            raise InvalidMeasurement(f"a callback was answered {head.splitlines()[0].decode()}")
        lines = (line.partition(b":") for line in head.lower().splitlines())
        length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
        body = await reader.readexactly(length)
        self._idle.append((time.monotonic(), reader, writer))
        return body

    def close(self) -> None:
        for _, _, writer in self._idle:
            writer.close()


async def arrive(
    port: int, requests: list[bytes], rate: float, *, accepted: bytes = b"<Dial "
) -> tuple[list[float], int]:
    """Send each request at its moment; seconds that the answers took, and how many connections were open at most.

    Raises: InvalidMeasurement, when an answer is without ``accepted``: the call was refused.
    """
    connections, loop, taken = Connections(port), asyncio.get_running_loop(), [0.0] * len(requests)
    start, moment = loop.time() + 0.1, 0.0

    async def one(number: int, due: float) -> None:
        await asyncio.sleep(due - loop.time())
        body = await connections.send(requests[number])
        taken[number] = loop.time() - due
        if accepted not in body:
            raise InvalidMeasurement(f"a call was refused: {body!r}")

    async with asyncio.TaskGroup() as group:
        for number in range(len(requests)):
            moment += random.expovariate(rate)
            group.create_task(one(number, start + moment))
    connections.close()
    return taken, connections.opened


def send_at_rate(port: int, tenants: Tenants, owners: list[int], rate: float, seconds: int) -> tuple[list[float], int]:
    """Let calls of ``owners`` in turn arrive at ``rate`` for ``seconds``."""
    first = secrets.randbelow(2**40)
    requests = [
        signed_request(port, tenants.tokens[owners[number % len(owners)] - 1], first + number)
        for number in range(int(rate * seconds))
    ]
    return asyncio.run(arrive(port, requests, rate))


def buffers(database_url: str, tenants: Tenants) -> dict[str, int]:
    """Buffers that one more admission reads, by how many live calls its organization has."""
    return {
        "1 live call": asyncio.run(_count(database_url, tenants, QUIET_ORGANIZATION)),
        f"{outgoing_data.LIVE_CALLS:,} live calls": asyncio.run(_count(database_url, tenants, BUSY_ORGANIZATION)),
    }


async def _count(database_url: str, tenants: Tenants, owner: int) -> int:
    prices, mailer = load_price_list(CACHE), AlertMailer(lambda _session, _mail: None, "http://localhost")
    organization_id, token_id = tenants.organizations[owner - 1], tenants.tokens[owner - 1]
    database, sent = Database(database_url), list[tuple[str, Any]]()
    outgoing = OutgoingCall(
        call_sid=f"CA{secrets.token_hex(16)}",
        identity=f"w_{token_id.hex}_{secrets.token_hex(8)}",
        token_id=token_id,
        dialled="+12125550147",
        call_id=None,
        origin="https://crm.customer.test",
        metadata={"contact": "c-1"},
    )
    try:
        async with database.tenant_session(organization_id) as session:
            connection = await session.connection()
            driver: Any = (await connection.get_raw_connection()).driver_connection
            async with session.begin_nested() as tried:
                with driver.query_logger(lambda query: sent.append((query.query, query.args))):
                    call = await AdmissionService(session, prices=prices, alert_mailer=mailer).admit(
                        organization_id, "US", outgoing
                    )
                if call is None or call.end_reason is not None:
                    raise InvalidMeasurement("the admission rejected the call whose plans are asked for")
                await tried.rollback()
            total = 0
            for statement, parameters in sent:
                if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                    total += buffers_of(await driver.fetchval(EXPLAIN + statement, *parameters))
            await session.rollback()
            return total
    finally:
        await database.stop()


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of callbacks."""

    name: str
    taken: list[float]
    opened: int
    """Connections: how many callbacks were waiting at once."""
    cpu: float
    """The worker's seconds for one."""
    is_promised: bool


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures /voice/outgoing at a steady rate of arrivals.")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=MANY_CALLS, help="on record, of the larger database")
    parser.add_argument("--durable", action="store_true", help="let PostgreSQL wait for its disk, as in production")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    runs, read = list[Run](), dict[str, dict[str, int]]()
    everybody = list(range(QUIET_ORGANIZATION + 1, outgoing_data.ORGANIZATIONS + 1))
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-outgoing", durable=arguments.durable) as postgres:
        try:
            for calls in (FEW_CALLS, arguments.calls):
                name, began = f"calls_{calls}", time.monotonic()
                postgres.drop_database(name)
                url = postgres.create_database(name)
                upgrade(url)
                tenants = outgoing_data.fill(url, calls)
                print(f"{calls:,} calls filled in {time.monotonic() - began:.0f} s", flush=True)
                read[f"{calls:,}"] = buffers(url, tenants)
                with serving(url, server_core, CACHE / "bench-outgoing.log") as worker:
                    # A worker that has just started reads numbering plans and opens connections: gently at first.
                    send_at_rate(worker.port, tenants, everybody, arguments.rate / 10, WARM_UP_SECONDS)
                    send_at_rate(worker.port, tenants, everybody, arguments.rate / 2, WARM_UP_SECONDS)
                    for who, owners in (("many organizations", everybody), ("one, 1,000 live", [BUSY_ORGANIZATION])):
                        cpu = worker.server.cpu_seconds()
                        taken, opened = send_at_rate(worker.port, tenants, owners, arguments.rate, arguments.seconds)
                        cpu = (worker.server.cpu_seconds() - cpu) / len(taken)
                        is_promised = len(owners) > 1
                        runs.append(Run(f"{calls:,} calls on record, {who}", taken, opened, cpu, is_promised))
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        except ExceptionGroup as group:
            print(f"bench: {group.exceptions[0]!r}", file=sys.stderr)
            return 1
    return 0 if report(runs, read, arguments.rate) else 1


def report(runs: list[Run], read: dict[str, dict[str, int]], rate: float) -> bool:
    """Print both tables and what is missed; True when nothing is."""
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}; {rate:.0f} callbacks/s, one worker")
    print(
        "\n| calls of | p50 ms | p99 ms | slowest ms | worker's CPU ms | open at once |\n|---|---:|---:|---:|---:|---:|"
    )
    for run in runs:
        milliseconds = (median(run.taken), percentile(run.taken, 0.99), max(run.taken), run.cpu)
        print(f"| {run.name} | {' | '.join(f'{1000 * value:.1f}' for value in milliseconds)} | {run.opened} |")
    print("\n| calls on record | buffers, 1 live call | buffers, 1,000 live calls |\n|---|---:|---:|")
    for calls, counted in read.items():
        print(f"| {calls} | {' | '.join(f'{value:,}' for value in counted.values())} |")
    least = min(next(iter(read.values())).values())
    verdicts = [
        (f"{run.name}: p99 within {P99_TARGET * 1000:.0f} ms", percentile(run.taken, 0.99) <= P99_TARGET)
        for run in runs
        if run.is_promised
    ]
    verdicts += [
        (f"{calls} calls on record, {live}: {value / least:.2f} of the fewest buffers", value <= least * BUFFERS_TARGET)
        for calls, counted in read.items()
        for live, value in counted.items()
    ]
    print()
    for text, holds in verdicts:
        print("holds " if holds else "MISSED", text)
    return all(holds for _, holds in verdicts)


if __name__ == "__main__":
    sys.exit(main())
