"""Starts one worker of the product on its own core, for benchmarks, and waits until it is ready."""

import contextlib
import http.client
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from processes import Server, free_port
from run import CARRIER

START_SECONDS = 60.0


class NotServing(Exception):
    """The product did not start; the message names its log file."""


def public_url(port: int) -> str:
    """The product's public URL."""
    return f"http://localhost:{port}"


class Worker(NamedTuple):
    """A worker that is ready."""

    port: int
    server: Server


@contextlib.contextmanager
def serving(database_url: str, core: int, log_path: Path) -> Iterator[Worker]:
    """Run a worker until the block ends. Raises: NotServing."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPOCH_", "TWILIO_"))}
    environ = {**inherited, **CARRIER, "EPOCH_DATABASE_URL": database_url, "EPOCH_PUBLIC_URL": public_url(port)}
    argv = [sys.executable, "-P", str(Path(__file__).with_name("product_server.py")), str(port)]
    with log_path.open("wb") as log:
        server = Server(argv, environ=environ, cores={core}, log=log)
        try:
            await_ready(server, port, log_path)
            yield Worker(port, server)
        finally:
            server.stop()


def await_ready(server: Server, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            pass  # not yet
        finally:
            connection.close()
        if server.has_ended or time.monotonic() > deadline:
            raise NotServing(f"the product did not start, see {log}")
        time.sleep(0.1)
