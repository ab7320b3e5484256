"""Serves a sandbox carrier for one test, in the test's process, and sets its switches."""

import contextlib
import socket
from collections.abc import AsyncIterator

import msgspec
import uvicorn
from anyio import create_task_group

from kit.settings import Settings
from sandbox.app import SandboxCarrier
from support.local_http import local_client


@contextlib.asynccontextmanager
async def served(sandbox: SandboxCarrier) -> AsyncIterator[str]:
    """Serve ``sandbox`` on an unused port; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(sandbox.app, lifespan="off", log_level="warning"))
    async with create_task_group() as group:
        group.start_soon(server.serve, [listener])
        # The listening socket is open already: clients that connect before the server has started wait.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True


@contextlib.asynccontextmanager
async def own_sandbox(settings: Settings) -> AsyncIterator[Settings]:
    """Serve a sandbox with the settings' credentials and data directory; yields settings with its address."""
    sandbox = SandboxCarrier(settings)
    async with served(sandbox) as url:
        yield msgspec.structs.replace(settings, sandbox_address=url.removeprefix("http://"))
        await sandbox.close()


async def set_switches(settings: Settings, **switches: object) -> None:
    """Set the switches of the sandbox at the settings' address."""
    async with local_client(base_url=f"http://{settings.sandbox_address}") as client:
        answer = await client.put("/sandbox/switches", json=switches)
        assert answer.status_code == 200, answer.text
