"""The sign-in page: messages, the page that follows, waits after wrong passwords, renewal of old password hashes."""

import asyncio
from collections.abc import Callable

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from litestar import Litestar

from accounts.models import LoginSession, User
from accounts.passwords import Passwords
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import Factory, sign_in
from support.form_submission import submit
from support.passwords import PASSWORD, quick_passwords

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]


async def _credentials(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    await client.get("/api/session")
    headers = {HEADER: client.cookies["csrftoken"]}
    return await client.post("/api/session", json={"email": email, "password": password}, headers=headers)


async def test_the_form_signs_in_and_leads_on(client: httpx.AsyncClient, make: Factory) -> None:
    user = await make.user()
    answer = await submit(client, "/login", email=user.email.upper(), password=PASSWORD, next="/account?from=mail")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?from=mail")
    assert (await client.get("/account")).status_code == 200
    assert (await client.get("/login")).headers["location"] == "/dashboard"
    left = await submit(client, "/logout", "/account")
    assert left.headers["location"] == "/login"
    assert (await client.get("/account")).headers["location"] == "/login?next=/account"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1", ""])
async def test_nobody_is_led_elsewhere(client: httpx.AsyncClient, make: Factory, elsewhere: str) -> None:
    user = await make.user()
    answer = await submit(client, "/login", email=user.email, password=PASSWORD, next=elsewhere)
    assert answer.headers["location"] == "/dashboard"


async def test_a_wrong_password_and_no_account_read_the_same(
    client: httpx.AsyncClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = await make.user()
    work: list[bool] = []
    original = Passwords.matches

    async def counted(self: Passwords, stored: str | None, password: str) -> bool:
        work.append(stored is None)
        return await original(self, stored, password)

    monkeypatch.setattr(Passwords, "matches", counted)
    answers = [await _credentials(client, email, "wrong wrong wrong") for email in (known.email, "none@example.com")]
    assert work == [False, True], "the hashing is done either way"
    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json() == answers[1].json()
    page = await submit(client, "/login", email=known.email, password="wrong wrong wrong")
    assert (page.status_code, "E-mail or password is wrong" in page.text) == (401, True)
    assert f'value="{known.email}"' in page.text
    assert "wrong wrong wrong" not in page.text


@pytest.mark.parametrize("exists", [True, False])
async def test_after_five_wrong_passwords_the_account_waits(
    client: httpx.AsyncClient, make: Factory, exists: bool
) -> None:
    email = (await make.user()).email if exists else "never-heard-of@example.com"
    for _ in range(5):
        assert (await _credentials(client, email, "wrong wrong wrong")).status_code == 401
    refused = await _credentials(client, email, PASSWORD)
    assert (refused.status_code, refused.json()["detail"]) == (429, "Too many requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 31
    page = await submit(client, "/login", email=email, password=PASSWORD)
    assert (page.status_code, "Try again in" in page.text) == (429, True)


async def test_twenty_guesses_at_once_are_no_more_than_five(new_client: NewClient, make: Factory) -> None:
    user = await make.user()
    guesses = [*(["wrong wrong wrong"] * 19), PASSWORD]
    clients = [new_client() for _ in guesses]
    answers = await asyncio.gather(
        *(_credentials(client, user.email, guess) for client, guess in zip(clients, guesses, strict=True))
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) <= 5
    assert set(statuses) <= {201, 401, 429}


async def test_a_right_password_forgets_the_wrong_ones(client: httpx.AsyncClient, make: Factory) -> None:
    user = await make.user()
    for _ in range(2):
        for _ in range(4):
            assert (await _credentials(client, user.email, "wrong wrong wrong")).status_code == 401
        assert (await _credentials(client, user.email, PASSWORD)).status_code == 201


@pytest.mark.slow
async def test_twenty_wrong_passwords_from_one_address_close_it(
    app: Litestar, make: Factory, new_client: NewClient
) -> None:
    user = await make.user()
    transport = asgi_transport(app, address="203.0.113.9")
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        for number in range(20):
            assert (await _credentials(client, f"nobody-{number}@example.com", "wrong wrong")).status_code == 401
        assert (await _credentials(client, user.email, PASSWORD)).status_code == 429
    assert (await _credentials(new_client(), user.email, PASSWORD)).status_code == 201, "loopback is not counted here"


async def test_signing_in_ends_the_session_that_the_browser_had(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    await sign_in(client, user)
    first = client.cookies["sid"]
    await sign_in(client, user)
    assert client.cookies["sid"] != first
    async with database.sessions() as session:
        rows = (await session.scalars(sa.select(LoginSession).where(LoginSession.user_id == user.id))).all()
    assert len(rows) == 1
    assert first.encode() not in msgspec.json.encode([row.digest for row in rows])


async def test_a_hash_of_older_parameters_is_renewed(
    client: httpx.AsyncClient, make: Factory, database: Database, settings: Settings
) -> None:
    user = await make.user()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == user.id).values(password_hash=old))
    assert (await _credentials(client, user.email, PASSWORD)).status_code == 201
    async with database.sessions() as session:
        stored = await session.scalar(sa.select(User.password_hash).where(User.id == user.id))
    assert stored is not None
    assert not quick_passwords(settings).is_outdated(stored)
    assert (await _credentials(client, user.email, PASSWORD)).status_code == 201
