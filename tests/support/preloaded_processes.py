"""Starts scripts in processes that have imported the product already.

The standard library's fork server imports the product once, and each process is a copy of the server. A new
interpreter would take seconds of processor time to import the product.
"""

import asyncio
import multiprocessing
import os
import runpy
import socket
import sys
from collections.abc import Iterable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_STDIN, _STDOUT, _STDERR = 0, 1, 2
PRELOADED = multiprocessing.get_context("forkserver")
"""Its processes are copies of one that has imported the product."""
PRELOADED.set_forkserver_preload(["epoch.app", "httpx"])


class ScriptProcess:
    """A script that runs in another process."""

    def __init__(self, process: ForkServerProcess, stdout: asyncio.StreamReader, stdin: asyncio.StreamWriter) -> None:
        self.stdout = stdout
        self.stdin = stdin
        """The script's input ends with ``write_eof``; ``close`` would close its output too."""
        self._process = process

    async def wait(self) -> int:
        """Wait for the end of the process. Returns its exit status, as ``subprocess`` does: negative for a signal."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        self.stdin.close()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def kill(self) -> None:
        """End the process with SIGKILL."""
        self._process.kill()


async def start_script(script: Path, arguments: Iterable[str], environ: Mapping[str, str]) -> ScriptProcess:
    """Start ``script`` with ``environ`` as its whole environment. It shares this process's standard error."""
    ours, theirs = socket.socketpair()
    with theirs, Connection(os.dup(_STDERR), readable=False) as stderr:
        arguments_of_run = (script, list(arguments), dict(environ), theirs, stderr)
        process = PRELOADED.Process(target=_run, args=arguments_of_run, daemon=True)
        process.start()
    return ScriptProcess(process, *await asyncio.open_connection(sock=ours))


def _run(
    script: Path, arguments: list[str], environ: dict[str, str], standard_streams: socket.socket, stderr: Connection
) -> None:
    for number, stream in ((_STDIN, standard_streams), (_STDOUT, standard_streams), (_STDERR, stderr)):
        os.dup2(stream.fileno(), number)
    standard_streams.close()
    stderr.close()
    with os.fdopen(_STDIN, closefd=False) as sys.stdin, os.fdopen(_STDOUT, "w", closefd=False) as sys.stdout:
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = [str(script), *arguments]
        runpy.run_path(str(script), run_name="__main__")
