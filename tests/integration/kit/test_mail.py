"""Mail: headers without injection, sent after the commit, retried, by file or by SMTP."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from kit.db.database import Database
from kit.environment import SettingsError
from kit.jobs.queue import JobQueue
from kit.mail import FileDelivery, Mail, Mailer, SmtpDelivery, compose, sender_address, smtp_delivery
from kit.secret_keys import SecretKeys
from kit.settings import Settings, load_settings
from support.certificates import ServerCertificate
from support.jobs import let_pass, queued_jobs
from support.mail_server import MailServer

pytestmark = pytest.mark.anyio
SECRET = SecretKeys("s" * 32)
SENDER = Address("Epoch Voice", addr_spec="no-reply@voice.example.com")


def a_mail(to: str = "pat@example.com", subject: str = "Hello") -> Mail:
    return Mail(
        to=to, subject=subject, paragraphs=("One <b>paragraph</b>.",), action=("Open", "https://x.example/?a=1&b=2")
    )


class Letterbox:
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

    @property
    def addressees(self) -> list[str]:
        return [message["To"] for message in self.messages]


@pytest.fixture
async def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture
async def request_database(own_database_url: str) -> AsyncIterator[Database]:
    """The module's own database with the role of requests."""
    database = Database(own_database_url)
    yield database
    await database.stop()


@pytest.fixture
async def queue(jobs: Database) -> AsyncIterator[JobQueue]:
    waiting = JobQueue(jobs, SECRET)
    yield waiting
    await waiting.stop()


@pytest.fixture
async def mailer(queue: JobQueue, letterbox: Letterbox) -> Mailer:
    mailer = Mailer(queue, letterbox, sender=SENDER)
    queue.start()
    return mailer


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


async def test_a_mail_leaves_after_the_commit(mailer: Mailer, letterbox: Letterbox, request_database: Database) -> None:
    async with request_database.sessions() as session, session.begin():
        await mailer.send_after_commit(session, a_mail())
        async with session.begin_nested():
            await session.execute(sa.select(1))
        await asyncio.sleep(0)
        assert letterbox.messages == []
    await letterbox.arrived.wait()
    assert letterbox.addressees == ["pat@example.com"]


async def test_what_was_rolled_back_is_not_written_about(
    mailer: Mailer, queue: JobQueue, letterbox: Letterbox, request_database: Database
) -> None:
    async with request_database.sessions() as session:
        async with session.begin():
            await mailer.send_after_commit(session, a_mail("gone@example.com"))
            await session.flush()
            await session.rollback()
        async with session.begin():
            await mailer.send_after_commit(session, a_mail("kept@example.com"))
            savepoint = await session.begin_nested()
            await mailer.send_after_commit(session, a_mail("gone-too@example.com"))
            await session.flush()
            await savepoint.rollback()
    await queue.stop()
    assert letterbox.addressees == ["kept@example.com"]


async def test_a_mail_that_could_not_be_delivered_is_tried_again(queue: JobQueue, request_database: Database) -> None:
    letterbox = Letterbox(refusals=2)
    mailer = Mailer(queue, letterbox, sender=SENDER, retry_seconds=(0.0,))
    queue.start()
    async with request_database.sessions() as session, session.begin():
        await mailer.send_after_commit(session, a_mail())
    await letterbox.arrived.wait()
    assert len(letterbox.messages) == 1


async def test_stopping_delivers_what_is_due(
    mailer: Mailer, queue: JobQueue, letterbox: Letterbox, request_database: Database
) -> None:
    async with request_database.sessions() as session, session.begin():
        for number in range(5):
            await mailer.send_after_commit(session, a_mail(f"p{number}@example.com"))
    await queue.stop()
    assert sorted(letterbox.addressees) == [f"p{number}@example.com" for number in range(5)]


async def test_several_people_get_a_mail_each(
    mailer: Mailer, queue: JobQueue, letterbox: Letterbox, request_database: Database
) -> None:
    both = msgspec.structs.replace(a_mail(), to=("one@example.com", "two@example.com"))
    async with request_database.sessions() as session, session.begin():
        await mailer.send_after_commit(session, both)
    await queue.stop()
    assert sorted(letterbox.addressees) == ["one@example.com", "two@example.com"]
    first, second = sorted(letterbox.messages, key=lambda message: str(message["To"]))
    assert b"two@example.com" not in first.as_bytes()
    assert first["Message-ID"] != second["Message-ID"]


