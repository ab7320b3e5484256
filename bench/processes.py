"""Starts processes on chosen cores and reads their CPU time and memory from Linux."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from socket import socket
from typing import IO

STOP_SECONDS = 15.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def choose_cores() -> tuple[int, int]:
    """The core for the server under test, and the one for the database and the load generator."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[1 % len(cores)]


@contextlib.contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """Pin processes started inside this block, and their children, to ``cores``."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A running program with its children."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environ: Mapping[str, str],
        cores: set[int],
        log: IO[bytes],
        cwd: Path | None = None,
    ) -> None:
        with on_cores(cores):
            self._process = subprocess.Popen(
                argv,
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def cpu_seconds(self) -> float:
        """User and system time of the whole tree so far."""
        return tree_cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        """Resident memory of the whole tree, shared pages counted in each process."""
        return sum(resident_bytes(pid) for pid in tree_of(self.pid))

    def stop(self) -> None:
        """Ask the program to end; kill its session when it has not in time."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def tree_of(root: int) -> list[int]:
    """Return ``root`` and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    tree = [root]
    for pid in tree:
        tree += children.get(pid, [])
    return tree


def tree_cpu_seconds(root: int) -> float:
    """User and system time so far of ``root`` and its living descendants."""
    return sum(cpu_seconds_of(pid) for pid in tree_of(root))


def postmaster_of(root: Path) -> int:
    """Return the process id of the embedded PostgreSQL server whose folder is ``root``."""
    (pid_file,) = root.glob("*/postmaster.pid")
    return int(pid_file.read_text().split()[0])


def cpu_seconds_of(pid: int) -> float:
    """User and system time of one process so far."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Resident memory of one process."""
    return int(_stat(pid)[21]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """Return a free port on loopback."""
    with contextlib.closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/<pid>/stat`` after the command's name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
