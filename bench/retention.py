"""Measures the export, the erasure of a number and the erasure by age: ``retention.py [--size S]``.

One worker exports an organization with 100,000 calls and erases two numbers from it: one that is in hardly any
metadata, and one that is in the metadata of every call. Then it times runs that erase by age, over as many
organizations and calls as the dashboard's benchmark has: with nothing due, with some calls of many organizations, and
with most calls of the big one.
"""

import argparse
import asyncio
import datetime as dt
import http.client
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

import dashboard_data
from accounts.auth import cookie_name
from carrier.twilio import TwilioCarrier
from dashboard_data import BIG_CALLS, BigOrganization
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.database import ADMIN_ROLE, Database
from kit.http.csrf import HEADER
from kit.jobs.queue import JobQueue
from kit.settings import load_settings
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.retention_job import CALLS_PER_TRANSACTION, RetentionJob
from processes import choose_cores, on_cores, resident_bytes
from run import CARRIER
from serving import NotServing, Worker, public_url, serving

CACHE = Path(__file__).resolve().parent.parent / ".cache"
DUE_CALLS = 10_000
EXPORT_MEMORY, EXPORT_FIRST_BYTE = 64, 1.0
"""Targets: megabytes that the worker grows by, and seconds."""
REQUEST_TARGET = 3.0
"""Seconds that erasing may hold a request."""
MEGABYTE = 1 << 20
RARE_NUMBER, COMMON_NUMBER = "+13035550162", "+13035550163"
_METADATA = """
UPDATE call SET metadata = jsonb_build_object('contact_id', 'c-' || right(to_number, 6), 'contact', 'Grace Hopper',
    'deal', md5(id::text), 'email', 'grace' || right(to_number, 5) || '@example.com', 'phone', to_number,
    'note', 'asked to be called back about last week, office ' || CASE WHEN right(to_number, 4) = '0000'
        THEN '(303) 555-0162 and ' ELSE '' END || '(303) 555-0163')
WHERE organization_id = $1
"""
_EVENTS = """
INSERT INTO call_event (id, organization_id, call_record_id, leg_sid, is_child, kind, sequence, occurred_at)
SELECT gen_random_uuid(), organization_id, id, carrier_sid, true, kind, sequence, started_at
FROM call, (VALUES ('initiated', 1), ('ringing', 2), ('answered', 3), ('completed', 4)) report (kind, sequence)
WHERE organization_id = $1 ON CONFLICT DO NOTHING
"""
_MENTIONING = "SELECT count(*) FROM call WHERE organization_id = $1 AND metadata IS NOT NULL"


class InvalidMeasurement(Exception):
    """The measurement is not valid."""


class OperationMeasurement(NamedTuple):
    """Duration and memory of one measured operation."""

    name: str
    seconds: float
    first: float | None = None
    """Seconds to the first byte."""
    megabytes: float | None = None
    """Growth of the worker's memory at its peak."""
    said: str = ""


class Pass(NamedTuple):
    """One run over all organizations."""

    name: str
    seconds: float
    buffers: int
    calls: int


