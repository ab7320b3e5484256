"""Mail: inert headers, sent after the commit and never otherwise, tried again, by file or by SMTP."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from kit.db import Database
from kit.mail import FileDelivery, Mail, Mailer, SmtpDelivery, build_mailer, compose, sender_address
from kit.settings import Settings, SettingsError, load_settings

pytestmark = pytest.mark.anyio
SENDER = Address("Epoch Voice", addr_spec="no-reply@voice.example.com")


def a_mail(to: str = "pat@example.com", subject: str = "Hello") -> Mail:
    return Mail(
        to=to, subject=subject, paragraphs=("One <b>paragraph</b>.",), action=("Open", "https://x.example/?a=1&b=2")
    )


class Outbox:
    """Takes messages; the first ``refusals`` of them are refused as by a server that is away."""

    def __init__(self, refusals: int = 0) -> None:
        self.messages: list[EmailMessage] = []
        self._refusals = refusals
        self.arrived = asyncio.Event()

    async def deliver(self, message: EmailMessage) -> None:
        if self._refusals > 0:
            self._refusals -= 1
            raise ConnectionRefusedError
        self.messages.append(message)
        self.arrived.set()


@pytest.fixture
async def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def mailer(outbox: Outbox) -> AsyncIterator[Mailer]:
    running = Mailer(outbox, sender=SENDER)
    running.start()
    yield running
    await running.stop()


def test_a_subject_cannot_add_headers() -> None:
    message = compose(a_mail(subject="Acme\r\nBcc: eve@example.com\n\nand a body"), SENDER)
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert read["Subject"] == "Acme Bcc: eve@example.com and a body"
    assert read["Bcc"] is None


def test_one_mail_goes_to_one_address() -> None:
    for wrong in ("pat@example.com, eve@example.com", "pat@example.com\r\nBcc: eve@example.com"):
        with pytest.raises(ValueError, match="addr"):
            compose(a_mail(to=wrong), SENDER)


def test_text_and_html_say_the_same_and_markup_is_inert() -> None:
    message = compose(a_mail(), SENDER)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "One <b>paragraph</b>." in plain.get_content()
    assert "https://x.example/?a=1&b=2" in plain.get_content()
    assert "One &lt;b&gt;paragraph&lt;/b&gt;." in html.get_content()
    assert 'href="https://x.example/?a=1&amp;b=2"' in html.get_content()


async def test_a_mail_leaves_after_the_commit(mailer: Mailer, outbox: Outbox, database: Database) -> None:
    async with database.sessions() as session, session.begin():
        mailer.send_after_commit(session, a_mail())
        async with session.begin_nested():
            await session.execute(sa.select(1))
        await asyncio.sleep(0)
        assert outbox.messages == []
    await outbox.arrived.wait()
    assert [message["To"] for message in outbox.messages] == ["pat@example.com"]


async def test_what_was_rolled_back_is_not_written_about(mailer: Mailer, outbox: Outbox, database: Database) -> None:
    async with database.sessions() as session:
        async with session.begin():
            mailer.send_after_commit(session, a_mail("gone@example.com"))
            await session.execute(sa.select(1))
            await session.rollback()
        async with session.begin():
            await session.execute(sa.select(1))
            mailer.send_after_commit(session, a_mail("kept@example.com"))
    await outbox.arrived.wait()
    assert [message["To"] for message in outbox.messages] == ["kept@example.com"]


async def test_a_mail_that_could_not_be_delivered_is_tried_again(database: Database) -> None:
    outbox = Outbox(refusals=2)
    mailer = Mailer(outbox, sender=SENDER, retry_seconds=(0.0, 0.0))
    mailer.start()
    async with database.sessions() as session, session.begin():
        mailer.send_after_commit(session, a_mail())
    await outbox.arrived.wait()
    await mailer.stop()
    assert len(outbox.messages) == 1


async def test_stopping_delivers_what_waits(outbox: Outbox, database: Database) -> None:
    mailer = Mailer(outbox, sender=SENDER)
    mailer.start()
    async with database.sessions() as session, session.begin():
        for number in range(5):
            mailer.send_after_commit(session, a_mail(f"p{number}@example.com"))
    await mailer.stop()
    assert len(outbox.messages) == 5


async def test_without_a_server_mails_are_private_files(tmp_path: Path) -> None:
    delivery = FileDelivery(tmp_path / "mail")
    for number in range(3):
        await delivery.deliver(compose(a_mail(subject=f"Number {number}"), SENDER))
    files = sorted((tmp_path / "mail").iterdir())
    assert {file.suffix for file in files} == {".eml"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    subjects = [message_from_bytes(file.read_bytes(), policy=default)["Subject"] for file in files]
    assert subjects == ["Number 0", "Number 1", "Number 2"]
    assert b"https://x.example/?a=1&b=2" in files[0].read_bytes(), "links stay whole"


async def test_a_mail_server_gets_the_message() -> None:
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        in_data = False
        while line := await reader.readline():
            if in_data:
                received.append(line)
                if line == b".\r\n":
                    in_data = False
                    writer.write(b"250 taken\r\n")
            elif line.startswith(b"DATA"):
                in_data = True
                writer.write(b"354 go on\r\n")
            elif line.startswith(b"QUIT"):
                writer.write(b"221 bye\r\n")
                writer.close()
                return
            else:
                writer.write(b"250 fine\r\n")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await SmtpDelivery(f"smtp://127.0.0.1:{port}").deliver(compose(a_mail(), SENDER))
    assert b"To: pat@example.com\r\n" in received


def test_the_settings_name_server_and_sender(settings: Settings) -> None:
    assert sender_address(settings).addr_spec == "no-reply@localhost"
    url = "smtps://user:secret@mail.example.com?from=phones@example.com"
    named = msgspec.structs.replace(settings, smtp_url=url)
    assert sender_address(named).addr_spec == "phones@example.com"
    build_mailer(named)
    for wrong in ("http://mail.example.com", "mail.example.com", "smtp://"):
        with pytest.raises(SettingsError, match="EPOCH_SMTP_URL must be like") as refused:
            load_settings({"EPOCH_SMTP_URL": wrong})
        assert "secret" not in str(refused.value)
