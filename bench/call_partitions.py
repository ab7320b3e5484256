"""Compares monthly partitions of calls and their events with one table each: ``call_partitions.py [--calls N]``.

Three databases hold the same calls of a year with five events each: one has the product's schema, one has events
partitioned by month, and one both tables, with a table of keys for what is unique over all calls
(``partitioned_calls.py``). The product's own statements run in them in turn, and its hourly job erases the oldest
month; CPU is that of PostgreSQL's processes.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

import outgoing_data
from call_statements import IdReplacer, RecordedWork, record_work
from dashboard_buffers import EXPLAIN
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, CUSTOM_PLANS, SERVER_SETTINGS, owner_engine
from kit.db.partitions import PartitionGroup, bound_of, maintain_partitions, month_after, suffix_of
from kit.db.raw import KEEP_PLANS_SQL, SET_TENANT_SQL
from outgoing_data import QUIET_ORGANIZATION
from partitioned_calls import EVENTS_ALONE, GROUP, divide, divided_statement, months_of
from retention import erase_by_age

CACHE = Path(__file__).resolve().parent.parent / ".cache"
ONE_TABLE, EVENTS_ONLY, BOTH = "one table each", "events by months", "both by months"
DATABASES = {
    ONE_TABLE: "bench_calls_one_table",
    EVENTS_ONLY: "bench_calls_events_by_months",
    BOTH: "bench_calls_both_by_months",
}
KEPT_MONTHS = 12
RUNS_PER_ROUND, EXPLAINED_RUNS = 20, 3
"""Runs in a round, and runs after all rounds whose plans and locks are read."""
WARM_UP = 8
"""Runs before the first measured one: PostgreSQL chooses a plan that it keeps after five."""
_EVENTS = """
INSERT INTO call_event (id, organization_id, call_record_id, leg_sid, is_child, kind, sequence, occurred_at)
SELECT (left(id::text, 15) || substr(gen_random_uuid()::text, 16))::uuid, organization_id, id, carrier_sid, is_child,
       kind, sequence, started_at
FROM call, (VALUES ('initiated', 0, true), ('ringing', 1, true), ('answered', 2, true), ('completed', 3, true),
    ('dial-ended', -1, false)) report (kind, sequence, is_child)
WHERE status = 'completed'
"""
_OWNER = "SELECT id_of('organization', $1::bigint), id_of('token', $1::bigint)"
_KEYS_OF_MONTH = "DELETE FROM call_key WHERE id >= $1::uuid AND id < $2::uuid"
_LOCKS = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
_BACKENDS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database()
AND pid <> pg_backend_pid() AND backend_type IN ('client backend', 'parallel worker')
"""


Values = Sequence[tuple[Any, ...]]


class Figures(NamedTuple):
    """The cost of one piece of work in one variant of the tables."""

    cpu: float
    """Microseconds of PostgreSQL's process, the median of the rounds."""
    planning: float
    """Milliseconds, of all statements, planned anew."""
    buffers: int
    """Read by the statements, without planning."""
    locks: int
    """Tables and indexes that the transaction locks when its plans are kept."""


class MonthEnd(NamedTuple):
    """The cost of one step at the end of a month in one variant of the tables."""

    name: str
    seconds: float
    cpu: float
    """Seconds of all processes of the database."""
    wal: int
    """Bytes."""


class Variant:
    """A database with one variant of the tables, and a connection for each role."""

    def __init__(self, name: str, url: str, *, is_divided: bool) -> None:
        self.name = name
        self.url = url
        self.is_divided = is_divided
        self._connections: dict[str, asyncpg.Connection] = {}

    async def connection(self, role: str) -> asyncpg.Connection:
        if role not in self._connections:
            settings = {**SERVER_SETTINGS, **CUSTOM_PLANS, "role": role, "statement_timeout": "0"}
            self._connections[role] = await asyncpg.connect(self.url, server_settings=settings)
        return self._connections[role]

    async def close(self) -> None:
        """Close all connections; later ones plan for the tables as they are then."""
        for connection in self._connections.values():
            await connection.close()
        self._connections.clear()

    def statement(self, text: str) -> str:
        return divided_statement(text) if self.is_divided else text