async def prepare(url: str, big: BigOrganization) -> None:
    """Give the big organization's calls the metadata that pages send, and the carrier's events."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE call SET status = 'completed' WHERE status = 'in-progress'", timeout=600)
        await connection.execute(_METADATA, big.organization_id, timeout=600)
        await connection.execute(_EVENTS, big.organization_id, timeout=600)
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()


class Browser:
    """Sends requests as the big organization's owner, and measures their time and the growth of the worker's memory."""

    def __init__(self, worker: Worker, big: BigOrganization) -> None:
        self._worker = worker
        self._connection = http.client.HTTPConnection("127.0.0.1", worker.port, timeout=120)
        self._headers = {"Host": f"localhost:{worker.port}", "Origin": public_url(worker.port)}
        self._cookies = [f"{cookie_name(public_url(0))}={big.session}"]
        token = self._open("GET", "/api/session").getheader("set-cookie", "").split(";")[0]
        self._headers[HEADER] = token.partition("=")[2]
        self._cookies.append(token)

    def post(self, name: str, path: str, body: Any, *, is_form: bool = False) -> tuple[OperationMeasurement, bytes]:
        """Send a request; return its measurement and the answer's body. Raises: InvalidMeasurement, when refused."""
        pid = self._worker.server.pid
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forgets the peak so far
        before, began = resident_bytes(pid), time.perf_counter()
        kind = "application/x-www-form-urlencoded" if is_form else "application/json"
        answer = self._open("POST", path, body, kind)
        first = answer.read(1)
        to_first = time.perf_counter() - began
        content, size = first, len(first)
        while part := answer.read(1 << 16):
            size += len(part)
            content = part if size > MEGABYTE else content + part
        seconds = time.perf_counter() - began
        grown = max(0, _peak(pid) - before) / MEGABYTE
        said = f"{size / MEGABYTE:.1f} MB" if size > MEGABYTE else ""
        return OperationMeasurement(name, seconds, to_first, grown, said), content

    def _open(self, method: str, path: str, body: Any = None, kind: str = "") -> http.client.HTTPResponse:
        headers = {**self._headers, "Cookie": "; ".join(self._cookies), **({"Content-Type": kind} if kind else {})}
        self._connection.request(method, path, body=body, headers=headers)
        answer = self._connection.getresponse()
        if method == "GET":
            answer.read()
        elif answer.status != http.HTTPStatus.OK:
            raise InvalidMeasurement(f"{path} answers {answer.status}: {answer.read()[:300]!r}")
        return answer


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def measure_requests(worker: Worker, url: str, big: BigOrganization) -> list[OperationMeasurement]:
    """Measure exports and erasures that the owner requests. Raises: InvalidMeasurement."""
    browser = Browser(worker, big)
    page, api = f"/dashboard/{big.slug}/settings", f"/api/organizations/{big.organization_id}"
    export = f"{page}/organization/export"
    taken = [browser.post(f"export, {number}", export, "", is_form=True)[0] for number in (1, 2)]
    for name, number, least in (("in few", RARE_NUMBER, 1), ("in every call", COMMON_NUMBER, BIG_CALLS)):
        form = f"number=%2B{number[1:]}"
        taken.append(browser.post(f"count a number {name}", f"{page}/call-data/erase", form, is_form=True)[0])
        began = time.perf_counter()
        one, body = browser.post(f"erase a number {name}", f"{api}/erasures", json.dumps({"number": number}))
        erased = json.loads(body)
        if erased["metadata_of_calls"] < min(least, DUE_CALLS):
            raise InvalidMeasurement(f"{erased} were found")
        taken.append(one._replace(said=f"{erased['metadata_of_calls']:,} calls"))
        if not erased["is_complete"]:
            asyncio.run(_await_end(url, big))
            taken.append(OperationMeasurement("… and the rest in the background", time.perf_counter() - began))
    return taken


async def _await_end(url: str, big: BigOrganization) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(60):
            while True:
                if not await connection.fetchval(_MENTIONING, big.organization_id):
                    return
                await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def measure_passes(url: str, big: BigOrganization) -> list[Pass]:
    """Measure the passes that erase by age."""
    connection = await asyncpg.connect(url)
    try:
        nth = "SELECT started_at FROM call ORDER BY started_at OFFSET $1 LIMIT 1"
        until: dt.datetime = await connection.fetchval(nth, DUE_CALLS, timeout=600)
        now = dt.datetime.now(dt.UTC)
        last_due = until.replace(year=until.year + 1)
        done = [await _pass(url, connection, f"nothing due, {number}", 24, now) for number in (1, 2)]
        done.append(await _pass(url, connection, f"{DUE_CALLS:,} due", 12, last_due))
        change = "UPDATE organization SET retention_months = 1 WHERE id = $1"
        await connection.execute(change, big.organization_id)
        done.append(await _pass(url, connection, "the big one keeps a month", 24, now))
        return done
    finally:
        await connection.close()


