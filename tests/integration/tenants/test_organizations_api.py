"""Organizations over the API: read, rename, change country; create and delete by the service."""

from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from accounts.errors import EmailNotVerified
from accounts.models import User
from conftest import NewClient
from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.errors import NotFound, ValidationFailed
from support.factories import Factory, sign_in
from tenants.errors import ConfirmationMismatch
from tenants.models import Membership, Organization, Role
from tenants.plans import Plan
from tenants.services import RESTORE_PERIOD, OrganizationService

pytestmark = pytest.mark.anyio


def acting(user: User) -> Actor:
    return Actor(ActorKind.USER, user.id, user.email, "127.0.0.1")


async def actions(database: Database, organization_id: UUID) -> list[str]:
    """The actions in the audit log of an organization, oldest first."""
    async with database.sessions() as session:
        query = sa.select(AuditEvent.action).where(AuditEvent.organization_id == organization_id)
        return list(await session.scalars(query.order_by(AuditEvent.id)))


async def create(
    tenant_database: Database, owner: User, name: str = "Acme Realty", country: str = "US"
) -> Organization:
    async with tenant_database.tenant_session(None, owner.id) as session:
        return await OrganizationService(session).create_for_user(acting(owner), name=name, country=country)


async def test_an_admin_renames_and_moves_the_organization_and_its_slug_stays(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.ADMIN))
    path = f"/api/organizations/{tenant.organization.id}"

    answer = await client.patch(path, json={"name": " Müller & Söhne ", "country": "de"})

    assert answer.status_code == 200, answer.text
    changed = {"name": "Müller & Söhne", "country": "DE", "slug": tenant.organization.slug}
    assert changed.items() <= answer.json().items()
    assert changed.items() <= (await client.get(path)).json().items()
    async with database.sessions() as session:
        query = sa.select(AuditEvent.details).where(AuditEvent.organization_id == tenant.organization.id)
        assert await session.scalar(query) == {
            "before": {"name": "Acme Realty", "country": "US", "time_zone": "America/New_York"},
            "after": {"name": "Müller & Söhne", "country": "DE", "time_zone": "Europe/Berlin"},
        }