async def run(variant: Variant, work: RecordedWork, owner: UUID, values: Values) -> None:
    """Run recorded statements in one transaction, as the product does."""
    connection = await variant.connection(work.role)
    async with connection.transaction():
        await _run_in(connection, variant, work, owner, values)


async def _run_in(
    connection: asyncpg.Connection, variant: Variant, work: RecordedWork, owner: UUID, values: Values
) -> None:
    await connection.fetchrow(KEEP_PLANS_SQL if work.keeps_plans else SET_TENANT_SQL, str(owner), "")
    for (text, _), given in zip(work.statements, values, strict=True):
        await connection.fetch(variant.statement(text), *given)


async def count_locks(variant: Variant, work: RecordedWork, owner: UUID, values: Values) -> int:
    """The number of tables and indexes that the work locks; the work is rolled back."""
    connection = await variant.connection(work.role)
    transaction = connection.transaction()
    await transaction.start()
    await _run_in(connection, variant, work, owner, values)
    locks: int = await connection.fetchval(_LOCKS)
    await transaction.rollback()
    return locks


async def explain(variant: Variant, work: RecordedWork, owner: UUID, values: Values) -> tuple[float, int]:
    """Milliseconds of planning and buffers of all statements, which are rolled back."""
    connection, planning, buffers = await variant.connection(work.role), 0.0, 0
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetchrow(SET_TENANT_SQL, str(owner), "")
    for (text, _), given in zip(work.statements, values, strict=True):
        statement = variant.statement(text)
        plan = json.loads(await connection.fetchval(EXPLAIN + statement, *given))[0]
        planning += plan["Planning Time"]
        buffers += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    await transaction.rollback()
    return planning, buffers


async def measure(
    variants: Sequence[Variant], works: Sequence[RecordedWork], owner: UUID, ids: IdReplacer, rounds: int
) -> Mapping[str, Mapping[str, Figures]]:
    """Every piece of work in each variant: rounds of ``RUNS_PER_ROUND`` runs, the variants in changing order."""
    figures: dict[str, Mapping[str, Figures]] = {}
    made: list[dict[object, object]] = [{} for _ in range(WARM_UP + rounds * RUNS_PER_ROUND + EXPLAINED_RUNS)]
    for work in works:
        given = [ids.values(work, known) for known in made]
        for variant in variants:
            for values in given[:WARM_UP]:
                await run(variant, work, owner, values)
        taken = await _rounds(variants, work, owner, given[WARM_UP:-EXPLAINED_RUNS], rounds)
        figures[work.name] = {
            variant.name: await _figures_of(variant, work, owner, given[-EXPLAINED_RUNS:], taken)
            for variant in variants
        }
        print(work.name, figures[work.name], flush=True)
    return figures


async def _rounds(
    variants: Sequence[Variant], work: RecordedWork, owner: UUID, given: Sequence[Values], rounds: int
) -> Mapping[str, list[float]]:
    taken: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for number in range(rounds):
        for variant in variants if number % 2 else list(reversed(variants)):
            pid = (await variant.connection(work.role)).get_server_pid()
            before = cpu_nanoseconds(pid)
            for values in given[number * RUNS_PER_ROUND : (number + 1) * RUNS_PER_ROUND]:
                await run(variant, work, owner, values)
            taken[variant.name].append((cpu_nanoseconds(pid) - before) / RUNS_PER_ROUND / 1000)
    return taken


async def _figures_of(
    variant: Variant, work: RecordedWork, owner: UUID, given: Sequence[Values], taken: Mapping[str, list[float]]
) -> Figures:
    explained = [await explain(variant, work, owner, values) for values in given]
    locks = await count_locks(variant, work, owner, given[-1])
    for values in given:
        await run(variant, work, owner, values)  # so that the next event finds its call
    return Figures(median(taken[variant.name]), median(one[0] for one in explained), explained[-1][1], locks)


