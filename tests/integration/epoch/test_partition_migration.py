"""Tables with rows become partitioned by month, and plain again, while workers of the older version write."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from epoch import migrations
from epoch.migration_locks import TimeLimit, exceeded_limit
from epoch.migrations import alembic_config, upgrade
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE
from kit.db.partitions import month_after, month_of, suffix_of
from support.databases import PATIENT_SECONDS
from support.trial_migration import newest_revision
from support.waiting import wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
REVISION_BEFORE = "b92d5f71e3a8"
"""The revision before the tables are partitioned."""
ROWS = 20_000
"""The number of rows that ``FILL`` inserts."""
IDS = {"organization": f"'{UUID(int=1)}'", "endpoint": f"'{UUID(int=2)}'"}
OWNER = """
INSERT INTO organization (id, slug, name, country) VALUES ({organization}, 'acme', 'Acme', 'US');
INSERT INTO webhook_endpoint (id, organization_id, url, events, secret)
VALUES ({endpoint}, {organization}, 'https://a.example/', ARRAY['call.ended'], 'sealed')
"""
# Of the last twenty days, with ids as the product makes them.
FILL = """
CREATE TABLE made AS
SELECT n, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
           || '8' || substr(md5(n::text), 4, 15))::uuid AS id, at
FROM generate_series(1, 20000) n, LATERAL (SELECT now() - interval '20 days' * (1 - n::float8 / 20000) AS at) t;
INSERT INTO organization_event (id, organization_id, sequence, type, body, created_at)
SELECT id, {organization}, n, 'call.ended', '{{}}', at FROM made;
INSERT INTO webhook_delivery (id, organization_id, endpoint_id, event_id, sequence, type, retry_until)
SELECT id, {organization}, {endpoint}, id, n, 'call.ended', at FROM made;
DROP TABLE made
"""
PREPARED = """
PREPARE event (uuid, bigint) AS INSERT INTO organization_event (id, organization_id, sequence, type, body)
VALUES ($1, {organization}, $2, 'call.ended', '{{}}');
PREPARE delivery (uuid, uuid, bigint) AS INSERT INTO webhook_delivery
(id, organization_id, endpoint_id, event_id, sequence, type, retry_until)
VALUES ($1, {organization}, {endpoint}, $2, $3, 'call.ended', now()) ON CONFLICT DO NOTHING;
PREPARE again (uuid, uuid) AS INSERT INTO webhook_delivery AS d
(id, organization_id, endpoint_id, event_id, sequence, type, retry_until)
VALUES ($1, {organization}, {endpoint}, $2, 0, 'call.ended', now())
ON CONFLICT (endpoint_id, event_id) DO UPDATE SET state = 'pending' WHERE d.state = 'delivered';
PREPARE sent (uuid) AS UPDATE webhook_delivery SET state = 'delivered' WHERE id = $1;
PREPARE listed (bigint) AS SELECT id, sequence, body FROM organization_event
WHERE organization_id = {organization} AND sequence > $1 ORDER BY sequence LIMIT 100
"""
FILES = """
SELECT array_agg(i.relfilenode ORDER BY i.relfilenode) FROM pg_class i
WHERE i.oid IN (to_regclass($1), to_regclass($2)) OR i.oid IN (
    SELECT indexrelid FROM pg_index WHERE indrelid IN (to_regclass($1), to_regclass($2)))
