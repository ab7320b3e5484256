"""Compares the exchange's CPU in this checkout and in another one: ``two_commits.py OTHER [--rounds N]``.

A worker of each gets a short load in turn, in changing order, so that other work on the machine affects both alike.
``OTHER`` is a checkout of another commit with a built frontend. It runs with this checkout's packages, and with those
in ``--packages`` that it alone needs. Each has a database by its own migrations, on one server.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import load
from epoch.server.embedded_postgres import EmbeddedPostgres
from processes import Server, choose_cores, free_port, on_cores
from run import CACHE, CARRIER, HERE
from serving import await_ready

WARM_UP_SECONDS = 2
UVICORN = (
    "--factory",
    "--loop",
    "uvloop",
    "--http",
    "httptools",
    "--ws",
    "none",
    "--no-access-log",
    "--no-server-header",
    "--no-proxy-headers",
)
"""For commits without ``product_server.py``, whose workers used uvicorn as it is."""
PREPARE = """
import sys
from pathlib import Path
from dataset import fill, write_visitors
from epoch.migrations import upgrade
upgrade(sys.argv[1])
write_visitors(fill(sys.argv[1]), Path(sys.argv[2]))
"""


class Checkout:
    """A commit's code with its database and its visitors."""

    def __init__(self, name: str, root: Path, packages: Path | None, postgres: EmbeddedPostgres) -> None:
        self._root, self._log = root, CACHE / f"bench-{name}.log"
        self.visitors = CACHE / f"bench-visitors-{name}.txt"
        postgres.drop_database(f"bench_{name}")
        url = postgres.create_database(f"bench_{name}")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("EPOCH_", "TWILIO_"))}
        paths = [root / "src", root / "bench", *([] if packages is None else [packages])]
        path = os.pathsep.join(map(str, paths))
        self._environ = {**inherited, **CARRIER, "EPOCH_DATABASE_URL": url, "PYTHONPATH": path}
        prepare = [sys.executable, "-P", "-c", PREPARE, url, str(self.visitors)]
        subprocess.run(prepare, env=self._environ, check=True)

    @contextlib.contextmanager
    def serving(self, core: int) -> Iterator[tuple[int, Server]]:
        """A worker that is ready, and its port."""
        port, own = free_port(), self._root / "bench" / "product_server.py"
        options = [str(own), str(port)] if own.exists() else ["-m", "uvicorn", *UVICORN, "--port", str(port)]
        argv = [sys.executable, "-P", *options, *([] if own.exists() else ["epoch.asgi:create_asgi"])]
        with self._log.open("wb") as log:
            server = Server(argv, environ=self._environ, cores={core}, log=log, cwd=self._root)
            try:
                await_ready(server, port, self._log)
                yield port, server
            finally:
                server.stop()


def _microseconds(checkout: Checkout, port: int, server: Server, seconds: int) -> float:
    before = server.cpu_seconds()
    loaded = load.generate(port, checkout.visitors, seconds)
    if loaded.refused or loaded.broken:
        raise SystemExit(f"{loaded.refused} refused, {loaded.broken} broken of {loaded.requests} requests")
    return (server.cpu_seconds() - before) / loaded.requests * 1e6


def _ratios(own: Checkout, other: Checkout, core: int, rounds: int) -> list[tuple[float, float]]:
    """Start a worker of each; return both measurements of each round."""
    measured: list[tuple[float, float]] = []
    with own.serving(core) as own_worker, other.serving(core) as other_worker:
        running = [(own, *own_worker), (other, *other_worker)]
        for one in running:
            _microseconds(*one, WARM_UP_SECONDS)
        for number in range(rounds):
            figures = [_microseconds(*one, 1) for one in (reversed(running) if number % 2 else running)]
            own_cpu, other_cpu = reversed(figures) if number % 2 else figures
            measured.append((own_cpu, other_cpu))
    return measured


def main() -> None:
    """Print the medians, and the median of all rounds' ratios.

    The workers start anew several times: two processes of one program may differ by a tenth.
    """
    parser = argparse.ArgumentParser(description="Compares the exchange's CPU with another commit's.")
    parser.add_argument("other", type=Path)
    parser.add_argument("--packages", type=Path, help="folder with packages that only the other commit needs")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=4, help="of each start")
    arguments = parser.parse_args()
    server_core, other_core = choose_cores()
    measured: list[tuple[float, float]] = []
    with on_cores({other_core}), EmbeddedPostgres(CACHE / "bench-postgres") as postgres:
        own = Checkout("own", HERE.parent, None, postgres)
        other = Checkout("other", arguments.other.resolve(), arguments.packages, postgres)
        for number in range(1, arguments.starts + 1):
            rounds = _ratios(own, other, server_core, arguments.rounds)
            measured += rounds
            print(f"start {number}: {_summary(rounds)}, load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"all: {_summary(measured)}")


def _summary(measured: list[tuple[float, float]]) -> str:
    own, other = (median(column) for column in zip(*measured, strict=True))
    ratio = median(own_cpu / other_cpu for own_cpu, other_cpu in measured)
    return f"medians {own:.0f} µs, other {other:.0f} µs; median of the ratios {ratio:.3f}"


if __name__ == "__main__":
    main()