async def test_an_address_that_is_none_is_refused_before_anything_is_written(
    mailer: Mailer, request_database: Database, jobs: Database
) -> None:
    async with request_database.sessions() as session:
        with pytest.raises(ValueError, match="addr"):
            await mailer.send_after_commit(session, a_mail("pat@example.com, eve@example.com"))
        await session.commit()
    assert await queued_jobs(jobs) == []


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
    async with MailServer() as server:
        await SmtpDelivery(server.url).deliver(compose(a_mail(), SENDER))
    [received] = server.received
    assert "To: pat@example.com\r\n" in received


@pytest.mark.slow
async def test_mails_wait_while_the_server_is_away_and_leave_when_it_is_back(jobs: Database) -> None:
    server = MailServer()
    async with server:
        pass  # its port is known, and closed again
    queue = JobQueue(jobs, SECRET)
    mailer = Mailer(queue, SmtpDelivery(server.url), sender=SENDER)
    async with jobs.sessions() as session, session.begin():
        await mailer.send_after_commit(session, a_mail())
    for _ in range(20):
        assert await queue.run_due() == 0
        await let_pass(jobs, timedelta(hours=1))
    async with server:
        assert await queue.run_due() == 1
        await let_pass(jobs, timedelta(hours=2))
        assert await queue.run_due() == 0
    assert len(server.received) == 1


async def test_an_address_that_the_server_refuses_for_good_is_given_up_at_once(jobs: Database) -> None:
    async with MailServer(refuses="nobody@example.com") as server:
        queue = JobQueue(jobs, SECRET)
        mailer = Mailer(queue, SmtpDelivery(server.url), sender=SENDER)
        async with jobs.sessions() as session, session.begin():
            await mailer.send_after_commit(session, a_mail("nobody@example.com"))
        assert await queue.run_due() == 0
    [job] = await queued_jobs(jobs)
    assert (job.payload, job.failure, job.attempts) == (None, "recipient refused", 1)
    assert job.given_up_at is not None


def test_the_settings_name_server_and_sender(settings: Settings) -> None:
    assert sender_address(settings).addr_spec == "no-reply@localhost"
    url = "smtps://user:secret@mail.example.com?from=phones@example.com"
    named = msgspec.structs.replace(settings, smtp_url=url)
    assert sender_address(named).addr_spec == "phones@example.com"
    for wrong in ("http://mail.example.com", "mail.example.com", "smtp://"):
        with pytest.raises(SettingsError, match="EPOCH_SMTP_URL must be like") as refused:
            load_settings({"EPOCH_SMTP_URL": wrong})
        assert "secret" not in str(refused.value)


async def test_without_starttls_a_production_mail_stays_in_the_queue(jobs: Database) -> None:
    async with MailServer() as server:
        queue = JobQueue(jobs, SECRET)
        url = server.url.replace("smtp://", "smtp://user:hunter2@")
        mailer = Mailer(queue, SmtpDelivery(url, requires_tls=True), sender=SENDER)
        async with jobs.sessions() as session, session.begin():
            await mailer.send_after_commit(session, a_mail())
        with capture_logs() as logged:
            assert await queue.run_due() == 0
        assert server.received == []
        assert {command.split()[0] for command in server.commands} == {"EHLO", "QUIT"}, "no password, no mail"
    [line] = [line for line in logged if line["event"] == "mail_server_without_tls"]
    assert "EPOCH_SMTP_URL" in line["hint"]
    [job] = await queued_jobs(jobs)
    assert job.payload is not None
    assert job.given_up_at is None


async def test_with_starttls_a_production_mail_travels_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = ServerCertificate(tmp_path)
    async with MailServer(starttls=certificate.server_context()) as server:
        delivery = SmtpDelivery(server.url, requires_tls=True)
        with pytest.raises(ssl.SSLCertVerificationError):
            await delivery.deliver(compose(a_mail(), SENDER))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority_file))
        await delivery.deliver(compose(a_mail(), SENDER))
    assert len(server.received) == 1
    assert {command.split()[0] for command in server.commands} == {"EHLO", "STARTTLS"}


def test_production_requires_tls_of_its_mail_server(settings: Settings) -> None:
    for env, required in (("development", False), ("production", True)):
        found = smtp_delivery(msgspec.structs.replace(settings, smtp_url="smtp://mail.example.com", env=env))
        assert found is not None
        assert found.requires_starttls is required


def test_replies_go_to_the_contact_and_every_mail_names_it() -> None:
    message = compose(a_mail(), SENDER, contact="support@voice.example")
    assert message["Reply-To"] == "support@voice.example"
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        assert "Questions? Reply to this mail or write to support@voice.example." in body.get_content()
    assert compose(a_mail(), SENDER)["Reply-To"] is None
