"""``epoch run``: start and stop of the real processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from support.epoch_command import run_epoch
from support.epoch_run import PATIENCE_SECONDS, Run, pids_with
from support.local_http import get_local
from support.ports import unused_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("alembic", "asyncpg", "httpx", "litestar", "sqlalchemy", "twilio")
"""Packages that a supervisor must not load: it only watches other processes."""
LOADED = "loaded at the end: "
TELL_PACKAGES = f"""
import atexit, sys
from epoch.cli.main import main
atexit.register(lambda: print({LOADED!r}, *sorted(sys.modules), flush=True))
sys.exit(main(["run"], configures_log=True))
"""


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def seeded_data() -> Iterator[Path]:
    """A data directory with a stopped database that has the schema and the demo."""
    with tempfile.TemporaryDirectory(prefix="epoch-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        assert run_epoch(environ_of(folder / "data"), "seed").returncode == 0
        yield folder / "data"


@pytest.fixture
def environ(open_folder: Path, seeded_data: Path) -> Iterator[dict[str, str]]:
    """Settings for one run on a copy of the seeded data; the database must be stopped when the test ends."""
    data = open_folder / "data"
    # The copy keeps the owner of the database's files, who under root is not root.
    subprocess.run(["cp", "-a", seeded_data, data], check=True)
    yield environ_of(data)
    expect_stopped_database(data)


@pytest.fixture
def empty_environ(open_folder: Path) -> Iterator[dict[str, str]]:
    """As ``environ``, without data."""
    yield environ_of(open_folder / "data")
    expect_stopped_database(open_folder / "data")


def environ_of(data: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    product = {"EPOCH_PORT": str(unused_port()), "EPOCH_DATA_DIR": str(data), "EPOCH_DRAIN_SECONDS": "0"}
    return {**ours, "PYTHONPATH": str(ROOT / "src"), **product}


def expect_stopped_database(data: Path) -> None:
    left = pids_with(f"-D {data}/postgres/data")
    for pid in left:
        os.kill(pid, signal.SIGQUIT)
    assert left == []


@pytest.fixture
def run(environ: dict[str, str]) -> Iterator[Run]:
    """Prints the names of its modules at its end."""
    with running(environ) as started:
        yield started


@contextlib.contextmanager
def running(environ: dict[str, str]) -> Iterator[Run]:
    started = Run(environ, program=[sys.executable, "-c", TELL_PACKAGES])
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


def test_it_makes_its_database_and_serves_and_ctrl_c_stops_all_processes(empty_environ: dict[str, str]) -> None:
    with running(empty_environ) as run:
        expect_to_serve_until(signal.SIGINT, run)


def test_it_serves_existing_data_and_a_signal_stops_all_processes(run: Run) -> None:
    expect_to_serve_until(signal.SIGTERM, run)


def expect_to_serve_until(number: signal.Signals, run: Run) -> None:
    run.until("Ctrl-C")
    assert get_local(f"{run.url}/health/ready").status_code == 200
    assert f"{run.url}/demo" in "".join(run.printed)
    assert "demo@example.com / demo-password" in "".join(run.printed)
    parts = [*run.children("epoch.server.worker"), *run.children("sandbox")]
    assert len(parts) == 2
    assert run.end(number) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in parts)
    loaded = run.printed[-1].partition(LOADED)[2].split()
    assert "epoch.server.supervisor" in loaded
    assert set(HEAVY).isdisjoint(loaded)


def test_a_child_process_that_dies_is_started_again(run: Run) -> None:
    run.until("Ctrl-C")
    for what, name in (("epoch.server.worker", "worker"), ("sandbox", "sandbox carrier")):
        (before,) = run.children(what)
        os.kill(before, signal.SIGKILL)
        run.until(f"The {name} ended")
        eventually(partial(run.has_another, what, before))
    assert get_local(f"{run.url}/health/ready", timeout=PATIENCE_SECONDS).status_code == 200
    assert run.end(signal.SIGTERM) == 0


def test_a_second_signal_does_not_wait_for_a_worker_that_hangs(run: Run) -> None:
    run.until("Ctrl-C")
    (worker,) = run.children("epoch.server.worker")
    os.kill(worker, signal.SIGSTOP)
    run.process.send_signal(signal.SIGTERM)
    run.until("Stopping")
    assert run.end(signal.SIGTERM) == 0
    assert not Path(f"/proc/{worker}").exists()


def test_only_the_database_outlives_a_killed_supervisor_and_the_next_command_uses_it(
    run: Run, environ: dict[str, str]
) -> None:
    run.until("Ctrl-C")
    parts = [*run.children("epoch.server.worker"), *run.children("sandbox")]
    run.end(signal.SIGKILL)
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in parts))
    assert run_epoch(environ, "migrate").returncode == 0


def test_a_taken_port_is_one_line_and_touches_nothing(empty_environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(empty_environ["EPOCH_PORT"]))):
        refused = run_epoch(empty_environ, "run")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"EPOCH_PORT={empty_environ['EPOCH_PORT']}" in refused.stderr
    assert not Path(empty_environ["EPOCH_DATA_DIR"]).exists()


def test_a_bad_setting_is_named_in_one_line(empty_environ: dict[str, str]) -> None:
    refused = run_epoch({**empty_environ, "EPOCH_WORKERS": "many"}, "run")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "EPOCH_WORKERS" in refused.stderr


def test_commands_work_on_the_database_without_a_server(environ: dict[str, str]) -> None:
    assert run_epoch(environ, "seed").returncode == 0
    assert run_epoch(environ, "organization", "set-plan", "starter-co", "business").returncode == 0
    unknown = run_epoch(environ, "organization", "set-plan", "nobody", "pro")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert run_epoch(environ, "organization", "set-plan", "acme", "gold").returncode == 2
    setup = run_epoch(environ, "carrier", "setup")
    assert (setup.returncode, setup.stderr.count("\n")) == (2, 1)
    doctor = run_epoch(environ, "doctor")
    assert doctor.returncode == 1
    assert "ok    database" in doctor.stdout
    assert "FAIL  public URL" in doctor.stdout


def test_a_database_of_a_newer_version_is_refused(environ: dict[str, str]) -> None:
    newer = (
        "import asyncio, asyncpg, sys\n"
        "from pathlib import Path\n"
        "from epoch.server.embedded_postgres import EmbeddedPostgres\n"
        "async def change(url):\n"
        "    connection = await asyncpg.connect(url)\n"
        "    await connection.execute(\"UPDATE alembic_version SET version_num = 'from_tomorrow'\")\n"
        "    await connection.close()\n"
        "with EmbeddedPostgres(Path(sys.argv[1])) as server:\n"
        "    asyncio.run(change(server.url))\n"
    )
    subprocess.run([sys.executable, "-c", newer, f"{environ['EPOCH_DATA_DIR']}/postgres"], env=environ, check=True)
    for command in ("run", "migrate"):
        refused = run_epoch(environ, command)
        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
        assert "from_tomorrow" in refused.stderr
