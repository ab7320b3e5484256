"""``/widget/exchange``: the session for a valid embed token, and each refusal in the contract's order."""

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable

import httpx
import jwt
import pytest
import sqlalchemy as sa

from kit import secrets
from kit.db.database import Database
from kit.settings import Settings
from support.asgi import headers_without_request_id
from support.factories import Factory, Tenant, Token
from support.widget_client import (
    PAGE_ORIGIN,
    TEXT_TYPE,
    assert_problem,
    assert_public,
    post_token,
)
from tenants.models import Organization, PhoneNumber
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
BOTH = pytest.mark.parametrize("path", ["/widget/exchange", "/widget/status"])
BreakToken = Callable[[Database, Tenant, Token], Awaitable[None]]


async def suspend(database: Database, tenant: Tenant, _: Token) -> None:
    await _set(database, tenant, suspended_at=sa.func.now())


async def downgrade(database: Database, tenant: Tenant, _: Token) -> None:
    await _set(database, tenant, plan=Plan.STARTER)


async def delete(database: Database, tenant: Tenant, _: Token) -> None:
    await _set(database, tenant, deleted_at=sa.func.now())


async def release_number(database: Database, tenant: Tenant, _: Token) -> None:
    async with database.sessions() as session, session.begin():
        held = PhoneNumber.organization_id == tenant.organization.id
        await session.execute(sa.update(PhoneNumber).where(held).values(released_at=sa.func.now()))


async def _set(database: Database, tenant: Tenant, **values: object) -> None:
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(Organization).where(Organization.id == tenant.organization.id).values(**values))


async def test_simultaneous_exchanges_each_get_their_own_answer(client: httpx.AsyncClient, make: Factory) -> None:
    tokens = [await make.token(await make.tenant()) for _ in range(3)]
    unknown = secrets.mint("ept_").raw
    asked = [tokens[0].raw, unknown, tokens[1].raw, tokens[0].raw, tokens[2].raw]
    answers = await asyncio.gather(*(post_token(client, raw) for raw in asked))
    identities = [answer.json().get("identity", "").rpartition("_")[0] for answer in answers]
    first, second, third = (f"w_{token.id.hex}" for token in tokens)
    assert identities == [first, "", second, first, third]
    assert answers[1].status_code == 401


@pytest.mark.parametrize(
    "content_type", [TEXT_TYPE, "text/plain", "application/json", "Application/JSON; charset=utf-8"]
)
async def test_a_phone_gets_everything_it_needs(
    client: httpx.AsyncClient, make: Factory, settings: Settings, content_type: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    before = dt.datetime.now(dt.UTC)

    answer = await post_token(client, token.raw, content_type=content_type, future_field={"a": [1]})

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert_public(answer)
    session = answer.json()
    assert re.fullmatch(rf"w_{token.id.hex}_[0-9a-f]{{16}}", session["identity"])
    claims = jwt.decode(session.pop("access_token"), settings.twilio.api_key_secret, algorithms=["HS256"])
    assert claims["grants"]["identity"] == session.pop("identity")
    expires_at = dt.datetime.fromisoformat(session.pop("expires_at"))
    assert expires_at.timestamp() == claims["exp"]
    assert before + dt.timedelta(seconds=3598) < expires_at < dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3601)
    assert session.pop("ticket")
    assert session == {
        "token_type": "twilio",
        "expires_in": 3600,
        "caller_id": tenant.number,
        "from_numbers": [{"number": tenant.number, "name": ""}],
        "country": "US",
        "calling_code": "1",
        "trunk_prefix": "1",
        "international_prefix": "011",
        "organization": "Acme Realty",
        "signaling": settings.sandbox_address,
        "settings": {"theme": "auto", "position": "bottom-right", "recent": False},
    }


async def test_numbers_are_written_as_the_organizations_country_writes_them(
    client: httpx.AsyncClient, make: Factory
) -> None:
    token = await make.token(await make.tenant(country="GB", name="Büro & Söhne <b>"))
    session = (await post_token(client, token.raw)).json()
    assert (session["country"], session["calling_code"], session["trunk_prefix"]) == ("GB", "44", "0")
    assert session["organization"] == "Büro & Söhne <b>"


async def test_each_exchange_gets_its_own_identity(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant())
    sessions = [(await post_token(client, token.raw)).json() for _ in range(5)]
    assert len({session["identity"] for session in sessions}) == 5
    assert len({session["access_token"] for session in sessions}) == 5


async def test_status_of_a_valid_token_is_answered(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant())
    answer = await post_token(client, token.raw, path="/widget/status")
    assert (answer.status_code, answer.json()) == (200, {"call": None})
    assert_public(answer)


