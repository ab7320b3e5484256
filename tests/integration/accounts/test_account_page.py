"""The account page: changes of name, password and e-mail address; the list of sessions and ending them."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox, text_of
from support.page_session import errors_of
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
NEW = "a kettle in the fog"


async def test_a_new_password_ends_every_other_session_and_renews_this_one(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    other = await sign_in(new_client(), user)
    await sign_in(client, user)
    before = client.cookies["sid"]
    changed = await submit(client, "/account/password", "/account", current_password=PASSWORD, new_password=NEW)
    assert (changed.status_code, changed.headers["location"]) == (303, "/account")
    assert client.cookies["sid"] != before
    assert (await client.get("/api/session")).status_code == 200
    assert (await other.get("/api/session")).status_code == 401
    stolen = await new_client().get("/api/session", headers={"cookie": f"sid={before}"})
    assert stolen.status_code == 401
    assert (await Mailbox(settings, user.email).all())[0]["Subject"] == "Your password was changed"


@pytest.mark.parametrize(
    ("fields", "wrong", "sentence"),
    [
        ({"current_password": "wrong wrong"}, "current_password", "This is not your password"),
        ({"new_password": "sev3n77"}, "new_password", "At least 8 characters"),
        (
            {"new_password": "pat person"},
            "new_password",
            "This password is your own name or e-mail address. Choose another",
        ),
    ],
)
async def test_a_password_is_not_changed_when(
    client: httpx.AsyncClient, make: Factory, fields: dict[str, str], wrong: str, sentence: str
) -> None:
    await sign_in(client, await make.user())
    typed = {"current_password": PASSWORD, "new_password": NEW, **fields}
    refused = await submit(client, "/account/password", "/account", **typed)
    assert (refused.status_code, errors_of(refused.text)) == (400, {wrong: sentence})
    assert typed["new_password"] not in refused.text


async def test_guessing_the_password_from_a_stolen_session_has_to_wait(
    client: httpx.AsyncClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    typed = {"current_password": "wrong wrong", "new_password": NEW}
    for _ in range(5):
        assert (await submit(client, "/account/password", "/account", **typed)).status_code == 400
    typed["current_password"] = PASSWORD
    assert (await submit(client, "/account/password", "/account", **typed)).status_code == 429


async def test_a_new_address_counts_once_its_link_is_opened_and_both_are_told(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    await sign_in(client, user)
    new = f"moved-{user.email}"
    response = await submit(client, "/account/email", "/account", email=new, password=PASSWORD)
    assert response.headers["location"] == "/account"
    notice = (await Mailbox(settings, user.email).all())[0]
    assert new in text_of(notice)
    link = await Mailbox(settings, new).link()
    assert (await client.get("/api/session")).json()["user"]["email"] == user.email
    assert new in (await client.get(link)).text
    assert (await submit(client, link)).status_code == 303
    assert (await client.get("/api/session")).json()["user"]["email"] == new
    for address in (user.email, new):
        assert (await Mailbox(settings, address).all(2))[1]["Subject"] == "Your e-mail address was changed"
    async with database.sessions() as session:
        event = (
            await session.scalars(
                sa.select(AuditEvent).where(AuditEvent.actor_id == user.id, AuditEvent.action == "email.changed")
            )
        ).one()
    assert event.details == {"before": {"email": user.email}, "after": {"email": new}}
    assert event.organization_id is None


async def test_a_link_for_a_new_address_asks_a_stranger_to_sign_in(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    await sign_in(client, user)
    await submit(client, "/account/email", "/account", email=f"moved-{user.email}", password=PASSWORD)
    link = await Mailbox(settings, f"moved-{user.email}").link()
    assert (await new_client().get(link)).headers["location"] == f"/login?next={link}"


async def test_whether_a_new_address_has_an_account_is_told_to_that_address_alone(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    user, known = await make.user(), await make.user()
    await sign_in(client, user)
    answers = [
        await submit(client, "/account/email", "/account", email=email, password=PASSWORD)
        for email in (known.email, f"free-{user.email}")
    ]
    assert len({(answer.status_code, answer.headers["location"]) for answer in answers}) == 1
    assert (await Mailbox(settings, known.email).all())[0]["Subject"] == "This address already has an account"


async def test_two_who_want_one_address_get_it_one_at_a_time(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    people = [await make.user(), await make.user()]
    wanted = f"wanted-{people[0].email}"
    clients = [await sign_in(new_client(), person) for person in people]
    for each in clients:
        await submit(each, "/account/email", "/account", email=wanted, password=PASSWORD)
    links = [await Mailbox(settings, wanted).link(count) for count in (1, 2)]
    answers = await asyncio.gather(*(submit(each, link) for each, link in zip(clients, links, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 404]
    async with database.sessions() as session:
        held = await session.scalars(sa.select(User.id).where(User.email == wanted))
        assert len(held.all()) == 1


async def test_an_address_is_not_changed_without_the_password(client: httpx.AsyncClient, make: Factory) -> None:
    user = await make.user()
    await sign_in(client, user)
    refused = await submit(client, "/account/email", "/account", email="other@example.com", password="wrong wrong")
    assert errors_of(refused.text) == {"password": "This is not your password"}
    assert 'value="other@example.com"' in refused.text
    refused = await submit(client, "/account/email", "/account", email=user.email, password=PASSWORD)
    assert errors_of(refused.text) == {"email": "This is your e-mail address already"}


async def test_sessions_are_listed_and_ended_by_their_owner_alone(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    user = await make.user()
    phone, stranger = new_client(), await sign_in(new_client(), await make.user())
    phone.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    await sign_in(phone, user)
    await sign_in(client, user)
    page = (await client.get("/account")).text
    assert "Firefox on Linux" in page
    assert page.count("This browser") == 1
    end = page.partition('action="/account/sessions/')[2].partition('"')[0]
    path = f"/account/sessions/{end}"
    assert (await submit(stranger, path, "/account")).status_code == 404
    assert (await phone.get("/api/session")).status_code == 200
    assert (await submit(client, path, "/account")).status_code == 303
    assert (await phone.get("/api/session")).status_code == 401
    await sign_in(phone, user)
    assert (await submit(client, "/account/sessions/end-others", "/account")).status_code == 303
    assert (await phone.get("/api/session")).status_code == 401
    assert (await client.get("/api/session")).status_code == 200


async def test_a_name_is_saved_and_kept_inert(client: httpx.AsyncClient, make: Factory) -> None:
    await sign_in(client, await make.user())
    name = "<script>alert(1)</script> \u202e =1+1 \U0001f600"
    assert (await submit(client, "/account/name", "/account", name=name)).status_code == 303
    assert (await client.get("/api/session")).json()["user"]["name"] == name
    assert "<script>alert(1)" not in (await client.get("/account")).text


async def test_a_form_without_its_token_or_with_a_field_of_its_own_changes_nothing(
    client: httpx.AsyncClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    token = client.cookies["csrftoken"]
    client.headers.pop("x-csrftoken")
    assert (await client.post("/account/name", data={"name": "Eve"})).status_code == 403
    extra = {"name": "Eve", "email_verified_at": "now", "csrf_token": token}
    assert (await client.post("/account/name", data=extra)).status_code == 400
    assert (await client.get("/api/session")).json()["user"]["name"] == "Pat Person"
