"""Sign-up through the pages, up to the confirmed e-mail address; known e-mail addresses get the same answer."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import LoginSession, OneTimeToken, User
from accounts.passwords import Passwords
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox, text_of
from support.page_session import errors_of

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
PASSWORD = "a lamp on seven boats"


async def _user(database: Database, email: str) -> User:
    async with database.sessions() as session:
        return (await session.scalars(sa.select(User).where(User.email == email))).one()


async def test_a_new_person_signs_up_confirms_and_lands_signed_in(
    client: httpx.AsyncClient, settings: Settings, database: Database
) -> None:
    answer = await submit(client, "/signup", email="New.Person@Example.com", password=PASSWORD, name="Nia New")
    assert (answer.status_code, answer.headers["location"]) == (303, "/signup?sent=1")
    assert "Check your mail" in (await client.get("/signup?sent=1")).text
    user = await _user(database, "new.person@example.com")
    assert (user.name, user.email_verified_at) == ("Nia New", None)

    link = await Mailbox(settings, "new.person@example.com").link()
    opened = await client.get(link)
    assert (opened.status_code, opened.headers["referrer-policy"]) == (200, "no-referrer")
    assert (await _user(database, user.email)).email_verified_at is None, "opening a link confirms nothing"
    confirmed = await submit(client, link)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/dashboard")
    assert (await _user(database, user.email)).email_verified_at is not None
    assert (await client.get("/api/session")).json()["user"]["email"] == "new.person@example.com"

    assert (await client.get(link)).status_code == 404, "a link is good once"
    async with database.sessions() as session:
        trail = await session.scalars(
            sa.select(AuditEvent.action).where(AuditEvent.actor_id == user.id).order_by(AuditEvent.id)
        )
        assert trail.all() == ["account.created", "email.verified", "session.started"]


async def test_the_link_alone_lets_nobody_in(
    client: httpx.AsyncClient, new_client: NewClient, settings: Settings, database: Database
) -> None:
    """The mailed link starts no session: its reader must sign in with the password first, and then stays signed in."""
    await submit(client, "/signup", email="victim@example.com", password=PASSWORD)
    link = await Mailbox(settings, "victim@example.com").link()
    reader = new_client()
    opened = await reader.get(link)
    assert opened.status_code == 200
    assert f'href="/login?next={link}"' in opened.text
    assert "data-autosubmit" not in opened.text
    signed_in = await submit(
        reader, "/login", f"/login?next={link}", email="victim@example.com", password=PASSWORD, next=link
    )
    assert signed_in.headers["location"] == link
    assert (await submit(reader, link)).headers["location"] == "/dashboard"
    assert (await _user(database, "victim@example.com")).email_verified_at is not None


async def test_somebody_elses_session_cannot_use_the_link(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    await submit(client, "/signup", email="mine@example.com", password=PASSWORD)
    other = await sign_in(new_client(), await make.user())
    assert (await other.get(await Mailbox(settings, "mine@example.com").link())).status_code == 404


async def test_a_known_address_gets_the_same_answer_and_the_same_work(
    client: httpx.AsyncClient,
    new_client: NewClient,
    make: Factory,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = await make.user()
    hashed: list[str] = []
    original = Passwords.hash

    async def counted(self: Passwords, password: str) -> str:
        hashed.append(password)
        return await original(self, password)

    monkeypatch.setattr(Passwords, "hash", counted)
    answers = []
    for email in (known.email, "unknown-till-now@example.com"):
        before = len(hashed)
        answers.append(await submit(new_client(), "/signup", email=email, password=PASSWORD))
        assert len(hashed) - before == 1
    first, second = answers
    assert (first.status_code, first.headers["location"], first.text) == (
        second.status_code,
        second.headers["location"],
        second.text,
    )
    assert first.cookies.keys() == second.cookies.keys()
    assert len(first.headers["set-cookie"]) == len(second.headers["set-cookie"])
    assert (await _user(database, known.email)).password_hash == known.password_hash
    mail = (await Mailbox(settings, known.email).all())[0]
    assert mail["Subject"] == "You already have an account"


async def test_twenty_sign_ups_at_once_make_one_account(
    new_client: NewClient, database: Database, settings: Settings
) -> None:
    clients = [new_client() for _ in range(20)]
    answers = await asyncio.gather(
        *(submit(each, "/signup", email="crowd@example.com", password=PASSWORD) for each in clients)
    )
    assert {answer.headers.get("location") for answer in answers} == {"/signup?sent=1"}
    user = await _user(database, "crowd@example.com")
    async with database.sessions() as session:
        links = await session.scalars(sa.select(OneTimeToken).where(OneTimeToken.user_id == user.id))
        assert len(links.all()) == 1, "older links die"
        begun = await session.scalar(
            sa.select(sa.func.count()).select_from(LoginSession).where(LoginSession.user_id == user.id)
        )
        assert begun == 0, "nobody is signed in before the address is confirmed"
    assert 1 <= len(await Mailbox(settings, "crowd@example.com").all()) <= 4, "at most three more mails an hour"


@pytest.mark.parametrize(
    ("fields", "wrong", "sentence"),
    [
        ({"email": "nobody"}, "email", "Enter an e-mail address like name@example.com"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email", "Enter an e-mail address like name@example.com"),
        ({"password": "short"}, "password", "At least 8 characters"),
        ({"password": "x" * 129}, "password", "At most 128 characters"),
        (
            {"password": "Password1"},
            "password",
            "This password is among the first ones that attackers try. Choose another",
        ),
        ({"password": "gregory42"}, "password", "This password is your own name or e-mail address. Choose another"),
        ({"name": "x" * 101}, "name", "At most 100 characters"),
        ({"name": "a\x00b"}, "name", "Control characters are not allowed"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    client: httpx.AsyncClient, fields: dict[str, str], wrong: str, sentence: str
) -> None:
    typed = {"email": "gregory@example.com", "password": PASSWORD, "name": "<b>Greg</b>", **fields}
    answer = await submit(client, "/signup", **typed)
    assert answer.status_code == 400
    assert errors_of(answer.text)[wrong] == sentence
    assert typed["password"] not in answer.text
    if wrong != "name":
        assert 'value="&lt;b&gt;Greg&lt;/b&gt;"' in answer.text, "what was typed is kept, and inert"


async def test_an_unconfirmed_person_is_told_and_can_have_the_link_again(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    await submit(client, "/signup", email="later@example.com", password=PASSWORD)
    await submit(client, "/login", email="later@example.com", password=PASSWORD)
    page = await client.get("/account")
    assert "Confirm your e-mail address" in page.text
    for _ in range(2):
        assert (await submit(client, "/account/verification", "/account")).status_code == 303
    refused = await submit(client, "/account/verification", "/account")
    assert (refused.status_code, "Wait an hour" in refused.text) == (429, True)
    links = [await Mailbox(settings, "later@example.com").link(count) for count in (1, 2, 3)]
    assert len(set(links)) == 3
    assert (await client.get(links[0])).status_code == 404, "the newest link alone works"
    assert (await submit(client, links[2])).headers["location"] == "/dashboard"
    assert "Confirm your e-mail address" not in (await client.get("/account")).text


async def test_mails_are_plain_text_and_the_same_as_html(client: httpx.AsyncClient, settings: Settings) -> None:
    await submit(client, "/signup", email="reader@example.com", password=PASSWORD)
    mail = (await Mailbox(settings, "reader@example.com").all())[0]
    assert mail["From"].addresses[0].addr_spec == "no-reply@localhost"
    html = mail.get_body(("html",))
    assert html is not None
    link = await Mailbox(settings, "reader@example.com").link()
    assert f"http://localhost:8000{link}" in html.get_content()
    assert "24 hours" in text_of(mail)
