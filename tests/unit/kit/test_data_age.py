"""The greatest age of replica data that a request accepts, and the cookie of the last change that answers set."""

from typing import Any

import pytest

from kit.clock import utc_now
from kit.db.reading_session import ANY_AGE
from kit.http.data_age import COOKIE, DataAgeMiddleware
from kit.secret_keys import SecretKeys, Signer

pytestmark = pytest.mark.anyio
SECONDS = 30
SECRETS = SecretKeys("s" * 32, ("p" * 32,))


async def accepted(headers: dict[str, str]) -> float:
    found: list[float] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["state"]["accepted_age"])

    middleware = DataAgeMiddleware(app, secrets=SECRETS, seconds=SECONDS, is_secure=True)
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"type": "http", "method": "GET", "headers": encoded}
    nothing: Any = None
    await middleware(scope, nothing, nothing)
    return found[0]


def cookie(seconds_ago: float, secret: str) -> dict[str, str]:
    changed_at = f"{utc_now().timestamp() - seconds_ago:.0f}"
    signature = Signer(SecretKeys(secret), "changed").sign(changed_at.encode()).hex()
    return {"Cookie": f"{COOKIE}={changed_at}.{signature}"}


@pytest.mark.parametrize(
    ("seconds_ago", "secret", "age"),
    [
        (1, "s" * 32, 0),
        (1, "p" * 32, 0),
        (1, "x" * 32, ANY_AGE),
        (SECONDS, "s" * 32, 0),
        (SECONDS + 5, "s" * 32, ANY_AGE),
    ],
)
async def test_reads_after_a_change_skip_replicas_until_each_can_have_it(
    seconds_ago: float, secret: str, age: float
) -> None:
    changed = cookie(seconds_ago, secret)
    assert await accepted(changed) == age
    assert await accepted({"Cache-Control": "max-age=600", **changed}) == min(age, 600)
    key = {"Authorization": "Bearer epk_x", "Cache-Control": "max-age=600"}
    assert await accepted({**key, **changed}) == 600


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({}, ANY_AGE),
        ({"Cookie": f"{COOKIE}=soon.abc"}, ANY_AGE),
        ({"Cookie": f"{COOKIE}="}, ANY_AGE),
        ({"Cache-Control": "max-age=0"}, 0),
        ({"Cache-Control": "no-cache"}, 0),
        ({"Cache-Control": "no-store, Max-Age=60"}, 60),
        ({"Cache-Control": "max-age=soon"}, ANY_AGE),
        ({"Authorization": "Bearer epk_x"}, 0),
        ({"Authorization": "Bearer epk_x", "Cache-Control": "max-age=60"}, 60),
    ],
)
async def test_a_request_accepts_the_age_that_it_says(headers: dict[str, str], age: float) -> None:
    assert await accepted(headers) == age


@pytest.mark.parametrize(
    ("method", "status", "bearer", "is_noted"),
    [
        ("POST", 303, False, True),
        ("PATCH", 200, False, True),
        ("DELETE", 204, False, True),
        ("GET", 200, False, False),
        ("POST", 400, False, False),
        ("POST", 201, True, False),
    ],
)
async def test_a_successful_change_of_a_person_is_noted(method: str, status: int, bearer: bool, is_noted: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer epk_x")] if bearer else []
    middleware = DataAgeMiddleware(app, secrets=SECRETS, seconds=SECONDS, is_secure=True)
    scope: Any = {"type": "http", "method": method, "headers": headers}
    nothing: Any = None
    await middleware(scope, nothing, send)
    cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert [line.endswith("; Path=/; Max-Age=30; HttpOnly; SameSite=Lax; Secure") for line in cookies] == [
        True
    ] * is_noted
