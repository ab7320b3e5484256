"""Measures the bytes that PostgreSQL stores for a call, its events and an embed token: ``storage.py [--calls N]``.

Tables with their indexes, after VACUUM, for ``docs/scaling.md``, without the metadata and names that pages send.
"""

import argparse
import asyncio
from pathlib import Path

import asyncpg

import outgoing_data
from dataset import fill as fill_tokens
from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres

CACHE = Path(__file__).resolve().parent.parent / ".cache"
DATABASE = "bench_storage"
# The five reports of an answered call.
_EVENTS = """
INSERT INTO call_event (id, organization_id, call_record_id, leg_sid, is_child, kind, sequence, occurred_at)
SELECT gen_random_uuid(), organization_id, id, carrier_sid, is_child, kind, sequence, started_at
FROM call, (VALUES ('initiated', 0, true), ('ringing', 1, true), ('answered', 2, true), ('completed', 3, true),
    ('dial-ended', -1, false)) report (kind, sequence, is_child)
WHERE status = 'completed'
"""


async def _bytes_per_row(url: str, tables: tuple[str, ...]) -> dict[str, tuple[int, float]]:
    """Rows and bytes for each, by table."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM ANALYZE", timeout=600)
        sizes = {}
        for table in tables:
            rows = await connection.fetchval("SELECT reltuples::bigint FROM pg_class WHERE relname = $1", table)
            total = await connection.fetchval("SELECT pg_total_relation_size($1::text::regclass)", table)
            sizes[table] = (rows, total / rows)
        return sizes
    finally:
        await connection.close()


async def _add_events(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_EVENTS, timeout=600)
    finally:
        await connection.close()


def main() -> None:
    """Print a table of bytes for each row."""
    parser = argparse.ArgumentParser(description="Measures what PostgreSQL keeps for each call and token.")
    parser.add_argument("--calls", type=int, default=200_000)
    calls = parser.parse_args().calls
    sizes = {}
    with EmbeddedPostgres(CACHE / "bench-postgres") as postgres:
        for fill, tables in ((outgoing_data.fill, ("call", "call_event")), (fill_tokens, ("embed_token",))):
            postgres.drop_database(DATABASE)
            url = postgres.create_database(DATABASE)
            upgrade(url)
            fill(url, calls)
            if "call_event" in tables:
                asyncio.run(_add_events(url))
            sizes |= asyncio.run(_bytes_per_row(url, tables))
        postgres.drop_database(DATABASE)
    print("| table | rows | bytes a row, indexes included |\n|---|---:|---:|")
    for table, (rows, size) in sizes.items():
        print(f"| `{table}` | {rows:,} | {size:,.0f} |")


if __name__ == "__main__":
    main()
