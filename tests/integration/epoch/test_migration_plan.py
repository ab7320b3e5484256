"""``epoch migrate --plan`` on databases in any state; the locks that it prints are those that PostgreSQL takes."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from epoch.cli.main import main
from epoch.migration_plan import Plan, make_plan, sql_of_revisions
from epoch.migration_statements import BLOCKING_LOCKS, WorkerImpact
from epoch.migrations import alembic_config, pending
from kit.db.database import owner_engine

pytestmark = pytest.mark.slow
RELEASED = "4b8e17f0c9a2"
"""The schema of 0.1.0, the last version in CHANGELOG.md."""
_LOCKS = sa.text(
    "SELECT DISTINCT c.relname, upper(regexp_replace(replace(l.mode, 'Lock', ''), '(?<=[a-z])(?=[A-Z])', ' ', 'g'))"
    " FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
    " WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
)


def _execute(url: str, statement: str) -> str:
    async def execute() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval(statement))
        finally:
            await connection.close()

    return asyncio.run(execute())


def _plan(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    monkeypatch.setenv("EPOCH_DATABASE_URL", url)
    status = main(["migrate", "--plan"])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def _head() -> str:
    return str(ScriptDirectory.from_config(alembic_config("")).get_current_head())


def test_the_plan_of_an_older_schema_names_revisions_locks_and_what_workers_notice(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database()
    command.upgrade(alembic_config(url), RELEASED)
    status, printed, errors = _plan(url, monkeypatch, capsys)
    assert (status, errors) == (0, "")
    scripts = pending(alembic_config(""), RELEASED)
    first = f"The schema is older than this version (revision {RELEASED}): {len(scripts)} revisions would run,"
    assert printed.splitlines()[0] == f"{first} in this order."
    headings = [line.split("  ")[0] for line in printed.splitlines() if re.match(r"[0-9a-f]{12}  ", line)]
    assert headings == [script.revision for script in scripts]
    assert "\n  refused_origin: renames the table (lock ACCESS EXCLUSIVE)\n" in printed
    assert "\n  call: builds an index; writes wait until it is built (lock SHARE)\n" in printed
    last = printed.splitlines()[-1]
    assert last.startswith("Stop the workers of the older version before `epoch migrate`, because of b1a9c04e77d2, ")
    assert last.endswith(" Nothing was changed.")
    assert _execute(url, "SELECT version_num FROM alembic_version") == RELEASED


def test_the_plan_of_a_current_schema_is_empty(
    new_migrated_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"The schema is current (revision {_head()}): nothing would run. Nothing was changed.\n"
    assert _plan(new_migrated_database(), monkeypatch, capsys) == (0, line, "")


def test_a_newer_schema_has_no_plan(
    new_migrated_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_migrated_database()
    _execute(url, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    status, printed, errors = _plan(url, monkeypatch, capsys)
    assert (status, printed) == (1, "")
    assert errors.startswith("epoch: The schema is newer than this version, so nothing would run. The database is at ")
    assert "revision ffffffffffff" in errors
    assert len(errors.splitlines()) == 1


def test_the_plan_of_an_empty_database_makes_no_table(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_database()
    status, printed, errors = _plan(url, monkeypatch, capsys)
    assert (status, errors) == (0, "")
    assert re.fullmatch(
        rf"The database is empty: \d+ revisions would run, until {_head()}\. Nothing was changed\.\n", printed
    )
    assert _execute(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


def test_the_plan_of_a_missing_embedded_database_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EPOCH_DATABASE_URL", raising=False)
    monkeypatch.setenv("EPOCH_DATA_DIR", str(tmp_path / "data"))
    assert main(["migrate", "--plan"]) == 0
    assert "There is no database yet" in capsys.readouterr().out
    assert not (tmp_path / "data" / "postgres").exists()


def _run(connection: sa.Connection, script: Script) -> dict[str, set[str]]:
    """Run one revision; return the blocking locks that it took on tables that existed before."""
    with connection.begin():
        before = set(sa.inspect(connection).get_table_names())
        with Operations.context(MigrationContext.configure(connection)):
            script.module.upgrade()
        taken: dict[str, set[str]] = {}
        for table, mode in connection.execute(_LOCKS):
            if mode in BLOCKING_LOCKS and table in before:
                taken.setdefault(table, set()).add(mode)
    return taken


def _planned(plan: Plan) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for revision in plan.revisions:
        tables = found.setdefault(revision.revision, {})
        for effect in revision.effects:
            if effect.lock in BLOCKING_LOCKS:
                tables.setdefault(effect.table, set()).add(effect.lock)
    return found


def test_postgresql_takes_the_locks_of_the_plan(new_database: Callable[[], str]) -> None:
    url = new_database()
    command.upgrade(alembic_config(url), RELEASED)
    planned = _planned(make_plan(alembic_config(""), RELEASED))
    # Built outside of transactions, so its locks cannot be looked at before the commit.
    concurrent = {name for name, sql in sql_of_revisions(alembic_config(""), RELEASED).items() if "CONCURRENTLY" in sql}

    async def run() -> tuple[set[str], dict[str, dict[str, set[str]]]]:
        engine = owner_engine(url)
        try:
            async with engine.connect() as connection:
                released = set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))
                await connection.rollback()
                return released, {
                    script.revision: await connection.run_sync(_run, script)
                    for script in pending(alembic_config(""), RELEASED)
                    if script.revision not in concurrent
                }
        finally:
            await engine.dispose()

    released, taken = asyncio.run(run())
    assert len(taken) > 20
    # Nobody uses a table yet that an earlier revision of the same plan creates.
    unplanned = {
        (revision, table, mode)
        for revision, tables in taken.items()
        for table, modes in tables.items()
        for mode in modes - planned[revision].get(table, set())
        if table in released
    }
    assert unplanned == set()


def test_every_statement_of_a_plan_from_the_release_is_understood() -> None:
    effects = [effect for planned in make_plan(alembic_config(""), RELEASED).revisions for effect in planned.effects]
    assert [effect.description for effect in effects if not effect.table] == []
    assert {effect.impact for effect in effects} >= {WorkerImpact.BRIEF, WorkerImpact.WAITING, WorkerImpact.BREAKING}
