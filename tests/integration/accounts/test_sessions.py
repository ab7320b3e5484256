"""Sign-in and sign-out over the API: answers, cookies over HTTP and HTTPS, expiry, forged session ids."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar

from accounts.models import LoginSession, User
from epoch.app import create_app
from kit.db.database import Database
from kit.http.csrf import HEADER
from kit.settings import Settings
from support.api_helpers import (
    assert_refused,
    cookies_set,
    fields_refused,
    with_csrf,
)
from support.asgi import asgi_transport
from support.db_probe import tables_holding
from support.factories import Factory, sign_in
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]


@pytest.fixture(scope="module")
async def https_app(settings: Settings, database_url: str) -> AsyncIterator[Litestar]:
    """The application as browsers reach it in production."""
    public = {"public_url": "https://voice.example.com", "database_url": database_url}
    application = create_app(msgspec.structs.replace(settings, **public))
    async with application.lifespan():
        yield application


async def test_signing_in_and_out(client: httpx.AsyncClient, make: Factory) -> None:
    user = await make.user()
    assert_refused(await client.get("/api/session"), 401, "not_authenticated")
    await sign_in(client, user)
    who = await client.get("/api/session")
    assert (who.status_code, who.headers["cache-control"]) == (200, "no-store")
    assert who.json()["user"] == {"id": str(user.id), "email": user.email, "name": "Pat Person"}
    assert (await client.delete("/api/session")).status_code == 204
    assert_refused(await client.get("/api/session"), 401, "not_authenticated")
    assert_refused(await client.delete("/api/session"), 401, "not_authenticated")


async def test_cookies_over_http(client: httpx.AsyncClient, make: Factory) -> None:
    user = await make.user()
    first = cookies_set(await client.get("/api/session"))
    assert first == {"csrftoken": {"path": "/", "samesite": "Lax"}}
    answer = await (await with_csrf(client)).post("/api/session", json={"email": user.email, "password": PASSWORD})
    sid = cookies_set(answer)["sid"]
    assert sid == {"path": "/", "samesite": "lax", "httponly": "True", "max-age": sid["max-age"]}
    assert 0 < int(sid["max-age"]) <= 14 * 86_400
    gone = cookies_set(await client.delete("/api/session"))["sid"]
    assert gone["max-age"] == "0" or "1970" in gone["expires"]


async def test_cookies_over_https(https_app: Litestar, make: Factory) -> None:
    user = await make.user()
    transport = asgi_transport(https_app)
    async with httpx.AsyncClient(transport=transport, base_url="https://voice.example.com") as client:
        first = cookies_set(await client.get("/api/session"))
        csrf = next(iter(first))
        assert first[csrf] == {"path": "/", "samesite": "Lax", "secure": "True"}
        client.headers[HEADER] = client.cookies[csrf]
        answer = await client.post("/api/session", json={"email": user.email, "password": PASSWORD})
        assert answer.status_code == 201
        sid = cookies_set(answer)["__Host-sid"]
        assert sid == {
            "path": "/",
            "samesite": "lax",
            "httponly": "True",
            "secure": "True",
            "max-age": sid["max-age"],
        }
        assert (await client.get("/api/session")).status_code == 200
        raw = client.cookies["__Host-sid"]
        plain = {"cookie": f"sid={raw}"}
    async with httpx.AsyncClient(transport=transport, base_url="https://voice.example.com") as other:
        assert (await other.get("/api/session", headers=plain)).status_code == 401


async def test_wrong_credentials_are_not_told_apart(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    user, disabled = await make.user(), await make.user()
    async with database.sessions() as session, session.begin():
        mine = User.id == disabled.id
        await session.execute(sa.update(User).where(mine).values(disabled_at=sa.func.now()))
    await with_csrf(client)
    attempts = [
        {"email": user.email, "password": "wrong horse"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": disabled.email, "password": PASSWORD},
        {"email": "", "password": ""},
        {"email": user.email, "password": ""},
    ]
    answers = [await client.post("/api/session", json=attempt) for attempt in attempts]
    for answer in answers:
        assert_refused(answer, 401, "wrong_credentials")
        assert "set-cookie" not in answer.headers
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{}", {"email"}),
        (b'{"email": "a@example.com"}', {"password"}),
        (b'{"email": 1, "password": "x"}', {"email"}),
        (b'{"email": "a@example.com", "password": null}', {"password"}),
        (b'{"email": "a@example.com", "password": "x", "admin": true}', {"admin"}),
        (b'{"email": "a\\u0000@example.com", "password": "x"}', {"email"}),
        (b'{"email": "a@example.com", "password": "\\u0007"}', {"password"}),
    ],
)
async def test_fields_that_are_wrong_are_named(client: httpx.AsyncClient, body: bytes, fields: set[str]) -> None:
    await with_csrf(client)
    answer = await client.post("/api/session", content=body, headers={"content-type": "application/json"})
    assert set(fields_refused(answer)) == fields


async def test_a_session_id_of_the_clients_own_is_never_adopted(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    chosen = "fixed-by-an-attacker-0123456789abcdef"
    client.cookies.set("sid", chosen, domain="localhost.local", path="/")
    await with_csrf(client)
    answer = await client.post("/api/session", json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 201
    given = SimpleCookie(answer.headers["set-cookie"])["sid"].value
    assert given != chosen
    assert len(given) >= 32
    async with database.sessions() as session:
        digests = set(await session.scalars(sa.select(LoginSession.digest).where(LoginSession.user_id == user.id)))
    assert digests == {hashlib.sha256(given.encode()).digest()}
    assert await tables_holding(database, given) == []


async def test_signing_out_is_final_also_for_a_request_under_way(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    await sign_in(client, user)
    raw = client.cookies["sid"]
    async with database.sessions() as session, session.begin():
        # Old enough for the next request to note that the session was seen.
        mine = LoginSession.user_id == user.id
        seen = sa.func.now() - sa.text("interval '2 minutes'")
        await session.execute(sa.update(LoginSession).where(mine).values(last_seen_at=seen))
    readers = [new_client() for _ in range(5)]
    cookie = {"cookie": f"sid={raw}"}
    answers = await asyncio.gather(
        *(reader.get("/api/session", headers=cookie) for reader in readers), client.delete("/api/session")
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 401}
    assert (await readers[0].get("/api/session", headers=cookie)).status_code == 401
    async with database.sessions() as session:
        left = sa.select(sa.func.count(LoginSession.id)).where(LoginSession.user_id == user.id)
        assert await session.scalar(left) == 0


@pytest.mark.parametrize("past", ["expires_at = now()", "last_seen_at = now() - interval '12 hours 1 second'"])
async def test_sessions_end_by_themselves(
    client: httpx.AsyncClient, make: Factory, database: Database, past: str
) -> None:
    user = await make.user()
    await sign_in(client, user)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text(f"UPDATE login_session SET {past} WHERE user_id = :id"), {"id": user.id})  # noqa: S608
    assert_refused(await client.get("/api/session"), 401, "not_authenticated")
