"""Passkeys of customers: added, renamed, removed, used alone or after the password; responses that are refused."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from accounts.errors import PasskeyChallengeNotUsable, PasskeyRefused
from accounts.models import Passkey, User
from accounts.passkey_ceremony import supports_passkeys
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox, text_of
from support.page_session import errors_of
from support.passwords import PASSWORD
from support.second_factor import enrol
from support.software_authenticator import SoftwareAuthenticator, decode

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
ADD, SIGN_IN = "/account/passkeys", "/login/passkey"


async def get_options(client: httpx.AsyncClient, path: str, page: str, **fields: str) -> dict[str, Any]:
    """The options that the page's script gets."""
    answer = await submit(client, path, page, **fields)
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json()
    return options


async def add_passkey(client: httpx.AsyncClient, *, name: str = "My phone") -> SoftwareAuthenticator:
    """Add a passkey in the settings of the signed-in person."""
    authenticator = SoftwareAuthenticator()
    options = await get_options(client, f"{ADD}/options", "/account", password=PASSWORD, name=name)
    added = await submit(client, ADD, "/account", name=name, credential=authenticator.create(options))
    assert (added.status_code, added.headers["location"]) == (303, "/account"), added.text
    return authenticator


async def use(
    client: httpx.AsyncClient, authenticator: SoftwareAuthenticator, *, next_page: str = "/account"
) -> httpx.Response:
    """Press `Sign in with a passkey`."""
    options = await get_options(client, f"{SIGN_IN}/options", "/login")
    return await submit(client, SIGN_IN, "/login", credential=authenticator.sign(options), next=next_page)


async def signed_in_as(client: httpx.AsyncClient) -> str | None:
    answer = await client.get("/api/session")
    return str(answer.json()["user"]["email"]) if answer.status_code == 200 else None


