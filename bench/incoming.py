"""Measures the answers to incoming calls: ``incoming.py [--rate N] [--seconds N] [--calls N] [--durable]``.

Signed requests of ``/voice/incoming`` arrive at random times, as in ``outgoing.py``; runs with them and runs with as
many requests of ``/voice/outgoing`` alternate, because the ratio of the two is the same on a busy machine. One worker,
every rule and limit on. Each organization has a greeting, forwards to two phones and has voicemail; each caller calls
once.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
import time
from statistics import median
from typing import NamedTuple
from uuid import UUID

import asyncpg

import outgoing_data
from dashboard_pages import percentile
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from outgoing import CACHE, P99_TARGET, WARM_UP_SECONDS, InvalidMeasurement, arrive, signed, signed_request
from outgoing_data import BUSY_ORGANIZATION, QUIET_ORGANIZATION, Tenants
from processes import choose_cores, on_cores
from run import CARRIER
from serving import NotServing, Worker, serving

PHONES = ["+12125550147", "+12125550148"]
SETTINGS = {
    "time_zone": "America/New_York",
    "hours": [
        {"day": day, "from": "00:00", "to": "23:59"} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    ],
    "holidays": {"country": "US", "days": []},
    "greeting": {"text": "Thank you for calling. Somebody will be with you in a moment.", "language": "en-US"},
    "forward_to": PHONES,
    "voicemail": True,
    "press_9": True,
    "after_hours": {"greeting": None, "forward_to": PHONES, "voicemail": True},
}
_SETTINGS = """
INSERT INTO incoming_call_settings (id, organization_id, settings)
SELECT id_of('answer', n), id_of('organization', n), $1::jsonb FROM generate_series(1, $2::int) n
"""
OUTGOING, MANY = "/voice/outgoing, many organizations", "/voice/incoming, many organizations"
ONE = "/voice/incoming, one organization, half the rate"


class Round(NamedTuple):
    """One run of requests of one kind."""

    taken: list[float]
    """Seconds from when a request should have been sent to its answer."""
    cpu: float
    """The worker's seconds for one."""


def incoming_request(port: int, owner: int, number: int) -> bytes:
    """A signed request about a call from one of ten million callers to the number of an organization."""
    form = {
        "AccountSid": CARRIER["TWILIO_ACCOUNT_SID"],
        "ApiVersion": "2010-04-01",
        "CallSid": f"CA{secrets.token_hex(16)}",
        "CallStatus": "ringing",
        "CallerCity": "NEW YORK",
        "CallerCountry": "US",
        "Direction": "inbound",
        "From": f"+1646{2_000_000 + number % 7_000_000:07}",
        "StirVerstat": "TN-Validation-Passed-A",
        "To": f"+1{2_012_000_000 + owner}",
    }
    return signed(port, "/voice/incoming", form)


def run(worker: Worker, requests: list[bytes], rate: float, accepted: bytes = b"<Dial ") -> Round:
    """Let ``requests`` arrive at ``rate``. Raises: InvalidMeasurement, when a call is refused."""
    cpu = worker.server.cpu_seconds()
    taken, _ = asyncio.run(arrive(worker.port, requests, rate, accepted=accepted))
    return Round(taken, (worker.server.cpu_seconds() - cpu) / len(taken))


def measure(worker: Worker, tenants: Tenants, rate: float, seconds: int, rounds: int) -> dict[str, list[Round]]:
    """The rounds of each kind, in turns."""
    everybody = list(range(QUIET_ORGANIZATION + 1, outgoing_data.ORGANIZATIONS + 1))
    first = secrets.randbelow(2**40)

    def outgoing(count: int) -> list[bytes]:
        tokens: list[UUID] = [tenants.tokens[everybody[n % len(everybody)] - 1] for n in range(count)]
        return [signed_request(worker.port, token, secrets.randbelow(2**40)) for token in tokens]

    def incoming(count: int, owners: list[int]) -> list[bytes]:
        nonlocal first
        first += count
        return [incoming_request(worker.port, owners[n % len(owners)], first + n) for n in range(count)]

    count, found = int(rate * seconds), {OUTGOING: list[Round](), MANY: [], ONE: []}
    # A worker that has just started reads numbering plans and opens connections: gently at first.
    for share in (10, 2):
        few = int(rate / share) * WARM_UP_SECONDS
        run(worker, outgoing(few) + incoming(few, everybody), rate / share)
    for _ in range(rounds):
        found[OUTGOING].append(run(worker, outgoing(count), rate))
        found[MANY].append(run(worker, incoming(count, everybody), rate))
        found[ONE].append(run(worker, incoming(count // 2, [BUSY_ORGANIZATION]), rate / 2))
    return found


async def fill_settings(database_url: str) -> None:
    """Give each organization its answer to incoming calls."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_SETTINGS, json.dumps(SETTINGS), outgoing_data.ORGANIZATIONS)
        await connection.execute("VACUUM ANALYZE incoming_call_settings")
    finally:
        await connection.close()


def report(found: dict[str, list[Round]], rate: float) -> bool:
    """Print the table and what is missed; True when nothing is."""
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}; {rate:.0f} callbacks/s, one worker")
    print("\n| callbacks | p50 ms | p99 ms | slowest ms | worker's CPU ms | ratio |\n|---|---:|---:|---:|---:|---:|")
    for name, rounds in found.items():
        taken = [seconds for each in rounds for seconds in each.taken]
        milliseconds = (median(taken), percentile(taken, 0.99), max(taken), median(each.cpu for each in rounds))
        ratio = median(each.cpu / base.cpu for each, base in zip(rounds, found[OUTGOING], strict=True))
        print(f"| {name} | {' | '.join(f'{1000 * value:.1f}' for value in milliseconds)} | {ratio:.2f} |")
    promised = percentile([seconds for each in found[MANY] for seconds in each.taken], 0.99)
    print("\nholds " if promised <= P99_TARGET else "\nMISSED", f"{MANY}: p99 within {P99_TARGET * 1000:.0f} ms")
    return promised <= P99_TARGET


def main() -> int:
    """Run the benchmark; exit status 1 when the target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures /voice/incoming at a steady rate of arrivals.")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=int, default=5, help="of each kind of callback in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1_000_000, help="on record")
    parser.add_argument("--durable", action="store_true", help="let PostgreSQL wait for its disk, as in production")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-incoming", durable=arguments.durable) as postgres:
        try:
            began = time.monotonic()
            postgres.drop_database("incoming")
            url = postgres.create_database("incoming")
            upgrade(url)
            tenants = outgoing_data.fill(url, arguments.calls)
            asyncio.run(fill_settings(url))
            print(f"{arguments.calls:,} calls filled in {time.monotonic() - began:.0f} s", flush=True)
            with serving(url, server_core, CACHE / "bench-incoming.log") as worker:
                found = measure(worker, tenants, arguments.rate, arguments.seconds, arguments.rounds)
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        except ExceptionGroup as group:
            print(f"bench: {group.exceptions[0]!r}", file=sys.stderr)
            return 1
    return 0 if report(found, arguments.rate) else 1


if __name__ == "__main__":
    sys.exit(main())
