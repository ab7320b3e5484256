"""Starts and stops child processes of the supervisor; a child ends by itself when its standard input is closed."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

MAX_LINE_BYTES = 64 * 1024


class ChildExited(Exception):
    """A child ended before it was ready; the message names it."""


class ChildProcess:
    """A child process. It never outlives the supervisor, whose death closes its standard input."""

    def __init__(
        self,
        name: str,
        process: asyncio.subprocess.Process,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
    ) -> None:
        self.name = name
        self._process = process
        self._stdin = stdin
        self._stdout = stdout

    @classmethod
    async def spawn(
        cls, name: str, argv: Sequence[str], *, environ: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> "ChildProcess":
        """Start ``argv`` with pipes to its standard input and output; it shares this process's standard error."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=pass_fds,
            limit=MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops its children in order
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        return cls(name, process, process.stdin, process.stdout)

    async def write_line(self, line: bytes) -> None:
        """Write one line to the child's standard input; ``wait`` returns if the child has died meanwhile."""
        with contextlib.suppress(ConnectionError):
            self._stdin.write(line + b"\n")
            await self._stdin.drain()

    async def read_line(self) -> bytes:
        """The next line that the child prints; the first line says that it is ready.

        Raises:
            ChildExited: the child ended before it printed a line.
        """
        line = await self._stdout.readline()
        if not line.endswith(b"\n"):
            status = await self._process.wait()
            raise ChildExited(f"the {self.name} ended while starting (exit status {status})")
        return line

    async def wait(self) -> int:
        """The exit status, once the child has ended."""
        # Its output is read until the end: a child that prints more must not block on a full pipe.
        while await self._stdout.read(MAX_LINE_BYTES):
            pass
        return await self._process.wait()

    async def stop(self, grace: float | None) -> None:
        """Ask the child to end; after ``grace`` seconds kill it and its own children. None is no time limit."""
        self._stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), grace)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End the child and its own children at once."""
        if self._process.returncode is not None:
            return  # another process may have its id by now
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
