"""Migrations while workers of the older version serve: their statements go on, and nobody waits for a migration."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command

from epoch import migrations
from epoch.cli.main import main
from epoch.migrations import MigrationStopped, alembic_config, upgrade
from kit.db.database import ADMIN_ROLE
from support.served_statements import REVISION, OlderWorker, insert_rows, older_workers
from support.trial_migration import TRIAL_REVISION, newest_revision, with_trial_migration
from support.waiting import PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow
RELEASED = "4b8e17f0c9a2"
"""The schema of 0.1.0, the last version in CHANGELOG.md."""
BEFORE_A_COLUMN = "f2b94d17a3c6"
"""The next revision adds a column to ``call``."""
CALL_OF_THE_RELEASE = """
INSERT INTO call (id, organization_id, token_id, carrier_sid, identity, to_number, status, duration, started_at)
SELECT gen_random_uuid(), organization_id, id, 'CA00', 'w_00', '+12125550147', 'completed', 60, now() FROM embed_token
"""
CONCURRENT_INDEX = 'create_index_concurrently("ix_call_identity_trial", "call", ["organization_id", "identity"])'


async def _fetch(url: str, query: str, *, role: str | None = None) -> Any:
    connection = await asyncpg.connect(url)
    try:
        if role is not None:
            await connection.execute(f"SET ROLE {role}")
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def _revision(url: str) -> str:
    return str(await _fetch(url, "SELECT version_num FROM alembic_version"))


@contextmanager
def _handler_kept(number: signal.Signals) -> Iterator[None]:
    """Restore the handler that a command replaces."""
    handler = signal.getsignal(number)
    try:
        yield
    finally:
        signal.signal(number, handler)


@asynccontextmanager
async def _reader_of_calls(url: str) -> AsyncIterator[int]:
    """A session that somebody forgot in a transaction, which has read calls; its process id."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "somebody's report"})
    await connection.execute("BEGIN; SELECT count(*) FROM call")
    try:
        yield connection.get_server_pid()
    finally:
        connection.terminate()


@pytest.fixture
async def released_url(new_database: Callable[[], str]) -> str:
    """A database of 0.1.0 with an organization and a call, migrated to the schema whose statements were recorded.

    Revisions until then rename tables, so `epoch migrate --plan` says that workers must be stopped for them.
    """
    url = new_database()
    await asyncio.to_thread(command.upgrade, alembic_config(url), RELEASED)
    await insert_rows(url)
    await _fetch(url, CALL_OF_THE_RELEASE, role=ADMIN_ROLE)
    await asyncio.to_thread(command.upgrade, alembic_config(url), REVISION)
    return url


@pytest.fixture
def older_url(new_migrated_database: Callable[[], str]) -> str:
    """A database with an organization, before the revision that adds a column to ``call``."""
    url = new_migrated_database()
    command.downgrade(alembic_config(url), BEFORE_A_COLUMN)
    asyncio.run(insert_rows(url))
    return url


@pytest.mark.anyio
async def test_workers_of_the_older_version_serve_while_the_schema_is_migrated(released_url: str) -> None:
    async with older_workers(released_url, "call", "call", "exchange") as workers:

        async def all_served(rounds: list[int]) -> None:
            await wait_until(
                lambda: all(worker.rounds > before for worker, before in zip(workers, rounds, strict=True))
            )

        await all_served([0, 0, 0])
        await asyncio.to_thread(upgrade, released_url)
        # Statements that were prepared before run against the newest schema too.
        await all_served([worker.rounds for worker in workers])
    assert await _revision(released_url) == newest_revision()
    served = sum(worker.rounds for worker in workers[:2])
    whole = "SELECT count(*) FROM call WHERE status = 'completed' AND duration = 6 AND answered_at IS NOT NULL"
    assert await _fetch(released_url, whole, role=ADMIN_ROLE) == served
    assert await _fetch(released_url, "SELECT duration FROM call WHERE carrier_sid = 'CA00'", role=ADMIN_ROLE) == 60
    assert await _fetch(released_url, "SELECT count(*) FROM call_event", role=ADMIN_ROLE) == 4 * served


@pytest.mark.anyio
async def test_a_migration_that_waits_for_a_lock_lets_workers_pass(older_url: str) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    worker = OlderWorker(older_url)
    migrating: asyncio.Task[None] | None = None
    try:
        async with _reader_of_calls(older_url) as blocker:
            migrating = asyncio.create_task(
                asyncio.to_thread(upgrade, older_url, lambda text: loop.call_soon_threadsafe(said.put_nowait, text))
            )
            text = await asyncio.wait_for(said.get(), PATIENCE_SECONDS)
            assert "6d3a9e41c7b0 (Add the extension of a call" in text
            assert f"session {blocker} (" in text
            for _ in range(3):
                await worker.serve("call")
            assert not migrating.done()
    finally:
        # Alembic has one context in a process: a migration that still ran would block that of the next test for ever.
        if migrating is not None:
            await migrating
    await worker.serve("call")
    worker.close()
    assert await _revision(older_url) == newest_revision()


def test_a_migration_without_its_lock_gives_up_in_one_line(
    older_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrations, "LOCK_ATTEMPTS", 5)
    monkeypatch.setattr(migrations, "LOCK_PAUSE_SECONDS", 0.01)
    monkeypatch.setenv("EPOCH_DATABASE_URL", older_url)
    with asyncio.Runner() as runner, _handler_kept(signal.SIGTERM):
        reader = _reader_of_calls(older_url)
        blocker = runner.run(reader.__aenter__())
        assert main(["migrate"]) == 1
        assert runner.run(_revision(older_url)) == BEFORE_A_COLUMN
        runner.run(reader.__aexit__(None, None, None))
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("epoch: Migration 6d3a9e41c7b0 (Add the extension of a call, ")
        assert f"session {blocker} (user " in line
        assert 'application "somebody\'s report", idle in transaction, transaction of ' in line
        assert "It changed nothing" in line
        assert f"SELECT pg_terminate_backend({blocker})" in line
        assert line.endswith("then run `epoch migrate` again.")
        assert main(["migrate"]) == 0
        assert runner.run(_revision(older_url)) == newest_revision()


@pytest.mark.anyio
async def test_a_statement_that_takes_too_long_is_stopped(older_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every revision counts as one that was written under the rules.
    monkeypatch.setattr(migrations, "LAST_UNLINTED_REVISION", BEFORE_A_COLUMN)
    monkeypatch.setattr(migrations, "STATEMENT_MILLISECONDS", 50)
    body = "BEGIN PERFORM pg_sleep(60); END"
    await _fetch(older_url, f"CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS '{body}'")
    await _fetch(
        older_url, "CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION wait()"
    )
    with pytest.raises(MigrationStopped, match=r"6d3a9e41c7b0 .* longer than 0\.05 s, .* It changed nothing"):
        await asyncio.to_thread(upgrade, older_url)
    assert await _revision(older_url) == BEFORE_A_COLUMN


@pytest.mark.anyio
async def test_an_index_is_built_concurrently_instead_of_a_broken_one(
    new_migrated_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_migrated_database()
    config = with_trial_migration(tmp_path, CONCURRENT_INDEX)
    config.attributes["url"] = url
    await _fetch(url, "CREATE INDEX ix_call_identity_trial ON call (identity)")
    invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_call_identity_trial'::regclass"
    await _fetch(url, invalid)
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await _revision(url) == TRIAL_REVISION
    query = "SELECT indisvalid AND indnatts = 2 FROM pg_index WHERE indexrelid = 'ix_call_identity_trial'::regclass"
    assert await _fetch(url, query)
