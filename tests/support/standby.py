"""Starts a PostgreSQL server for one test and a streaming standby of it, which can be paused, delayed and killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg

from epoch.server.embedded_postgres import OWNER_NAME, EmbeddedPostgres
from epoch.server.postgres_programs import (
    SHARED_DIRECTORY,
    create_owned_directory,
    find_binaries,
    reachable_binaries,
    server_account,
)
from support.waiting import wait_until

PORT = 5432
"""Part of the name of the socket file; no TCP port is opened."""
PATIENCE_SECONDS = 60.0
_STATE_LINE = 7
"""The line of a server's pid file that says whether it takes connections."""


class Standby:
    """A streaming standby of the server at ``primary_url``, made by ``pg_basebackup``."""

    def __init__(self, primary_url: str, folder: Path) -> None:
        """``folder`` must have a short path, because it contains a socket, and must be open to every user."""
        self._account = server_account(folder / "standby")
        self._programs = reachable_binaries(find_binaries(os.environ), self._account)
        self._data = create_owned_directory(folder / "standby", mode=0o700, account=self._account)
        self._sockets = create_owned_directory(folder / "socket", mode=0o700, account=self._account)
        self._process: subprocess.Popen[bytes] | None = None
        where = parse_qs(urlsplit(primary_url).query)
        backup = ["-h", where["host"][0], "-p", where["port"][0], "-U", OWNER_NAME, "-D", str(self._data)]
        self._run("pg_basebackup", *backup, "-R", "-X", "stream", "-c", "fast", "--no-sync", "--no-manifest")
        self.url = f"postgresql://{OWNER_NAME}@/{OWNER_NAME}?host={quote(str(self._sockets), safe='/')}&port={PORT}"

    def start(self) -> None:
        """Start the standby, and wait until it accepts connections."""
        flags = ["listen_addresses=", "timezone=UTC", "max_connections=1000", "fsync=off", "full_page_writes=off"]
        argv = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self._sockets), "-p", str(PORT)]
        argv += [part for flag in flags for part in ("-c", flag)]
        log = (self._data.parent / "log").open("wb")
        self._process = subprocess.Popen(
            argv, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._account
        )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._state() not in ("standby", "ready"):
            assert self._process.poll() is None, (self._data.parent / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """End all its processes at once, as in a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(PATIENCE_SECONDS)
            self._process = None

    def promote(self) -> None:
        """Make it a primary."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "promote")

    async def pause(self) -> None:
        """Stop replaying: the standby shows nothing new."""
        await self.execute("SELECT pg_wal_replay_pause()")
        await wait_until(lambda: self._is("pg_get_wal_replay_pause_state() = 'paused'"))

    async def resume(self) -> None:
        await self.execute("SELECT pg_wal_replay_resume()")

    async def delay(self, delay: str) -> None:
        """Replay each commit after the time ``delay``, such as ``5s``."""
        await self.execute(f"ALTER SYSTEM SET recovery_min_apply_delay = '{delay}'")
        await self.execute("SELECT pg_reload_conf()")

    async def execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _is(self, condition: str) -> bool:
        connection = await asyncpg.connect(self.url)
        try:
            return bool(await connection.fetchval(f"SELECT {condition}"))
        finally:
            await connection.close()

    def _state(self) -> str:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[_STATE_LINE].strip() if len(lines) > _STATE_LINE else ""

    def _run(self, program: str, *arguments: str) -> None:
        argv = [str(self._programs / program), *arguments]
        options: Any = self._account
        done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for servers, which is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="epoch-standby-", dir=SHARED_DIRECTORY))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def own_server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Run a server in ``folder`` that no other test uses."""
    with EmbeddedPostgres(folder / "own" / "primary", durable=False) as server:
        yield server


async def run_as_owner(url: str, *statements: str) -> None:
    """Execute ``statements`` one after the other on the database at ``url``."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
