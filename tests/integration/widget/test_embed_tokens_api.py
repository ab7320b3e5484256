"""Embed tokens over the API: create, list, change and revoke; roles, the order of checks, stored values."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from kit.db.database import Database
from kit.http.csrf import HEADER
from support.api_helpers import assert_refused, fields_refused, with_csrf
from support.db_probe import row_counts, tables_holding
from support.factories import Factory, Tenant, sign_in
from support.widget_client import post_token
from tenants.models import Organization, PhoneNumber, Role
from tenants.plans import Plan
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio
NewClient = Callable[[], httpx.AsyncClient]
BAD_BODY = b'{"label": 1}'


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/embed-tokens"


async def fill(database: Database, tenant: Tenant, tokens: int) -> None:
    """Give the organization as many active tokens as that."""
    async with database.sessions() as session, session.begin():
        session.add_all(
            EmbedToken(organization_id=tenant.organization.id, digest=uuid4().bytes * 2, prefix="ept_XXXX")
            for _ in range(tokens)
        )


async def active_tokens(database: Database, tenant: Tenant) -> int:
    async with database.sessions() as session:
        held = EmbedToken.organization_id == tenant.organization.id, EmbedToken.revoked_at.is_(None)
        return await session.scalar(sa.select(sa.func.count(EmbedToken.id)).where(*held)) or 0


async def test_refusals_come_in_the_contracts_order(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER, number=False)
    await fill(database, tenant, 50)
    member, stranger = await make.member(tenant.organization, Role.MEMBER), await make.user()
    path = path_of(tenant)

    async def post(browser: httpx.AsyncClient, body: bytes = BAD_BODY) -> httpx.Response:
        return await browser.post(path, content=body, headers={"content-type": "application/json"})

    assert_refused(await post(client), 403, "csrf_failed")
    assert_refused(await post(await with_csrf(client)), 401, "not_authenticated")
    assert_refused(await post(await sign_in(new_client(), stranger)), 404, "not_found")
    assert_refused(await post(await sign_in(new_client(), member)), 403, "role_too_low")
    owner = await sign_in(client, tenant.owner)
    assert_refused(await post(owner), 403, "plan_not_supported")
    async with database.sessions() as session, session.begin():
        mine = Organization.id == tenant.organization.id
        await session.execute(sa.update(Organization).where(mine).values(plan=Plan.PRO))
    assert_refused(await post(owner), 409, "no_phone_number")
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=tenant.organization.id, e164=f"+1415{uuid4().int % 10**7:07d}"))
    assert fields_refused(await post(owner)) == ["label"]
    assert_refused(await post(owner, b"{}"), 409, "too_many_tokens")
    assert await active_tokens(database, tenant) == 50

    token = (await owner.get(path)).json()["items"][0]["id"]
    assert (await owner.delete(f"{path}/{token}")).status_code == 204
    assert (await post(owner, b"{}")).status_code == 201


async def test_an_admin_manages_tokens_and_a_member_only_reads_them(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    admin = await sign_in(client, await make.member(tenant.organization, Role.ADMIN))
    member = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    path = path_of(tenant)
    assert (await member.get(path)).status_code == 200
    assert (await member.get(f"{path}/{token.id}")).status_code == 200
    assert_refused(await member.patch(f"{path}/{token.id}", json={"label": "x"}), 403, "role_too_low")
    assert_refused(await member.delete(f"{path}/{token.id}"), 403, "role_too_low")
    assert (await admin.post(path, json={})).status_code == 201
    assert (await admin.patch(f"{path}/{token.id}", json={"label": "x"})).status_code == 200
    assert (await admin.delete(f"{path}/{token.id}")).status_code == 204


async def test_the_raw_token_is_only_in_the_answer_that_creates_it(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = path_of(tenant)
    made = await client.post(path, json={"label": "Main"})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    raw, token_id = made.json()["token"], made.json()["id"]
    later = [
        await client.get(path),
        await client.get(f"{path}/{token_id}"),
        await client.patch(f"{path}/{token_id}", json={"label": "Other"}),
        await client.post(path, json={"label": "Main"}),
        await client.get("/api/organizations"),
        await client.delete(f"{path}/{token_id}"),
    ]
    for answer in later:
        assert answer.is_success
        assert raw not in answer.text
    assert await tables_holding(database, raw) == []
    # The prefix is no secret: the events of the token name it.
    holding = await tables_holding(database, made.json()["prefix"])
    assert set(holding) - {"event_outbox", "organization_event"} == {"embed_token"}


async def test_a_token_is_changed_and_revoked_permanently(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["other.com"])
    await sign_in(client, tenant.owner)
    one = f"{path_of(tenant)}/{token.id}"
    assert (await post_token(client, token.raw)).status_code == 403

    changed = await client.patch(one, json={"allowed_domains": ["https://MySite.com/"]})
    assert (changed.status_code, changed.json()["allowed_domains"]) == (200, ["mysite.com"])
    assert changed.json()["label"] == "Main Website"
    assert (await post_token(client, token.raw)).status_code == 200
    opened = await client.patch(one, json={"label": " Shop ", "allowed_domains": []})
    assert (opened.json()["label"], opened.json()["allowed_domains"]) == ("Shop", [])
    answers = [opened.json(), (await client.patch(one, json={})).json(), (await client.get(one)).json()]
    for answer in answers:
        # The use above is stored some time later.
        del answer["last_used_at"], answer["last_origin"]
    assert answers[0] == answers[1] == answers[2]

    assert (await client.delete(one)).status_code == 204
    assert (await post_token(client, token.raw)).status_code == 401
    async with database.sessions() as session:
        first = await session.get_one(EmbedToken, token.id)
    for answer in (await client.delete(one), await client.patch(one, json={"label": "x"}), await client.get(one)):
        assert_refused(answer, 404, "not_found")
    async with database.sessions() as session:
        again = await session.get_one(EmbedToken, token.id)
    assert (again.revoked_at, again.revoked_by, again.label) == (first.revoked_at, tenant.owner.id, "Shop")
    assert (await client.get(path_of(tenant))).json() == {"items": [], "next_cursor": None}


async def test_tokens_of_others_and_unknown_tokens_get_the_same_404(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    their_token = await make.token(theirs)
    await sign_in(client, mine.owner)
    paths = [
        f"{path_of(mine)}/{their_token.id}",
        f"{path_of(mine)}/{uuid4()}",
        f"{path_of(theirs)}/{their_token.id}",
        f"/api/organizations/{uuid4()}/embed-tokens/{their_token.id}",
    ]
    before = await row_counts(database)
    answers = [
        await client.request(method, path, json={"label": "x"} if method == "PATCH" else None)
        for path in paths
        for method in ("GET", "PATCH", "DELETE")
    ]
    answers += [await client.get(path_of(theirs)), await client.post(path_of(theirs), json={})]
    for answer in answers:
        assert_refused(answer, 404, "not_found")
    assert len({answer.content for answer in answers}) == 1
    assert await row_counts(database) == before
    assert (await post_token(client, their_token.raw)).status_code == 200


@pytest.mark.parametrize("path", ["x", "0", "00000000-0000-0000-0000-00000000000g", "%00", "é"])
async def test_invalid_ids_get_a_404(client: httpx.AsyncClient, make: Factory, path: str) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    assert_refused(await client.get(f"{path_of(tenant)}/{path}"), 404, "not_found")


async def test_simultaneous_creations_stop_at_the_limit(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await fill(database, tenant, 45)
    await sign_in(client, tenant.owner)
    answers = await asyncio.gather(*(client.post(path_of(tenant), json={}) for _ in range(60)))
    assert await active_tokens(database, tenant) == 50
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["token"] for answer in made}) == len(made) == 5
    # A server that cannot keep up may say so; it may not make a sixth, nor fail.
    assert {answer.status_code for answer in answers} <= {201, 409, 503}


async def test_the_list_is_read_page_by_page(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    await fill(database, tenant, 7)
    await sign_in(client, tenant.owner)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get(path_of(tenant), params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        assert len(page["items"]) <= 3
        seen += [token["id"] for token in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 7


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("cursor=%00", "cursor")]
)
async def test_invalid_paging_is_refused_with_the_name_of_the_parameter(
    client: httpx.AsyncClient, make: Factory, query: str, field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    assert fields_refused(await client.get(f"{path_of(tenant)}?{query}")) == [field]


async def test_a_stranger_without_a_csrf_header_learns_nothing(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    headers = {HEADER: ""}
    for path in (path_of(tenant), f"/api/organizations/{uuid4()}/embed-tokens"):
        assert_refused(await client.post(path, json={}, headers=headers), 403, "csrf_failed")
