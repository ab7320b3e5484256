"""API keys: created by people, shown once, limited to organization and scope, revoked at once."""

import re
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from conftest import NewClient
from kit import secrets
from kit.db.database import Database
from support.db_probe import row_counts, tables_holding
from support.factories import Factory, Tenant, sign_in
from tenants.api_keys.auth import API_KEYS
from tenants.models import ApiKey, PhoneNumber, Role

pytestmark = pytest.mark.anyio


def path_of(tenant: Tenant, rest: str = "") -> str:
    return f"/api/organizations/{tenant.organization.id}{rest}"


async def key_of(new_client: NewClient, tenant: Tenant, *, scope: str = "write", label: str = "CRM sync") -> str:
    client = await sign_in(new_client(), tenant.owner)
    answer = await client.post(path_of(tenant, "/api-keys"), json={"label": label, "scope": scope})
    assert answer.status_code == 201, answer.text
    raw: str = answer.json()["key"]
    return raw


def with_key(client: httpx.AsyncClient, raw: str) -> httpx.AsyncClient:
    client.headers["authorization"] = f"Bearer {raw}"
    return client


async def test_a_key_is_shown_once_and_kept_nowhere(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    answer = await client.post(path_of(tenant, "/api-keys"), json={"label": "CRM sync", "scope": "write"})

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    assert set(issued) == {"id", "label", "scope", "prefix", "created_at", "key"}
    assert re.fullmatch(r"epk_[0-9A-Za-z]{38}", issued["key"])
    assert await tables_holding(database, issued["key"]) == []
    listed = (await client.get(path_of(tenant, "/api-keys"))).json()
    assert listed == {
        "items": [
            {
                "id": issued["id"],
                "label": "CRM sync",
                "scope": "write",
                "prefix": issued["key"][:8],
                "created_at": issued["created_at"],
                "created_by": str(tenant.owner.id),
                "last_used_at": None,
            }
        ],
        "next_cursor": None,
    }
    assert (await client.get(path_of(tenant, f"/api-keys/{issued['id']}"))).json() == listed["items"][0]


async def test_a_read_with_a_key_sets_no_cookie(new_client: NewClient, make: Factory) -> None:
    tenant = await make.tenant()
    client = with_key(new_client(), await key_of(new_client, tenant, scope="read"))

    answer = await client.get(path_of(tenant, "/calls"))

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


async def test_a_key_that_may_write_makes_tokens_without_csrf_and_is_named_in_the_trail(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    with_key(client, await key_of(new_client, tenant))

    answer = await client.post(path_of(tenant, "/embed-tokens"), json={"label": "Made by a program"})

    assert answer.status_code == 201, answer.text
    events = (await client.get(path_of(tenant, "/audit"))).json()["items"]
    assert [(event["action"], event["actor_kind"], event["actor_name"]) for event in events] == [
        ("embed_token.created", "api_key", "CRM sync"),
        ("api_key.created", "user", tenant.owner.email),
    ]


async def test_a_read_key_reads_and_is_told_that_it_may_not_write(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    with_key(client, await key_of(new_client, tenant, scope="read"))
    before = await row_counts(database)

    assert (await client.get(path_of(tenant, "/calls"))).status_code == 200
    writes = [
        await client.post(path_of(tenant, "/embed-tokens"), json={}),
        await client.patch(path_of(tenant, f"/embed-tokens/{token.id}"), json={"label": "x"}),
        await client.delete(path_of(tenant, f"/embed-tokens/{token.id}")),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in writes] == [(403, "key_read_only")] * 3
    assert await row_counts(database) == before


async def test_a_key_lists_its_one_organization(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    with_key(client, await key_of(new_client, tenant, scope="read"))

    answer = await client.get("/api/organizations")

    assert answer.json() == {
        "items": [
            {
                "id": str(tenant.organization.id),
                "slug": tenant.organization.slug,
                "name": tenant.organization.name,
                "plan": "pro",
                "country": "US",
                "time_zone": "America/New_York",
                "role": "admin",
            }
        ],
        "next_cursor": None,
    }


async def test_another_tenants_key_sees_what_a_random_id_shows(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    with_key(client, await key_of(new_client, mine))

    real = await client.get(path_of(theirs, "/embed-tokens"))
    random = await client.get(f"/api/organizations/{uuid4()}/embed-tokens")
    made = await client.post(path_of(theirs, "/embed-tokens"), json={})

    assert (real.status_code, real.content) == (404, random.content)
    assert (made.status_code, made.content) == (404, random.content)


@pytest.mark.parametrize("rest", ["/api-keys", "/members", "/invitations"])
async def test_keys_and_members_are_not_for_keys(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, rest: str
) -> None:
    tenant = await make.tenant()
    with_key(client, await key_of(new_client, tenant))

    answers = [await client.get(path_of(tenant, rest)), await client.post(path_of(tenant, rest), json={})]

    assert answers[0].status_code == 403
    assert answers[0].json()["code"] == "key_not_allowed"
    assert answers[1].status_code in {403, 405}


async def test_what_is_not_a_live_key_is_refused_without_telling_why(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    texts = ["", "x", "epk_", "ept_" + "0" * 38, "epk_" + "0" * 38, "epk_" + "é" * 38, secrets.mint("epk_").raw]

    answers = [
        await client.get(path_of(tenant, "/calls"), headers=[(b"authorization", b"Bearer " + text.encode("latin-1"))])
        for text in texts
    ]

    assert [answer.status_code for answer in answers] == [401] * len(texts)
    assert {answer.content for answer in answers} == {answers[-1].content}
    assert answers[-1].json()["code"] == "invalid_api_key"
    assert answers[-1].json()["detail"] == "Invalid or revoked API key"


async def test_a_session_beside_a_bad_key_does_not_count(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    assert (await client.get(path_of(tenant))).status_code == 200

    with_key(client, secrets.mint("epk_").raw)

    assert (await client.get(path_of(tenant))).status_code == 401
    assert (await client.get("/api/session")).status_code == 401
    assert (await client.get("/api/organizations")).status_code == 401


async def test_a_revoked_key_stops_at_once_and_leaves_the_list(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    raw = await key_of(new_client, tenant)
    person, program = await sign_in(client, tenant.owner), with_key(new_client(), raw)
    assert (await program.get(path_of(tenant))).status_code == 200
    (key,) = (await person.get(path_of(tenant, "/api-keys"))).json()["items"]

    revoked = await person.delete(path_of(tenant, f"/api-keys/{key['id']}"))

    assert revoked.status_code == 204
    assert (await program.get(path_of(tenant))).status_code == 401
    assert (await person.get(path_of(tenant, "/api-keys"))).json()["items"] == []
    assert (await person.delete(path_of(tenant, f"/api-keys/{key['id']}"))).status_code == 404


async def test_the_keys_of_a_deleted_organization_are_dead(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    with_key(client, await key_of(new_client, tenant))
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.text("UPDATE organization SET deleted_at = now() WHERE id = :id"), {"id": tenant.organization.id}
        )

    assert (await client.get(path_of(tenant))).json()["code"] == "invalid_api_key"


async def test_members_may_not_see_or_make_keys(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    answers = [
        await client.get(path_of(tenant, "/api-keys")),
        await client.post(path_of(tenant, "/api-keys"), json={}),
        await client.delete(path_of(tenant, f"/api-keys/{uuid4()}")),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "role_too_low")] * 3


async def test_a_bad_field_is_named(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    bodies: list[tuple[str, object]] = [
        ("label", "x" * 65),
        ("label", "a\u0000b"),
        ("label", 5),
        ("scope", "admin"),
        ("organization_id", str(uuid4())),
        ("revoked_at", None),
        ("key", "epk_mine"),
    ]

    answers = [await client.post(path_of(tenant, "/api-keys"), json={field: value}) for field, value in bodies]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, "validation_failed")] * 7
    assert [answer.json()["errors"][0]["field"] for answer in answers] == [field for field, _ in bodies]


async def test_one_key_too_many_is_refused(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.text("UPDATE organization SET limits = '{\"active_keys\": 1}' WHERE id = :id"),
            {"id": tenant.organization.id},
        )
    await sign_in(client, tenant.owner)

    first = await client.post(path_of(tenant, "/api-keys"), json={})
    second = await client.post(path_of(tenant, "/api-keys"), json={})

    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["code"] == "too_many_keys"


async def test_use_is_noted_at_most_once_a_minute(
    app: Litestar, client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    with_key(client, await key_of(new_client, tenant))

    async def last_used() -> object:
        await API_KEYS.get(app).uses.flush()
        async with database.sessions() as session:
            query = sa.select(ApiKey.last_used_at).where(ApiKey.owned_by(tenant.organization.id))
            return await session.scalar(query)

    assert await last_used() is None
    await client.get(path_of(tenant))
    first = await last_used()
    await client.get(path_of(tenant))

    assert first is not None
    assert await last_used() == first


async def test_a_key_acts_with_the_default_number(
    app: Litestar, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    raw = await key_of(new_client, tenant)
    default = PhoneNumber(organization_id=tenant.organization.id, e164="+14155550188", is_default=True)
    async with database.sessions() as session, session.begin():
        session.add(default)

    key = await API_KEYS.get(app).authenticate(raw, "203.0.113.7")

    assert key.member.caller_id == "+14155550188"
