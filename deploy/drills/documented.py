"""Runs the marked blocks of commands in docs/operations.md unchanged, as shell scripts with variables.

Also provides the programs ``epoch`` and ``systemctl`` for the scripts; they act on the drill's processes.
"""

import asyncio
import enum
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from epoch.server.postgres_programs import Account

HANDBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
BLOCK = re.compile(r"<!-- run by make drill: (?P<name>[a-z ]+) -->\n```sh\n(?P<script>.*?)```", re.DOTALL)
SCRIPT_SECONDS = 240.0
RESTART = Callable[[str], Awaitable[object]]


class Block(enum.StrEnum):
    """The names of the handbook's marked blocks; the drills run all of them."""

    BACKUP = "backup"
    RESTORE = "restore"
    AFTER_RESTORE = "after a restore"
    UPGRADE_SCHEMA = "upgrade the schema"
    RESTART_MACHINE = "restart a machine"
    ROLL_BACK_JOBS = "roll back the jobs"


class CommandsFailed(Exception):
    """A block of the handbook failed; the message has what it printed."""


def documented(text: str) -> Mapping[str, str]:
    """The marked scripts of ``text`` by their names. Raises: ValueError, when two have one name."""
    found = BLOCK.findall(text)
    if len(dict(found)) != len(found):
        raise ValueError("two blocks have one name")
    return dict(found)


async def run_documented(block: Block, environ: Mapping[str, str], account: Account | None = None) -> str:
    """Run ``block``, stop at the first command that fails, and return the output. Raises: CommandsFailed."""
    process = await asyncio.create_subprocess_exec(
        "/bin/bash",
        "-euo",
        "pipefail",
        "-c",
        documented(HANDBOOK.read_text())[block],
        env=dict(environ),
        cwd="/",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
        **(account or {}),
    )
    try:
        async with asyncio.timeout(SCRIPT_SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    text = output.decode()
    if process.returncode != 0:
        raise CommandsFailed(
            f"the block {block.value!r} of {HANDBOOK.name} ended with status {process.returncode}:\n{text}"
        )
    return text


class ServiceManager:
    """``epoch`` and ``systemctl`` for the handbook's commands: the drill's processes are the units of each machine."""

    def __init__(self, folder: Path) -> None:
        self._bin = folder / "bin"
        self._socket = folder / "systemctl"
        self._server: asyncio.Server | None = None

    async def start(self, restart: RESTART) -> None:
        """Answer ``systemctl restart UNIT`` once ``restart("$MACHINE UNIT")`` is done."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            machine, verb, *units = (await reader.readline()).decode().split()
            try:
                if verb != "restart":
                    raise ValueError(f"systemctl {verb} is not known here")
                for unit in units:
                    await restart(f"{machine} {unit}")
            except Exception as error:
                writer.write(f"{error}".encode())
            writer.close()

        self._server = await asyncio.start_unix_server(serve, str(self._socket))
        self._bin.mkdir()
        self._write("epoch", f'exec "{sys.executable}" -P -m epoch "$@"')
        client = (
            "import os, socket, sys\n"
            "s = socket.socket(socket.AF_UNIX)\n"
            "s.connect(os.environ['DRILL_SYSTEMCTL'])\n"
            "s.sendall((' '.join([os.environ['MACHINE'], *sys.argv[1:]]) + '\\n').encode())\n"
            "sys.exit(s.makefile().read() or 0)\n"
        )
        (self._bin / "systemctl.py").write_text(client)
        self._write("systemctl", f'exec "{sys.executable}" -P "{self._bin}/systemctl.py" "$@"')

    def environ(self, environ: Mapping[str, str], machine: str) -> dict[str, str]:
        """``environ`` for commands on ``machine``."""
        path = f"{self._bin}:{environ.get('PATH', os.defpath)}"
        return {**environ, "PATH": path, "MACHINE": machine, "DRILL_SYSTEMCTL": str(self._socket)}

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _write(self, name: str, line: str) -> None:
        script = self._bin / name
        script.write_text(f"#!/bin/sh\n{line}\n")
        script.chmod(0o755)
