"""Reads the mails that the application wrote as files, by recipient, and the links in them."""

import asyncio
import functools
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from kit.settings import Settings

_ATTEMPTS = 1_000


class Mailbox:
    """The mails to one e-mail address."""

    def __init__(self, settings: Settings, email: str) -> None:
        self._folder = settings.data_dir / "mail"
        self._email = email

    async def all(self, count: int = 1) -> list[EmailMessage]:
        """Wait for at least ``count`` mails; return all mails, oldest first."""
        for _ in range(_ATTEMPTS):
            found = [mail for recipient, mail in self._read() if recipient == self._email]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"of {len(self._read())} mails fewer than {count} to {self._email}")

    def recipients(self) -> list[str]:
        """The recipients of all mails, also of those to other e-mail addresses, oldest first."""
        return [recipient for recipient, _ in self._read()]

    async def link(self, count: int = 1) -> str:
        """The path of the link in the last of ``count`` mails."""
        return link_in((await self.all(count))[count - 1])

    def _read(self) -> list[tuple[str, EmailMessage]]:
        return [_parse(path) for path in sorted(self._folder.glob("*.eml"))]


# Cached, because each attempt reads all mails of the run, and a mail's file never changes.
@functools.cache
def _parse(path: Path) -> tuple[str, EmailMessage]:
    """The recipient and the mail. The recipient is read once, because the library parses a header at each access."""
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message["To"].addresses[0].addr_spec, message


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def link_in(mail: EmailMessage) -> str:
    """The path of the one link in a mail."""
    found = re.findall(r"^http://localhost:\d+(/\S+?)\r?$", text_of(mail), flags=re.MULTILINE)
    assert len(found) == 1, found
    path: str = found[0]
    return path
