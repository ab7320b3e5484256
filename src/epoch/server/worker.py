"""A worker of ``epoch run``: loads the application, reads addresses from standard input, then serves."""

import os
import socket
import sys
import threading
import time

import msgspec
import uvicorn

from kit.settings import load_settings

STDIN = 0
GRACEFUL_SECONDS = 10
"""How long requests in flight may take after the worker was asked to stop."""
SHUTDOWN_SECONDS = 5
"""What is left for the application's own shutdown before the worker ends anyway."""


class _Server(uvicorn.Server):
    """Prints a line once it answers requests: the supervisor waits for it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write('{"serving":true}\n')
            sys.stdout.flush()


def _stop_with_parent(server: uvicorn.Server) -> None:
    """Stop ``server`` when standard input ends: the supervisor asks so, or was killed."""
    # Not sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(STDIN, 1024):
        pass
    server.should_exit = True
    time.sleep(GRACEFUL_SECONDS + SHUTDOWN_SECONDS)
    os._exit(1)


def main() -> None:
    """Serve on the listening socket whose number is the first argument."""
    import epoch.asgi  # noqa: F401 - loaded while the supervisor prepares the database

    line = sys.stdin.buffer.readline()
    if not line:
        return
    os.environ.update(msgspec.json.decode(line, type=dict[str, str]))
    trusted = load_settings(os.environ).trusted_proxies
    config = uvicorn.Config(
        "epoch.asgi:create_asgi",
        factory=True,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=",".join(trusted),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    server = _Server(config)
    threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
    # A failed start has printed why; uvicorn itself would end with status 3 here.
    sys.exit(0 if server.started else 3)


if __name__ == "__main__":
    main()
