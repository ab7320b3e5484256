"""A proxy between two Unix sockets that counts and cuts database connections."""

import asyncio
import contextlib
import enum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Line(enum.Enum):
    """What becomes of connections."""

    UP = "passed on"
    SILENT = "taken, and never a byte answered"
    CUT = "closed at once"


class DatabaseLine:
    """Relays to the server behind ``url``; ``url`` of the line itself leads through it."""

    def __init__(self, url: str, directory: Path) -> None:
        parts = urlsplit(url)
        place = parse_qs(parts.query)
        self._server = f"{place['host'][0]}/.s.PGSQL.{place['port'][0]}"
        self._own = directory / f".s.PGSQL.{place['port'][0]}"
        query = f"host={directory}&port={place['port'][0]}"
        self.url = urlunsplit(parts._replace(query=query))
        self.state = Line.UP
        self.requests = 0
        """How often the client sent something after having heard something: round trips."""
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._listener = await asyncio.start_unix_server(self._serve, self._own)

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._drop()

    def turn(self, state: Line) -> None:
        """Change what becomes of connections; those that are open end."""
        self.state = state
        self._drop()

    def _drop(self) -> None:
        for writer in self._open:
            writer.close()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if self.state is Line.CUT:
            writer.close()
        elif self.state is Line.SILENT:
            await reader.read()
        else:
            server_reader, server_writer = await asyncio.open_unix_connection(self._server)
            self._open.add(server_writer)
            heard = asyncio.Event()
            with contextlib.suppress(OSError):
                await asyncio.gather(
                    self._relay(reader, server_writer, heard, counted=True),
                    self._relay(server_reader, writer, heard, counted=False),
                )

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: asyncio.Event, *, counted: bool
    ) -> None:
        while data := await reader.read(65_536):
            if not counted:
                heard.set()
            elif heard.is_set():
                heard.clear()
                self.requests += 1
            writer.write(data)
            await writer.drain()
        writer.close()
