"""Password reset: the request, rate limits, the mailed link and its expiry, and the end of the account's sessions."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from accounts.models import OneTimeToken, User
from kit.clock import utc_now
from kit.db.database import Database
from kit.secrets import digest
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.mailbox import Mailbox
from support.page_session import errors_of
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
NEW = "a kettle in the fog"


async def _ask(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await submit(client, "/forgot-password", email=email)


async def test_the_link_sets_a_password_ends_every_session_and_signs_nobody_in(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    elsewhere = await sign_in(new_client(), user)
    response = await _ask(client, user.email.upper())
    assert (response.status_code, response.headers["location"]) == (303, "/forgot-password?sent=1")
    link = await Mailbox(settings, user.email).link()
    page = await client.get(link)
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    done = await submit(client, link, password=NEW)
    assert (done.status_code, done.headers["location"]) == (303, "/login")
    assert (await client.get("/api/session")).status_code == 401
    assert (await elsewhere.get("/api/session")).status_code == 401
    old = await submit(client, "/login", email=user.email, password=PASSWORD)
    new = await submit(client, "/login", email=user.email, password=NEW)
    assert (old.status_code, new.status_code) == (401, 303)
    gone = await client.get(link)
    assert (gone.status_code, gone.headers["referrer-policy"]) == (404, "no-referrer")
    notice = (await Mailbox(settings, user.email).all(2))[1]
    assert notice["Subject"] == "Your password was changed"


async def test_a_known_and_an_unknown_address_get_the_same_answer(
    new_client: NewClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    known, unknown = await _ask(new_client(), user.email), await _ask(new_client(), "no-such@example.com")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert (await _ask(new_client(), "not an address")).headers["location"] == known.headers["location"]


async def test_three_mails_an_hour_and_the_newest_link_alone_works(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    answers = [await _ask(client, user.email) for _ in range(5)]
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {
        (303, "/forgot-password?sent=1")
    }
    mailbox = Mailbox(settings, user.email)
    links = [await mailbox.link(count) for count in (1, 2, 3)]
    assert [(await client.get(link)).status_code for link in links] == [404, 404, 200]
    other = await make.user()
    await _ask(client, other.email)
    await Mailbox(settings, other.email).all()
    assert len(await mailbox.all()) == 3, "a later mail is there, and no fourth"
    async with database.sessions() as session:
        stored = (await session.scalars(sa.select(OneTimeToken.digest).where(OneTimeToken.user_id == user.id))).all()
    assert stored == [digest(links[2].rpartition("/")[2])]


async def test_a_link_dies_after_half_an_hour(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    await _ask(client, user.email)
    link = await Mailbox(settings, user.email).link()
    async with database.sessions() as session, session.begin():
        row = (await session.scalars(sa.select(OneTimeToken).where(OneTimeToken.user_id == user.id))).one()
        assert timedelta(minutes=29) < row.expires_at - utc_now() <= timedelta(minutes=30)
        row.expires_at = utc_now()
    assert (await client.get(link)).status_code == 404
    stays = await client.post(link, data={"password": NEW, "csrf_token": client.cookies["csrftoken"]})
    assert stays.status_code == 404


async def test_twenty_attempts_at_once_use_a_link_once(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    await _ask(new_client(), user.email)
    link = await Mailbox(settings, user.email).link()
    clients = [new_client() for _ in range(20)]
    for each in clients:
        await each.get("/login")
    answers = await asyncio.gather(
        *(
            each.post(link, data={"password": f"{NEW} {number}", "csrf_token": each.cookies["csrftoken"]})
            for number, each in enumerate(clients)
        )
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [303, *[404] * 19]


async def test_a_password_that_is_refused_leaves_the_link_usable(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    user = await make.user()
    await _ask(client, user.email)
    link = await Mailbox(settings, user.email).link()
    refused = await submit(client, link, password="password1")
    assert refused.status_code == 400
    assert refused.headers["referrer-policy"] == "no-referrer"
    assert "password" in errors_of(refused.text)
    assert (await submit(client, link, password=NEW)).status_code == 303


async def test_a_reset_confirms_the_address_and_ends_the_wait_after_wrong_passwords(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    user = await make.user()
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == user.id).values(email_verified_at=None))
    for _ in range(5):
        await submit(client, "/login", email=user.email, password="wrong wrong wrong")
    assert (await submit(client, "/login", email=user.email, password=PASSWORD)).status_code == 429
    await _ask(client, user.email)
    await submit(client, await Mailbox(settings, user.email).link(), password=NEW)
    assert (await submit(client, "/login", email=user.email, password=NEW)).status_code == 303
    async with database.sessions() as session:
        assert await session.scalar(sa.select(User.email_verified_at).where(User.id == user.id)) is not None


async def test_ten_resets_an_hour_by_address(app: Litestar, make: Factory, settings: Settings) -> None:
    users = [await make.user() for _ in range(11)]
    transport = asgi_transport(app, address="2001:db8::1")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        answers = [await _ask(client, user.email) for user in users]
    assert {answer.status_code for answer in answers} == {303}
    for user in users[:10]:
        await Mailbox(settings, user.email).all()
    mails = settings.data_dir / "mail"
    assert not any(users[10].email.encode() in path.read_bytes() for path in mails.glob("*.eml"))


async def test_the_page_without_referrer_can_still_be_sent(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    """Browsers send "null" as the origin of a page without referrer; ``Sec-Fetch-Site`` says that the page is ours."""
    user = await make.user()
    await _ask(client, user.email)
    link = await Mailbox(settings, user.email).link()
    for site, status in (("cross-site", 403), (None, 403), ("same-origin", 303)):
        client.headers.update({"origin": "null"} | ({} if site is None else {"sec-fetch-site": site}))
        data = {"password": NEW, "csrf_token": client.cookies["csrftoken"]}
        assert (await client.post(link, data=data)).status_code == status
        client.headers.pop("sec-fetch-site", None)
