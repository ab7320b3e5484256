"""An SMTP server that records received mails, and that can be stopped and started on the same port."""

import asyncio
import ssl
from types import TracebackType


class MailServer:
    """Serves inside ``async with``, which can be entered repeatedly."""

    def __init__(self, *, refuses: str | None = None, starttls: ssl.SSLContext | None = None) -> None:
        """The server refuses mails to the e-mail address ``refuses``; with ``starttls`` it offers STARTTLS."""
        self.received: list[str] = []
        self.commands: list[str] = []
        """Commands that clients sent in clear text."""
        self._refuses = refuses
        self._starttls = starttls
        self._port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    async def __aenter__(self) -> "MailServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        while line := (await reader.readline()).decode():
            in_clear = writer.get_extra_info("sslcontext") is None
            if in_clear:
                self.commands.append(line.strip())
            if line.startswith("EHLO") and self._starttls is not None and in_clear:
                writer.write(b"250-mail.example.com\r\n250 STARTTLS\r\n")
            elif line.startswith("STARTTLS") and self._starttls is not None:
                writer.write(b"220 go on\r\n")
                try:
                    await writer.start_tls(self._starttls)
                except OSError:
                    break  # the client does not trust the certificate
            elif line.startswith("DATA"):
                writer.write(b"354 go on\r\n")
                self.received.append(await self._message(reader))
                writer.write(b"250 taken\r\n")
            elif line.startswith("QUIT"):
                writer.write(b"221 bye\r\n")
                break
            elif line.startswith("RCPT") and self._refuses is not None and self._refuses in line:
                writer.write(b"550 no such person\r\n")
            else:
                writer.write(b"250 fine\r\n")
        writer.close()

    @staticmethod
    async def _message(reader: asyncio.StreamReader) -> str:
        lines: list[str] = []
        while (line := (await reader.readline()).decode()) not in (".\r\n", ""):
            lines.append(line)
        return "".join(lines)
