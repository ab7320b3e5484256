"""Finds the running sandbox carrier for a command, or starts one until the command ends; stores its address."""

import contextlib
import importlib.util
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import msgspec

from epoch.server.child_processes import ChildProcess
from kit.environment import SettingsError
from kit.private_files import write_private
from kit.settings import Settings

_PACKAGES = ("aiortc", "numpy", "websockets")
_ANSWER_SECONDS = 2.0
_GRACE_SECONDS = 5.0


def ensure_sandbox_installed() -> None:
    """Raises: SettingsError, when a package of the extra ``sandbox`` is missing."""
    if any(importlib.util.find_spec(package) is None for package in _PACKAGES):
        raise SettingsError(
            "EPOCH_CARRIER is sandbox, but the sandbox carrier is not installed:"
            " install the extra sandbox (requirements-sandbox.lock), or set EPOCH_CARRIER=twilio"
        )


@asynccontextmanager
async def running_sandbox(settings: Settings) -> AsyncGenerator[Settings, None]:
    """The settings with the address of a sandbox that answers; unchanged with another carrier.

    Raises:
        SettingsError: the sandbox carrier is not installed.
        ChildExited: none runs, and none could be started.
    """
    if not settings.is_sandbox or settings.sandbox_address is not None:
        yield settings
        return
    running = await find_sandbox(settings)
    if running is not None:
        yield running
        return
    ensure_sandbox_installed()
    # No other sandbox uses the files of the data folder.
    environ = {**os.environ, "EPOCH_DATA_DIR": str(settings.data_dir)}
    child = await ChildProcess.spawn("sandbox carrier", [sys.executable, "-P", "-m", "sandbox"], environ=environ)
    try:
        address = msgspec.json.decode(await child.read_line(), type=dict[str, str])["address"]
        yield msgspec.structs.replace(settings, sandbox_address=address)
    finally:
        await child.stop(_GRACE_SECONDS)


async def find_sandbox(settings: Settings) -> Settings | None:
    """The settings with the address of the running sandbox; None when no sandbox runs."""
    if settings.sandbox_address is not None:
        return settings
    saved = read_sandbox_address(settings)
    if saved is None or not await _is_sandbox_at(saved):
        return None
    return msgspec.structs.replace(settings, sandbox_address=saved)


def save_sandbox_address(settings: Settings) -> None:
    """Save the address of the running sandbox, whose port the system chose, for commands."""
    if settings.is_sandbox and settings.sandbox_address is not None:
        write_private(_address_file(settings), settings.sandbox_address.encode())


def read_sandbox_address(settings: Settings) -> str | None:
    """The saved address; the sandbox may have ended since."""
    with contextlib.suppress(FileNotFoundError):
        return _address_file(settings).read_text().strip() or None
    return None


async def _is_sandbox_at(address: str) -> bool:
    """True when a sandbox answers at ``address``, not another program that got its port."""
    import httpx  # 20 MB, which a supervisor without a sandbox does not need

    from kit.tls import bundled_tls

    try:
        async with httpx.AsyncClient(
            verify=bundled_tls(trust_env=False), trust_env=False, timeout=_ANSWER_SECONDS
        ) as client:
            response = await client.get(f"http://{address}/sandbox/calls")
            return response.status_code == HTTPStatus.OK and isinstance(response.json(), list)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


def _address_file(settings: Settings) -> Path:
    return settings.data_dir / "sandbox" / "address"
