"""Deleted organizations are erased completely after the restore period, also when a worker dies."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from calls.models import CallStatus
from carrier.port import Carrier
from epoch.phone_number_jobs import build_number_reconciler
from kit.actor import Actor, ActorKind
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.errors import NotFound
from kit.settings import Settings
from phone_numbers.models import RegisteredAddress
from privacy.organization_erasure import OrganizationErasure
from support.call_factory import add_call
from support.factories import Factory, Tenant
from support.full_tenant import fingerprints, make_full_tenant
from tenants.audit_log.verification import AuditVerifier
from tenants.models import Organization, PhoneNumber, VerificationState, VerifiedNumber
from tenants.services import RESTORE_PERIOD, OrganizationService

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
OVER = RESTORE_PERIOD + timedelta(minutes=1)


@pytest.fixture
async def make(jobs: Database, settings: Settings) -> Factory:
    return Factory(jobs, settings)


@pytest.fixture
def own_database_url(new_migrated_database: Callable[[], str]) -> str:
    """A database for each test: an organization that an earlier test keeps becomes due while a slow one runs."""
    return new_migrated_database()


def erasure(database: Database) -> OrganizationErasure:
    return OrganizationErasure(database)


async def delete(jobs: Database, organization_id: UUID, *, ago: timedelta, numbers_are_back: bool = True) -> None:
    async with jobs.sessions() as session, session.begin():
        (await session.get_one(Organization, organization_id)).deleted_at = utc_now() - ago
        if numbers_are_back:
            theirs = PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None)
            await session.execute(sa.update(PhoneNumber).where(*theirs).values(released_at=utc_now()))
            for table in (RegisteredAddress, VerifiedNumber):
                await session.execute(sa.delete(table).where(table.owned_by(organization_id)))


async def is_there(jobs: Database, organization_id: UUID) -> bool:
    async with jobs.sessions() as session:
        return await session.get(Organization, organization_id) is not None


async def platform_events_of(jobs: Database, organization_id: UUID) -> list[AuditEvent]:
    """The platform's own events about an organization."""
    query = (
        sa.select(AuditEvent)
        .where(AuditEvent.subject_id == organization_id, AuditEvent.organization_id.is_(None))
        .order_by(AuditEvent.id)
    )
    async with jobs.sessions() as session:
        return list(await session.scalars(query))


async def test_everything_of_an_erased_organization_is_gone_and_nothing_of_another(
    jobs: Database, make: Factory
) -> None:
    gone, kept = await make_full_tenant(jobs, make), await make_full_tenant(jobs, make)
    gone_id, kept_id = gone.ids["organization_id"], kept.ids["organization_id"]
    before = await fingerprints(jobs, kept_id)
    assert None not in (await fingerprints(jobs, gone_id)).values()
    await delete(jobs, gone_id, ago=OVER)

    assert await erasure(jobs).run() == 1

    assert set((await fingerprints(jobs, gone_id)).values()) == {None}
    assert await fingerprints(jobs, kept_id) == before
    async with jobs.sessions() as session:
        owner = sa.text("SELECT count(*) FROM user_account WHERE id = :id")
        assert await session.scalar(owner, {"id": gone.tenant.owner.id}) == 1, "people's accounts are their own"


async def test_nothing_is_erased_before_the_end_of_the_restore_period(jobs: Database, make: Factory) -> None:
    tenant = await make.tenant()
    await delete(jobs, tenant.organization.id, ago=RESTORE_PERIOD - timedelta(minutes=1))
    assert await erasure(jobs).run() == 0
    assert await is_there(jobs, tenant.organization.id)


async def test_numbers_go_back_to_the_carrier_before_anything_is_erased(
    jobs: Database, make: Factory, carrier: Carrier
) -> None:
    tenant = await make.tenant()
    verified = VerifiedNumber(
        organization_id=tenant.organization.id,
        e164="+12125550136",
        state=VerificationState.VERIFIED,
        requested_at=utc_now(),
    )
    async with jobs.sessions() as session, session.begin():
        session.add(verified)
    await delete(jobs, tenant.organization.id, ago=OVER, numbers_are_back=False)
    assert await erasure(jobs).run() == 0
    await build_number_reconciler(jobs, carrier).finish_pending()
    assert await erasure(jobs).run() == 1
    assert not await is_there(jobs, tenant.organization.id)


