"""Rate limits of ``/widget/exchange``, and the stored last use of embed tokens."""

import asyncio
import datetime as dt
from collections.abc import Sequence

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from epoch.app import create_app
from kit import secrets
from kit.db.database import Database
from kit.errors import TooMany
from kit.http.app_key import DATABASE
from kit.http.rate_limit import MemoryRateLimiter
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
from support.databases import PATIENT_SECONDS
from support.factories import Factory
from support.waiting import wait_until
from support.widget_client import (
    assert_problem,
    assert_public,
    browser_at,
    post_token,
)
from widget.errors import InvalidEmbedToken
from widget.last_used import EmbedTokenUseWriter
from widget.models import EmbedToken
from widget.tickets import Tickets
from widget.token_auth import RequestMetadata, TokenAuthenticator, WidgetRequest

pytestmark = pytest.mark.anyio
WIDGET_PATHS = ("/widget/exchange", "/widget/status")
LOCK = 7_301
"""The id of an advisory lock that no other test uses."""


@pytest.fixture
def authenticator(app: Litestar, settings: Settings) -> TokenAuthenticator:
    """An authenticator with separate rate limits, whose clock stands still within one minute."""
    limiter = MemoryRateLimiter(clock=lambda: 30.0)
    return TokenAuthenticator(settings, DATABASE.get(app), limiter, Tickets(settings.secret_keys))


def metadata_from(ip_address: str) -> RequestMetadata:
    return RequestMetadata(ip_address, b"text/plain", (b"https://www.mysite.com",), ())


async def refusals_of(
    authenticator: TokenAuthenticator, ip_address: str, tokens: Sequence[str]
) -> list[type[Exception] | None]:
    found: list[type[Exception] | None] = []
    for token in tokens:
        try:
            await authenticator.authenticate(metadata_from(ip_address), WidgetRequest(token=token), purpose="exchange")
            found.append(None)
        except Exception as error:
            found.append(type(error))
    return found


async def test_bad_tokens_are_limited_by_address(authenticator: TokenAuthenticator, make: Factory) -> None:
    good = (await make.token(await make.tenant())).raw
    assert await refusals_of(authenticator, "203.0.113.1", ["x"] * 60) == [InvalidEmbedToken] * 60
    assert await refusals_of(authenticator, "203.0.113.1", ["x", good]) == [TooMany, TooMany]
    assert await refusals_of(authenticator, "203.0.113.2", [good, "x"]) == [None, InvalidEmbedToken]


async def test_one_page_may_exchange_600_times_a_minute(authenticator: TokenAuthenticator, make: Factory) -> None:
    good = (await make.token(await make.tenant())).raw
    assert await refusals_of(authenticator, "203.0.113.3", [good] * 601) == [None] * 600 + [TooMany]
    assert await refusals_of(authenticator, "203.0.113.4", [good]) == [None]


async def test_one_token_may_be_exchanged_1200_times_a_minute(authenticator: TokenAuthenticator, make: Factory) -> None:
    good = (await make.token(await make.tenant())).raw
    refusals = [*await refusals_of(authenticator, "203.0.113.5", [good] * 600)]
    refusals += await refusals_of(authenticator, "203.0.113.6", [good] * 600)
    assert refusals == [None] * 1200
    assert await refusals_of(authenticator, "203.0.113.7", [good]) == [TooMany]


async def test_in_the_sandbox_this_machine_is_not_limited_by_address(authenticator: TokenAuthenticator) -> None:
    for ip_address in ("127.0.0.1", "127.8.8.8", "::1"):
        assert await refusals_of(authenticator, ip_address, ["x"] * 100) == [InvalidEmbedToken] * 100


