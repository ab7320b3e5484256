"""Purge of expired rows, in bounded batches."""

import itertools
import secrets
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from accounts.models import LoginSession, OneTimeToken, TokenPurpose
from admin.models import StaffRole, StaffSession
from calls.incoming.models import IncomingCaller
from calls.limits.models import CallDestination, CappedRejection
from calls.models import UnmatchedEvent
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind
from carrier.breaker import BreakerState
from carrier.health import CarrierHealthReport
from epoch.purge_rules import PURGE_RULES, build_purge_job
from kit.clock import utc_now
from kit.counters import MinuteCounter
from kit.db.database import Database
from kit.db.model import Base
from kit.db.purge import (
    PURGE_BATCH_ROWS,
    PurgeRule,
    delete_in_batches,
    purge_expired,
)
from kit.db.rate_limit import RateCounter
from kit.jobs.models import JobLogEntry, QueuedJob
from kit.settings import Settings
from support.factories import Factory
from support.staff import make_staff
from tenants.models import Invitation, NumberPurchase, PurchaseState, Role

pytestmark = pytest.mark.anyio
_slots = itertools.count()


def row_aged(
    name: str, user_id: UUID, organization_id: UUID, token_id: UUID, staff_id: UUID, *, ago: timedelta
) -> Base:
    """Return a row whose time column, ``name`` as ``table.column``, lies ``ago`` in the past."""
    now = utc_now()
    digest, moment = secrets.token_bytes(32), now - ago
    rows: dict[str, Base] = {
        "login_session.expires_at": LoginSession(user_id=user_id, digest=digest, last_seen_at=now, expires_at=moment),
        "login_session.last_seen_at": LoginSession(
            user_id=user_id, digest=digest, last_seen_at=moment, expires_at=now + timedelta(days=14)
        ),
        "staff_session.expires_at": StaffSession(user_id=staff_id, digest=digest, last_seen_at=now, expires_at=moment),
        "staff_session.last_seen_at": StaffSession(
            user_id=staff_id, digest=digest, last_seen_at=moment, expires_at=now + timedelta(hours=8)
        ),
        "one_time_token.expires_at": OneTimeToken(
            user_id=user_id, purpose=TokenPurpose.RESET_PASSWORD, digest=digest, expires_at=moment
        ),
        "rate_counter.window_start": RateCounter(key=digest.hex(), window_start=moment, times=1),
        "number_purchase.finished_at": NumberPurchase(
            organization_id=organization_id, e164="+14155550100", state=PurchaseState.COMPLETED, finished_at=moment
        ),
        "invitation.expires_at": Invitation(
            organization_id=organization_id,
            email=f"{digest.hex()}@example.com",
            role=Role.MEMBER,
            digest=digest,
            expires_at=moment,
        ),
        "pgqueuer.given_up_at": QueuedJob(kind="mail", status="failed", updated_at=moment),
        "pgqueuer_log.created_at": JobLogEntry(job_id=1, kind="mail", status="queued", priority=0, created_at=moment),
        "unmatched_event.created_at": UnmatchedEvent(
            parent_sid=digest.hex(),
            leg_sid="CA",
            is_child=False,
            kind="ringing",
            sequence=0,
            occurred_at=now,
            created_at=moment,
        ),
        "incoming_caller.hour_start": IncomingCaller(
            organization_id=organization_id, number=digest.hex(), hour_start=moment
        ),
        "call_destination.seen_at": CallDestination(
            organization_id=organization_id, number=digest.hex(), is_foreign=False, hour_start=moment, seen_at=moment
        ),
        "capped_rejection.rejected_at": CappedRejection(
            organization_id=organization_id,
            token_id=token_id,
            slot=next(_slots),
            carrier_sid=digest.hex(),
            end_reason="call_limit_reached",
            rejected_at=moment,
        ),
        "call_discrepancy.created_at": CallDiscrepancy(
            day=now.date(),
            kind=DiscrepancyKind.UNKNOWN_TO_US,
            carrier_sid=digest.hex(),
            here="",
            there="completed, 1 s",
            created_at=moment,
        ),
        "minute_counter.minute": MinuteCounter(minute=moment, name=digest.hex(), amount=1),
        "carrier_health_report.reported_at": CarrierHealthReport(reported_at=moment, state=BreakerState.CLOSED),
    }
    return rows[name]


