"""A dump of the database contains the monthly partitions, and the restored database continues with them."""

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from epoch.partitions import EVENTS, find_partition_faults
from epoch.server.postgres_programs import find_binaries
from epoch.tenant_isolation import expected_isolation, find_gaps
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.db.partitions import PartitionChanges, PartitionLayout, month_after, read_layout, suffix_of
from support.partitions import END, add_event, at, maintain, make_organization, partition_names, partitions_of_events

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
COMMANDS = {
    "plain": (
        ("pg_dump", "--file={dump}", "{source}"),
        ("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file={dump}", "{target}"),
    ),
    "custom": (
        ("pg_dump", "--format=custom", "--file={dump}", "{source}"),
        ("pg_restore", "--jobs=2", "--exit-on-error", "--dbname={target}", "{dump}"),
    ),
}


def run_postgres(command: tuple[str, ...], values: Mapping[str, object]) -> None:
    """Run one of PostgreSQL's programs, those of the tests' server."""
    program, *arguments = (part.format(**values) for part in command)
    subprocess.run([find_binaries(os.environ) / program, *arguments], check=True)


async def layout_of(database: Database) -> PartitionLayout | None:
    async with database.sessions() as session:
        return await read_layout(session, EVENTS)


async def gaps_of(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return await find_gaps(connection, expected_isolation())
    finally:
        await connection.close()


@pytest.mark.parametrize("form", COMMANDS)
async def test_a_restored_dump_goes_on_with_its_partitions(
    form: str, new_migrated_database: Callable[[], str], new_database: Callable[[], str], tmp_path: Path
) -> None:
    source, target = new_migrated_database(), new_database()
    await maintain(source, at(END))
    filled = Database(source, role=ADMIN_ROLE)
    owner = await make_organization(filled)
    # Events of the first partition, of a month, and of one that has none.
    for number, moment in enumerate((utc_now(), at(month_after(END)), at(month_after(END, 5))), start=1):
        await add_event(filled, owner, moment, number)
    before, layout = await partitions_of_events(filled), await layout_of(filled)
    await filled.stop()
    months = (f"before_{END:%Y_%m}", suffix_of(month_after(END)), "default")
    assert before == [partition_names(suffix, number) for number, suffix in enumerate(months, start=1)]

    values = {"source": source, "target": target, "dump": tmp_path / "dump"}
    for command in COMMANDS[form]:
        await asyncio.to_thread(run_postgres, command, values)

    restored = Database(target, role=ADMIN_ROLE)
    assert await partitions_of_events(restored) == before
    assert await layout_of(restored) == layout
    assert await find_partition_faults(restored) == []
    assert await gaps_of(target) == []
    # The job makes and drops months of it, and new rows find theirs.
    changes = await maintain(target, at(month_after(END)))
    assert changes == PartitionChanges(created=(suffix_of(month_after(END, 3)),), dropped=(months[0],))
    await add_event(restored, owner, at(month_after(END, 3)), 4)
    assert (await partitions_of_events(restored))[-1] == partition_names(suffix_of(month_after(END, 3)), 4)
    late = at(month_after(END, 2), 1) + EVENTS.retention
    assert months[1] in (await maintain(target, late)).dropped
    assert [number for *_, number in await partitions_of_events(restored)] == [3, 4]
    await restored.stop()
