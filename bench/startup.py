"""Benchmark of the start of ``make run`` on an installed checkout: ``startup.py [--rounds N]``.

Seconds until ``/health/ready`` answers 200: for a first start (new database), for warm ones, and, where the kernel lets
us drop its caches, for a cold one; and the resident memory of the worker.
"""

import argparse
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from shutil import rmtree
from statistics import median

from processes import Server, free_port, resident_bytes, tree_of

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".cache" / "bench-startup"
DROP_CACHES = Path("/proc/sys/vm/drop_caches")
START_SECONDS = 120.0
POLL_SECONDS = 0.02
# The same program as the Makefile's target, in one process that signals reach.
COMMAND = ["sh", "-c", "tools/setup run && exec .venv/bin/epoch run"]


class InvalidMeasurement(Exception):
    """The product did not start."""


def start_once() -> tuple[float, float]:
    """Start, wait until it is ready, stop; seconds and the worker's resident bytes.

    Raises:
        InvalidMeasurement: it ended, or was not ready in time.
    """
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environ = {**inherited, "EPOCH_PORT": str(port), "EPOCH_DATA_DIR": str(DATA)}
    log_path = ROOT / ".cache" / "bench-startup.log"
    with log_path.open("wb") as log:
        began = time.perf_counter()
        server = Server(COMMAND, environ=environ, cores=os.sched_getaffinity(0), log=log, cwd=ROOT)
        try:
            while not is_ready(port):
                if server.has_ended or time.perf_counter() - began > START_SECONDS:
                    raise InvalidMeasurement(f"the product did not start, see {log_path}")
                time.sleep(POLL_SECONDS)
            took = time.perf_counter() - began
            workers = [pid for pid in tree_of(server.pid) if b"epoch.server.worker" in _command_line(pid)]
            resident = max(resident_bytes(pid) for pid in workers)
        finally:
            server.stop()
    return took, resident


def is_ready(port: int) -> bool:
    """True when ``/health/ready`` answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def drop_caches() -> bool:
    """Drop the kernel's file cache; False where that is not permitted."""
    subprocess.run(["sync"], check=True)
    try:
        DROP_CACHES.write_text("3\n")
    except OSError:
        return False
    return True


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""  # gone


def main() -> int:
    """Print the figures; exit status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description="Measures the start of an installed checkout.")
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    rmtree(DATA, ignore_errors=True)
    first, _ = start_once()
    warm, resident = zip(*(start_once() for _ in range(rounds)), strict=True)
    cold = start_once()[0] if drop_caches() else None
    checks = [(f"warm {median(warm):.1f} s (at most 5)", median(warm) <= 5)]
    if cold is None:
        print("cold: the kernel does not let us drop its caches here, so it was not measured")
    else:
        checks.append((f"cold {cold:.1f} s (at most 10)", cold <= 10))
    checks.append((f"worker {max(resident) / 1e6:.0f} MB resident (at most 200)", max(resident) <= 200e6))
    print(f"first start, with a new database: {first:.1f} s")
    for text, holds in checks:
        print("holds " if holds else "MISSED", text)
    return 0 if all(holds for _, holds in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
