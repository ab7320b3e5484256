"""``epoch serve``, ``epoch jobs`` and ``epoch migrate``: the roles of ``epoch run`` as processes of their own."""

import asyncio
import datetime as dt
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command

from epoch.migrations import alembic_config
from kit.db.database import ADMIN_ROLE, Database
from kit.jobs.queue import JobQueue
from kit.mail import Mail, build_mailer
from kit.settings import load_settings
from support.epoch_command import run_epoch
from support.epoch_run import PATIENCE_SECONDS, Run, run_environ
from support.jobs import let_pass
from support.local_http import get_local
from support.waiting import wait_until

pytestmark = pytest.mark.slow
ROLES = ("serve", "jobs")
FORMER_REVISION = "e70b5f2ac816"


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    """Start a role and wait until it works; whatever still runs at the end is stopped."""
    with ExitStack() as stack:

        def start_role(role: str, environ: dict[str, str]) -> Run:
            run = Run(environ, role)
            stack.callback(lambda: run.process.poll() is not None or run.end(signal.SIGKILL))
            run.until("Ctrl-C")
            return run

        yield start_role


def eventually(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


def read(run: Run, path: str) -> Any:
    return get_local(run.url + path, timeout=PATIENCE_SECONDS).json()


def fetch(url: str, query: str, *values: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(query, *values)
        finally:
            await connection.close()

    return asyncio.run(ask())


async def enqueue_old_mail(environ: dict[str, str]) -> None:
    """A mail that has been due for ten minutes."""
    settings = load_settings(environ)
    jobs = Database(environ["EPOCH_DATABASE_URL"], role=ADMIN_ROLE)
    mailer = build_mailer(settings, JobQueue(jobs, settings.secret_keys))
    async with jobs.sessions() as session, session.begin():
        await mailer.send_after_commit(session, Mail(to="ann@example.com", subject="Hello", paragraphs=("It waits.",)))
    await let_pass(jobs, dt.timedelta(minutes=10))
    await jobs.stop()


def test_requests_and_jobs_run_in_processes_of_their_own(
    new_migrated_database: Callable[[], str], sandbox_address: str, tmp_path: Path, start: Callable[..., Run]
) -> None:
    url = new_migrated_database()
    environ = run_environ(url, tmp_path, EPOCH_SANDBOX_ADDRESS=sandbox_address, EPOCH_DRAIN_SECONDS="0")
    asyncio.run(enqueue_old_mail(environ))

    serving = start("serve", environ)
    assert read(serving, "/health/ready") == {"status": "ok", "role": "serve", "work": ["requests"]}
    assert get_local(f"{serving.url}/login", timeout=PATIENCE_SECONDS).status_code == 200
    (warning,) = read(serving, "/health/dependencies")["warnings"]
    assert "start `epoch jobs`" in warning
    assert fetch(url, "SELECT count(*) FROM pgqueuer WHERE attempts = 0 AND status = 'queued'") == 1
    assert fetch(url, "SELECT count(*) FROM pgqueuer_schedules") == 0
    assert not serving.children("sandbox")
    assert "calls go to simulated far ends" in "".join(serving.printed)
    assert "@example.com" not in "".join(serving.printed)

    working = start("jobs", run_environ(url, tmp_path, EPOCH_SANDBOX_ADDRESS=sandbox_address, EPOCH_WORKERS="3"))
    assert len(working.children("epoch.server.worker")) == 1
    assert read(working, "/health/ready") == {"status": "ok", "role": "jobs", "work": ["jobs"]}
    for path in ("/login", "/widget/phone.js", "/voice/outgoing"):
        assert get_local(working.url + path, timeout=PATIENCE_SECONDS).status_code == 404
    eventually(lambda: [file.suffix for file in (tmp_path / "mail").glob("*")] == [".eml"])
    eventually(lambda: read(serving, "/health/dependencies")["warnings"] == [])
    eventually(lambda: fetch(url, "SELECT count(*) FROM pgqueuer_schedules") > 0)

    parts = [*serving.children("epoch.server.worker"), *working.children("epoch.server.worker")]
    assert [run.end(signal.SIGTERM) for run in (working, serving)] == [0, 0]
    assert not any(Path(f"/proc/{pid}").exists() for pid in parts)


def refusal(role: str, environ: dict[str, str]) -> tuple[int, str]:
    """Exit status and the only line that it printed."""
    ended = run_epoch(environ, role)
    assert (ended.stdout, ended.stderr.count("\n")) == ("", 1), ended.stdout + ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("role", ROLES)
def test_a_role_changes_no_schema_and_names_the_command_that_does(
    new_database: Callable[[], str],
    new_migrated_database: Callable[[], str],
    sandbox_address: str,
    tmp_path: Path,
    role: str,
) -> None:
    empty, migrated = new_database(), new_migrated_database()
    environ = run_environ(empty, tmp_path, EPOCH_SANDBOX_ADDRESS=sandbox_address)
    status, line = refusal(role, environ)
    assert (status, "has no tables yet: run `epoch migrate`" in line) == (1, True), line
    assert fetch(empty, "SELECT to_regclass('alembic_version')") is None

    for revision, advice in ((FORMER_REVISION, "run `epoch migrate`"), ("from_tomorrow", "this version does not know")):
        fetch(migrated, "UPDATE alembic_version SET version_num = $1", revision)
        status, line = refusal(role, {**environ, "EPOCH_DATABASE_URL": migrated})
        assert (status, revision in line, advice in line) == (1, True, True), line
        assert fetch(migrated, "SELECT version_num FROM alembic_version") == revision


@pytest.mark.parametrize("role", ROLES)
def test_a_role_names_the_setting_that_is_missing_or_wrong(tmp_path: Path, role: str) -> None:
    environ = run_environ("postgresql://epoch@127.0.0.1:9/epoch", tmp_path)
    status, line = refusal(role, {name: value for name, value in environ.items() if name != "EPOCH_DATABASE_URL"})
    assert (status, "EPOCH_DATABASE_URL is not set" in line) == (2, True)
    status, line = refusal(role, environ)
    assert (status, "no sandbox carrier runs" in line) == (2, True)
    status, line = refusal(role, {**environ, "EPOCH_DATABASE_CONNECTIONS": "few"})
    assert (status, "EPOCH_DATABASE_CONNECTIONS" in line) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_migration_undoes_its_step_and_the_next_one_goes_on(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    command.upgrade(alembic_config(url), FORMER_REVISION)
    environ = run_environ(url, tmp_path)
    status, printed = asyncio.run(stop_while_it_waits_for_a_table(url, environ))
    assert (status, printed.count("\n")) == (130, 1), printed
    assert "run `epoch migrate` again" in printed
    again = run_epoch(environ, "migrate")
    assert (again.returncode, again.stdout) == (0, "The database has this version's schema.\n"), again.stderr


async def stop_while_it_waits_for_a_table(url: str, environ: dict[str, str]) -> tuple[int, str]:
    """Exit status and text of an ``epoch migrate`` that gets SIGTERM while it waits for a locked table."""
    holder, watcher = await asyncpg.connect(url), await asyncpg.connect(url)
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL($1::int[])"
    own = [holder.get_server_pid(), watcher.get_server_pid()]

    async def count(condition: str = "") -> int:
        return int(await watcher.fetchval(others + condition, own))

    async def waits() -> bool:
        return await count(" AND wait_event_type = 'Lock'") == 1

    async def is_gone() -> bool:
        return await count() == 0

    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE organization IN ACCESS EXCLUSIVE MODE")
            # As a background job of a shell, which ignores Ctrl-C.
            argv = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "epoch", "migrate"]
            migrating = await asyncio.create_subprocess_exec(
                *argv, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            await wait_until(waits, pause=0.05)
            migrating.send_signal(signal.SIGTERM)
            printed, _ = await asyncio.wait_for(migrating.communicate(), PATIENCE_SECONDS)
            # The server does not wait for the table in its name any longer, and its lock of migrations is free.
            await wait_until(is_gone, pause=0.05)
    finally:
        await holder.close()
        await watcher.close()
    assert migrating.returncode is not None
    return migrating.returncode, printed.decode()
