"""Mail: composed by the standard library, handed over after the commit, delivered in the background."""

import asyncio
import html
import os
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec
import sqlalchemy as sa
import structlog
from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.settings import Settings

SEND_SECONDS = 20
RETRY_SECONDS = (2.0, 10.0, 60.0, 300.0)
"""The waits between attempts; after the last one the mail is given up, and the log says so."""
DRAIN_SECONDS = 5
"""How long a stopping worker still delivers what it holds."""
QUEUE = 1000
# Lines as long as the protocol allows: a link stays whole, also for who reads the message as it is.
_POLICY = SMTP.clone(max_line_length=990)
log = structlog.get_logger("epoch.mail")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says; how it looks is the same for all."""

    to: str
    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    """A button's label and its address."""


class Delivery(Protocol):
    """Takes one message to where it belongs. Raises: OSError or aiosmtplib.SMTPException when it cannot now."""

    async def deliver(self, message: EmailMessage) -> None: ...


class FileDelivery:
    """Each mail is a file, for machines without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, message: EmailMessage) -> None:
        await to_thread.run_sync(self._write, message.as_bytes())

    def _write(self, message: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # UUIDv7: the files stand in the order of their making. Whoever looks for *.eml never finds half of one.
        path = self._folder / f"{uuid7()}.eml"
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message)
        fresh.replace(path)


class SmtpDelivery:
    """A mail server: ``smtps://`` encrypts from the start, ``smtp://`` as soon as the server offers it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None

    async def deliver(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=SEND_SECONDS,
        )


class Mailer:
    """Takes mails of committed transactions and delivers them one after another, never on a request's time.

    A mail that waits when the process is killed is lost: every mail of the product can be asked for again.
    """

    def __init__(
        self, delivery: Delivery, *, sender: Address, retry_seconds: tuple[float, ...] = RETRY_SECONDS
    ) -> None:
        self._delivery = delivery
        self._sender = sender
        self._retry_seconds = retry_seconds
        self._queue: asyncio.Queue[EmailMessage] = asyncio.Queue(QUEUE)
        self._task: asyncio.Task[None] | None = None
        self._retries: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to deliver, inside the serving loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Deliver what waits, for a few seconds, and stop."""
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._queue.join()
        except TimeoutError:
            log.warning("mails_left_undelivered", count=self._queue.qsize())
        for task in (self._task, *self._retries):
            if task is not None:
                task.cancel()

    def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Send ``mail`` once the transaction under way is committed; rolled back, it is never sent.

        Raises:
            ValueError: the mail's address is none.
        """
        message = compose(mail, self._sender)
        waiting: list[EmailMessage] = session.info.setdefault("mails", [])
        waiting.append(message)
        if len(waiting) > 1:
            return

        def committed(sync: Session) -> None:
            # Released savepoints come by here too; what they hold may still be rolled back around them.
            if sync.get_nested_transaction() is None:
                for item in waiting:
                    self._accept(item)
                waiting.clear()

        def rolled_back(sync: Session) -> None:
            waiting.clear()

        sa.event.listen(session.sync_session, "after_commit", committed)
        sa.event.listen(session.sync_session, "after_rollback", rolled_back)

    def _accept(self, message: EmailMessage) -> None:
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            log.error("mail_dropped", subject=message["Subject"])

    async def _run(self) -> None:
        while True:
            message = await self._queue.get()
            if not await self._delivered(message):
                # Beside the queue: one address that cannot be reached must not hold up the others.
                task = asyncio.create_task(self._retry(message))
                self._retries.add(task)
                task.add_done_callback(self._retries.discard)
            self._queue.task_done()

    async def _retry(self, message: EmailMessage) -> None:
        for seconds in self._retry_seconds:
            await asyncio.sleep(seconds)
            if await self._delivered(message):
                return
        log.error("mail_given_up", subject=message["Subject"])

    async def _delivered(self, message: EmailMessage) -> bool:
        try:
            await self._delivery.deliver(message)
        except (OSError, aiosmtplib.SMTPException) as error:
            # The kind alone: a server's answer may repeat the address.
            log.warning("mail_not_delivered", error=type(error).__name__)
            return False
        except Exception as error:
            log.error("mail_delivery_failed", error=type(error).__name__)
            return True
        return True


def build_mailer(settings: Settings) -> Mailer:
    """The mail server that the settings name, or files under the data directory."""
    url = settings.smtp_url
    delivery = FileDelivery(settings.data_dir / "mail") if url is None else SmtpDelivery(url)
    return Mailer(delivery, sender=sender_address(settings))


def sender_address(settings: Settings) -> Address:
    """Who the product's mails are from: ``?from=`` of the server's address, else no-reply at the public host."""
    query: Mapping[str, list[str]] = parse_qs(urlsplit(settings.smtp_url or "").query)
    host = urlsplit(settings.public_url).hostname or "localhost"
    at = f"[{host}]" if ":" in host else host
    return Address("Epoch Voice", addr_spec=query.get("from", [f"no-reply@{at}"])[0])


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """The message: plain text, and the same words as simple HTML.

    Whatever stands in the subject stays in the subject: line breaks become spaces.

    Raises:
        ValueError: ``mail.to`` is not an address.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = make_msgid(domain=sender.domain)
    # Asks out-of-office replies to stay away.
    message["Auto-Submitted"] = "auto-generated"
    label_and_link = () if mail.action is None else (f"{mail.action[0]}:\n{mail.action[1]}",)
    message.set_content("\n\n".join((*mail.paragraphs, *label_and_link)) + "\n")
    message.add_alternative(_html(mail), subtype="html")
    return message


def _html(mail: Mail) -> str:
    style = "font:16px/1.5 system-ui,sans-serif;color:#111827;max-width:560px;margin:24px auto"
    parts = [f"<p>{html.escape(text)}</p>" for text in mail.paragraphs]
    if mail.action is not None:
        label, link = (html.escape(text) for text in mail.action)
        button = "background:#047857;color:#ffffff;padding:12px 20px;border-radius:8px;text-decoration:none"
        parts.append(f'<p><a href="{link}" style="{button}">{label}</a></p><p>{link}</p>')
    body = "\n".join((*parts, '<p style="color:#6b7280">Epoch Voice</p>'))
    title = html.escape(mail.subject)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f'<body style="{style}">{body}\n</body></html>\n'
    )
