"""Members over the API: list, change role, remove; an organization keeps an owner."""

from uuid import UUID, uuid4

import anyio
import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from conftest import NewClient
from kit.actor import Actor, ActorKind
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.errors import DomainError
from support.factories import Factory, Tenant, sign_in
from tenants.errors import LastOwner, RoleTooLow
from tenants.members import MemberService
from tenants.models import Membership, Role

pytestmark = pytest.mark.anyio


def members(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/members"


async def add_member(database: Database, tenant: Tenant, user: User) -> UUID:
    """The id of a person's membership."""
    async with database.sessions() as session:
        query = sa.select(Membership.id).where(
            Membership.owned_by(tenant.organization.id), Membership.user_id == user.id
        )
        return (await session.scalars(query)).one()


async def trail(database: Database, tenant: Tenant) -> list[tuple[str, str, object]]:
    async with database.sessions() as session:
        query = sa.select(AuditEvent.action, AuditEvent.subject_name, AuditEvent.details)
        found = await session.execute(
            query.where(AuditEvent.organization_id == tenant.organization.id).order_by(AuditEvent.id)
        )
        return [(action, name, details) for action, name, details in found]


async def test_every_member_sees_the_members(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, member)

    first = (await client.get(members(tenant), params={"limit": 1})).json()
    second = (await client.get(members(tenant), params={"limit": 1, "cursor": first["next_cursor"]})).json()

    assert second["next_cursor"] is None
    listed = [*first["items"], *second["items"]]
    assert [(item["email"], item["role"]) for item in listed] == [
        (member.email, "member"),
        (tenant.owner.email, "owner"),
    ]
    assert set(listed[0]) == {"id", "user_id", "email", "name", "role", "joined_at", "from_number_id", "missed_digest"}


async def test_a_role_changes_from_the_next_request_on(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.MEMBER)
    owner, theirs = await sign_in(new_client(), tenant.owner), await sign_in(new_client(), member)
    path = f"/api/organizations/{tenant.organization.id}"
    assert (await theirs.patch(path, json={"name": "New"})).status_code == 403

    answer = await owner.patch(
        f"{members(tenant)}/{await add_member(database, tenant, member)}", json={"role": "admin"}
    )

    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert (await theirs.patch(path, json={"name": "New"})).status_code == 200
    assert (await trail(database, tenant))[0] == (
        "member.role_changed",
        member.email,
        {"before": "member", "after": "admin"},
    )


async def test_a_removed_members_session_lives_on_without_the_organization(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.ADMIN)
    owner, theirs = await sign_in(new_client(), tenant.owner), await sign_in(new_client(), member)
    path = f"/api/organizations/{tenant.organization.id}"
    assert (await theirs.get(path)).status_code == 200

    answer = await owner.delete(f"{members(tenant)}/{await add_member(database, tenant, member)}")

    assert answer.status_code == 204
    assert (await theirs.get("/api/session")).status_code == 200
    gone, random = await theirs.get(path), await theirs.get(f"/api/organizations/{uuid4()}")
    assert (gone.status_code, gone.json()) == (random.status_code, random.json())
    assert (await theirs.get("/api/organizations")).json()["items"] == []
    assert await trail(database, tenant) == [("member.removed", member.email, None)]


async def test_anybody_may_leave(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, member)

    answer = await client.delete(f"{members(tenant)}/{await add_member(database, tenant, member)}")

    assert answer.status_code == 204
    assert (await client.get(members(tenant))).status_code == 404
    assert await trail(database, tenant) == [("member.left", member.email, None)]


async def test_the_last_owner_stays_an_owner(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    await make.member(tenant.organization, Role.ADMIN)
    await sign_in(client, tenant.owner)
    own = f"{members(tenant)}/{await add_member(database, tenant, tenant.owner)}"

    demoted, left = await client.patch(own, json={"role": "admin"}), await client.delete(own)

    for answer in (demoted, left):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert await trail(database, tenant) == []


async def test_of_two_owners_who_leave_at_once_one_stays(
    tenant_database: Database, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    owners = [tenant.owner, await make.member(tenant.organization, Role.OWNER)]
    refused: list[DomainError] = []

    async def leave(user: User) -> None:
        try:
            async with tenant_database.tenant_session(tenant.organization.id, user.id) as session:
                by = Actor(ActorKind.USER, user.id, user.email)
                await MemberService(session).leave(tenant.organization.id, by=by)
        except DomainError as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        for owner in owners:
            group.start_soon(leave, owner)

    assert [type(error) for error in refused] == [LastOwner]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"role": "member"}, 403), ({"role": "admin"}, 403), (None, 403)],
    ids=["demote", "keep low", "remove"],
)
async def test_an_admin_does_not_reach_an_owner(
    client: httpx.AsyncClient, make: Factory, database: Database, change: dict[str, str] | None, status: int
) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.ADMIN))
    path = f"{members(tenant)}/{await add_member(database, tenant, tenant.owner)}"

    answer = await (client.delete(path) if change is None else client.patch(path, json=change))

    assert (answer.status_code, answer.json()["code"]) == (status, "role_too_low")


async def test_an_admin_makes_no_owner_and_not_themselves_one(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    admin, member = [await make.member(tenant.organization, role) for role in (Role.ADMIN, Role.MEMBER)]
    await sign_in(client, admin)

    for user in (admin, member):
        path = f"{members(tenant)}/{await add_member(database, tenant, user)}"
        answer = await client.patch(path, json={"role": "owner"})
        assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low")


async def test_a_member_learns_nothing_about_ids_by_removing(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    known = await client.delete(f"{members(tenant)}/{await add_member(database, tenant, tenant.owner)}")
    random = await client.delete(f"{members(tenant)}/{uuid4()}")

    assert known.status_code == 403
    assert known.json() == random.json()


@pytest.mark.parametrize(
    ("body", "field"),
    [({"role": "king"}, "role"), ({"role": None}, "role"), ({"role": "admin", "email": "x"}, "email")],
)
async def test_a_wrong_body_names_its_field(
    client: httpx.AsyncClient, make: Factory, database: Database, body: dict[str, object], field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    answer = await client.patch(f"{members(tenant)}/{await add_member(database, tenant, tenant.owner)}", json=body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_ownership_is_handed_over_in_one_step(
    tenant_database: Database, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    heir = await make.member(tenant.organization, Role.MEMBER)
    by = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)

    async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
        await MemberService(session).transfer_ownership(
            tenant.organization.id, await add_member(database, tenant, heir), by=by
        )

    async with database.sessions() as session:
        query = sa.select(Membership.user_id, Membership.role).where(Membership.owned_by(tenant.organization.id))
        roles = {row.user_id: row.role for row in await session.execute(query)}
    assert roles == {heir.id: Role.OWNER, tenant.owner.id: Role.ADMIN}
    assert [(name, details) for _, name, details in await trail(database, tenant)] == [
        (heir.email, {"before": "member", "after": "owner"}),
        (tenant.owner.email, {"before": "owner", "after": "admin"}),
    ]


async def test_an_admin_hands_nothing_over(tenant_database: Database, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    admin, other = [await make.member(tenant.organization, role) for role in (Role.ADMIN, Role.MEMBER)]

    by = Actor(ActorKind.USER, admin.id, admin.email)
    heir = await add_member(database, tenant, other)
    async with tenant_database.tenant_session(tenant.organization.id, admin.id) as session:
        with pytest.raises(RoleTooLow):
            await MemberService(session).transfer_ownership(tenant.organization.id, heir, by=by)