"""
COUNTS = "SELECT ARRAY[(SELECT count(*) FROM organization_event), (SELECT count(*) FROM webhook_delivery)]"


class Writer:
    """A worker of the older version that numbers events and delivers them, as fast as it can."""

    def __init__(self, url: str, *, rounds: int, reads: bool) -> None:
        self._url = url
        self._reads = reads
        self.rounds = rounds
        """Rounds of this writer, and of the writers before it."""
        self._stopped = False

    async def run(self) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(f"SET ROLE {ADMIN_ROLE}; SET lock_timeout = '{PATIENT_SECONDS:g}s'")
            await connection.execute(PREPARED.format(**IDS))
            while not self._stopped:
                event_id, delivery_id = uuid7(), uuid7()
                number = ROWS + self.rounds + 1
                async with connection.transaction():
                    await connection.execute(f"EXECUTE event ('{event_id}', {number})")
                    await connection.execute(f"EXECUTE delivery ('{delivery_id}', '{event_id}', {number})")
                await connection.execute(f"EXECUTE sent ('{delivery_id}')")
                await connection.execute(f"EXECUTE again ('{uuid7()}', '{event_id}')")
                found = await connection.fetch(f"EXECUTE listed ({ROWS - 100})")
                assert len(found) == 100 or not self._reads
                self.rounds += 1
        finally:
            connection.terminate()

    def stop(self) -> None:
        self._stopped = True


@asynccontextmanager
async def writing(url: str, *, rounds: int = 0, reads: bool = True) -> AsyncIterator[Writer]:
    """A statement of the writer that fails, or misses rows it ``reads``, ends the block with its error."""
    writer = Writer(url, rounds=rounds, reads=reads)
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.run())
        await wait_until(lambda: writer.rounds > rounds)
        yield writer
        before = writer.rounds
        await wait_until(lambda: writer.rounds > before)
        writer.stop()


async def fetch(url: str, query: str, *values: object, role: str = ADMIN_ROLE) -> Any:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET ROLE {role}")
        return await connection.fetchval(query, *values)
    finally:
        await connection.close()


async def downgrade_patiently(url: str) -> None:
    """Downgrade, and repeat that while a lock is not free, as an operator would."""
    for _ in range(migrations.LOCK_ATTEMPTS):
        try:
            await asyncio.to_thread(command.downgrade, alembic_config(url), REVISION_BEFORE)
        except DBAPIError as error:
            if exceeded_limit(error) is not TimeLimit.LOCK:
                raise
        else:
            return
    raise AssertionError("the locks were never free")


async def test_tables_are_partitioned_and_merged_while_an_older_worker_writes(
    new_migrated_database: Callable[[], str],
) -> None:
    url = new_migrated_database()
    await asyncio.to_thread(command.downgrade, alembic_config(url), REVISION_BEFORE)
    connection = await asyncpg.connect(url)
    await connection.execute(f"SET ROLE {ADMIN_ROLE}; {OWNER}; RESET ROLE; {FILL}".format(**IDS))
    files = await connection.fetchval(FILES, "organization_event", "webhook_delivery")
    async with writing(url) as writer:
        await asyncio.to_thread(upgrade, url)
    assert await fetch(url, "SELECT version_num FROM alembic_version", role="none") == newest_revision()
    end = suffix_of(month_after(month_of(utc_now()), 2))
    first = f"organization_event_before_{end}", f"webhook_delivery_before_{end}"
    # No row and no index was written again: PostgreSQL took the tables as they were.
    assert await connection.fetchval(FILES, *first) == files
    assert await fetch(url, COUNTS) == [ROWS + writer.rounds] * 2
    # The foreign key of the deliveries is the one of before, and holds.
    await fetch(url, "DELETE FROM organization_event WHERE sequence <= 10")
    assert await fetch(url, COUNTS) == [ROWS - 10 + writer.rounds] * 2

    # A statement that waits for the copy may see none of the copied rows, once: its snapshot is older.
    async with writing(url, rounds=writer.rounds, reads=False) as again:
        await downgrade_patiently(url)
    assert await fetch(url, COUNTS) == [ROWS - 10 + again.rounds] * 2
    await fetch(url, "DELETE FROM organization_event WHERE sequence <= 20")
    assert await fetch(url, COUNTS) == [ROWS - 20 + again.rounds] * 2
    await asyncio.to_thread(upgrade, url)
    assert await fetch(url, COUNTS) == [ROWS - 20 + again.rounds] * 2
    await connection.close()
