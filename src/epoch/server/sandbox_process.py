"""A sandbox carrier for a command: the one that ``epoch run`` has, or one of its own while the command runs."""

import contextlib
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import msgspec

from epoch.server.child_processes import ChildProcess
from kit.settings import Settings

_ANSWER_SECONDS = 2.0
_GRACE_SECONDS = 5.0


@asynccontextmanager
async def running_sandbox(settings: Settings) -> AsyncGenerator[Settings, None]:
    """The settings with the address of a sandbox that answers; as they are where there is another carrier.

    Raises:
        ChildDied: there was none, and none could be started.
    """
    if not settings.is_sandbox or settings.sandbox_address is not None:
        yield settings
        return
    noted = read_sandbox_address(settings)
    if noted is not None and await _answers(noted):
        yield msgspec.structs.replace(settings, sandbox_address=noted)
        return
    # Nobody else has its files open now.
    environ = {**os.environ, "EPOCH_DATA_DIR": str(settings.data_dir)}
    child = await ChildProcess.spawn("sandbox carrier", [sys.executable, "-P", "-m", "sandbox"], environ=environ)
    try:
        address = msgspec.json.decode(await child.read_first_line(), type=dict[str, str])["address"]
        yield msgspec.structs.replace(settings, sandbox_address=address)
    finally:
        await child.stop(_GRACE_SECONDS)


def save_sandbox_address(settings: Settings) -> None:
    """Write down where the running sandbox is: the system chose its port, and commands are processes of their own."""
    if settings.is_sandbox and settings.sandbox_address is not None:
        file = _file(settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(settings.sandbox_address)


def read_sandbox_address(settings: Settings) -> str | None:
    """Where a sandbox was said to be; it may be gone."""
    with contextlib.suppress(FileNotFoundError):
        return _file(settings).read_text().strip() or None
    return None


async def _answers(address: str) -> bool:
    """True when a sandbox, and no other program that has its port by now, answers at ``address``."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
            answer = await client.get(f"http://{address}/sandbox/calls")
            return answer.status_code == HTTPStatus.OK and isinstance(answer.json(), list)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


def _file(settings: Settings) -> Path:
    return settings.data_dir / "sandbox" / "address"