async def test_what_is_kept_are_sums_without_names_and_numbers(jobs: Database, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    first, second = utc_now() - timedelta(days=40), utc_now() - timedelta(days=80)
    for began, seconds in ((first, 61), (first, 0), (second, 30)):
        await add_call(jobs, tenant, token, started_at=began, duration=seconds)
    await add_call(jobs, tenant, token, started_at=first, duration=0, status=CallStatus.REFUSED)
    await delete(jobs, tenant.organization.id, ago=OVER)
    await erasure(jobs).run()

    begun, erased = await platform_events_of(jobs, tenant.organization.id)
    assert (begun.action, erased.action) == ("organization.erasure_begun", "organization.erased")
    assert begun.actor_kind == erased.actor_kind == "system"
    assert erased.details is not None
    assert set(erased.details["audit_log"]) == {"length", "end"}, "the end of the deleted chain"
    assert (await AuditVerifier(jobs).verify()).breaks == []
    assert begun.details is not None
    assert begun.details["plan"] == "pro"
    assert begun.details["use_by_month"] == [
        {"month": f"{second:%Y-%m}", "calls": 1, "answered": 1, "seconds": 30, "minutes": 1},
        {"month": f"{first:%Y-%m}", "calls": 2, "answered": 1, "seconds": 61, "minutes": 2},
    ]
    assert tenant.number is not None
    assert tenant.owner.id
    recorded = f"{begun.subject_name}{begun.details}{erased.subject_name}{erased.details}"
    for personal in (tenant.organization.name, tenant.organization.slug, tenant.owner.email, tenant.number):
        assert personal not in recorded


class ProcessKilled(BaseException):
    """Raised where the process would be killed."""


async def die_at_transaction(url: str, number: int) -> bool:
    """Erase with a process that dies at the start of its transaction ``number``; False when it ended before."""
    database, begun = Database(url, role=ADMIN_ROLE), 0

    def count(_: Any) -> None:
        nonlocal begun
        begun += 1
        if begun == number:
            raise ProcessKilled

    sa.event.listen(database.engine.sync_engine, "begin", count)
    try:
        await erasure(database).run()
    except ProcessKilled:
        return True
    finally:
        await database.stop()
    return False


async def test_an_erasure_killed_at_any_step_is_finished_by_the_next(
    jobs: Database, make: Factory, own_database_url: str
) -> None:
    number, died = 1, True
    while died:
        full_tenant = await make_full_tenant(jobs, make)
        organization_id = full_tenant.ids["organization_id"]
        before = await fingerprints(jobs, organization_id)
        await delete(jobs, organization_id, ago=OVER)
        died = await die_at_transaction(own_database_url, number)
        if died:
            await assert_untouched_or_lost_to_its_owner(jobs, full_tenant.tenant, before)
            assert await erasure(jobs).run() == 1
        assert set((await fingerprints(jobs, organization_id)).values()) == {None}
        recorded = [event.action for event in await platform_events_of(jobs, organization_id)]
        assert recorded == ["organization.erasure_begun", "organization.erased"], "each once"
        number += 1
    assert number > len(before), "a step for each table at least"


async def assert_untouched_or_lost_to_its_owner(jobs: Database, tenant: Tenant, before: dict[str, str | None]) -> None:
    """Assert that its owner cannot restore a partly erased organization, not even within the restore period."""
    organization_id = tenant.organization.id
    now = await fingerprints(jobs, organization_id)
    touched = any(
        now[name] != before[name]
        for name in before
        if name not in ("organization", "phone_number", "registered_address", "verified_number")
    )
    owner = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)
    async with jobs.sessions() as session:
        organization = await session.get_one(Organization, organization_id)
        assert touched <= (organization.erasing_at is not None)
        if touched:
            organization.deleted_at = utc_now()
            with pytest.raises(NotFound):
                await OrganizationService(session).restore(organization_id, by=owner)


async def test_the_trail_of_an_organization_that_is_not_being_erased_cannot_be_deleted(
    jobs: Database, make: Factory
) -> None:
    tenant = await make.tenant()
    await make.token(tenant)
    theirs = sa.delete(AuditEvent).where(AuditEvent.organization_id == tenant.organization.id)
    marks: tuple[dict[str, Any], ...] = (
        {},
        {"deleted_at": utc_now() - OVER},
        {"deleted_at": utc_now() - RESTORE_PERIOD / 2, "erasing_at": utc_now()},
    )
    for mark in marks:
        async with jobs.sessions() as session:
            if mark:
                await session.execute(
                    sa.update(Organization).where(Organization.id == tenant.organization.id).values(mark)
                )
            with pytest.raises(DBAPIError, match="audit_event is append-only"):
                await session.execute(theirs)
