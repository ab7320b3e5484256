"""Child processes of the supervisor: each ends by itself when its standard input reaches the end."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence

MAX_LINE_BYTES = 64 * 1024


class ChildExited(Exception):
    """A child ended before it was ready; the message names it."""


class ChildProcess:
    """One child process. Its end of our pipe closes even when we are killed, so it never outlives us."""

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
        """Start ``argv`` with pipes to its standard input and output; its errors go where ours go."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=pass_fds,
            limit=MAX_LINE_BYTES,
            start_new_session=True,  # Ctrl-C is for the supervisor, which tells its children in order
        )
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process has no pipes")
        return cls(name, process, process.stdin, process.stdout)

    async def write_line(self, line: bytes) -> None:
        """Write one line to the child's standard input; a child that died meanwhile is noticed by ``wait``."""
        with contextlib.suppress(ConnectionError):
            self._stdin.write(line + b"\n")
            await self._stdin.drain()

    async def read_line(self) -> bytes:
        """The next line that the child prints; the first one is its sign of being ready.

        Raises:
            ChildExited: it ended without one.
        """
        line = await self._stdout.readline()
        if not line.endswith(b"\n"):
            status = await self._process.wait()
            raise ChildExited(f"the {self.name} ended while starting (exit status {status})")
        return line

    async def wait(self) -> int:
        """The exit status, once the child has ended."""
        # Read on: a child that prints more must not block on a full pipe.
        while await self._stdout.read(MAX_LINE_BYTES):
            pass
        return await self._process.wait()

    async def stop(self, grace: float | None) -> None:
        """Ask the child to end, and kill it and its own children when it has not after ``grace`` seconds.

        With None it may take its time.
        """
        self._stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), grace)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End the child and its own children at once."""
        if self._process.returncode is not None:
            return  # its number may be another's by now
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
