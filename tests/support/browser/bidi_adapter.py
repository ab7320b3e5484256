"""Starts Firefox and forwards WebDriver BiDi messages between Playwright and Firefox.

It answers the commands that Playwright always sends and that Firefox does not implement. ``python bidi_adapter.py
FIREFOX ARGUMENT…`` prints its own URL in the format of Firefox, so that Playwright connects to it and not to Firefox.
"""

import asyncio
import functools
import json
import re
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
MISSING_COMMANDS = ("emulation.setMediaFeaturesOverride",)
"""Firefox 153 answers "unknown command" to them, and Playwright 1.65 then does not open a context."""


async def adapt(playwright: ServerConnection, firefox_url: str) -> None:
    """Forward the messages of a connection in both directions."""
    path = playwright.request.path if playwright.request else ""
    async with connect(firefox_url + path, max_size=None, ping_interval=None) as firefox:

        async def forward_answers() -> None:
            async for message in firefox:
                await playwright.send(message)

        answers = asyncio.create_task(forward_answers())
        async for message in playwright:
            command = json.loads(message)
            if command["method"] in MISSING_COMMANDS:
                await playwright.send(json.dumps({"type": "success", "id": command["id"], "result": {}}))
            else:
                await firefox.send(message)
        answers.cancel()


async def main(argv: list[str]) -> int:
    process = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async for line in process.stderr:
        if found := LISTENING.search(line):
            adapter = functools.partial(adapt, firefox_url=found[1].decode())
            server = await serve(adapter, "127.0.0.1", 0, max_size=None, ping_interval=None)
            host, port = next(iter(server.sockets)).getsockname()
            sys.stderr.write(f"WebDriver BiDi listening on ws://{host}:{port}\n")
        else:
            sys.stderr.buffer.write(line)
        sys.stderr.flush()
    return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