async def test_what_is_left_out_stays_and_no_change_leaves_no_event(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}"

    answer = await client.patch(path, json={})
    same = await client.patch(path, json={"country": "US"})

    assert (answer.status_code, same.status_code) == (200, 200)
    assert answer.json() == same.json() == (await client.get(path)).json()
    assert await actions(database, tenant.organization.id) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\r\nb"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": None}, "name"),
        ({"country": "Atlantis"}, "country"),
        ({"plan": "enterprise"}, "plan"),
        ({"slug": "other"}, "slug"),
        ({"id": str(uuid4())}, "id"),
        ({"deleted_at": None}, "deleted_at"),
        ({"limits": {}}, "limits"),
    ],
)
async def test_wrong_unknown_and_read_only_fields_are_refused_by_name(
    client: httpx.AsyncClient, make: Factory, body: dict[str, object], field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    answer = await client.patch(f"/api/organizations/{tenant.organization.id}", json=body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "validation_failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_member_may_not_rename(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    answer = await client.patch(f"/api/organizations/{tenant.organization.id}", json={"name": "Mine"})

    assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")


async def test_who_creates_an_organization_owns_it_on_the_starter_plan(
    tenant_database: Database, client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    owner = await make.user()

    organization = await create(tenant_database, owner, "Côte & Fils", "FR")

    await sign_in(client, owner)
    listed = (await client.get("/api/organizations")).json()["items"]
    assert [(item["name"], item["plan"], item["country"], item["role"]) for item in listed] == [
        ("Côte & Fils", "starter", "FR", "owner")
    ]
    assert organization.slug.startswith("cote-fils")
    assert await actions(database, organization.id) == ["organization.created"]


async def test_each_organization_of_the_same_name_gets_another_slug(tenant_database: Database, make: Factory) -> None:
    owner, name = await make.user(), f"Same {uuid4().hex[:8]}"

    made = [await create(tenant_database, owner, name) for _ in range(3)]

    slugs = [organization.slug for organization in made]
    assert len(set(slugs)) == 3
    assert slugs[0] == name.lower().replace(" ", "-")
    assert all(slug.startswith(f"{slugs[0]}-") for slug in slugs[1:])


async def test_an_unconfirmed_person_creates_nothing(
    tenant_database: Database, make: Factory, database: Database
) -> None:
    owner = await make.user()
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == owner.id).values(email_verified_at=None))

    with pytest.raises(EmailNotVerified):
        await create(tenant_database, owner)
    async with database.sessions() as session:
        assert await session.scalar(sa.select(Membership.id).where(Membership.user_id == owner.id)) is None


@pytest.mark.parametrize(("name", "country"), [("", "US"), ("Acme", ""), ("Acme", "ZZ"), ("a\0", "US")])
async def test_an_organization_needs_a_name_and_a_country(
    tenant_database: Database, make: Factory, name: str, country: str
) -> None:
    with pytest.raises(ValidationFailed):
        await create(tenant_database, await make.user(), name, country)


async def test_a_deleted_organization_is_gone_at_once_for_people_and_phones(
    tenant_database: Database, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    owner = await sign_in(new_client(), tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}"
    assert (await owner.post("/widget/exchange", json={"token": token.raw})).status_code == 200

    async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
        await OrganizationService(session).soft_delete(
            tenant.organization.id, by=acting(tenant.owner), confirmation=tenant.organization.name
        )

    refused = await owner.post("/widget/exchange", json={"token": token.raw})
    assert (refused.status_code, refused.json()["code"]) == (401, "revoked_embed_token")
    assert (await owner.get(path)).status_code == 404
    assert (await owner.get("/api/organizations")).json()["items"] == []
    async with database.sessions() as session:
        query = sa.select(AuditEvent.action, AuditEvent.details).where(
            AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "organization.deleted"
        )
        _, details = (await session.execute(query)).one()
    assert details["phone_numbers_to_release"] == 1
    assert details["erased_after"] > "2020"


async def test_deleting_asks_for_the_name(tenant_database: Database, make: Factory, database: Database) -> None:
    tenant = await make.tenant(name="Acme Realty")
    with pytest.raises(ConfirmationMismatch):
        async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
            await OrganizationService(session).soft_delete(
                tenant.organization.id, by=acting(tenant.owner), confirmation="acme realty"
            )
    async with database.sessions() as session:
        assert (await session.get_one(Organization, tenant.organization.id)).deleted_at is None


async def test_an_owner_restores_within_the_restore_period_and_everything_works_again(
    tenant_database: Database, client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await _deleted(database, tenant.organization, ago=RESTORE_PERIOD * 0.9)

    async with tenant_database.tenant_session(None, tenant.owner.id) as session:
        found = await OrganizationService(session).list_restorable(tenant.owner.id)
    async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
        await OrganizationService(session).restore(tenant.organization.id, by=acting(tenant.owner))

    assert [organization.id for organization in found] == [tenant.organization.id]
    assert (await client.post("/widget/exchange", json={"token": token.raw})).status_code == 200
    assert (await actions(database, tenant.organization.id))[-1] == "organization.restored"


@pytest.mark.parametrize("who", ["admin", "stranger"])
async def test_nobody_but_an_owner_restores(
    tenant_database: Database, make: Factory, database: Database, who: str
) -> None:
    tenant = await make.tenant()
    other = await (make.member(tenant.organization, Role.ADMIN) if who == "admin" else make.user())
    await _deleted(database, tenant.organization, ago=RESTORE_PERIOD * 0.1)

    with pytest.raises(NotFound):
        async with tenant_database.tenant_session(tenant.organization.id, other.id) as session:
            await OrganizationService(session).restore(tenant.organization.id, by=acting(other))


async def test_after_the_restore_period_nothing_can_be_restored(
    tenant_database: Database, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await _deleted(database, tenant.organization, ago=RESTORE_PERIOD * 1.1)

    with pytest.raises(NotFound):
        async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
            await OrganizationService(session).restore(tenant.organization.id, by=acting(tenant.owner))


async def test_a_change_of_plan_is_in_the_trail(make: Factory, database: Database) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    async with database.sessions() as session, session.begin():
        await OrganizationService(session).set_plan(tenant.organization.slug, Plan.PRO)
        await OrganizationService(session).set_plan(tenant.organization.slug, Plan.PRO)

    async with database.sessions() as session:
        query = sa.select(AuditEvent).where(AuditEvent.organization_id == tenant.organization.id)
        events = list(await session.scalars(query))
    assert [(event.action, event.actor_kind, event.details) for event in events] == [
        ("organization.plan_changed", SYSTEM.kind.value, {"before": "starter", "after": "pro"})
    ]


async def _deleted(database: Database, organization: Organization, *, ago: object) -> None:
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.update(Organization).where(Organization.id == organization.id).values(deleted_at=sa.func.now() - ago)
        )
