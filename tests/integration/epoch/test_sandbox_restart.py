"""A restart of the sandbox carrier that fails leaves no sandbox behind: the next attempt needs its port."""

import asyncio
import os
from pathlib import Path

import pytest

from epoch.server import supervisor
from epoch.server.supervisor import Supervisor
from kit.settings import Settings
from support.ports import unused_port

pytestmark = pytest.mark.anyio


async def test_a_restart_whose_start_up_process_is_not_started_leaves_no_sandbox(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Supervisor(settings, {**os.environ, "EPOCH_DATA_DIR": str(tmp_path)}, lambda _: None)
    port = unused_port()
    monkeypatch.setattr(supervisor, "START_UP_MODULE", "no\0program can be started")
    try:
        with pytest.raises(ValueError, match="null byte"):
            await running._restart_sandbox(f"localhost:{port}")
        assert not running._children
        with pytest.raises(OSError, match=str(port)):
            await asyncio.open_connection("localhost", port)
    finally:
        for child in running._children:
            await child.stop(supervisor.SANDBOX_GRACE_SECONDS)
