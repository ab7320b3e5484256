"""Start, sharing and stop of the embedded PostgreSQL server."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from epoch.server.embedded_postgres import EmbeddedPostgres
from epoch.server.postgres_programs import DatabaseServerError

pytestmark = pytest.mark.slow

HOLD = """
import sys
from pathlib import Path
from epoch.server.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), durable=False):
    print("ready", flush=True)
    sys.stdin.read()
"""
LEAVE = """
import sys
from pathlib import Path
from epoch.server.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), durable=False):
    print("started", flush=True)
    sys.stdin.readline()
print("left", flush=True)
sys.stdin.read()
"""


def ask(url: str, sql: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(answer())


def hold(root: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server until its standard input is closed."""
    argv = [sys.executable, "-c", HOLD, str(root)]
    other = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **PATHS}
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    return other


PATHS = {"PYTHONPATH": str(Path(__file__).resolve().parents[3] / "src")}


def server_of(root: Path) -> int | None:
    """The pid of the server that runs on ``root``."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/postgres") and str(root / "data").encode() in words:
            return int(process.parent.name)
    return None


@pytest.fixture
def root(open_folder: Path) -> Iterator[Path]:
    """A folder for a server, which must be gone when the test ends."""
    folder = open_folder / "a folder with blanks" / "postgres"
    yield folder
    left = server_of(folder)
    if left is not None:
        os.kill(left, signal.SIGQUIT)
    assert left is None


def test_data_outlives_the_server(root: Path) -> None:
    with EmbeddedPostgres(root) as server:
        ask(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
    assert server_of(root) is None
    with EmbeddedPostgres(root) as server:
        assert ask(server.url, "SELECT n FROM kept") == 7
        assert ask(server.url, "SELECT current_user || ' ' || current_database()") == "epoch epoch"
        assert ask(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True


def test_other_users_cannot_enter_its_folders_or_read_its_log(root: Path) -> None:
    before = os.umask(0)
    try:
        with EmbeddedPostgres(root, durable=False) as server:
            ask(server.url, "SELECT 1")
    finally:
        os.umask(before)

    # PostgreSQL does not run as root: its own account's group passes, without listing.
    passing = 0o710 if os.geteuid() == 0 else 0o700
    data = root / "data"
    for folder in (root.parent, root):
        assert stat.S_IMODE(folder.stat().st_mode) == passing
        assert folder.stat().st_uid == os.geteuid()
        assert folder.stat().st_gid == data.stat().st_gid
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / "log").stat().st_mode) == 0o600
    if os.geteuid() == 0:
        for command in (["test", "-x", str(root)], ["ls", str(root.parent)], ["cat", str(root / "log")]):
            stranger = subprocess.run(command, user=31999, group=31999, extra_groups=[], cwd="/", check=False)
            assert stranger.returncode != 0, command


def test_folders_of_an_earlier_version_stay_in_use(root: Path) -> None:
    for folder in (root.parent, root):
        folder.mkdir()
        folder.chmod(0o711)
    with EmbeddedPostgres(root, durable=False):
        assert (root / "data" / "PG_VERSION").exists()
    assert stat.S_IMODE(root.parent.stat().st_mode) == 0o711


def test_it_listens_on_no_tcp_port_and_admits_many(root: Path) -> None:
    with EmbeddedPostgres(root, durable=False) as server:
        assert ask(server.url, "SHOW listen_addresses") == ""
        assert int(str(ask(server.url, "SHOW max_connections"))) >= 200


def test_only_a_server_for_tests_gives_up_durability(root: Path) -> None:
    with EmbeddedPostgres(root) as server:
        assert ask(server.url, "SHOW fsync") == "on"
    with EmbeddedPostgres(root, durable=False) as server:
        assert ask(server.url, "SHOW fsync") == "off"


def test_two_users_share_one_server_and_the_last_one_stops_it(root: Path) -> None:
    other = hold(root)
    with EmbeddedPostgres(root, durable=False) as server:
        shared = server_of(root)
        other.communicate()
        assert server_of(root) == shared
        assert ask(server.url, "SELECT 1") == 1
    assert server_of(root) is None


def test_the_last_user_does_not_wait_for_the_process_that_started_the_server(root: Path) -> None:
    argv = [sys.executable, "-c", LEAVE, str(root)]
    environ = {**os.environ, **PATHS}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"
        with EmbeddedPostgres(root, durable=False):
            starter.stdin.write("leave\n")
            starter.stdin.flush()
            assert starter.stdout.readline() == "left\n"
        # The starter still runs and has not collected the server's status.
        assert starter.poll() is None


def test_a_killed_user_leaves_a_working_server_that_the_next_one_stops(root: Path) -> None:
    killed = hold(root)
    left_server = server_of(root)
    killed.kill()
    killed.communicate()
    assert server_of(root) == left_server
    with EmbeddedPostgres(root, durable=False) as server:
        assert server_of(root) == left_server
        assert ask(server.url, "SELECT 1") == 1
    assert server_of(root) is None


def test_a_user_with_another_temporary_directory_finds_the_running_server(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = hold(root)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with EmbeddedPostgres(root, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1
        other.communicate()


def test_a_server_that_was_killed_starts_again(root: Path) -> None:
    with EmbeddedPostgres(root) as server:
        pid = server_of(root)
        assert pid is not None
        ask(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(pid, signal.SIGKILL)
    with EmbeddedPostgres(root) as server:
        assert ask(server.url, "SELECT n FROM kept") == 7


def test_a_pid_file_with_the_id_of_another_program_does_not_count_as_a_server(root: Path) -> None:
    with EmbeddedPostgres(root, durable=False):
        stale = (root / "data" / "postmaster.pid").read_text().splitlines()
    (root / "data" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *stale[1:]]) + "\n")
    with EmbeddedPostgres(root, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1


def test_a_first_run_that_was_killed_half_way_is_repeated(root: Path) -> None:
    (root / "data.new" / "base").mkdir(parents=True)
    with EmbeddedPostgres(root, durable=False) as server:
        assert ask(server.url, "SELECT 1") == 1
    assert not (root / "data.new").exists()


def test_databases_are_copied_and_dropped_with_their_users(root: Path) -> None:
    with EmbeddedPostgres(root, durable=False) as server:
        base = server.create_database("base")
        ask(base, "CREATE TABLE kept AS SELECT 7 AS n")
        copy = server.create_database("copy", template="base")
        assert ask(copy, "SELECT n FROM kept") == 7
        server.drop_database("copy")
        server.drop_database("copy")
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            ask(copy, "SELECT 1")


def test_a_server_that_cannot_start_says_why(root: Path) -> None:
    with EmbeddedPostgres(root, durable=False):
        pass
    with (root / "data" / "postgresql.conf").open("a") as config:
        config.write("work_mem = nonsense\n")
    with pytest.raises(DatabaseServerError, match="work_mem"):
        EmbeddedPostgres(root).start()
