"""Health endpoints and metrics."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.settings import Settings
from support.widget_client import browser_at

pytestmark = pytest.mark.anyio
OUTSIDE = "203.0.113.7"
SECRET = "m" * 32


@pytest.fixture(scope="module")
async def measured_app(settings: Settings, database_url: str) -> AsyncIterator[Litestar]:
    """An application whose metrics have a token."""
    application = create_app(msgspec.structs.replace(settings, database_url=database_url, metrics_token=SECRET))
    async with application.lifespan():
        yield application


async def test_a_server_that_works_says_so(client: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_metrics_are_for_this_machine(app: Litestar, settings: Settings, address: str) -> None:
    async with browser_at(app, address, settings.public_url) as browser:
        answer = await browser.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# TYPE process_cpu_seconds_total counter" in answer.text


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer None", f"Bearer {SECRET}"])
async def test_without_a_token_nobody_else_gets_them(app: Litestar, settings: Settings, authorization: str) -> None:
    async with browser_at(app, OUTSIDE, settings.public_url) as browser:
        answer = await browser.get("/metrics", headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (403, "metrics_forbidden")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {SECRET}", 200),
        ("", 403),
        ("Bearer", 403),
        (f"Bearer {SECRET}x", 403),
        (f"Bearer {SECRET[:-1]}", 403),
        (f"Basic {SECRET}", 403),
        (SECRET, 403),
    ],
)
async def test_with_a_token_its_bearer_gets_them(
    measured_app: Litestar, settings: Settings, authorization: str, status: int
) -> None:
    async with browser_at(measured_app, OUTSIDE, settings.public_url) as browser:
        answer = await browser.get("/metrics", headers={"authorization": authorization})
    assert answer.status_code == status


async def test_an_address_in_a_header_is_not_believed(app: Litestar, settings: Settings) -> None:
    headers = {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1", "x-real-ip": "127.0.0.1"}
    async with browser_at(app, OUTSIDE, settings.public_url) as browser:
        assert (await browser.get("/metrics", headers=headers)).status_code == 403