async def test_a_429_says_when_to_retry(app: Litestar, settings: Settings) -> None:
    async with browser_at(app, "203.0.113.9", settings.public_url) as client:
        # 121 tries meet at most two windows, so one of those sees more than 60.
        answers = [await post_token(client, "x") for _ in range(121)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    for answer in refused:
        assert_problem(answer, 429, "too_many_requests", "Too many requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert "retry-after" in answer.headers["access-control-expose-headers"]
    for answer in answers:
        assert_public(answer)


async def _last_use(database: Database, token: object) -> tuple[dt.datetime | None, str | None]:
    async with database.sessions() as session:
        row = (
            await session.execute(
                sa.select(EmbedToken.last_used_at, EmbedToken.last_origin).where(EmbedToken.id == token)
            )
        ).one()
        return row[0], row[1]


async def test_uses_are_written_together_and_once_a_minute(app: Litestar, database: Database, make: Factory) -> None:
    tenant = await make.tenant()
    first, second = await make.token(tenant), await make.token(tenant)
    uses = EmbedTokenUseWriter(DATABASE.get(app))
    noon = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)

    uses.record_use(first.id, None, noon, "https://a.example")
    uses.record_use(first.id, None, noon + dt.timedelta(seconds=3), "https://b.example")
    uses.record_use(second.id, None, noon, None)
    assert await _last_use(database, first.id) == (None, None)
    await uses.flush()
    assert await _last_use(database, first.id) == (noon, "https://a.example")
    assert await _last_use(database, second.id) == (noon, None)

    uses.record_use(first.id, noon, noon + dt.timedelta(seconds=59), "https://c.example")
    await uses.flush()
    assert await _last_use(database, first.id) == (noon, "https://a.example")
    # Another worker, which read the row before the first one wrote it.
    uses.record_use(first.id, None, noon + dt.timedelta(seconds=59), "https://c.example")
    await uses.flush()
    assert await _last_use(database, first.id) == (noon, "https://a.example")
    uses.record_use(first.id, noon, noon + dt.timedelta(seconds=60), "https://c.example")
    await uses.flush()
    assert await _last_use(database, first.id) == (noon + dt.timedelta(seconds=60), "https://c.example")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"https://www.mysite.com", "https://www.mysite.com"),
        (b"https://" + b"x" * 5000, "https://" + "x" * 292),
        (b"https://\x00.example", None),
        (b"https://a\r\nb", None),
        (b"", None),
    ],
)
async def test_only_the_storable_part_of_a_page_is_stored(
    authenticator: TokenAuthenticator, make: Factory, sent: bytes, kept: str | None
) -> None:
    token = await make.token(await make.tenant())
    metadata = RequestMetadata("127.0.0.1", b"text/plain", (sent,), ())
    widget = await authenticator.authenticate(metadata, WidgetRequest(token=token.raw), purpose="exchange")
    assert widget.origin == kept


async def test_a_refused_exchange_is_not_recorded_as_a_use(
    client: httpx.AsyncClient, database: Database, make: Factory
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    for path in WIDGET_PATHS:
        assert (await post_token(client, token.raw, path=path, origins=["https://evil.com"])).status_code == 403
        assert (await post_token(client, secrets.mint("ept_").raw, path=path)).status_code == 401
    assert await _last_use(database, token.id) == (None, None)


async def test_an_exchange_that_would_wait_too_long_is_refused_at_once_and_a_call_is_not(
    settings: Settings, make: Factory
) -> None:
    token = await make.token(await make.tenant())
    assert settings.database_url is not None
    small = Database(settings.database_url, lookup_connections=1, connect_seconds=PATIENT_SECONDS)
    application = create_app(settings, database=small)
    lookups = small.lookup_pool
    async with application.lifespan(), browser_at(application, "203.0.113.20", settings.public_url) as browser:
        # Opens the connection, so that what follows waits for it.
        assert (await post_token(browser, token.raw)).status_code == 200
        holder = await small.connect()
        await holder.execute("SELECT pg_advisory_lock($1)", LOCK)
        slow = asyncio.create_task(lookups.fetch_row("SELECT pg_advisory_xact_lock($1)", LOCK))
        await asyncio.sleep(0)
        first = asyncio.create_task(post_token(browser, token.raw))
        await wait_until(lambda: bool(lookups._refusable), pause=0)
        lookups._interval = PATIENT_SECONDS
        for path in WIDGET_PATHS:
            refused = await post_token(browser, token.raw, path=path)
            assert_problem(refused, 429, "too_many_requests", "Too many requests")
            assert int(refused.headers["retry-after"]) > 0
        call = asyncio.create_task(CallbackClient(browser, settings).outgoing(token.id, new_sid()))
        await wait_until(lambda: bool(lookups._waiters) or call.done(), pause=0)
        await holder.close()
        await slow
        assert b"<Dial " in (await call).content
        assert (await first).status_code == 200
