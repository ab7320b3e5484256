"""Mails: composed as text and HTML, enqueued in a transaction, and sent after its commit by a job.

A job delivers each mail to the mail server, or to a file where there is none.
"""

import datetime as dt
import html
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import aiosmtplib
import msgspec
import structlog
from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.jobs.queue import Job, JobHandler, JobQueue, PermanentFailure
from kit.private_files import write_private
from kit.settings import Settings

MAIL_JOB = "mail"
COMMAND_SECONDS = 20
"""Time limit for the mail server's response to each command."""
SEND_SECONDS = 45
"""Time limit for the delivery of one mail to the mail server."""
RETRY_SECONDS = (2.0, 10.0, 60.0, 300.0, 1800.0, 3600.0)
"""Waits between attempts; the last one repeats."""
CONCURRENT_MAILS = 8
"""Mails that all workers together deliver at the same time."""
GIVE_UP_AFTER = dt.timedelta(days=3)
_PERMANENT_SMTP_CODES = 500
"""From this reply code of SMTP on, a further attempt cannot succeed."""
log = structlog.get_logger("epoch.mail")
# Lines as long as the protocol allows, so that a link stays on one line in the message's source.
_POLICY = SMTP.clone(max_line_length=990)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """The recipients and content of a mail; all mails have the same design."""

    to: str | tuple[str, ...]
    """One e-mail address or several. Each gets a separate mail that does not show the others."""
    subject: str
    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    """The label and the URL of a button."""
    second_action: tuple[str, str] | None = None
    """The label and the URL of a small link below the button."""


class MailServerWithoutTls(aiosmtplib.SMTPException):
    """The mail server offers no STARTTLS, so mails would be sent unencrypted."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} offers no STARTTLS, and mails with links are not sent in clear: switch STARTTLS on there,"
            " or set EPOCH_SMTP_URL to smtps:// or to another server"
        )


class Delivery(Protocol):
    """Delivers one message. Raises: OSError or aiosmtplib.SMTPException when a later attempt may succeed."""

    async def deliver(self, message: EmailMessage) -> None: ...


class FileDelivery:
    """Writes each mail to a file, for machines without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def deliver(self, message: EmailMessage) -> None:
        await to_thread.run_sync(self._write, message.as_bytes())

    def _write(self, message: bytes) -> None:
        # UUIDv7 names sort by time.
        write_private(self._folder / f"{uuid7()}.eml", message)


class SmtpDelivery:
    """Sends mails to a mail server: ``smtps://`` uses TLS from the start, ``smtp://`` STARTTLS.

    The server's certificate is checked against the system's authorities, or those of ``SSL_CERT_FILE``.
    """

    def __init__(self, url: str, *, requires_tls: bool = False) -> None:
        """``requires_tls=False``: mails are sent unencrypted if the server does not offer STARTTLS, for development."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self.requires_starttls = requires_tls and not self._tls

    async def deliver(self, message: EmailMessage) -> None:
        async with self._connection() as server:
            await server.send_message(message)

    async def check(self) -> None:
        """Connect and sign in, without a mail. Raises: OSError, aiosmtplib.SMTPException."""
        async with self._connection():
            pass

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[aiosmtplib.SMTP, None]:
        """Raises: MailServerWithoutTls, before a password or a mail is sent."""
        # None: STARTTLS if offered. Where it is required, it is started below, so that the error says what is missing.
        starttls = False if self.requires_starttls or self._tls else None
        async with aiosmtplib.SMTP(
            hostname=self._host, port=self._port, use_tls=self._tls, start_tls=starttls, timeout=COMMAND_SECONDS
        ) as server:
            if self.requires_starttls:
                await server.ehlo()
                if not server.supports_extension("starttls"):
                    raise MailServerWithoutTls(self._host)
                await server.starttls()
            if self._user is not None:
                await server.login(self._user, self._password or "")
            yield server


class Mailer:
    """Enqueues mails in the caller's transaction, and delivers them after its commit."""

    def __init__(
        self,
        queue: JobQueue,
        delivery: Delivery,
        *,
        sender: Address,
        contact: str | None = None,
        retry_seconds: tuple[float, ...] = RETRY_SECONDS,
    ) -> None:
        """``contact`` is the e-mail address for replies and questions; without it the mails name none."""
        self._queue = queue
        self._delivery = delivery
        self._sender = sender
        self._contact = contact
        queue.add_handler(
            JobHandler(
                kind=MAIL_JOB,
                handle=self._deliver,
                retry_seconds=retry_seconds,
                give_up_after=GIVE_UP_AFTER,
                timeout_seconds=SEND_SECONDS,
                concurrency=CONCURRENT_MAILS,
            )
        )

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Send ``mail`` after the commit of the session's transaction; a rollback discards it.

        Raises:
            ValueError: an e-mail address of the mail is not valid.
        """
        emails = (mail.to,) if isinstance(mail.to, str) else mail.to
        for email in emails:
            Address(addr_spec=email)
            single = msgspec.structs.replace(mail, to=email)
            await self._queue.enqueue(session, MAIL_JOB, msgspec.json.encode(single))

    async def _deliver(self, job: Job) -> None:
        mail = msgspec.json.decode(job.payload, type=Mail)
        message = compose(mail, self._sender, contact=self._contact, key=message_key(job), written_at=job.created_at)
        try:
            await self._delivery.deliver(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refused.code >= _PERMANENT_SMTP_CODES for refused in error.recipients):
                raise PermanentFailure("recipient refused") from error
            raise
        except MailServerWithoutTls as error:
            # The mail stays in the queue for the next attempt.
            log.error("mail_server_without_tls", hint=error.message)
            raise
        except aiosmtplib.SMTPDataError as error:
            if error.code >= _PERMANENT_SMTP_CODES:
                raise PermanentFailure("message refused") from error
            raise


def build_mailer(settings: Settings, queue: JobQueue) -> Mailer:
    """A mailer for the mail server of the settings; without one it writes files under the data directory."""
    delivery = smtp_delivery(settings) or FileDelivery(settings.data_dir / "mail")
    return Mailer(queue, delivery, sender=sender_address(settings), contact=settings.contact_email)


def smtp_delivery(settings: Settings) -> SmtpDelivery | None:
    """The mail server of the settings, with TLS in production; None without a server."""
    url = settings.smtp_url
    return None if url is None else SmtpDelivery(url, requires_tls=settings.is_production)


def message_key(job: Job) -> UUID:
    """The key of a job's mail: the same for each attempt of the job, different for every job of every database."""
    return uuid5(NAMESPACE_URL, f"{job.id} {job.created_at.isoformat()}")


