"""Reserves free TCP ports, each for one test process, outside the range of outgoing connections."""

import fcntl
import itertools
import os
import socket
import tempfile
from pathlib import Path
from typing import IO

FIRST_PORT = 20000
PORT_COUNT = 10000
"""All ports are below 32768, where the range of outgoing connections begins."""

_locks: list[IO[str]] = []
"""Open lock files of this process's ports. The kernel releases them when the process ends, even if it is killed."""
_offsets = itertools.count(os.getpid() * 16)


def unused_port() -> int:
    """A free port on 127.0.0.1, reserved for this process until it ends."""
    folder = Path(tempfile.gettempdir()) / f"epoch-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for offset in itertools.islice(_offsets, PORT_COUNT):
        port = FIRST_PORT + offset % PORT_COUNT
        lock = (folder / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _locks.append(lock)
        return port
    raise AssertionError(f"no free port from {FIRST_PORT} to {FIRST_PORT + PORT_COUNT - 1}")
