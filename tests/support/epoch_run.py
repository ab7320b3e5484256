"""Runs ``epoch run``, ``serve`` and ``jobs`` as processes, and finds their child processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.ports import unused_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
"""The time after which a test gives up waiting. It is no requirement on the product."""


def run_environ(database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of an ``epoch run`` on an unused port, with further ``settings``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT / "src"),
        "EPOCH_PORT": str(unused_port()),
        "EPOCH_DATA_DIR": str(data_dir),
        "EPOCH_DATABASE_URL": database_url,
        **settings,
    }


class Run:
    """A process of ``epoch run``, or of another command that runs until a signal, and the lines that it printed."""

    def __init__(
        self,
        environ: dict[str, str],
        command: str = "run",
        *,
        program: Sequence[str | Path] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Start the checkout's ``epoch`` with ``command``, or another ``program``, in ``folder``."""
        self.url = f"http://localhost:{environ['EPOCH_PORT']}"
        self.process = subprocess.Popen(
            program or [sys.executable, "-m", "epoch", command],
            env=environ,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []

    def until(self, text: str) -> None:
        """Read the output until a line contains ``text``."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if text in line:
                return
        pytest.fail(f"it ended without printing {text!r}: {''.join(self.printed)}")

    def children(self, command: str) -> list[int]:
        """The ids of its child processes whose command line contains ``command``."""
        return [pid for pid in pids_with(command) if parent_of(pid) == self.process.pid]

    def has_another(self, command: str, before: int) -> bool:
        """True when its only such child process is not the process ``before``."""
        return self.children(command) not in ([], [before])

    def end(self, *signals: signal.Signals) -> int:
        """Send ``signals`` and wait for the end; return the exit status."""
        for number in signals:
            self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.printed.append(out)
        return self.process.returncode


def pids_with(command: str) -> list[int]:
    """The ids of all processes whose command line contains ``command``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command_line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if command in command_line:
            found.append(int(entry.parent.name))
    return found


def parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None
