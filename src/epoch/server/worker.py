"""A worker process of ``epoch run``, ``serve`` or ``jobs``: loads the application, serves HTTP requests, runs jobs.

Before that, it does the start-up steps that the supervisor requests. A worker of ``epoch jobs`` serves health checks
alone, and one of ``epoch serve`` runs no jobs.
"""

import asyncio
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, cast

import uvicorn

from epoch.process_role import ProcessRole
from epoch.readiness import READINESS
from epoch.server.connection_limits import ConnectionLimits, raise_open_files
from epoch.server.http_protocol import ConnectionRegistry
from epoch.server.raw_responses import RawResponses
from epoch.server.start_up_process import do_steps, open_replies
from kit.garbage_collection import raise_collection_thresholds
from kit.http.app_key import HasState
from kit.http.security_headers import SecurityHeaders
from kit.metrics import share_metrics
from kit.settings import Settings, load_settings

STDIN = 0
GRACEFUL_SECONDS = 10
"""The time that requests in flight may take after the worker was asked to stop."""
SHUTDOWN_SECONDS = 5
"""The time for the application's own shutdown; then the worker ends anyway."""
_TICK_SECONDS = 0.1


class WorkerServer(uvicorn.Server):
    """Writes a line to the supervisor once it answers requests; drains before it stops.

    While it drains it still answers requests, but is not ready, and closes each connection after an answer. So load
    balancers and clients use other servers by the time at which the listening socket closes.
    """

    def __init__(self, settings: Settings, replies: BinaryIO, role: ProcessRole = ProcessRole.RUN) -> None:
        self._replies = replies
        limits = ConnectionLimits.of(settings, open_files=raise_open_files())
        self._connections = ConnectionRegistry(limits, RawResponses(SecurityHeaders(settings)))
        self._role = role
        self._drain_seconds = settings.drain_seconds
        self._application: HasState | None = None
        config = uvicorn.Config(
            self._create_application,
            factory=True,
            loop="uvloop",
            # A factory in place of the class, which uvicorn only calls.
            http=cast("type[asyncio.Protocol]", self._connections.create_protocol),
            ws="none",
            lifespan="on",
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # kit/http/client_ip_address.py reads them
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
        super().__init__(config)

    def _create_application(self) -> Any:
        from epoch.asgi import create_asgi

        self._application = create_asgi(self._role)
        return self._application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._sweep = asyncio.get_running_loop().create_task(self._connections.close_late_connections())
        if self.started:
            self._replies.write(b'{"serving":true}\n')
            self._replies.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._application is not None:
            READINESS.get(self._application).drain()
        self._connections.drain()
        loop = asyncio.get_running_loop()
        end = loop.time() + self._drain_seconds
        while loop.time() < end and not self.force_exit:
            await asyncio.sleep(_TICK_SECONDS)
            await self.on_tick(0)  # the Date header
        await super().shutdown(sockets)
        self._sweep.cancel()


def _stop_with_parent(server: uvicorn.Server, drain_seconds: int) -> None:
    """Stop ``server`` when standard input ends: the supervisor asks for it in this way, or was killed."""
    # Not sys.stdin, whose lock this thread would still hold when the interpreter ends.
    while os.read(STDIN, 1024):
        pass
    server.should_exit = True
    time.sleep(drain_seconds + GRACEFUL_SECONDS + SHUTDOWN_SECONDS)
    os._exit(1)


def main() -> None:
    """Serve on a listening socket. Arguments: its descriptor, the worker's slot, the folder of metrics, the role."""
    listener, slot, metrics_folder, role = sys.argv[1:]
    raise_collection_thresholds()
    share_metrics(Path(metrics_folder), int(slot))
    import epoch.asgi  # noqa: F401 - loaded while the supervisor prepares the database

    with open_replies() as replies:
        request = do_steps(replies)
        if request is None:
            return
        os.environ.update(request.environ)
        settings = load_settings(os.environ)
        server = WorkerServer(settings, replies, ProcessRole(role))
        threading.Thread(target=_stop_with_parent, args=(server, settings.drain_seconds), daemon=True).start()
        server.run(sockets=[socket.socket(fileno=int(listener))])
    # A failed start has printed why; uvicorn itself would end with status 3 here.
    sys.exit(0 if server.started else 3)


if __name__ == "__main__":
    main()
