"""Several processes that migrate a database at once: one migrates, the others wait and then find it migrated."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from epoch.migrations import LOCK_NAME, alembic_config, upgrade

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 60


def _start(url: str) -> "subprocess.Popen[str]":
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "EPOCH_DATABASE_URL": url}
    return subprocess.Popen(
        [sys.executable, "-m", "epoch", "migrate"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _end(processes: "list[subprocess.Popen[str]]") -> list[tuple[int, str]]:
    printed = [process.communicate(timeout=PATIENCE_SECONDS)[0] for process in processes]
    return [(process.returncode, text) for process, text in zip(processes, printed, strict=True)]


DONE = "The database has this version's schema.\n"


def test_empty_databases_of_one_server_are_migrated_at_once(new_database: Callable[[], str]) -> None:
    shared, other = new_database(), new_database()
    for status, printed in _end([_start(url) for url in (shared, shared, other)]):
        assert status == 0, printed
        assert printed.endswith(DONE)


def test_two_processes_migrate_a_database_that_is_several_revisions_old(new_database: Callable[[], str]) -> None:
    url = new_database()
    command.upgrade(alembic_config(url), "e70b5f2ac816")
    for status, printed in _end([_start(url) for _ in range(2)]):
        assert status == 0, printed
        assert printed.endswith(DONE)


async def test_a_waiting_process_says_so_and_migrates_when_the_other_one_is_killed(
    new_database: Callable[[], str],
) -> None:
    url = new_database()
    holder = await asyncpg.connect(url)
    await holder.execute(f"SELECT pg_advisory_lock(hashtext('{LOCK_NAME}'))")
    said: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(
        asyncio.to_thread(upgrade, url, lambda text: loop.call_soon_threadsafe(said.put_nowait, text))
    )
    assert "Waiting for another process" in await asyncio.wait_for(said.get(), PATIENCE_SECONDS)
    assert not waiting.done()
    holder.terminate()
    await waiting
    current = await asyncpg.connect(url)
    assert await current.fetchval("SELECT count(*) FROM alembic_version") == 1
    await current.close()
