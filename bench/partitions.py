"""Compares monthly partitions of the event log with one table: ``partitions.py [--events N]``.

Two databases hold the same events of three months, each with a delivery; one has the schema before the partitioning of
the tables, one the schema after it. Measured are lists, inserts, and the end of the oldest month; CPU is that of the
PostgreSQL process of the connection.
"""

import argparse
import asyncio
import datetime as dt
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from alembic import command
from uuid_utils.compat import uuid7

from epoch.migrations import alembic_config, upgrade
from epoch.partitions import EVENTS
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, owner_engine
from kit.db.partitions import bound_of, maintain_partitions, month_after, month_of, suffix_of

CACHE = Path(__file__).resolve().parent.parent / ".cache"
UNDIVIDED = "b92d5f71e3a8"
"""The revision before the tables are divided."""
ORGANIZATIONS = 100
ROUNDS, BATCH = 300, 50
_TICKS = os.sysconf("SC_CLK_TCK")
_PEOPLE = """
INSERT INTO organization (id, name, slug, country)
SELECT md5('o' || n)::uuid, 'Customer ' || n, 'customer-' || n, 'US' FROM generate_series(1, {organizations}) n;
INSERT INTO webhook_endpoint (id, organization_id, url, events, secret)
SELECT md5('e' || n)::uuid, md5('o' || n)::uuid, 'https://crm.customer.test/', ARRAY['call.ended'], 'none'
FROM generate_series(1, {organizations}) n
"""
_ROWS = """
CREATE TABLE made AS SELECT n, n % {organizations} + 1 AS owner, at, repeat(md5(n::text), 25) AS body,
(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
    || '8' || substr(md5(n::text), 4, 15))::uuid AS id
FROM generate_series(1, {rows}) n, LATERAL (
    SELECT '{first}'::timestamptz + ('{end}'::timestamptz - '{first}'::timestamptz) * (n::float8 / ({rows} + 1)) AS at
) moment
"""
_EVENTS = """
INSERT INTO organization_event (id, organization_id, sequence, type, body, created_at)
SELECT id, md5('o' || owner)::uuid, n, 'call.ended', body, at FROM made
"""
_DELIVERIES = """
INSERT INTO webhook_delivery
(id, organization_id, endpoint_id, event_id, sequence, type, state, retry_until, created_at)
SELECT id, md5('o' || owner)::uuid, md5('e' || owner)::uuid, id, n, 'call.ended', 'delivered', at, at FROM made
"""
_LIST = "SELECT id, sequence, body FROM organization_event WHERE organization_id = $1 AND sequence > $2"
_ORDER = " ORDER BY sequence LIMIT 100"
_SINCE = " AND id >= '{first}'"
_INSERT_EVENT = """
INSERT INTO organization_event (id, organization_id, sequence, type, body) VALUES ($1, $2, $3, 'call.ended', $4)
"""
_INSERT_DELIVERY = """
INSERT INTO webhook_delivery (id, organization_id, endpoint_id, event_id, sequence, type, retry_until)
VALUES ($1, $2, $3, $4, $5, 'call.ended', now()) ON CONFLICT DO NOTHING
"""
# As the hourly job did it before.
_DELETE = """
DELETE FROM organization_event WHERE id IN (SELECT id FROM organization_event WHERE created_at < $1 LIMIT 1000)
"""


class Cost(NamedTuple):
    """The cost of one piece of work."""

    seconds: float
    cpu: float
    """Seconds of PostgreSQL's process."""
    wal: int
    """Bytes."""


class Subject:
    """One database and a connection to it."""

    def __init__(self, url: str, connection: Any, *, is_divided: bool) -> None:
        self.url = url
        self.connection = connection
        self.is_divided = is_divided

    async def measure(self, work: Callable[[], Awaitable[object]], pid: int | None = None) -> Cost:
        """Run ``work`` once."""
        pid = pid or self.connection.get_server_pid()
        # So that pages that were written before are not in the log of one of the databases alone.
        await self.connection.execute("CHECKPOINT", timeout=600)
        wal = await self.connection.fetchval("SELECT pg_current_wal_lsn()")
        began, cpu = time.perf_counter(), _cpu(pid)
        await work()
        seconds, used = time.perf_counter() - began, _cpu(pid) - cpu
        grown = await self.connection.fetchval("SELECT pg_current_wal_lsn() - $1::pg_lsn", wal)
        return Cost(seconds, used, int(grown))


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def _fill(subject: Subject, rows: int, months: list[dt.date]) -> None:
    engine = owner_engine(subject.url)
    async with engine.connect() as connection:
        if subject.is_divided:
            await maintain_partitions(
                connection, EVENTS, dt.datetime.combine(months[0], dt.time(), dt.UTC), drops=False
            )
    await engine.dispose()
    sizes = {"organizations": ORGANIZATIONS, "rows": rows, "first": months[0], "end": months[-1]}
    for step in (_PEOPLE, _ROWS, _EVENTS, _DELIVERIES, "DROP TABLE made"):
        await subject.connection.execute(step.format(**sizes), timeout=1800)
    await subject.connection.execute("VACUUM ANALYZE", timeout=1800)