def sender_address(settings: Settings) -> Address:
    """The sender of the product's mails: ``?from=`` of the mail server's URL, else no-reply at the public host."""
    query: Mapping[str, list[str]] = parse_qs(urlsplit(settings.smtp_url or "").query)
    host = urlsplit(settings.public_url).hostname or "localhost"
    domain = f"[{host}]" if ":" in host else host
    return Address("Epoch Voice", addr_spec=query.get("from", [f"no-reply@{domain}"])[0])


def compose(
    mail: Mail,
    sender: Address,
    *,
    contact: str | None = None,
    key: UUID | None = None,
    written_at: dt.datetime | None = None,
) -> EmailMessage:
    """Compose the message: plain text, and the same content as simple HTML.

    Line breaks in the subject become spaces, so that they cannot add headers. Replies go to ``contact``. ``key``
    identifies the mail: if it is sent twice, mail systems recognize the duplicate.

    Raises:
        ValueError: ``mail.to`` is not one address.
    """
    if not isinstance(mail.to, str):
        raise ValueError("a message has one recipient")
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    if contact is not None:
        message["Reply-To"] = Address(addr_spec=contact)
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(written_at or utc_now())
    message["Message-ID"] = f"<{(key or uuid7()).hex}@{sender.domain}>"
    # Suppresses out-of-office replies.
    message["Auto-Submitted"] = "auto-generated"
    label_and_link = () if mail.action is None else (f"{mail.action[0]}:\n{mail.action[1]}",)
    second = () if mail.second_action is None else (": ".join(mail.second_action),)
    questions = () if contact is None else (f"Questions? Reply to this mail or write to {contact}.",)
    message.set_content("\n\n".join((*mail.paragraphs, *label_and_link, *second, *questions)) + "\n")
    message.add_alternative(_html(mail, questions), subtype="html")
    return message


def _html(mail: Mail, questions: tuple[str, ...]) -> str:
    style = "font:16px/1.5 system-ui,sans-serif;color:#111827;max-width:560px;margin:24px auto"
    parts = [f"<p>{html.escape(text)}</p>" for text in mail.paragraphs]
    if mail.action is not None:
        label, link = (html.escape(text) for text in mail.action)
        button = "background:#047857;color:#ffffff;padding:12px 20px;border-radius:8px;text-decoration:none"
        parts.append(f'<p><a href="{link}" style="{button}">{label}</a></p><p>{link}</p>')
    small = "color:#6b7280;font-size:14px"
    if mail.second_action is not None:
        label, link = (html.escape(text) for text in mail.second_action)
        parts.append(f'<p style="{small}"><a href="{link}" style="color:#374151">{label}</a></p>')
    parts += [f'<p style="{small}">{html.escape(text)}</p>' for text in (*questions, "Epoch Voice")]
    body = "\n".join(parts)
    title = html.escape(mail.subject)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f'<body style="{style}">{body}\n</body></html>\n'
    )