@pytest.mark.parametrize("rule", PURGE_RULES, ids=lambda rule: rule.name)
async def test_each_rule_deletes_expired_rows_and_keeps_recent_ones(
    jobs: Database, settings: Settings, rule: PurgeRule
) -> None:
    make = Factory(jobs, settings)
    tenant = await make.tenant()
    token = await make.token(tenant)
    staff = await make_staff(jobs, StaffRole.SUPPORT)
    ids = tenant.owner.id, tenant.organization.id, token.id, staff.id
    old = row_aged(rule.name, *ids, ago=rule.max_age + timedelta(minutes=1))
    recent = row_aged(rule.name, *ids, ago=rule.max_age - timedelta(minutes=5))
    async with jobs.sessions() as session, session.begin():
        session.add_all([old, recent])

    assert (await purge_expired(jobs, PURGE_RULES))[rule.name] == 1

    async with jobs.sessions() as session:
        assert await session.get(type(old), old.id) is None
        assert await session.get(type(recent), recent.id) is not None


async def test_waiting_jobs_and_pending_purchases_are_never_purged(jobs: Database, settings: Settings) -> None:
    tenant = await Factory(jobs, settings).tenant()
    ago = utc_now() - timedelta(days=60)
    waiting = QueuedJob(kind="mail", payload=b"sealed", created_at=ago, updated_at=ago)
    requested = NumberPurchase(
        organization_id=tenant.organization.id,
        e164="+14155550101",
        state=PurchaseState.REQUESTED,
        created_at=utc_now() - timedelta(days=365),
    )
    async with jobs.sessions() as session, session.begin():
        session.add_all([waiting, requested])
    await purge_expired(jobs, PURGE_RULES)
    async with jobs.sessions() as session:
        assert await session.get(QueuedJob, waiting.id) is not None
        assert await session.get(NumberPurchase, requested.id) is not None


async def test_a_run_deletes_a_bounded_number_and_the_next_one_continues(jobs: Database) -> None:
    old = sa.text(
        "INSERT INTO rate_counter (id, key, window_start)"
        " SELECT gen_random_uuid(), 'old ' || n, '2020-01-01T00:00:00Z' FROM generate_series(1, :rows) n"
    )
    async with jobs.sessions() as session, session.begin():
        await session.execute(old, {"rows": PURGE_BATCH_ROWS + 1})
    table = Base.metadata.tables["rate_counter"]
    which = table.c.key.startswith("old ")
    assert await delete_in_batches(jobs, table, which, batches=1) == PURGE_BATCH_ROWS
    assert await delete_in_batches(jobs, table, which) == 1
    assert await delete_in_batches(jobs, table, which) == 0


async def test_the_purge_job_also_erases_deleted_organizations(jobs: Database, settings: Settings) -> None:
    tenant = await Factory(jobs, settings).tenant(number=False)
    over = sa.text("UPDATE organization SET deleted_at = now() - interval '31 days' WHERE id = :id")
    async with jobs.sessions() as session, session.begin():
        session.add(RateCounter(key="over", window_start=utc_now() - timedelta(days=3), times=1))
        await session.execute(over, {"id": tenant.organization.id})
    await build_purge_job(jobs).run_once()
    async with jobs.sessions() as session:
        assert await session.scalar(sa.select(RateCounter.id).where(RateCounter.key == "over")) is None
        left = sa.text("SELECT count(*) FROM organization WHERE id = :id")
        assert await session.scalar(left, {"id": tenant.organization.id}) == 0
