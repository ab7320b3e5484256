"""Call data is erased by age and by phone number, here and at the carrier; times, durations and costs stay."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.call_state import LegEvent
from calls.incoming.voicemails import DELETE_RECORDING, RecordingToDelete
from calls.limits.models import CallDestination
from calls.list_filters import parse_number_filter
from calls.listing import CallFilters, CallListService
from calls.models import Call, CallEvent, CallStatus
from calls.services import CallService
from calls.usage import UsageService
from carrier.port import NotFoundAtCarrier
from carrier.twilio import TwilioCarrier
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.deployment import DeploymentService
from kit.errors import ValidationFailed
from kit.http.app_key import JOB_QUEUE
from kit.ids import first_uuid7
from kit.jobs.queue import JobQueue, enqueue
from kit.settings import Settings
from privacy import number_erasure, number_mentions, retention_job
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.errors import NumberInLiveCall
from privacy.number_erasure import NumberOccurrences
from privacy.number_erasure_job import NumberErasureJob
from privacy.retention_job import CALLS_PER_TRANSACTION, RetentionJob, months_before
from privacy.services import RetentionService
from support.api_helpers import assert_refused, fields_refused
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from support.jobs import forget_jobs, let_pass
from tenants.models import Organization

pytestmark = pytest.mark.anyio
NUMBER, OTHER = "+12125550147", "+12125550148"


@pytest.fixture
def at_carrier(queue: JobQueue, carrier_account: CarrierAccount, database: Database) -> CarrierCallDeletion:
    return CarrierCallDeletion(queue, carrier_account.carrier, database)


@pytest.fixture
def retention(database: Database, at_carrier: CarrierCallDeletion) -> RetentionJob:
    return RetentionJob(database, at_carrier, default_months=24)


@pytest.fixture
async def carrier_account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def queue(database: Database, settings: Settings) -> JobQueue:
    return JobQueue(database, settings.secret_keys)


@pytest.fixture
def erasure(queue: JobQueue, at_carrier: CarrierCallDeletion, database: Database) -> NumberErasureJob:
    return NumberErasureJob(queue, at_carrier, database)


@pytest.fixture(scope="module", autouse=True)
async def idle_application(app: Litestar) -> AsyncIterator[None]:
    """The running application leaves the jobs to these tests."""
    await JOB_QUEUE.get(app).stop(drain_seconds=0)
    yield
    JOB_QUEUE.get(app).start()


@pytest.fixture(autouse=True)
async def nothing_of_other_tests(database: Database) -> None:
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Call))
    await forget_jobs(database)


async def old_call(
    database: Database,
    tenant: Tenant,
    token: Token,
    *,
    at: dt.datetime,
    to: str = NUMBER,
    details: dict[str, Any] | None = None,
) -> UUID:
    """A call with a value in every column that erasure empties."""
    call_id = await add_call(
        database,
        tenant,
        token,
        started_at=at,
        to_number=to,
        id=UUID(int=first_uuid7(at).int | (uuid4().int & ((1 << 80) - 1))),
        call_id=uuid4(),
        agent="Ada",
        origin="https://crm.example.com",
        details=details or {"contact": "Grace"},
        name="Grace",
        company="Acme",
        url="https://crm.example.com/grace",
        extension="204",
        outcome="Reached",
        note="Likes tea",
        tags=["tea"],
        country="US",
        cost_micros=18_000,
        is_priced=True,
    )
    async with database.sessions() as session, session.begin():
        session.add(
            CallEvent(
                organization_id=tenant.organization.id,
                call_record_id=call_id,
                leg_sid=new_sid(),
                is_child=True,
                kind="completed",
                sequence=3,
                occurred_at=at,
            )
        )
    return call_id


async def stored_call(database: Database, call_id: UUID) -> Call:
    async with database.sessions() as session:
        return await session.get_one(Call, call_id)


async def event_count(database: Database, call_id: UUID) -> int:
    async with database.sessions() as session:
        query = sa.select(sa.func.count(CallEvent.id)).where(CallEvent.call_record_id == call_id)
        return await session.scalar(query) or 0


async def choose(database: Database, tenant: Tenant, months: int | None) -> None:
    async with database.sessions() as session, session.begin():
        service = RetentionService(session, default_months=24)
        await service.update(tenant.organization.id, months, by=SYSTEM)


async def test_old_calls_lose_who_called_whom_and_keep_what_is_counted(
    database: Database, tenant: Tenant, token: Token, retention: RetentionJob
) -> None:
    now = utc_now()
    old = await old_call(database, tenant, token, at=months_before(now, 24) - dt.timedelta(minutes=1))
    young = await old_call(database, tenant, token, at=months_before(now, 24) + dt.timedelta(minutes=1))
    before = await stored_call(database, old)

    assert await retention.run(now) == 1

    call = await stored_call(database, old)
    assert (call.from_number, call.to_number, call.identity, call.agent) == (None, "", "", None)
    assert (call.call_id, call.origin, call.details) == (None, None, None)
    assert (call.name, call.company, call.url, call.extension) == (None, None, None, None)
    assert (call.outcome, call.note, call.tags) == ("Reached", None, None)
    assert call.erased_at is not None
    for kept in ("carrier_sid", "token_id", "status", "duration", "started_at", "ended_at", "country", "cost_micros"):
        assert getattr(call, kept) == getattr(before, kept)
    assert await event_count(database, old) == 0
    assert (await stored_call(database, young)).to_number == NUMBER
    assert await retention.run(now) == 0


async def test_an_organizations_own_time_counts(
    database: Database, make: Factory, tenant: Tenant, token: Token, retention: RetentionJob
) -> None:
    now, other = utc_now(), await make.tenant()
    two_months_ago = months_before(now, 2)
    mine = await old_call(database, tenant, token, at=two_months_ago)
    theirs = await old_call(database, other, await make.token(other), at=two_months_ago)
    await choose(database, tenant, 1)
    assert await retention.run(now) == 1
    assert (await stored_call(database, mine)).erased_at is not None
    assert (await stored_call(database, theirs)).erased_at is None
    for wrong in (0, 37):
        with pytest.raises(ValidationFailed):
            await choose(database, tenant, wrong)
    await choose(database, tenant, None)
    async with database.sessions() as session:
        trail = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action.startswith("call_data")
        recorded = list(await session.scalars(sa.select(AuditEvent.details).where(*trail).order_by(AuditEvent.id)))
    assert recorded == [{"before": 24, "after": 1}, {"before": 1, "after": 24}]


async def test_usage_still_counts_what_was_erased(
    database: Database, tenant: Tenant, token: Token, retention: RetentionJob
) -> None:
    now = utc_now()
    first_of_last_month = (now.replace(day=1) - dt.timedelta(days=1)).replace(day=1, hour=0, minute=0, second=1)
    await old_call(database, tenant, token, at=first_of_last_month)
    await choose(database, tenant, 1)
    assert await retention.run(first_of_last_month + dt.timedelta(days=32)) == 1
    async with database.sessions() as session:
        _, last_month = await UsageService(session).this_and_last_month(tenant.organization.id, today=now.date())
    assert (last_month.total.calls, last_month.total.seconds) == (1, 60)
    assert [(use.agent, use.totals.calls) for use in last_month.by_agent] == [(None, 1)]


async def test_batches_go_on_where_the_last_one_ended(
    database: Database, tenant: Tenant, token: Token, retention: RetentionJob
) -> None:
    now = utc_now()
    old = [
        await old_call(database, tenant, token, at=months_before(now, 30) + dt.timedelta(seconds=n)) for n in range(3)
    ]
    async with database.sessions() as session, session.begin():
        mine = sa.update(Organization).where(Organization.id == tenant.organization.id)
        await session.execute(mine.values(calls_erased_through=old[0]))
    assert await retention.run(now) == 2  # what stands before the mark is done
    async with database.sessions() as session:
        assert (await session.get_one(Organization, tenant.organization.id)).calls_erased_through == old[2]
    assert len(old) < CALLS_PER_TRANSACTION


@pytest.mark.parametrize("most", [1, 100])
async def test_organizations_share_batches_and_none_is_left_behind(
    database: Database, make: Factory, retention: RetentionJob, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(retention_job, "CALLS_PER_TRANSACTION", 4)
    monkeypatch.setattr(retention_job, "_ORGANIZATIONS_PER_TRANSACTION", 3)
    monkeypatch.setattr(retention_job, "MAX_CALLS_PER_ORGANIZATION", most)
    now = utc_now()
    began, due, young = months_before(now, 30), dict[UUID, list[UUID]](), list[UUID]()
    for times in (1, 5, 2, 3, 1):
        tenant = await make.tenant()
        token = await make.token(tenant)
        moments = [began + dt.timedelta(seconds=second) for second in range(times)]
        due[tenant.organization.id] = [await old_call(database, tenant, token, at=at) for at in moments]
        young.append(await old_call(database, tenant, token, at=now))

    in_one_pass = await retention.run(now)
    assert (in_one_pass == 12) == (most == 100)
    while await retention.run(now):
        pass
    for organization_id, calls in due.items():
        assert [(await stored_call(database, call_id)).to_number for call_id in calls] == [""] * len(calls)
        async with database.sessions() as session:
            assert (await session.get_one(Organization, organization_id)).calls_erased_through == calls[-1]
    assert {(await stored_call(database, call_id)).to_number for call_id in young} == {NUMBER}


async def test_what_is_erased_by_age_goes_at_the_carrier_too_whenever_it_is_there(
    database: Database, settings: Settings, tenant: Tenant, token: Token, carrier_account: CarrierAccount
) -> None:
    now = utc_now()
    old = [
        await old_call(database, tenant, token, at=months_before(now, 25) + dt.timedelta(seconds=n)) for n in range(3)
    ]
    young = await old_call(database, tenant, token, at=now)
    async with database.sessions() as session, session.begin():
        # One call was erased by its number before: the carrier has already been asked to delete it.
        await session.execute(sa.update(Call).where(Call.id == old[2]).values(erased_at=now))
    sids = [(await stored_call(database, call_id)).carrier_sid for call_id in (*old, young)]
    legs = [carrier_account.add_call(sid, "completed", seconds=9).sid for sid in sids]
    first, second = (JobQueue(database, settings.secret_keys) for _ in range(2))
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)

    assert await RetentionJob(database, CarrierCallDeletion(first, away, database), default_months=24).run(now) == 2
    assert await first.run_due() == 0
    await away.close()
    await let_pass(database, dt.timedelta(seconds=6))
    CarrierCallDeletion(second, carrier_account.carrier, database)
    assert await second.run_due() == 1
    for sid in (*sids[:2], *legs[:2]):
        with pytest.raises(NotFoundAtCarrier):
            await carrier_account.carrier.leg(sid)
    for sid in (*sids[2:], *legs[2:]):
        assert await carrier_account.carrier.leg(sid)


async def test_a_restored_copy_deletes_no_call_at_the_carrier(
    new_migrated_database: Callable[[], str], settings: Settings, carrier_account: CarrierAccount
) -> None:
    copy = Database(new_migrated_database(), role=ADMIN_ROLE)
    queue = JobQueue(copy, settings.secret_keys)
    deletion = CarrierCallDeletion(queue, carrier_account.carrier, copy)
    sid = new_sid()
    leg = carrier_account.add_call(sid, "completed", seconds=9).sid
    async with copy.sessions() as session, session.begin():
        await session.execute(sa.text("UPDATE deployment SET database_identity = 'another server/1'"))
        await deletion.enqueue(session, [sid])

    assert await queue.run_due() == 0
    assert [(await carrier_account.carrier.leg(found)).sid for found in (sid, leg)] == [sid, leg]

    async with copy.sessions() as session, session.begin():
        await DeploymentService(session).become_separate()
    await let_pass(copy, dt.timedelta(seconds=6))
    assert await queue.run_due() == 1
    assert [(await carrier_account.carrier.leg(found)).sid for found in (sid, leg)] == [sid, leg]
    await copy.stop()


async def test_a_separate_copy_deletes_only_recordings_of_its_own_voicemails(
    new_migrated_database: Callable[[], str], settings: Settings, carrier_account: CarrierAccount
) -> None:
    copy = Database(new_migrated_database(), role=ADMIN_ROLE)
    jobs = JobQueue(copy, settings.secret_keys)
    CarrierCallDeletion(jobs, carrier_account.carrier, copy)
    call, samples = new_sid(), np.zeros(8000, np.int16)
    copied, own = (
        carrier_account.recordings.add(call, samples, begun=utc_now(), source="RecordVerb").sid for _ in range(2)
    )
    async with copy.sessions() as session, session.begin():
        separate_since = (await DeploymentService(session).become_separate()).separate_since
        assert separate_since is not None
        for sid, age in ((copied, dt.timedelta(days=1)), (own, dt.timedelta())):
            payload = msgspec.json.encode(RecordingToDelete(sid, separate_since - age))
            await enqueue(session, DELETE_RECORDING, payload)

    assert await jobs.run_due() == 2
    assert [recording.sid for recording in await carrier_account.carrier.recordings(call)] == [copied]
    await copy.stop()


async def test_a_callback_that_is_repeated_years_later_dials_and_writes_nothing(
    database: Database, tenant: Tenant, token: Token, retention: RetentionJob, callbacks: CallbackClient
) -> None:
    call_id = await old_call(database, tenant, token, at=months_before(utc_now(), 25))
    assert await retention.run() == 1
    before = await stored_call(database, call_id)
    assert b"<Dial" not in (await callbacks.outgoing(token.id, before.carrier_sid)).content
    await callbacks.event(before.carrier_sid, "ringing", utc_now(), child=new_sid(), sequence=1)
    after = await stored_call(database, call_id)
    assert (after.status, after.to_number, after.erased_at) == (before.status, "", before.erased_at)
    assert await event_count(database, call_id) == 0


@pytest.mark.parametrize(
    ("moment", "months", "before"),
    [
        ("2026-11-26T10:00", 24, "2024-11-26T10:00"),
        ("2026-03-31T10:00", 1, "2026-02-28T10:00"),
        ("2024-02-29T10:00", 12, "2023-02-28T10:00"),
        ("2026-01-15T10:00", 1, "2025-12-15T10:00"),
    ],
)
async def test_months_are_the_calendars(moment: str, months: int, before: str) -> None:
    assert months_before(dt.datetime.fromisoformat(moment), months) == dt.datetime.fromisoformat(before)


async def erase(
    tenant_database: Database, erasure: NumberErasureJob, tenant: Tenant, number: str = NUMBER
) -> NumberOccurrences:
    async with tenant_database.tenant_session(tenant.organization.id) as session:
        return await erasure.make_service(session).erase(tenant.organization.id, number, "US", by=SYSTEM)


async def test_a_number_is_erased_from_every_call_here_and_at_the_carrier(
    database: Database,
    tenant_database: Database,
    make: Factory,
    tenant: Tenant,
    token: Token,
    carrier_account: CarrierAccount,
    queue: JobQueue,
    erasure: NumberErasureJob,
) -> None:
    called = [await old_call(database, tenant, token, at=utc_now()) for _ in range(2)]
    refused = await add_call(
        database, tenant, token, status=CallStatus.REFUSED, duration=0, to_number="(212) 555-0147", agent="Ada"
    )
    other = await add_call(database, tenant, token, to_number=OTHER)
    stranger = await make.tenant()
    elsewhere = await add_call(database, stranger, await make.token(stranger), to_number=NUMBER)
    async with database.sessions() as session, session.begin():
        now = utc_now()
        session.add(
            CallDestination(
                organization_id=tenant.organization.id, number=NUMBER, is_foreign=False, hour_start=now, seen_at=now
            )
        )
    sids = [(await stored_call(database, call_id)).carrier_sid for call_id in called]
    legs = [carrier_account.add_call(sid, "completed", seconds=9).sid for sid in sids]

    async with tenant_database.tenant_session(tenant.organization.id) as session:
        counted = await erasure.make_service(session).count(tenant.organization.id, NUMBER, "US")
    assert counted == NumberOccurrences(3, 0)
    assert await erase(tenant_database, erasure, tenant) == NumberOccurrences(3, 0)

    for call_id in (*called, refused):
        row = await stored_call(database, call_id)
        assert (row.to_number, row.agent, row.erased_at is not None) == ("", None, True)
        assert await event_count(database, call_id) == 0
    assert [(await stored_call(database, call_id)).erased_at for call_id in (other, elsewhere)] == [None, None]
    async with database.sessions() as session:
        found = CallFilters(number=parse_number_filter(NUMBER, "US"))
        assert await CallListService(session).page(tenant.organization.id, found, after=None, limit=10) == []
        destinations = sa.select(CallDestination.id).where(CallDestination.owned_by(tenant.organization.id))
        assert await session.scalar(destinations) is None
    # Two jobs delete at the carrier, one erases in the audit log.
    assert await queue.run_due() == 3
    for sid in (*sids, *legs):
        with pytest.raises(NotFoundAtCarrier):
            await carrier_account.carrier.leg(sid)
    assert await erase(tenant_database, erasure, tenant) == NumberOccurrences(0, 0)
    # The audit log is searched again.
    assert await queue.run_due() == 1


async def test_calls_to_others_lose_the_metadata_in_which_the_number_stands(
    database: Database,
    tenant_database: Database,
    make: Factory,
    tenant: Tenant,
    token: Token,
    erasure: NumberErasureJob,
) -> None:
    written = (
        {"contact": {"name": "Grace", "phones": ["(212) 555-0147"]}},
        {"note": "ring Grace back on +1 212-555-0147, please"},
        {"2125550147": "Grace"},
        {"phone": 12125550147},
    )
    mentioned = [await add_call(database, tenant, token, to_number=OTHER, details=one, agent="Ada") for one in written]
    named = await add_call(
        database, tenant, token, to_number=OTHER, details={"agent": "212 555 0147"}, agent="212 555 0147"
    )
    member = await add_call(
        database, tenant, token, to_number=OTHER, agent="2125550147@example.com", agent_is_member=True
    )
    page = await add_call(database, tenant, token, to_number=OTHER, origin="https://t2125550147.example")
    texts = {"name": "Grace (212) 555-0147", "company": "2125550147 Ltd", "url": "https://x.example/?n=%2B12125550147"}
    texts |= {"extension": "12125550147#", "note": "Ring 212.555.0147\nplease"}
    people: dict[str, UUID] = {}
    for column, text in texts.items():
        given: dict[str, Any] = {column: text}
        people[column] = await add_call(database, tenant, token, to_number=OTHER, agent="Ada", **given)
    people["tags"] = await add_call(database, tenant, token, to_number=OTHER, agent="Ada", tags=["x", "2125550147"])
    left = {"phone": "(312) 555-0147", "deal": 42}
    other = await add_call(database, tenant, token, to_number=OTHER, details=left)
    live = await add_call(
        database, tenant, token, to_number=OTHER, details=written[0], status=CallStatus.IN_PROGRESS, duration=0
    )
    stranger = await make.tenant()
    elsewhere = await add_call(database, stranger, await make.token(stranger), to_number=OTHER, details=written[0])

    async with tenant_database.tenant_session(tenant.organization.id) as session:
        counted = await erasure.make_service(session).count(tenant.organization.id, NUMBER, "US")
    assert counted == NumberOccurrences(0, 13)
    assert await erase(tenant_database, erasure, tenant) == NumberOccurrences(0, 13)

    for call_id in (*mentioned, live):
        call = await stored_call(database, call_id)
        assert (call.details, call.to_number, call.erased_at) == (None, OTHER, None)
    assert (await stored_call(database, mentioned[0])).agent == "Ada"
    for column, call_id in people.items():
        call = await stored_call(database, call_id)
        assert (getattr(call, column), call.agent) == (None, "Ada")
    assert [getattr(await stored_call(database, named), name) for name in ("details", "agent")] == [None, None]
    assert (await stored_call(database, page)).origin is None
    assert (await stored_call(database, member)).agent == "2125550147@example.com"
    assert (await stored_call(database, other)).details == left
    assert (await stored_call(database, elsewhere)).details == written[0]
    assert await erase(tenant_database, erasure, tenant) == NumberOccurrences(0, 0)


@pytest.mark.parametrize("most", ["MAX_BATCHES_PER_REQUEST", "_MAX_CALLS_PER_TRANSACTION"])
async def test_a_search_that_takes_long_goes_on_in_the_background(
    database: Database,
    tenant_database: Database,
    tenant: Tenant,
    token: Token,
    queue: JobQueue,
    erasure: NumberErasureJob,
    monkeypatch: pytest.MonkeyPatch,
    most: str,
) -> None:
    monkeypatch.setattr(number_mentions, "CALLS_PER_BATCH", 2)
    monkeypatch.setattr(number_erasure, most, 2)
    now = utc_now()
    calls = [
        await old_call(database, tenant, token, at=now - dt.timedelta(seconds=n), to=OTHER, details={"phone": NUMBER})
        for n in range(7)
    ]
    old = await add_call(database, tenant, token, to_number=NUMBER)
    async with tenant_database.tenant_session(tenant.organization.id) as session:
        counted = await erasure.make_service(session).count(tenant.organization.id, NUMBER, "US")
    erased = await erase(tenant_database, erasure, tenant)
    assert not erased.is_complete
    assert erased.mentioning_calls < len(calls)
    assert counted.mentioning_calls <= len(calls)
    assert (await stored_call(database, old)).erased_at is not None
    assert (await stored_call(database, calls[-1])).details is not None

    assert await queue.run_due() > 1
    for call_id in calls:
        assert (await stored_call(database, call_id)).details is None
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "call_data.number_erased"
        recorded = list(await session.scalars(sa.select(AuditEvent.details).where(*mine).order_by(AuditEvent.id)))
    assert sum(details["metadata_of_calls"] for details in recorded if details) == len(calls)
    goes_on = [bool(details and details.get("goes_on")) for details in recorded]
    assert goes_on == [
        *([True] * (len(recorded) - 1)),
        False,
    ]


async def test_nothing_that_cannot_be_erased_holds_the_number(
    database: Database, tenant_database: Database, tenant: Tenant, token: Token, erasure: NumberErasureJob
) -> None:
    await old_call(database, tenant, token, at=utc_now())
    await erase(tenant_database, erasure, tenant)
    async with database.sessions() as session:
        mine = sa.select(AuditEvent).where(AuditEvent.organization_id == tenant.organization.id)
        recorded = [(row.action, row.subject_name, row.details) for row in await session.scalars(mine)]
        waiting = await session.scalars(sa.text("SELECT to_jsonb(q)::text FROM pgqueuer q"))
    assert ("call_data.number_erased", "…0147", {"number": "…0147", "calls": 1, "metadata_of_calls": 0}) in recorded
    assert not [line for line in (*map(str, recorded), *waiting) if NUMBER.lstrip("+") in line]


async def test_a_number_in_a_live_call_is_not_erased(
    database: Database, tenant_database: Database, tenant: Tenant, token: Token, erasure: NumberErasureJob
) -> None:
    over = await add_call(database, tenant, token, to_number=NUMBER)
    live = await add_call(database, tenant, token, to_number=NUMBER, status=CallStatus.IN_PROGRESS, duration=0)
    with pytest.raises(NumberInLiveCall):
        await erase(tenant_database, erasure, tenant)
    assert (await stored_call(database, over)).erased_at is None
    async with database.sessions() as session, session.begin():
        sid = (await session.get_one(Call, live)).carrier_sid
        end = LegEvent(is_child=True, kind="completed", sequence=3, occurred_at=utc_now(), duration=1)
        await CallService(session).record_event(tenant.organization.id, sid, new_sid(), end)
    assert await erase(tenant_database, erasure, tenant) == NumberOccurrences(2, 0)


async def test_a_carrier_that_is_away_is_asked_again(
    database: Database,
    tenant_database: Database,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    carrier_account: CarrierAccount,
) -> None:
    call_id = await add_call(database, tenant, token, to_number=NUMBER)
    sid = (await stored_call(database, call_id)).carrier_sid
    carrier_account.add_call(sid, "completed", seconds=9)
    first, second = (JobQueue(database, settings.secret_keys) for _ in range(2))
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)
    await erase(tenant_database, NumberErasureJob(first, CarrierCallDeletion(first, away, database), database), tenant)
    # The audit log does not wait for the carrier.
    assert await first.run_due() == 1
    await away.close()
    await let_pass(database, dt.timedelta(seconds=6))
    CarrierCallDeletion(second, carrier_account.carrier, database)
    assert await second.run_due() == 1
    with pytest.raises(NotFoundAtCarrier):
        await carrier_account.carrier.leg(sid)


async def test_the_api_tells_and_changes_how_long(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/retention"
    assert (await client.get(path)).json() == {"months": 24, "is_default": True}
    changed = await client.put(path, json={"months": 6})
    assert (changed.status_code, changed.json()) == (200, {"months": 6, "is_default": False})
    for wrong in (0, 37, -1):
        assert fields_refused(await client.put(path, json={"months": wrong})) == ["months"]
    back = await client.put(path, json={"months": None})
    assert back.json() == {"months": 24, "is_default": True}


async def test_the_api_erases_a_number_and_tells_what_it_was_in(
    client: httpx.AsyncClient, make: Factory, tenant: Tenant, token: Token, database: Database
) -> None:
    await sign_in(client, tenant.owner)
    api = f"/api/organizations/{tenant.organization.id}"
    blocked = await client.put(f"{api}/calling-rules", json={"blocked_numbers": [NUMBER, OTHER]})
    assert blocked.status_code == 200
    await add_call(database, tenant, token, to_number=NUMBER)
    await add_call(database, tenant, token, to_number=OTHER, details={"also": "212-555-0147"})

    erased = await client.post(f"{api}/erasures", json={"number": "(212) 555-0147"})
    recorded = {"calls": 1, "metadata_of_calls": 1, "is_complete": True, "unblocked": False}
    assert (erased.status_code, erased.json()) == (200, recorded)
    assert (await client.get(f"{api}/calling-rules")).json()["blocked_numbers"] == [NUMBER, OTHER]
    again = await client.post(f"{api}/erasures", json={"number": NUMBER, "unblock": True})
    assert again.json() == {**recorded, "calls": 0, "metadata_of_calls": 0, "unblocked": True}
    assert (await client.get(f"{api}/calling-rules")).json()["blocked_numbers"] == [OTHER]
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "call_data.number_erased"
        trail = list(await session.scalars(sa.select(AuditEvent.details).where(*mine).order_by(AuditEvent.id)))
    assert [details and details.get("unblocked") for details in trail] == [None, True]

    for wrong in ("nobody", " "):
        assert fields_refused(await client.post(f"{api}/erasures", json={"number": wrong})) == ["number"]
    await add_call(database, tenant, token, to_number=NUMBER, status=CallStatus.RINGING, duration=0)
    assert_refused(await client.post(f"{api}/erasures", json={"number": NUMBER}), 409, "number_in_live_call")
