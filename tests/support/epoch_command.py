"""Runs a command of ``epoch`` to its end, in a process that has imported the product already."""

import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from support.preloaded_processes import PRELOADED

PATIENCE_SECONDS = 60.0
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def run_epoch(
    environ: Mapping[str, str], *arguments: str, timeout: float = PATIENCE_SECONDS
) -> "subprocess.CompletedProcess[str]":
    """Run ``epoch`` with ``arguments`` and ``environ`` as its whole environment. Its standard input is empty.

    Raises:
        TimeoutExpired: it did not end within ``timeout`` seconds and was killed.
    """
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        outputs = [Connection(os.dup(output.fileno()), readable=False) for output in (stdout, stderr)]
        process = PRELOADED.Process(target=_run, args=(arguments, dict(environ), *outputs))
        process.start()
        for output in outputs:
            output.close()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["epoch", *arguments], timeout)
        assert process.exitcode is not None
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(["epoch", *arguments], process.exitcode, stdout.read(), stderr.read())


def _run(arguments: tuple[str, ...], environ: dict[str, str], stdout: Connection, stderr: Connection) -> None:
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), _STDIN)
    os.dup2(stdout.fileno(), _STDOUT)
    os.dup2(stderr.fileno(), _STDERR)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["epoch", *arguments]
    runpy.run_module("epoch", run_name="__main__", alter_sys=True)
