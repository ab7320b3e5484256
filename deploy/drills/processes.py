"""The processes of a drill: each is started with a log of its own, and ended by its process id."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from drills.packages import SYSTEM_PYTHON
from epoch.server.postgres_programs import Account

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 60.0
LOG_TAIL_CHARACTERS = 3000


class ProcessEnded(Exception):
    """A process ended although the drill needs it; the message has the end of its log."""


class Process:
    """A running program, with the processes that it started."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._popen = popen

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def kill(self) -> None:
        """SIGKILL for the program and all processes below it, as when the machine loses its power."""
        kill_tree(self.pid)
        self._popen.wait(STOP_SECONDS)

    def kill_one_worker(self) -> bool:
        """SIGKILL for a process below the program that has none below itself; False when there is none."""
        workers = [pid for pid in tree(self.pid) if pid != self.pid and not children_of(pid)]
        if not workers:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(secrets.choice(workers), signal.SIGKILL)
        return True

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    async def ended(self) -> int:
        """The exit status, once the program has ended."""
        return await asyncio.to_thread(self._popen.wait)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not end it in time."""
        if not self.is_running:
            return
        self._popen.terminate()
        try:
            self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def ensure_running(self) -> None:
        """Raises: ProcessEnded."""
        if not self.is_running:
            text = self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
            raise ProcessEnded(f"{self.name} ended with status {self._popen.returncode}:\n{text}")


class Processes:
    """Starts the processes of one drill in ``folder``; ``close`` ends them, the youngest first."""

    def __init__(self, folder: Path, account: Account) -> None:
        """``account`` is the user of programs that refuse to run as root."""
        self._folder = folder
        self._account = account
        self._started: list[Process] = []
        self._tie = folder / "tied_process.py"
        # Copied: the other user may not reach the checkout.
        shutil.copy(ROOT / "tests" / "support" / "tied_process.py", self._tie)
        self._tie.chmod(0o644)

    def start(
        self, name: str, argv: Sequence[str | Path], environ: Mapping[str, str], *, as_account: bool = False
    ) -> Process:
        """Start a program, which gets SIGTERM when this process ends in any way."""
        log = self._folder / f"{name.replace(' ', '-')}.log"
        account = self._account if as_account else Account()
        with log.open("ab") as output:
            popen = _spawn([SYSTEM_PYTHON, "-I", str(self._tie), *map(str, argv)], environ, output, account)
        process = Process(name, popen, log)
        self._started.append(process)
        return process

    def close(self) -> None:
        """End every process that still runs."""
        for process in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                process.stop()


def _spawn(
    argv: Sequence[str], environ: Mapping[str, str], output: IO[bytes], account: Account
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        argv,
        env=dict(environ),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C is for the drill, which then stops its processes in order.
        **account,
    )


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` started and that still run; none when it has ended."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def tree(root: int) -> list[int]:
    """A process and all below it."""
    pids = [root]
    for pid in pids:
        pids += children_of(pid)
    return pids


def kill_tree(root: int) -> None:
    """SIGKILL for a process and all below it; each is stopped first, so that none starts another one meanwhile."""
    pids = [root]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        pids += children_of(pid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def await_end(pid: int, seconds: float = STOP_SECONDS) -> bool:
    """True once a process that is not ours has ended; False when it runs after ``seconds``."""
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