def cpu_nanoseconds(pid: int) -> int:
    """Time on a processor so far, finer than the hundredths of a second of ``/proc/PID/stat``."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


async def measure_end(variant: Variant, name: str, work: Callable[[], Awaitable[object]]) -> MonthEnd:
    """Let a month end by ``work``."""
    connection = await asyncpg.connect(variant.url)
    await connection.execute("CHECKPOINT", timeout=600)
    wal = await connection.fetchval("SELECT pg_current_wal_lsn()")
    idle = await _processes(connection)
    used: dict[int, int] = {}
    watching = asyncio.create_task(_watch(connection, used))
    began = time.perf_counter()
    await work()
    seconds = time.perf_counter() - began
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await connection.close()
    connection = await asyncpg.connect(variant.url)
    grown = int(await connection.fetchval("SELECT pg_current_wal_lsn() - $1::pg_lsn", wal))
    await connection.close()
    cpu = sum(last - idle.get(pid, 0) for pid, last in used.items()) / 1e9
    print(f"{name}: {seconds:.2f} s, {cpu:.2f} s of CPU, {grown / 1e6:.1f} MB of WAL", flush=True)
    return MonthEnd(name, seconds, cpu, grown)


async def _processes(connection: asyncpg.Connection) -> dict[int, int]:
    """The CPU of the database's other processes so far, in nanoseconds."""
    found = {}
    for row in await connection.fetch(_BACKENDS):
        with contextlib.suppress(OSError):  # it has ended
            found[row[0]] = cpu_nanoseconds(row[0])
    return found


async def _watch(connection: asyncpg.Connection, used: dict[int, int]) -> None:
    """Read the processes' CPU until the task is cancelled, so often that processes which end are counted too."""
    while True:
        used.update(await _processes(connection))
        await asyncio.sleep(0.02)


async def drop_month(variant: Variant, group: PartitionGroup, month: dt.date) -> None:
    """Detach and drop a month as the product does it with events."""
    engine = owner_engine(variant.url)
    async with engine.connect() as connection:
        now = dt.datetime.combine(month_after(month), dt.time(), dt.UTC) + group.retention
        changes = await maintain_partitions(connection, group, now)
    await engine.dispose()
    if suffix_of(month) not in changes.dropped or changes.created:
        raise SystemExit(f"{changes} instead of the end of {month}")


async def delete_keys(variant: Variant, month: dt.date) -> None:
    """Delete what is kept of a month's calls outside of their partition."""
    connection = await asyncpg.connect(variant.url, server_settings={"role": ADMIN_ROLE})
    await connection.execute(_KEYS_OF_MONTH, bound_of(month), bound_of(month_after(month)), timeout=600)
    await connection.close()


async def vacuum(variant: Variant, table: str) -> None:
    connection = await asyncpg.connect(variant.url)
    await connection.execute(f"VACUUM {table}", timeout=1800)
    await connection.close()


def erase(variant: Variant, month: dt.date) -> Callable[[], Awaitable[object]]:
    """The hourly job's run that erases what is older than the end of ``month``."""
    end = dt.datetime.combine(month_after(month, 1 + KEPT_MONTHS), dt.time(), dt.UTC)
    return lambda: erase_by_age(variant.url, KEPT_MONTHS, end)


async def end_months(one: Variant, events: Variant, both: Variant, months: Sequence[dt.date]) -> list[MonthEnd]:
    """The end of the first whole month in each variant, and for divided calls another way to end the one after it."""
    first, second = months[1], months[2]
    steps: list[tuple[Variant, str, Callable[[], Awaitable[object]]]] = [
        (one, "erase calls and events row by row", erase(one, first)),
        (one, "vacuum of `call`", lambda: vacuum(one, "call")),
        (one, "vacuum of `call_event`", lambda: vacuum(one, "call_event")),
        (one, "a run with nothing due", erase(one, first)),
        (events, "drop the partition of events", lambda: drop_month(events, EVENTS_ALONE, first)),
        (events, "erase calls row by row", erase(events, first)),
        (events, "vacuum of `call`", lambda: vacuum(events, "call")),
        (both, "drop the partition of events", lambda: drop_month(both, EVENTS_ALONE, first)),
        (both, "erase calls row by row", erase(both, first)),
        (both, "vacuum of that month of `call`", lambda: vacuum(both, f"call_{suffix_of(first)}")),
        (both, "a run with nothing due", erase(both, first)),
        (both, "drop the partitions of calls and events instead", lambda: drop_month(both, GROUP, second)),
        (both, "delete the keys of these calls", lambda: delete_keys(both, second)),
    ]
    return [await measure_end(variant, f"{variant.name}: {name}", work) for variant, name, work in steps]


