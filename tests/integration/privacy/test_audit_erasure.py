"""Erasure in the audit log of a number, of a person, and of old data: the hash chain of the rest still verifies."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from kit.actor import SYSTEM, Actor, ActorKind
from kit.audit import AuditEvent, record
from kit.audit_chain import ERASABLE_FIELDS
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from privacy.audit_erasure import AuditRetention, erase_person
from support.factories import Factory, Tenant, sign_in
from tenants.audit_log.verification import AuditVerifier

pytestmark = pytest.mark.anyio
NUMBER, WRITTEN = "+13035550163", "(303) 555-0163"
OTHER = "+13035550164"
KEY = Actor(ActorKind.API_KEY, uuid4(), "Backend", client_ip_address="192.0.2.7")


async def add(database: Database, organization_id: UUID | None, action: str, **values: Any) -> UUID:
    """Add an event as the product or as ``by``; return its id. Only roles for others may name any actor."""
    by: Actor = values.pop("by", SYSTEM)
    async with database.sessions() as session, session.begin():
        await record(session, by, action, organization_id=organization_id, **values)
        newest = sa.select(AuditEvent.id).where(AuditEvent.organization_id.is_not_distinct_from(organization_id))
        return (await session.scalars(newest.order_by(AuditEvent.id.desc()).limit(1))).one()


async def event_of(database: Database, event_id: UUID) -> AuditEvent:
    async with database.sessions() as session:
        return (await session.scalars(sa.select(AuditEvent).where(AuditEvent.id == event_id))).one()


async def erased_fields(database: Database, event_id: UUID) -> Sequence[str]:
    """The erased fields of an event: those without a salt, which have no value either."""
    async with database.sessions() as session:
        query = sa.select(AuditEvent.field_salts, *(getattr(AuditEvent, name) for name in ERASABLE_FIELDS))
        salts, *values = (await session.execute(query.where(AuditEvent.id == event_id))).one()
    erased = [name for name, salt in zip(ERASABLE_FIELDS, salts, strict=True) if salt is None]
    assert all(not dict(zip(ERASABLE_FIELDS, values, strict=True))[name] for name in erased)
    return erased


async def assert_verified(database: Database, *, erased: int) -> None:
    found = await AuditVerifier(database).verify()
    assert (found.breaks, found.erased_fields) == ([], erased)


async def test_an_erased_number_leaves_the_audit_log_of_its_organization_only(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    own, foreign = tenant.organization.id, other.organization.id
    held = {
        await add(database, own, "embed_token.created", subject_name=f"Desk of {WRITTEN}"): ["subject_name"],
        await add(database, own, "embed_token.changed", details={"before": {"label": NUMBER}, "n": 1}): ["details"],
        await add(database, own, "call.cut_off", subject_name=NUMBER, details={"at": [3035550163]}): [
            "subject_name",
            "details",
        ],
    }
    kept = [
        await add(database, own, "embed_token.created", subject_name=f"Desk of {OTHER}", details={"n": OTHER}),
        await add(database, foreign, "embed_token.created", subject_name=f"Desk of {WRITTEN}"),
    ]
    before = await AuditVerifier(database).verify()
    await sign_in(client, tenant.owner)

    answer = await client.post(f"/api/organizations/{own}/erasures", json={"number": WRITTEN})

    assert answer.status_code == 200, answer.text
    for event_id, fields in held.items():
        for _ in range(200):  # a job erases them
            if await erased_fields(database, event_id) == fields:
                break
            await asyncio.sleep(0.1)
        assert await erased_fields(database, event_id) == fields
    for event_id in kept:
        assert await erased_fields(database, event_id) == []
    after = await AuditVerifier(database).verify()
    broken_before = {broken.chain_id for broken in before.breaks}
    assert {broken.chain_id for broken in after.breaks} <= broken_before
    assert own not in broken_before
    assert after.erased_fields >= before.erased_fields + 4


async def test_an_erased_person_leaves_all_chains(jobs: Database) -> None:
    email, longer = "ann@example.com", "jo.ann@example.com"
    organization_id, account = uuid4(), uuid4()
    person = Actor(ActorKind.USER, account, email, client_ip_address="192.0.2.9")
    theirs = await add(jobs, organization_id, "member.invited", by=person, subject_name="Desk")
    about = await add(jobs, organization_id, "invitation.sent", subject_name=email, details={"role": "member"})
    inside = await add(
        jobs, None, "email.changed", subject_name=longer, details={"email": {"after": "ANN@example.com"}}
    )
    others = [
        await add(jobs, organization_id, "invitation.sent", subject_name=longer),
        await add(jobs, None, "account.created", subject_name="ann@example.com.au"),
    ]

    changed = await erase_person(jobs, email)

    assert changed == 3
    assert await erased_fields(jobs, theirs) == ["actor_name", "address"]
    assert await erased_fields(jobs, about) == ["subject_name"]
    assert await erased_fields(jobs, inside) == ["details"]
    for event_id in others:
        assert await erased_fields(jobs, event_id) == []
    left = await event_of(jobs, theirs)
    assert (left.action, left.actor_id, left.actor_kind) == ("member.invited", account, "user")
    async with jobs.sessions() as session:
        newest = (await session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1))).one()
    assert (newest.action, newest.details) == ("audit_log.person_erased", {"events": 3})
    await assert_verified(jobs, erased=4)
    assert await erase_person(jobs, email) == 0


async def test_old_events_lose_addresses_and_what_they_say_about_calls(jobs: Database, make_own: Factory) -> None:
    short, normal = await make_own.tenant(), await make_own.tenant()
    async with jobs.sessions() as session, session.begin():
        table: Any = type(short.organization).__table__
        await session.execute(sa.update(table).where(table.c.id == short.organization.id).values(retention_months=3))
    now = utc_now()
    before = (await AuditVerifier(jobs).verify()).erased_fields

    async def of_age(tenant: Tenant, days: int, action: str) -> UUID:
        event_id = first_uuid7(now - dt.timedelta(days=days))
        async with jobs.sessions() as session, session.begin():
            session.add(
                AuditEvent(
                    id=UUID(int=event_id.int | uuid4().int & (2**60 - 1)),
                    organization_id=tenant.organization.id,
                    actor_kind="api_key",
                    actor_id=KEY.id,
                    actor_name=KEY.name,
                    address=KEY.client_ip_address,
                    action=action,
                    subject_name="…0163",
                    details={"reason": "rings"},
                )
            )
            await session.flush()
            newest = sa.select(AuditEvent.id).where(AuditEvent.action == action)
            return (await session.scalars(newest.where(AuditEvent.organization_id == tenant.organization.id))).one()

    old_rule = await of_age(short, 100, "calling_rules.changed")
    old_call = await of_age(short, 101, "call.cut_off")
    fresh = await of_age(short, 80, "call.viewed")
    longer_kept = await of_age(normal, 100, "call.cut_off")

    changed = await AuditRetention(jobs, default_months=24).run(now)

    assert changed == 2
    assert await erased_fields(jobs, old_rule) == ["address"]
    assert await erased_fields(jobs, old_call) == ["subject_name", "address", "details"]
    assert await erased_fields(jobs, fresh) == await erased_fields(jobs, longer_kept) == []
    await assert_verified(jobs, erased=before + 4)
    assert await AuditRetention(jobs, default_months=24).run(now) == 0


@pytest.fixture
def make_own(jobs: Database, own_settings: Any) -> Factory:
    """Makes tenants in the module's own database."""
    return Factory(jobs, own_settings)
