"""Fills the database of ``bad_day.py`` with organizations, and measures the latency of their requests.

The requests are exchanges, the carrier's callbacks and dashboard pages, sent at a steady rate for all organizations but
the one that causes the trouble.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from accounts.auth import cookie_name
from calls.limits.limit_names import DEFAULT_LIMITS
from dashboard_data import ID_OF
from kit import secrets
from outgoing import signed_request
from serving import public_url
from widget.models import TOKEN_PREFIX

ORGANIZATIONS, NOISY = 40, 1
CALLS = 20_000
RATES = {"exchange": 20.0, "webhook": 8.0, "page": 8.0}
"""Requests a second."""
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
    """The measurement is not valid; the message says why."""


@dataclass(frozen=True)
class Tenants:
    """The organizations; number ``NOISY`` causes the trouble."""

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
    """A request as the reverse proxy forwards it for the client IP ``address``; ``raw`` is a complete one instead."""
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
        """Add the times of another round."""
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