async def _pass(url: str, connection: asyncpg.Connection, name: str, months: int, now: dt.datetime) -> Pass:
    read = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()"
    before, began = await connection.fetchval(read), time.perf_counter()
    calls = await erase_by_age(url, months, now)
    seconds = time.perf_counter() - began
    await asyncio.sleep(0.5)
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    return Pass(name, seconds, await connection.fetchval(read) - before, calls)


async def erase_by_age(url: str, months: int, now: dt.datetime) -> int:
    """Erase as the hourly job does at ``now`` where organizations keep calls for ``months``; the number of calls."""
    settings = load_settings({"EPOCH_DATABASE_URL": url, **CARRIER})
    jobs = Database(url, role=ADMIN_ROLE)
    carrier = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)
    retention = RetentionJob(
        jobs, CarrierCallDeletion(JobQueue(jobs, settings.secret_keys), carrier, jobs), default_months=months
    )
    try:
        return await retention.run(now)
    finally:
        await carrier.close()
        await jobs.stop()  # connections tell what they read at their end


def report(taken: list[OperationMeasurement], done: list[Pass]) -> bool:
    """Print both tables and what is missed; True when nothing is."""
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}; an organization with {BIG_CALLS:,} calls, one worker")
    print("\n| | seconds | first byte, s | worker grows by, MB | |\n|---|---:|---:|---:|---|")
    for one in taken:
        first, grown = (("–" if value is None else f"{value:.2f}") for value in (one.first, one.megabytes))
        print(f"| {one.name} | {one.seconds:.2f} | {first} | {grown} | {one.said} |")
    print(f"\n| pass | seconds | calls erased | ms for {CALLS_PER_TRANSACTION} | buffers |\n|---|---:|---:|---:|---:|")
    for run in done:
        batch = f"{run.seconds * 1000 * CALLS_PER_TRANSACTION / run.calls:.0f}" if run.calls else "–"
        print(f"| {run.name} | {run.seconds:.2f} | {run.calls:,} | {batch} | {run.buffers:,} |")
    verdicts: Mapping[str, bool] = {
        f"exports: first byte within {EXPORT_FIRST_BYTE} s, at most {EXPORT_MEMORY} MB more": all(
            (one.first or 0) <= EXPORT_FIRST_BYTE and (one.megabytes or 0) <= EXPORT_MEMORY
            for one in taken
            if one.name.startswith("export")
        ),
        f"no request about a number takes more than {REQUEST_TARGET} s": all(
            one.seconds <= REQUEST_TARGET for one in taken if one.name.startswith(("count", "erase"))
        ),
    }
    print()
    for text, holds in verdicts.items():
        print("holds " if holds else "MISSED", text)
    return all(verdicts.values())


def main() -> int:
    """Run the benchmark; exit status 1 when a target is missed or the measurement was not valid."""
    parser = argparse.ArgumentParser(description="Measures export, erasure of a number and erasure by age.")
    parser.add_argument("--size", type=float, default=1.0, help="1 means 100,000 organizations and 1,000,000 calls")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-retention", durable=False) as postgres:
        began = time.monotonic()
        postgres.drop_database("full")
        url = postgres.create_database("full")
        upgrade(url)
        dashboard_data.fill(url, arguments.size)
        big = dashboard_data.sign_in(url)
        asyncio.run(prepare(url, big))
        print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
        try:
            with serving(url, server_core, CACHE / "bench-retention.log") as worker:
                taken = measure_requests(worker, url, big)
        except (NotServing, InvalidMeasurement) as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
        done = asyncio.run(measure_passes(url, big))
    return 0 if report(taken, done) else 1


if __name__ == "__main__":
    sys.exit(main())
