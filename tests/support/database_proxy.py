"""A proxy for database connections over Unix sockets that counts round trips and simulates outages."""

import asyncio
import contextlib
import enum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit


class ProxyMode(enum.Enum):
    """The ways in which the proxy handles connections."""

    RELAY = "relayed to the server"
    SILENT = "accepted, without any response"
    REFUSE = "closed at once"


class DatabaseProxy:
    """Relays to the server of the constructor's ``url``; the attribute ``url`` is that of the proxy."""

    def __init__(self, url: str, directory: Path) -> None:
        parts = urlsplit(url)
        server = parse_qs(parts.query)
        self._server = f"{server['host'][0]}/.s.PGSQL.{server['port'][0]}"
        self._own = directory / f".s.PGSQL.{server['port'][0]}"
        query = f"host={directory}&port={server['port'][0]}"
        self.url = urlunsplit(parts._replace(query=query))
        self.mode = ProxyMode.RELAY
        self.requests = 0
        """Round trips: the number of times the client sent data after it had received data."""
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._listener = await asyncio.start_unix_server(self._serve, self._own)

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self._drop()

    def set_mode(self, mode: ProxyMode) -> None:
        """Change the mode and close all open connections."""
        self.mode = mode
        self._drop()

    def _drop(self) -> None:
        for writer in self._open:
            writer.close()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if self.mode is ProxyMode.REFUSE:
            writer.close()
        elif self.mode is ProxyMode.SILENT:
            # A client may reset the connection instead of closing it.
            with contextlib.suppress(ConnectionError):
                await reader.read()
        else:
            try:
                server_reader, server_writer = await asyncio.open_unix_connection(self._server)
            except OSError:  # the server is down
                writer.close()
                return
            self._open.add(server_writer)
            answered = asyncio.Event()
            with contextlib.suppress(OSError):
                await asyncio.gather(
                    self._relay(reader, server_writer, answered, is_counted=True),
                    self._relay(server_reader, writer, answered, is_counted=False),
                )

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: asyncio.Event, *, is_counted: bool
    ) -> None:
        """Relay one direction; ``answered`` is set when the server has sent data since the last counted request."""
        try:
            while data := await reader.read(65_536):
                if not is_counted:
                    answered.set()
                elif answered.is_set():
                    answered.clear()
                    self.requests += 1
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()
