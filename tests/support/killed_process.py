"""Processes of the product that a test kills with SIGKILL, or that kill themselves at a chosen step."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from kit.settings import Settings
from support.preloaded_processes import ScriptProcess, start_script

PATIENCE_SECONDS = 120


def die(*_: object) -> None:
    """End this process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def environ_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a process with the test's settings."""
    return {
        **os.environ,
        "EPOCH_DATABASE_URL": str(settings.database_url),
        "EPOCH_SANDBOX_ADDRESS": str(settings.sandbox_address),
        "EPOCH_PUBLIC_URL": settings.public_url,
        "EPOCH_DATA_DIR": str(settings.data_dir),
        "EPOCH_HUBSPOT_URL": settings.hubspot_url,
        **more,
    }


async def start_killable(script: Path, arguments: Sequence[str], settings: Settings) -> ScriptProcess:
    """Start the script, which may kill itself, in a process with the test's settings."""
    return await start_script(script, arguments, environ_of(settings))


async def wait_until_killed(process: ScriptProcess) -> None:
    """Wait for the end of a process, which must be by SIGKILL."""
    assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == -signal.SIGKILL
