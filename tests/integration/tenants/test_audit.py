"""The audit log: append-only, readable by admins, filtered and exported."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from conftest import NewClient
from kit.actor import Actor, ActorKind
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database, owner_engine
from kit.settings import Settings
from support.factories import Factory, Tenant, sign_in
from tenants.models import Role

pytestmark = pytest.mark.anyio

CHANGES = (
    "UPDATE audit_event SET actor_name = 'nobody'",
    "DELETE FROM audit_event",
    "TRUNCATE audit_event",
)


def path_of(tenant: Tenant, rest: str = "") -> str:
    return f"/api/organizations/{tenant.organization.id}/audit{rest}"


async def add_events(database: Database, tenant: Tenant, *events: tuple[str, str]) -> None:
    async with database.sessions() as session, session.begin():
        for action, name in events:
            actor = Actor(ActorKind.USER, uuid4(), name)
            await record(session, actor, action, organization_id=tenant.organization.id)


@pytest.mark.parametrize("statement", CHANGES)
async def test_requests_and_jobs_may_not_change_the_trail(
    tenant_database: Database, database: Database, make: Factory, statement: str
) -> None:
    tenant = await make.tenant()
    await add_events(database, tenant, ("embed_token.created", "pat@example.com"))

    with pytest.raises(DBAPIError, match="permission denied"):
        async with tenant_database.tenant_session(tenant.organization.id) as session:
            await session.execute(sa.text(statement))
    # Jobs may erase fields and delete the events of an organization that is being erased; triggers refuse the rest.
    with pytest.raises(DBAPIError, match="permission denied" if "TRUNCATE" in statement else "audit_event is append"):
        async with database.sessions() as session, session.begin():
            await session.execute(sa.text(statement))


@pytest.mark.parametrize("statement", CHANGES)
async def test_not_even_the_owner_of_the_table_changes_the_trail(
    settings: Settings, database: Database, make: Factory, statement: str
) -> None:
    await add_events(database, await make.tenant(), ("embed_token.created", "pat@example.com"))
    assert settings.database_url is not None
    engine = owner_engine(settings.database_url)
    try:
        with pytest.raises(DBAPIError, match="audit_event is append-only"):
            async with engine.begin() as connection:
                await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


async def test_an_event_says_who_what_when_and_from_where_and_no_secret(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    began = utc_now() - timedelta(seconds=1)
    made = await client.post(
        f"/api/organizations/{tenant.organization.id}/embed-tokens",
        json={"label": "Main Website", "allowed_domains": ["mysite.com"]},
    )

    answer = await client.get(path_of(tenant))

    event = answer.json()["items"][0]
    assert event["at"] >= began.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {key: event[key] for key in event if key not in {"id", "at"}} == {
        "action": "embed_token.created",
        "actor_kind": "user",
        "actor_id": str(tenant.owner.id),
        "actor_name": tenant.owner.email,
        "subject_id": made.json()["id"],
        "subject_name": "Main Website",
        "address": "127.0.0.1",
        "details": {"allowed_domains": ["mysite.com"]},
    }
    assert made.json()["token"] not in answer.text


async def test_the_trail_is_narrowed_by_what_is_asked(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    await add_events(database, other, ("embed_token.created", "ann@example.com"))
    await add_events(
        database,
        tenant,
        ("embed.other", "100% Bob"),
        ("embed_token.created", "ann@example.com"),
        ("embed_token.revoked", "bob@example.com"),
        ("number.released", "Joanna"),
    )
    await sign_in(client, tenant.owner)
    everything = ["number.released", "embed_token.revoked", "embed_token.created", "embed.other"]
    expected = {
        "": everything,
        "action=embed_token.revoked": ["embed_token.revoked"],
        "action=embed_token": ["embed_token.revoked", "embed_token.created"],
        "action=embed": ["embed.other"],
        "action=embed%25": [],
        "actor=ANN": ["number.released", "embed_token.created"],
        "actor=100%25": ["embed.other"],
        "action=embed_token&actor=ann@": ["embed_token.created"],
        "action=&actor=%20": everything,
        "since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z": [],
        "until=2999-01-01T00:00:00Z&limit=1": ["number.released"],
    }

    answers = {query: (await client.get(f"{path_of(tenant)}?{query}")).json()["items"] for query in expected}

    assert {query: [item["action"] for item in items] for query, items in answers.items()} == expected


async def test_an_actor_is_found_by_id(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    await add_events(database, tenant, ("a.first", "Ann"), ("a.second", "Ann"))
    await sign_in(client, tenant.owner)
    everything = (await client.get(path_of(tenant))).json()["items"]

    found = (await client.get(path_of(tenant), params={"actor": everything[1]["actor_id"]})).json()["items"]

    assert found == [everything[1]]


async def test_staff_are_found_by_what_is_shown_of_them_alone(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant, staff = await make.tenant(), Actor(ActorKind.STAFF, uuid4(), "mallory@staff.example", "203.0.113.9")
    async with database.sessions() as session, session.begin():
        await record(session, staff, "organization.suspended", organization_id=tenant.organization.id)
    await add_events(database, tenant, ("a.first", "mallory@customer.example"))
    await sign_in(client, tenant.owner)
    expected = {
        "mallory": ["a.first"],
        "staff.example": [],
        str(staff.id): [],
        "Voice STAFF": ["organization.suspended"],
        "": ["a.first", "organization.suspended"],
    }
    for typed, actions in expected.items():
        answer = await client.get(path_of(tenant), params={"actor": typed})
        assert [item["action"] for item in answer.json()["items"]] == actions, typed
        export = (await client.get(f"{path_of(tenant)}/export.csv", params={"actor": typed})).text
        page = (await client.get(f"/dashboard/{tenant.organization.slug}/audit", params={"actor": typed})).text
        is_found = "organization.suspended" in actions
        assert ("organization.suspended" in export) is is_found, typed
        assert ("Epoch Voice staff" in page.replace(f'value="{typed}"', "")) is is_found, typed


async def test_pages_follow_one_another_without_gap_or_repeat(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await add_events(database, tenant, *[(f"thing.{number}", "Ann") for number in range(7)])
    await sign_in(client, tenant.owner)

    seen: list[str] = []
    query: dict[str, str] = {"limit": "3"}
    for _ in range(3):
        page = (await client.get(path_of(tenant), params=query)).json()
        seen += [item["action"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]

    assert seen == [f"thing.{number}" for number in range(6, -1, -1)]
    assert page["next_cursor"] is None


async def test_a_bad_filter_is_named(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    bad = {
        "since": "2026",
        "until": "2026-11-22T18:00:00",
        "limit": "101",
        "cursor": "!",
        "actor": "a\x00b",
        "action": "x" * 300,
    }

    answers = [await client.get(path_of(tenant), params={field: value}) for field, value in bad.items()]

    assert [answer.status_code for answer in answers] == [400] * len(bad)
    assert [answer.json()["errors"][0]["field"] for answer in answers] == list(bad)


async def test_the_trail_exports_as_csv_without_formulas(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await add_events(database, tenant, ("a.first", "=cmd()"), ("b.second", "Ann"))
    await sign_in(client, tenant.owner)

    answer = await client.get(path_of(tenant, "/export.csv"), params={"action": "a"})

    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert (row["action"], row["actor_name"]) == ("a.first", "'=cmd()")


async def test_the_trail_is_for_admins_of_the_organization(new_client: NewClient, make: Factory) -> None:
    tenant, stranger = await make.tenant(), await make.user()
    people = [tenant.owner, await make.member(tenant.organization, Role.ADMIN)]
    people += [await make.member(tenant.organization, Role.MEMBER), stranger]

    for rest in ("", "/export.csv"):
        answers = [await (await sign_in(new_client(), person)).get(path_of(tenant, rest)) for person in people]
        assert [answer.status_code for answer in answers] == [200, 200, 403, 404]
        assert (await new_client().get(path_of(tenant, rest))).status_code == 401