async def test_a_passkey_alone_signs_in(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    other = await sign_in(new_client(), user)
    await sign_in(client, user)
    before = client.cookies["sid"]
    authenticator = await add_passkey(client)
    assert client.cookies["sid"] != before
    assert await signed_in_as(other) is None, "other browsers are signed out, as with other factors"
    assert "My phone" in (await client.get("/account")).text
    assert "was added" in text_of((await Mailbox(settings, user.email).all())[0])
    visitor = new_client()
    answer = await use(visitor, authenticator)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text
    assert await signed_in_as(visitor) == user.email
    async with database.sessions() as session:
        stored = (await session.scalars(sa.select(Passkey).where(Passkey.user_id == user.id))).one()
        actions = (await session.scalars(sa.select(AuditEvent.action).where(AuditEvent.actor_id == user.id))).all()
    assert (stored.sign_count, stored.transports) == (1, ["hybrid", "internal"])
    assert stored.last_used_at is not None
    assert "passkey.added" in actions


async def test_the_options_list_no_account_and_require_verification(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    user = await make.user()
    await sign_in(client, user)
    created = await get_options(client, f"{ADD}/options", "/account", password=PASSWORD)
    assert decode(created["user"]["id"]) == user.id.bytes, "the account's id, not the e-mail address"
    wanted = {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    assert created["authenticatorSelection"] == wanted
    await add_passkey(client)
    asked = await get_options(new_client(), f"{SIGN_IN}/options", "/login")
    assert not asked.get("allowCredentials")
    assert (asked["rpId"], asked["userVerification"]) == ("localhost", "required")
    assert len((await get_options(client, f"{ADD}/options", "/account", password=PASSWORD))["excludeCredentials"]) == 1


async def test_after_the_password_the_passkey_is_the_second_factor(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    user, stranger = await make.user(), await make.user()
    await sign_in(client, user)
    authenticator = await add_passkey(client)
    other = await sign_in(new_client(), stranger)
    foreign = await add_passkey(other)
    visitor = new_client()
    first = await submit(visitor, "/login", email=user.email, password=PASSWORD, next="/account")
    assert first.headers["location"] == "/login?next=/account"
    assert await signed_in_as(visitor) is None
    page = (await visitor.get("/login")).text
    assert "Sign in with a passkey" in page
    assert 'name="code"' not in page, "this account has no authenticator app"
    assert (await use(visitor, foreign)).status_code == 401, "another account's passkey is not this one's second factor"
    assert (await use(visitor, authenticator)).status_code == 303
    assert await signed_in_as(visitor) == user.email


async def test_neither_the_api_nor_a_code_nor_a_reset_gets_around_it(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    await sign_in(client, user)
    await add_passkey(client)
    visitor = new_client()
    await submit(visitor, "/forgot-password", email=user.email)
    link = await Mailbox(settings, user.email).link(2)
    assert (await submit(visitor, link, password="a kettle in the fog")).status_code == 303
    await visitor.get("/api/session")
    headers = {HEADER: visitor.cookies["csrftoken"]}
    credentials = {"email": user.email, "password": "a kettle in the fog", "code": "abcd-efgh-jkmn-pqrs"}
    answer = await visitor.post("/api/session", json=credentials, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "passkey_required")
    await submit(visitor, "/login", email=user.email, password="a kettle in the fog")
    assert (await submit(visitor, "/login/code", "/login", code="abcd-efgh-jkmn-pqrs")).status_code == 401
    assert await signed_in_as(visitor) is None


WRONG: Mapping[str, dict[str, Any]] = {
    "another page's origin": {"origin": "https://evil.example"},
    "a sub-domain's origin": {"origin": "http://evil.localhost:8000"},
    "another rp id": {"rp_id": "evil.example"},
    "a person who was not verified": {"verifies_person": False},
    "another key": {"_key": SoftwareAuthenticator()._key},
    "another account's handle": {"user_handle": b"somebody else..."},
    "an unknown passkey": {"credential_id": b"unknown"},
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_response_is_refused(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, wrong: str
) -> None:
    await sign_in(client, await make.user())
    authenticator = await add_passkey(client)
    visitor = new_client()
    answer = await use(visitor, dataclasses.replace(authenticator, **WRONG[wrong]))
    assert answer.status_code == 401
    assert PasskeyRefused.message in answer.text
    assert await signed_in_as(visitor) is None


@pytest.mark.parametrize("junk", ["", "{}", "[]", "null", '{"id": 1}', "\u0661", "[" * 5000, '{"response":{}}'])
async def test_junk_is_refused_in_a_sentence(client: httpx.AsyncClient, junk: str) -> None:
    await get_options(client, f"{SIGN_IN}/options", "/login")
    answer = await submit(client, SIGN_IN, "/login", credential=junk)
    assert answer.status_code == 401
    assert PasskeyRefused.message in answer.text


async def test_a_counter_that_does_not_advance_is_refused(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    authenticator = await add_passkey(client)
    assert (await use(new_client(), authenticator)).status_code == 303
    assert (await use(new_client(), authenticator)).status_code == 303
    authenticator.sign_count = 1
    assert (await use(new_client(), authenticator)).status_code == 401, "a copy of it has the old counter"
    without = dataclasses.replace(authenticator, sign_count=0, counts=False)
    assert (await use(new_client(), without)).status_code == 401


async def test_an_authenticator_without_a_counter_works_again_and_again(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    authenticator = await add_passkey(client)
    authenticator.counts = False
    for _ in range(3):
        assert (await use(new_client(), authenticator)).status_code == 303


async def test_a_challenge_works_once_in_one_browser_and_for_one_purpose(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    user = await make.user()
    await sign_in(client, user)
    authenticator = await add_passkey(client)
    visitor, thief = new_client(), new_client()
    options = await get_options(visitor, f"{SIGN_IN}/options", "/login")
    encrypted_challenge = visitor.cookies["passkey"]
    stolen = authenticator.sign(options)
    answer = await submit(thief, SIGN_IN, "/login", credential=stolen)
    assert (answer.status_code, PasskeyChallengeNotUsable.message in answer.text) == (401, True), (
        "no challenge in that browser"
    )
    assert (await submit(visitor, SIGN_IN, "/login", credential=stolen)).status_code == 303
    assert "passkey" not in visitor.cookies
    thief.cookies.set("passkey", encrypted_challenge, domain="localhost.local", path="/login/passkey")
    answers = [await submit(thief, SIGN_IN, "/login", credential=authenticator.sign(options)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [401, 401]


async def test_twenty_uses_of_one_response_at_once_sign_in_one_browser(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    user = await make.user()
    await sign_in(client, user)
    authenticator = await add_passkey(client)
    visitor = new_client()
    page = (await visitor.get("/login")).text
    options = await get_options(visitor, f"{SIGN_IN}/options", "/login")
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"credential": authenticator.sign(options), "next": "/account", "csrf_token": token}
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    clients = [new_client() for _ in range(20)]
    answers = await asyncio.gather(*(each.post(SIGN_IN, data=form, headers={"cookie": cookie}) for each in clients))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(303) == 1, statuses
    assert set(statuses) <= {303, 401, 429}


async def test_adding_takes_the_password_and_a_name(client: httpx.AsyncClient, make: Factory) -> None:
    await sign_in(client, await make.user())
    wrong = await submit(client, f"{ADD}/options", "/account", password="wrong wrong wrong")
    assert (wrong.status_code, wrong.json()["message"]) == (400, "This is not your password.")
    assert "passkey" not in wrong.cookies
    made = SoftwareAuthenticator().create({"challenge": "AAAA", "user": {"id": "AAAA"}})
    await submit(client, ADD, "/account", name="No options requested", credential=made)
    assert "No options requested" not in (await client.get("/account")).text
    options = await get_options(client, f"{ADD}/options", "/account", password=PASSWORD)
    answer = await submit(client, ADD, "/account", name=" ", credential=SoftwareAuthenticator().create(options))
    assert (answer.status_code, errors_of(answer.text)) == (400, {"name": "Give the passkey a name"})


async def test_renaming_and_removing(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    await sign_in(client, user)
    authenticator = await add_passkey(client)
    async with database.sessions() as session:
        passkey_id = await session.scalar(sa.select(Passkey.id).where(Passkey.user_id == user.id))
    page = f"{ADD}/{passkey_id}"
    await submit(client, f"{page}/name", page, name="Old phone")
    assert "Old phone" in (await client.get("/account")).text
    stranger = await sign_in(new_client(), await make.user())
    assert (await stranger.get(page)).status_code == 404
    assert (await submit(stranger, f"{page}/name", "/account", name="Mine")).status_code == 404
    assert (await submit(stranger, f"{page}/remove", "/account", password=PASSWORD)).status_code == 404
    assert (await submit(client, f"{page}/remove", page, password=PASSWORD)).status_code == 401, "no passkey used"
    options = await get_options(client, f"{ADD}/removal-options", page)
    proof = authenticator.sign(options)
    wrong = await submit(client, f"{page}/remove", page, password="wrong wrong wrong", credential=proof)
    assert errors_of(wrong.text) == {"password": "This is not your password"}
    removed = await submit(client, f"{page}/remove", page, password=PASSWORD, credential=proof)
    assert removed.headers["location"] == "/account", removed.text
    assert "was removed" in text_of((await Mailbox(settings, user.email).all(2))[1])
    assert (await use(new_client(), authenticator)).status_code == 401
    visitor = new_client()
    await submit(visitor, "/login", email=user.email, password=PASSWORD)
    assert await signed_in_as(visitor) == user.email, "no second factor is left"
    async with database.sessions() as session:
        assert (await session.get_one(User, user.id)).has_passkey is False
        actions = (await session.scalars(sa.select(AuditEvent.action).where(AuditEvent.actor_id == user.id))).all()
    assert {"passkey.added", "passkey.renamed", "passkey.removed"} <= set(actions)


async def test_removing_takes_a_code_where_there_is_an_app(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    enrolled = await enrol(client, await make.user())
    await add_passkey(client)
    async with database.sessions() as session:
        passkey_id = await session.scalar(sa.select(Passkey.id).where(Passkey.user_id == enrolled.user.id))
    page = f"{ADD}/{passkey_id}"
    wrong = await submit(client, f"{page}/remove", page, password=PASSWORD, code="000000")
    assert "not right" in errors_of(wrong.text)["code"]
    assert (await submit(client, f"{page}/remove", page, password=PASSWORD, code=enrolled.codes[0])).status_code == 303


async def test_a_disabled_account_cannot_sign_in_with_its_passkey(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    await sign_in(client, user)
    authenticator = await add_passkey(client)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == user.id).values(disabled_at=sa.func.now()))
    assert (await use(new_client(), authenticator)).status_code == 401


async def test_wrong_responses_make_the_passkey_wait(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    authenticator = await add_passkey(client)
    wrong = dataclasses.replace(authenticator, origin="https://evil.example")
    visitor = new_client()
    assert [(await use(visitor, wrong)).status_code for _ in range(5)] == [401] * 5
    assert (await use(visitor, authenticator)).status_code == 429


@pytest.mark.parametrize(
    ("public_url", "offered"),
    [
        ("https://voice.example.com", True),
        ("http://localhost:8000", True),
        ("http://phone.localhost", True),
        ("http://voice.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::1]", False),
    ],
)
def test_passkeys_are_offered_where_browsers_have_them(public_url: str, offered: bool) -> None:
    assert supports_passkeys(public_url) is offered
