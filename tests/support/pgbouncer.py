"""Finds PgBouncer, or unpacks Debian's package into the checkout, and runs it in front of the test server."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from epoch.server.postgres_programs import Account, server_account
from support.debian import unpack
from support.locks import exclusive
from support.ports import unused_port
from support.tied_process import PR_SET_PDEATHSIG

ROOT = Path(__file__).resolve().parents[2]
UNPACKED = ROOT / ".cache" / "pgbouncer"
PACKAGES = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
PATIENCE_SECONDS = 60.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
INSTALL_HINT = (
    "No PgBouncer was found: set PGBOUNCER to one, put it on PATH (on Debian: apt-get install pgbouncer), "
    "or let apt-get download Debian's package"
)


@cache
def find_pgbouncer() -> tuple[Path, Sequence[Path]]:
    """The program, and its libraries that are not installed on the system. Fails the test when there is no program."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    if chosen := os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=path):
        return Path(chosen), ()
    with exclusive("pgbouncer"):
        if not UNPACKED.exists() and not unpack(PACKAGES, UNPACKED):
            pytest.fail(INSTALL_HINT, pytrace=False)
    return UNPACKED / "usr" / "sbin" / "pgbouncer", sorted(UNPACKED.rglob("*.so.*"))


class PgBouncer:
    """A running PgBouncer."""

    def __init__(self, url: str, port: int) -> None:
        parts = urlsplit(url)
        self.port = port
        self.database = parts.path.lstrip("/")
        self.pid = 0
        """The process id, once it runs."""
        self.url = f"postgresql://{parts.username}@127.0.0.1:{port}/{self.database}"


@contextlib.contextmanager
def running_pgbouncer(url: str, *, mode: str, connect_query: str = "", **settings: str) -> Iterator[PgBouncer]:
    """Run PgBouncer with ``pool_mode=mode`` and further ``settings`` in front of the server of ``url``.

    ``url`` is that of a Unix socket. ``connect_query`` is run on each new connection to the server. A setting whose
    value is the text of a PEM file is written to a file, and its value becomes the file's path.
    """
    server = parse_qs(urlsplit(url).query)
    socket_folder, account = Path(server["host"][0]), _account_of(Path(server["host"][0]))
    bouncer = PgBouncer(url, unused_port())
    folder = Path(tempfile.mkdtemp(prefix="epoch-pgbouncer-"))
    try:
        for name, value in settings.items():
            if value.startswith("-----BEGIN"):
                settings[name] = str(folder / name)
                (folder / name).write_text(value)
        lines = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(bouncer.port),
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": mode,
            "default_pool_size": "30",
            "logfile": str(folder / "log"),
            **settings,
        }
        user, port = urlsplit(url).username, server["port"][0]
        query = f" connect_query='{connect_query}'" if connect_query else ""
        config = folder / "pgbouncer.ini"
        config.write_text(
            f"[databases]\n* = host={socket_folder} port={port} user={user}{query}\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in lines.items())
        )
        program, libraries = find_pgbouncer()
        # The user who runs PgBouncer may not be able to reach the checkout.
        for file in (program, *libraries):
            shutil.copy(file, folder / file.name)
        for file in (folder, *folder.iterdir()):
            if account:
                os.chown(file, account["user"], account["group"])
        process = subprocess.Popen(
            [str(folder / program.name), str(config)],
            cwd="/",
            env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - after the change of the user, which would undo it
            **account,
        )
        bouncer.pid = process.pid
        try:
            _await_port(process, bouncer.port, folder / "log")
            yield bouncer
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _account_of(folder: Path) -> Account:
    """The user that may use the server's socket; PgBouncer refuses to run as root."""
    return server_account(folder)


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"PgBouncer did not start: {log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.02)
