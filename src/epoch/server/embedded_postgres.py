"""Starts and stops the embedded PostgreSQL server, which processes share, with programs from a wheel or the system."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from epoch.server.postgres_programs import (
    SHARED_DIRECTORY,
    DatabaseServerError,
    create_owned_directory,
    find_binaries,
    is_reachable,
    let_group_traverse,
    reachable_binaries,
    server_account,
)
from kit.environment import SettingsError
from kit.private_files import FILE_MODE, make_private_folder
from kit.settings import load_settings

OWNER_NAME = "epoch"
"""Superuser of the embedded server and name of its first database."""
SOCKET_PORT = 5432
"""Names the socket file only; the server listens on no TCP port."""
START_SECONDS = 60.0
STOP_SECONDS = 10


class EmbeddedPostgres:
    """A PostgreSQL server under ``root``, shared by all processes that use it; the last one to leave stops it."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        """``durable=False`` is faster, and loses data when the machine crashes: for tests only."""
        self._requested_root = root.absolute()
        self._durable = durable
        self._user_lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the running server for its owner."""
        return self.url_of(OWNER_NAME)

    def url_of(self, database: str) -> str:
        """The URL of ``database`` for its owner."""
        return (
            f"postgresql://{OWNER_NAME}@/{database}?host={quote(str(self._socket_dir()), safe='/')}&port={SOCKET_PORT}"
        )

    def start(self) -> str:
        """Start the server, or join the one that runs already, and return ``url``.

        Raises:
            DatabaseServerError: no binaries, no permission, or the server did not come up.
        """
        try:
            self._locate()
            with self._exclusive():
                if not (self._data / "PG_VERSION").exists():
                    self._initialize()
                if self._running_pid() is None:
                    self._launch()
                self._await_ready()
                # Each process that uses the server holds a shared lock, which the kernel drops even when it is killed.
                self._user_lock = (self._root / "users").open("w")
                fcntl.flock(self._user_lock, fcntl.LOCK_SH)
        except OSError as error:
            raise DatabaseServerError(f"the embedded PostgreSQL cannot use {self._requested_root}: {error}") from error
        return self.url

    def stop(self) -> None:
        """Leave the server; the last process stops it. Does nothing when not started."""
        if self._user_lock is None:
            return
        with self._exclusive():
            try:
                fcntl.flock(self._user_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process still uses it
            else:
                self._shut_down()
            finally:
                self._user_lock.close()
                self._user_lock = None

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create the database ``name``, as a copy of ``template`` when given, and return its URL."""
        self._run_client("createdb", *([] if template is None else ["--template", template]), name)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop the database ``name`` and close its connections. Does nothing when it does not exist."""
        self._run_client("dropdb", "--if-exists", "--force", name)

    def _locate(self) -> None:
        """Decide where the data, the binaries and the socket are, and which user runs the server."""
        self._root = self._requested_root
        make_private_folder(self._root)
        self._account = server_account(self._root / "data")
        tag = hashlib.sha256(str(self._requested_root).encode()).hexdigest()[:8]
        shared = SHARED_DIRECTORY / f"epoch-postgres-{tag}"
        # Data that is there already stays in use.
        if not (shared / "data").exists() and is_reachable(self._root.parent.parent, self._account):
            for folder in (self._root.parent, self._root):
                let_group_traverse(folder, self._account)
        if not is_reachable(self._root, self._account):
            self._root = create_owned_directory(shared, mode=0o755)
            self._account = server_account(self._root / "data")
        self._data = self._root / "data"
        self._programs = reachable_binaries(find_binaries(os.environ), self._account)
        # A socket's path has at most 107 bytes, and a checkout's path may be long: hence the temporary directory.
        self._socket_default = Path(tempfile.gettempdir()) / f"epoch-pg-{tag}"

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        with (self._root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialize(self) -> None:
        # The data is made under another name and renamed, so that a killed first run leaves no incomplete data.
        fresh = self._root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        create_owned_directory(fresh, mode=0o700, account=self._account)
        options = ["-U", OWNER_NAME, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(fresh), *options, *([] if self._durable else ["--no-sync"]))
        # The server's single-user mode makes the first database here, so that data never exists without it.
        single = ["postgres", "--single", "-c", "exit_on_error=true", "-D", str(fresh), "postgres"]
        self._run(*single, stdin=f"CREATE DATABASE {OWNER_NAME}\n")
        fresh.rename(self._data)

    def _launch(self) -> None:
        socket_dir = create_owned_directory(self._socket_default, mode=0o700, account=self._account)
        flags = ["listen_addresses=", "timezone=UTC", "log_timezone=UTC"]
        # Tests in parallel processes share one server, each with an application and some with a product's workers.
        flags.append(f"max_connections={200 if self._durable else 1000}")
        if not self._durable:
            flags += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        log = self._root / "log"
        if log.exists():
            log.replace(self._root / "log.old")
        argv = [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(socket_dir), "-p", str(SOCKET_PORT)]
        for flag in flags:
            argv += ["-c", flag]
        # The log contains statements that failed, so other users may not read it.
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - a list made here, no shell
                argv,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the server last
                **self._account,
            )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._server_lines()[7:8] != ["ready"] or self._running_pid() is None:
            if (self._process is not None and self._process.poll() is not None) or time.monotonic() > deadline:
                log = self._root / "log"
                log_end = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                raise DatabaseServerError(f"the embedded PostgreSQL did not start; its log {log} ends:\n{log_end}")
            time.sleep(0.02)

    def _shut_down(self) -> None:
        pid, socket_dir = self._running_pid(), self._socket_dir()
        stop = ["pg_ctl", "-D", str(self._data), "-w", "-t", str(STOP_SECONDS), "stop", "-m"]
        try:
            self._run(*stop, "fast")
        except DatabaseServerError:
            if self._running_pid() is not None:
                self._run(*stop, "immediate")
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
        elif pid is not None:
            _await_end(pid)
        with contextlib.suppress(OSError):
            socket_dir.rmdir()

    def _running_pid(self) -> int | None:
        """The id of the server's process, or None, also when another program has got that id."""
        lines = self._server_lines()
        if not lines or not lines[0].isdigit():
            return None
        process = Path("/proc") / lines[0]
        if Path("/proc/self").exists():
            try:
                is_ours = str(self._data).encode() in (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                return None  # no such process: PostgreSQL replaces its stale file by itself
            if not is_ours and process.exists():
                # PostgreSQL would take the other program for its own server.
                (self._data / "postmaster.pid").unlink(missing_ok=True)
            return int(lines[0]) if is_ours else None
        return int(lines[0]) if self._succeeds("pg_ctl", "-D", str(self._data), "status") else None

    def _server_lines(self) -> list[str]:
        """The lines of the server's pid file: pid, data, start, port, socket directory, listen address, key, state."""
        try:
            return [line.strip() for line in (self._data / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _socket_dir(self) -> Path:
        # A running server may have been started with another temporary directory.
        lines = self._server_lines()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else self._socket_default

    def _run_client(self, program: str, *arguments: str) -> None:
        server = ["-h", str(self._socket_dir()), "-p", str(SOCKET_PORT), "-U", OWNER_NAME, "--maintenance-db=postgres"]
        self._run(program, *server, *arguments)

    def _succeeds(self, program: str, *arguments: str) -> bool:
        return self._call(program, *arguments).returncode == 0

    def _run(self, program: str, *arguments: str, stdin: str | None = None) -> None:
        finished = self._call(program, *arguments, stdin=stdin)
        if finished.returncode != 0:
            raise DatabaseServerError(f"{program} failed: {(finished.stderr or finished.stdout).strip()[-2000:]}")

    def _call(self, program: str, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        argv = [str(self._programs / program), *arguments]
        return subprocess.run(  # noqa: S603 - a list made here, no shell
            argv, cwd="/", input=stdin or "", capture_output=True, text=True, check=False, **self._account
        )


def _await_end(pid: int) -> None:
    """Wait until ``pid``, which is no child of this process, has ended: it removes its pid file a moment before.

    Raises:
        DatabaseServerError: it still runs after ``STOP_SECONDS``.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while _runs(pid):
        if time.monotonic() > deadline:
            raise DatabaseServerError(f"the embedded PostgreSQL, process {pid}, did not stop")
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """True while ``pid`` executes. A process that has ended keeps its id until its parent collects its status."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # without /proc, the signal's answer is all there is
    return state != "Z"


def main() -> None:
    """Use the data directory's server until SIGINT or SIGTERM, and print its URL."""
    stop_signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    try:
        with EmbeddedPostgres(load_settings(os.environ).data_dir / "postgres") as server:
            sys.stdout.write(f"{server.url}\n")
            sys.stdout.flush()
            signal.sigwait(stop_signals)
    except (DatabaseServerError, SettingsError) as error:
        sys.exit(f"epoch: {error}")


if __name__ == "__main__":
    main()
