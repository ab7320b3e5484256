"""Health endpoints and their warnings, and access to the metrics."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from litestar import Litestar

from carrier.breaker import FAILURES_TO_OPEN, CircuitBreaker
from carrier.health import CARRIER_HEALTH
from epoch.app import create_app
from epoch.readiness import READINESS
from kit.http.rate_limit import RATE_LIMITER
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
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


async def test_a_server_that_works_says_so(settings: Settings) -> None:
    # Its own application: other tests send the shared one wrong signatures, which it warns of.
    application = create_app(settings)
    async with application.lifespan(), browser_at(application, OUTSIDE, settings.public_url) as browser:
        answer = await browser.get("/health/live")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()) == (
            200,
            {"status": "ok", "role": "run", "work": ["requests", "jobs"]},
        )
        answer = await browser.get("/health/dependencies")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "failing": [], "warnings": []})


async def test_readiness_follows_start_and_end_of_the_process_alone(settings: Settings) -> None:
    application = create_app(settings)
    async with browser_at(application, OUTSIDE, settings.public_url) as browser:
        answer = await browser.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "starting")
        async with application.lifespan():
            assert (await browser.get("/health/ready")).status_code == 200
            READINESS.get(application).drain()
            for path, status in (("/health/ready", 503), ("/health/live", 200), ("/health/dependencies", 200)):
                answer = await browser.get(path)
                assert (answer.status_code, answer.headers.get("cache-control", "no-store")) == (status, "no-store")


async def test_a_carrier_that_fails_is_a_warning(settings: Settings) -> None:
    breaker = CircuitBreaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.record_failure()
    application = create_app(settings)
    async with application.lifespan(), browser_at(application, OUTSIDE, settings.public_url) as browser:
        CARRIER_HEALTH.get(application).set_breaker(breaker)
        answer = await browser.get("/health/dependencies")
    assert answer.status_code == 200
    assert [warning.partition(":")[0] for warning in answer.json()["warnings"]] == ["carrier"]


async def test_a_callback_with_a_wrong_signature_is_a_warning_until_a_right_one_follows(settings: Settings) -> None:
    application = create_app(settings)

    async def warnings(browser: httpx.AsyncClient) -> list[str]:
        answer = await browser.get("/health/dependencies")
        assert answer.status_code == 200
        return [warning.partition(":")[0] for warning in answer.json()["warnings"]]

    async with application.lifespan(), browser_at(application, OUTSIDE, settings.public_url) as browser:
        callbacks = CallbackClient(browser, settings)
        refused = await callbacks.send("/voice/status", {"CallSid": new_sid()}, {"x-twilio-signature": "x"})
        assert refused.status_code == 403
        assert await warnings(browser) == ["carrier callbacks"]
        assert (await callbacks.send("/voice/status", {"CallSid": new_sid()})).status_code == 204
        assert await warnings(browser) == []


async def test_a_carrier_that_refuses_our_credentials_is_a_warning(settings: Settings) -> None:
    application = create_app(settings)
    async with application.lifespan(), browser_at(application, OUTSIDE, settings.public_url) as browser:
        CARRIER_HEALTH.get(application).record_answer(0.1, is_access_refused=True)
        answer = await browser.get("/health/dependencies")
    assert answer.status_code == 200
    assert [warning.partition(":")[0] for warning in answer.json()["warnings"]] == ["carrier"]


async def test_a_shared_rate_limit_store_that_does_not_answer_is_a_warning(settings: Settings) -> None:
    away = msgspec.structs.replace(settings, valkey_url="valkey://127.0.0.1:1/0")
    application = create_app(away)
    async with application.lifespan(), browser_at(application, OUTSIDE, settings.public_url) as browser:
        await RATE_LIMITER.get(application).hit("test:health", 1)
        answer = await browser.get("/health/dependencies")
    assert answer.status_code == 200
    assert [warning.partition(":")[0] for warning in answer.json()["warnings"]] == ["rate limits"]


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


async def test_a_client_address_in_a_header_is_not_trusted(app: Litestar, settings: Settings) -> None:
    headers = {"x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1", "x-real-ip": "127.0.0.1"}
    async with browser_at(app, OUTSIDE, settings.public_url) as browser:
        assert (await browser.get("/metrics", headers=headers)).status_code == 403