async def _fill(url: str) -> tuple[Sequence[dt.date], UUID, UUID]:
    """Add events to filled calls, and note the months and an organization with a tenth of all calls and its token."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '256MB'")
    await connection.execute("UPDATE pg_index SET indisready = false WHERE indrelid = 'call_event'::regclass")
    await connection.execute(_EVENTS, timeout=1800)
    await connection.execute("REINDEX TABLE call_event", timeout=1800)
    await connection.execute("VACUUM ANALYZE", timeout=1800)
    oldest = await connection.fetchval("SELECT min(started_at) FROM call")
    owner, token = await connection.fetchrow(_OWNER, QUIET_ORGANIZATION)
    await connection.close()
    return months_of(oldest, utc_now()), owner, token


async def _compare(urls: Mapping[str, str], months: Sequence[dt.date], owner: UUID, token: UUID, rounds: int) -> None:
    for name, group in ((EVENTS_ONLY, EVENTS_ALONE), (BOTH, GROUP)):
        connection = await asyncpg.connect(urls[name])
        await divide(connection, group, months)
        await connection.close()
    variants = [Variant(name, url, is_divided=name == BOTH) for name, url in urls.items()]
    print(f"{len(months)} months and a default partition", flush=True)
    ids = IdReplacer(utc_now())
    works = await record_work(urls[ONE_TABLE], CACHE, owner, token)
    figures = await measure(variants, works, owner, ids, rounds)
    for variant in variants:
        await variant.close()
    one, events, both = variants
    report(figures, await end_months(one, events, both, months))


def report(figures: Mapping[str, Mapping[str, Figures]], ended: Sequence[MonthEnd]) -> None:
    """Print the tables."""
    print(f"\nLoad of the machine {os.getloadavg()[0]:.1f}; {', '.join(DATABASES)}")
    print("\n| | CPU µs | | | planning ms | | | buffers | | | locks | | |")
    print("|---|" + "---:|" * 12)
    for name, by_variant in figures.items():
        shown = [by_variant[variant] for variant in DATABASES]
        cells = [f"{one.cpu:,.0f}" for one in shown] + [f"{one.planning:.2f}" for one in shown]
        cells += [f"{one.buffers:,}" for one in shown] + [str(one.locks) for one in shown]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\n| the end of a month | seconds | CPU s | WAL MB |\n|---|---:|---:|---:|")
    for step in ended:
        print(f"| {step.name} | {step.seconds:,.2f} | {step.cpu:,.2f} | {step.wal / 1e6:,.1f} |")


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description="Measures calls and their events by months against one table each.")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=8)
    arguments = parser.parse_args()
    with EmbeddedPostgres(CACHE / "bench-calls-by-months", durable=False) as postgres:
        for database in DATABASES.values():
            postgres.drop_database(database)
        source, began = DATABASES[ONE_TABLE], time.monotonic()
        url = postgres.create_database(source)
        upgrade(url)
        outgoing_data.fill(url, arguments.calls, has_call_ids=True)
        months, owner, token = asyncio.run(_fill(url))
        copies = {name: postgres.create_database(copy, source) for name, copy in list(DATABASES.items())[1:]}
        print(f"{arguments.calls:,} calls filled in {time.monotonic() - began:.0f} s", flush=True)
        asyncio.run(_compare({ONE_TABLE: url, **copies}, months, owner, token, arguments.rounds))
        for database in DATABASES.values():
            postgres.drop_database(database)


if __name__ == "__main__":
    main()
