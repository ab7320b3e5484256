"""The actor of an audit event is the session's, whatever the inserting statement says."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from admin.models import StaffRole
from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent, record
from kit.clock import utc_now
from kit.db.database import STAFF_ROLE, Database
from support.factories import Factory
from support.staff import make_staff
from tenants.api_keys.services import ApiKeyService
from tenants.models import KeyScope

pytestmark = pytest.mark.anyio


async def stored_event(database: Database, event_id: UUID) -> AuditEvent:
    async with database.sessions() as session:
        return await session.get_one(AuditEvent, event_id)


async def insert(session: AsyncSession, **values: Any) -> UUID:
    """Insert an event as any statement could, and return its id."""
    event_id = uuid4()
    row = {"id": event_id, "action": "thing.changed", "actor_name": "mallory@example.com", **values}
    await session.execute(sa.insert(AuditEvent).values(row))
    return event_id


@pytest.mark.parametrize("kind", ["staff", "user", "system"])
async def test_staffs_role_inserts_no_event_of_somebody_else(
    tenant_database: Database, database: Database, kind: str
) -> None:
    staff, other = await make_staff(database, StaffRole.SUPPORT), await make_staff(database, StaffRole.ADMIN)
    back_office = tenant_database.for_role(STAFF_ROLE, engine_connections=1)
    try:
        with pytest.raises(DBAPIError) as refused:
            async with back_office.tenant_session(None, staff.id) as session:
                await insert(session, actor_kind=kind, actor_id=None if kind == "system" else other.id)
        assert getattr(refused.value.orig, "sqlstate", None) == "42501"
        with pytest.raises(DBAPIError, match="does not act as this actor"):
            async with back_office.sessions() as session, session.begin():
                await insert(session, actor_kind="staff", actor_id=staff.id)
    finally:
        await back_office.stop()


async def test_the_database_sets_the_name_and_the_time_of_staff(tenant_database: Database, database: Database) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    back_office = tenant_database.for_role(STAFF_ROLE, engine_connections=1)
    long_ago = utc_now() - timedelta(days=400)
    try:
        async with back_office.tenant_session(None, staff.id) as session:
            event_id = await insert(session, actor_kind="staff", actor_id=staff.id, created_at=long_ago)
    finally:
        await back_office.stop()

    event = await stored_event(database, event_id)
    assert event.actor_name == staff.email
    assert utc_now() - event.created_at < timedelta(hours=1)


async def test_a_request_records_its_user_and_nobody_else(
    tenant_database: Database, database: Database, make: Factory
) -> None:
    tenant = await make.tenant()
    organization_id, owner = tenant.organization.id, tenant.owner
    others: list[tuple[str, UUID | None]] = [
        ("user", uuid4()),
        ("staff", owner.id),
        ("api_key", owner.id),
        ("system", None),
        ("user", None),
    ]
    for kind, actor_id in others:
        with pytest.raises(DBAPIError, match="does not act as this actor"):
            async with tenant_database.tenant_session(organization_id, owner.id) as session:
                await insert(session, organization_id=organization_id, actor_kind=kind, actor_id=actor_id)

    async with tenant_database.tenant_session(organization_id, owner.id) as session:
        event_id = await insert(session, organization_id=organization_id, actor_kind="user", actor_id=owner.id)

    assert (await stored_event(database, event_id)).actor_name == owner.email


async def test_a_transaction_of_nobody_records_the_product_alone(
    tenant_database: Database, database: Database, make: Factory
) -> None:
    tenant = await make.tenant()
    organization_id = tenant.organization.id
    with pytest.raises(DBAPIError, match="does not act as this actor"):
        async with tenant_database.tenant_session(organization_id) as session:
            await insert(session, organization_id=organization_id, actor_kind="user", actor_id=tenant.owner.id)
    async with tenant_database.tenant_session(organization_id) as session:
        event_id = await insert(session, organization_id=organization_id, actor_kind="system")

    assert (await stored_event(database, event_id)).actor_name == SYSTEM.name


async def test_an_api_key_and_staff_act_under_their_own_names(
    tenant_database: Database, database: Database, make: Factory
) -> None:
    tenant, staff = await make.tenant(), await make_staff(database, StaffRole.OPERATOR)
    organization_id = tenant.organization.id
    async with database.sessions() as session, session.begin():
        key, _ = await ApiKeyService(session).issue(organization_id, label="Backend", scope=KeyScope.READ, by=SYSTEM)
    names = {}
    for kind, actor_id in ((ActorKind.API_KEY, key.id), (ActorKind.STAFF, staff.id)):
        actor = Actor(kind, actor_id, "mallory@example.com")
        async with tenant_database.tenant_session(organization_id, actor=actor) as session:
            await record(session, actor, f"{kind.value}.acted", organization_id=organization_id)
            names[kind] = await session.scalar(
                sa.select(AuditEvent.actor_name).where(AuditEvent.action == f"{kind.value}.acted")
            )

    assert names == {ActorKind.API_KEY: "Backend", ActorKind.STAFF: staff.email}


async def test_an_actor_that_does_not_exist_is_refused(tenant_database: Database, make: Factory) -> None:
    organization_id, actor = (await make.tenant()).organization.id, Actor(ActorKind.STAFF, uuid4(), "mallory")
    with pytest.raises(DBAPIError, match="there is no such actor"):
        async with tenant_database.tenant_session(organization_id, actor=actor) as session:
            await record(session, actor, "thing.changed", organization_id=organization_id)


async def test_jobs_record_others_and_a_known_one_by_name(database: Database, make: Factory) -> None:
    tenant = await make.tenant()
    async with database.sessions() as session, session.begin():
        known = await insert(
            session, organization_id=tenant.organization.id, actor_kind="user", actor_id=tenant.owner.id
        )
        gone = await insert(session, organization_id=tenant.organization.id, actor_kind="user", actor_id=uuid4())

    assert (await stored_event(database, known)).actor_name == tenant.owner.email
    assert (await stored_event(database, gone)).actor_name == "mallory@example.com"