@BOTH
@pytest.mark.parametrize(
    "raw",
    [
        "",
        "ept_",
        "pk_live_0123456789",
        "ept_" + "0" * 38,
        pytest.param(" " + secrets.mint("ept_").raw, id="blank before"),
        pytest.param(secrets.mint("ept_").raw + "\n", id="line end after"),
        pytest.param(secrets.mint("epk_").raw, id="other prefix"),
        "ept_" + "\0" * 38,
        "ept_" + "٣" * 38,
        "x" * 16_000,
    ],
)
async def test_a_value_that_is_not_a_token_is_invalid(client: httpx.AsyncClient, path: str, raw: str) -> None:
    assert_problem(await post_token(client, raw, path=path), 400, "invalid_embed_token", "Invalid embed token")


@BOTH
async def test_unknown_revoked_and_deleted_cannot_be_told_apart(
    client: httpx.AsyncClient, make: Factory, database: Database, path: str
) -> None:
    tenant, gone = await make.tenant(), await make.tenant()
    revoked, deleted = await make.token(tenant), await make.token(gone)
    for token in (revoked, deleted):
        assert (await post_token(client, token.raw, path=path)).status_code == 200
    await make.revoke(tenant, revoked)
    await delete(database, gone, deleted)

    answers = [await post_token(client, raw, path=path) for raw in (secrets.mint("ept_").raw, revoked.raw, deleted.raw)]

    for answer in answers:
        assert_problem(answer, 401, "revoked_embed_token", "Invalid or revoked token")
    assert len({(answer.content, str(headers_without_request_id(answer))) for answer in answers}) == 1


REFUSALS: list[tuple[BreakToken, int, str, str]] = [
    (suspend, 403, "organization_suspended", "Organization is suspended"),
    (downgrade, 403, "plan_not_supported", "Organization plan does not support widgets"),
    (release_number, 409, "no_phone_number", "No phone number provisioned"),
]


@BOTH
@pytest.mark.parametrize("first", range(len(REFUSALS)))
async def test_of_several_causes_the_first_in_the_contracts_order_is_returned(
    client: httpx.AsyncClient, make: Factory, database: Database, path: str, first: int
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    for break_token, *_ in REFUSALS[first:]:
        await break_token(database, tenant, token)
    _, status, code, detail = REFUSALS[first]
    assert_problem(await post_token(client, token.raw, path=path), status, code, detail)

    elsewhere = await post_token(client, token.raw, path=path, origins=["https://evil.com"])
    assert_problem(elsewhere, 403, "domain_not_allowed", "Domain not allowed")
    await make.revoke(tenant, token)
    revoked = await post_token(client, token.raw, path=path, origins=["https://evil.com"])
    assert_problem(revoked, 401, "revoked_embed_token", "Invalid or revoked token")


@BOTH
async def test_a_refusal_ends_with_its_cause(
    client: httpx.AsyncClient, make: Factory, database: Database, path: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await suspend(database, tenant, token)
    assert (await post_token(client, token.raw, path=path)).status_code == 403
    await _set(database, tenant, suspended_at=None)
    assert (await post_token(client, token.raw, path=path)).status_code == 200


@BOTH
async def test_a_preflight_allows_any_page(client: httpx.AsyncClient, path: str) -> None:
    headers = {
        "origin": PAGE_ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    answer = await client.options(path, headers=headers)
    assert answer.status_code in (200, 204)
    assert answer.content == b""
    assert_public(answer)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"].lower() == "content-type"


@BOTH
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(client: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert_public(answer)


@BOTH
async def test_cookies_and_api_keys_of_a_visitor_are_ignored(
    client: httpx.AsyncClient, make: Factory, path: str
) -> None:
    token = await make.token(await make.tenant())
    headers = [("cookie", "sid=abc; csrftoken=x"), ("authorization", "Bearer epk_x"), ("sec-fetch-site", "cross-site")]
    assert (await post_token(client, token.raw, path=path, headers=headers)).status_code == 200


async def test_a_refresh_with_the_last_ticket_keeps_the_phones_identity(
    client: httpx.AsyncClient, make: Factory
) -> None:
    """The carrier takes a live call up again only for the identity that began it."""
    token = await make.token(await make.tenant())
    first = (await post_token(client, token.raw)).json()
    again = (await post_token(client, token.raw, ticket=first["ticket"])).json()
    other = (await post_token(client, token.raw)).json()
    assert again["identity"] == first["identity"]
    assert again["ticket"] != ""
    assert other["identity"] != first["identity"]
