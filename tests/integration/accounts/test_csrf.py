"""API requests: CSRF tokens and origins for sessions, none for bearer tokens; bodies that are not JSON are refused."""

import hashlib

import httpx
import pytest

from kit.db.database import Database
from kit.http.csrf import HEADER
from support.api_helpers import assert_refused, cookies_set, with_csrf
from support.db_probe import row_counts
from support.factories import Factory, sign_in
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio
OWN = "http://localhost:8000"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 400, "malformed_request"),
        (b"{", "application/json", 400, "malformed_request"),
        (b"\xff", "application/json", 400, "malformed_request"),
        (b'{"email": "\xff"}', "application/json", 400, "malformed_request"),
        (b"[" * 10_000, "application/json", 400, "malformed_request"),
        (b'{"email": ' + b"[" * 33 + b"]" * 33 + b"}", "application/json", 400, "malformed_request"),
        (b'{"email": "' + b"x" * 70_000 + b'"}', "application/json", 413, "body_too_large"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"email=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
    ],
)
async def test_bodies_that_are_no_json_say_so(
    client: httpx.AsyncClient, database: Database, body: bytes, content_type: str, status: int, code: str
) -> None:
    await with_csrf(client)
    before = await row_counts(database)
    answer = await client.post("/api/session", content=body, headers={"content-type": content_type})
    assert_refused(answer, status, code)
    assert await row_counts(database) == before


async def test_a_bearer_is_asked_for_no_csrf_and_never_shares_the_session(
    client: httpx.AsyncClient, make: Factory
) -> None:
    await sign_in(client, await make.user())
    for value in ("Bearer epk_x", "bearer ", "BEARER x"):
        answer = await client.get("/api/session", headers={"authorization": value})
        assert_refused(answer, 401, "not_authenticated")
    answer = await client.delete("/api/session", headers={"authorization": "Bearer epk_x", HEADER: ""})
    assert_refused(answer, 401, "not_authenticated")
    assert (await client.get("/api/session")).status_code == 200


REFUSED_HEADERS: dict[str, dict[str, str]] = {
    "no token": {HEADER: ""},
    "another token": {HEADER: "x"},
    "an unsigned token": {HEADER: "0" * 32 + "." + "0" * 64},
    "another origin": {"origin": "https://evil.com"},
    "no origin's origin": {"origin": "null"},
    "our host, another port": {"origin": "http://localhost:8001"},
    "our host, another scheme": {"origin": "https://localhost:8000"},
    "cross-site": {"sec-fetch-site": "cross-site"},
    "same-site": {"sec-fetch-site": "same-site"},
    "our origin but cross-site": {"origin": OWN, "sec-fetch-site": "cross-site"},
}


@pytest.mark.parametrize("kind", REFUSED_HEADERS)
async def test_a_write_from_elsewhere_is_refused(client: httpx.AsyncClient, make: Factory, kind: str) -> None:
    user = await make.user()
    await sign_in(client, user)
    for method, body in (("DELETE", None), ("POST", {"email": user.email, "password": PASSWORD})):
        answer = await client.request(method, "/api/session", json=body, headers=REFUSED_HEADERS[kind])
        assert_refused(answer, 403, "csrf_failed")
    assert (await client.get("/api/session")).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"origin": OWN}, {"sec-fetch-site": "same-origin"}, {"origin": OWN, "sec-fetch-site": "none"}]
)
async def test_a_write_of_our_own_is_taken(client: httpx.AsyncClient, make: Factory, headers: dict[str, str]) -> None:
    await sign_in(client, await make.user())
    assert (await client.delete("/api/session", headers=headers)).status_code == 204


async def test_a_token_that_another_server_signed_is_not_ours(client: httpx.AsyncClient) -> None:
    forged = "0" * 32 + "." + hashlib.sha256(b"0" * 32).hexdigest()
    client.cookies.set("csrftoken", forged, domain="localhost.local", path="/")
    answer = await client.post("/api/session", json={}, headers={HEADER: forged})
    assert_refused(answer, 403, "csrf_failed")
    # A read replaces it by one of ours.
    assert "csrftoken" in cookies_set(await client.get("/api/session"))
