"""``python -m sandbox [--port N]``: runs the sandbox carrier until a signal comes or its parent process ends."""

import argparse
import asyncio
import importlib
import json
import logging
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from kit.environment import SettingsError
from kit.settings import Settings, load_settings
from sandbox.app import SandboxCarrier
from sandbox.json_rows import DamagedFileError

MAX_FRAME_BYTES = 256 * 1024


def main() -> int:
    """Return exit status 0 after a clean end, 2 when the sandbox cannot start; the reason is on stderr."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The sandbox carrier, on loopback.")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; without it the system chooses one")
    port = parser.parse_args().port
    logging.basicConfig(level=logging.INFO, format="sandbox carrier: %(message)s", stream=sys.stderr)
    # These log every request and network path.
    for verbose in ("httpx", "aioice", "aiortc"):
        logging.getLogger(verbose).setLevel(logging.WARNING)
    try:
        settings = load_settings(os.environ)
        if settings.is_production:
            raise SettingsError("the sandbox carrier does not run under EPOCH_ENV=production")
        asyncio.run(_serve(settings, _listen(port)))
    except (SettingsError, DamagedFileError, OSError, OverflowError) as error:
        sys.stderr.write(f"sandbox carrier: {error}\n")
        return 2
    return 0


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    await _watch_parent(stop)
    sandbox = SandboxCarrier(settings)
    config = uvicorn.Config(
        sandbox.app,
        lifespan="off",
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=None,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    # The audio libraries load in the background: the start does not wait, and the first call finds them ready.
    loading = asyncio.create_task(asyncio.to_thread(importlib.import_module, "sandbox.webrtc_media"))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await sandbox.close()
    server.should_exit = True
    await serving
    await loading


async def _watch_parent(stop: asyncio.Event) -> None:
    """Stop when stdin ends, if it is a pipe from the parent; a terminal or ``/dev/null`` is ignored."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        await asyncio.get_running_loop().connect_read_pipe(lambda: _StopAtEndOfInput(stop), sys.stdin)


class _StopAtEndOfInput(asyncio.Protocol):
    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop.set()


class _Server(uvicorn.Server):
    """Prints its host and port as a line of JSON, and leaves signals to ``_serve``, which ends the calls first."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            sys.stdout.write(json.dumps({"address": f"localhost:{listener.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


if __name__ == "__main__":
    sys.exit(main())