async def _list(subject: Subject, rows: int, since: str) -> tuple[Cost, int, str]:
    """A page in the newest month, ``ROUNDS`` times; the buffers and the plan of one."""
    query = _LIST + (_SINCE.format(first=since) if subject.is_divided else "") + _ORDER
    owner = await subject.connection.fetchval("SELECT md5('o' || 1)::uuid")
    await subject.connection.execute("SET plan_cache_mode = force_custom_plan")
    after = rows - rows // 10

    async def work() -> None:
        for _ in range(ROUNDS):
            await subject.connection.fetch(query, owner, after)

    await work()
    cost = await subject.measure(work)
    explained = query.replace("$1", f"'{owner}'").replace("$2", str(after))
    plan = [row[0] for row in await subject.connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {explained}")]
    buffers = next(line for line in plan if "Buffers: shared" in line)
    pages = sum(int(part.partition("=")[2]) for part in buffers.split() if part.startswith(("hit=", "read=")))
    return cost, pages, "\n".join(plan)


async def _insert(subject: Subject, rows: int) -> Cost:
    """Batches of events with their deliveries, each a transaction."""
    owner = await subject.connection.fetchval("SELECT md5('o' || 1)::uuid")
    endpoint = await subject.connection.fetchval("SELECT md5('e' || 1)::uuid")
    body = "x" * 800

    async def work() -> None:
        for batch in range(ROUNDS):
            ids = [uuid7() for _ in range(BATCH)]
            numbers = range(rows + batch * BATCH + 1, rows + (batch + 1) * BATCH + 1)
            pairs = list(zip(ids, numbers, strict=True))
            async with subject.connection.transaction():
                await subject.connection.executemany(_INSERT_EVENT, [(i, owner, n, body) for i, n in pairs])
                await subject.connection.executemany(
                    _INSERT_DELIVERY, [(uuid7(), owner, endpoint, i, n) for i, n in pairs]
                )

    return await subject.measure(work)


async def _end_month(subject: Subject, month: dt.date) -> Cost:
    """The end of the oldest month of the filled ones."""
    if not subject.is_divided:
        return await subject.measure(lambda: _delete_rows(subject, month_after(month)))
    engine = owner_engine(subject.url)
    async with engine.connect() as connection:
        pid = int((await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one())
        await connection.commit()
        now = dt.datetime.combine(month_after(month), dt.time(), dt.UTC) + EVENTS.retention
        await maintain_partitions(connection, EVENTS, now, drops=False)
        cost = await subject.measure(lambda: maintain_partitions(connection, EVENTS, now), pid)
    await engine.dispose()
    gone = await subject.connection.fetchval(f"SELECT to_regclass('organization_event_{suffix_of(month)}') IS NULL")
    if not gone:
        raise SystemExit("the month was not dropped")
    return cost


async def _delete_rows(subject: Subject, end: dt.date) -> None:
    moment = dt.datetime.combine(end, dt.time(), dt.UTC)
    await subject.connection.execute(f"SET ROLE {ADMIN_ROLE}")
    while await subject.connection.execute(_DELETE, moment, timeout=600) == "DELETE 1000":
        pass
    await subject.connection.execute("RESET ROLE")
    # The space is free for other rows only afterwards.
    await subject.connection.execute("VACUUM organization_event, webhook_delivery", timeout=1800)


async def _measure(urls: dict[str, str], rows: int) -> None:
    end = month_after(month_of(utc_now()), 2)
    months = [month_after(end, count) for count in range(4)]
    lines: dict[str, list[str]] = {}
    for name, url in urls.items():
        connection = await asyncpg.connect(url)
        subject = Subject(url, connection, is_divided=name == "months")
        await _fill(subject, rows, months)
        page, pages, plan = await _list(subject, rows, bound_of(months[1]))
        added, ended = await _insert(subject, rows), await _end_month(subject, months[0])
        lines[name] = [
            f"{page.cpu / ROUNDS * 1000:.2f}",
            str(pages),
            f"{added.cpu / ROUNDS / BATCH * 1000:.3f}",
            f"{added.wal / ROUNDS / BATCH:,.0f}",
            f"{ended.seconds * 1000:,.0f}",
            f"{ended.cpu * 1000:,.0f}",
            f"{ended.wal / 1e6:,.1f}",
        ]
        print(f"--- plan of a page, {name}\n{plan}\n", flush=True)
        await connection.close()
    titles = (
        "list of 100 events: CPU, ms",
        "list of 100 events: buffers",
        "insert of an event and its delivery: CPU, ms",
        "insert of an event and its delivery: WAL, bytes",
        "end of the oldest month: ms",
        "end of the oldest month: CPU, ms",
        "end of the oldest month: WAL, MB",
    )
    print("| | one table | months |\n|---|---:|---:|")
    for title, before, after in zip(titles, lines["one table"], lines["months"], strict=True):
        print(f"| {title} | {before} | {after} |")


def main() -> None:
    """Print the plans and a table."""
    parser = argparse.ArgumentParser(description="Measures events by months against one table.")
    parser.add_argument("--events", type=int, default=1_000_000)
    rows = parser.parse_args().events
    with EmbeddedPostgres(CACHE / "bench-postgres") as postgres:
        urls = {}
        for name, database in (("one table", "bench_one_table"), ("months", "bench_months")):
            postgres.drop_database(database)
            urls[name] = postgres.create_database(database)
        command.upgrade(alembic_config(urls["one table"]), UNDIVIDED)
        upgrade(urls["months"])
        asyncio.run(_measure(urls, rows))
        for database in ("bench_one_table", "bench_months"):
            postgres.drop_database(database)


if __name__ == "__main__":
    main()
