"""Calls whose end was not reported are closed by asking the carrier."""

import datetime as dt
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls import event_recorder
from calls.limits.alert_mails import ALERT_MAILER
from calls.limits.models import UsageCounter, UsageScope
from calls.models import (
    Call,
    CallEvent,
    CallStatus,
    UnmatchedEvent,
)
from calls.reconciliation.stuck_calls import STUCK_AFTER, StuckCallReconciler
from carrier.twilio import TwilioCarrier
from epoch.cli.seed import DEMO_LIMITS
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.app_key import DATABASE
from kit.settings import Settings
from support.call_script import (
    ENDED,
    EVENTS,
    START,
    TALK_SECONDS,
)
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import Factory, Tenant, Token

pytestmark = pytest.mark.anyio
COLUMNS_OF_ONE_CALL = {"id", "created_at", "started_at", "carrier_sid", "identity"}
"""Columns that differ between two calls with the same events."""
PRICE_COLUMNS = {"is_priced", "cost_micros", "price_due_at"}
"""The carrier's report about an ended call contains its price as well."""
LATER = STUCK_AFTER + dt.timedelta(seconds=5)


@pytest.fixture
async def carrier_account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def reconciler(app: Litestar, database: Database, carrier_account: CarrierAccount) -> StuckCallReconciler:
    return StuckCallReconciler(database, DATABASE.get(app), carrier_account.carrier, ALERT_MAILER.get(app))


@pytest.fixture(autouse=True)
async def no_calls_of_other_tests(database: Database) -> None:
    """A run looks at every live call there is."""
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Call))


@pytest.fixture
async def tenant(make: Factory) -> Tenant:
    return await make.tenant(limits={"live_calls": 1})


async def place_call(callbacks: CallbackClient, token: Token) -> str:
    sid = new_sid()
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    return sid


async def stored_call(database: Database, sid: str) -> Call:
    async with database.sessions() as session:
        return (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()


async def usage_of(database: Database, tenant: Tenant) -> UsageCounter:
    async with database.sessions() as session:
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        return (await session.scalars(sa.select(UsageCounter).where(*mine))).one()


async def test_a_call_without_events_is_closed_and_priced_and_releases_its_reservation(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid, ended = await place_call(callbacks, token), utc_now().replace(microsecond=0)
    carrier_account.add_call(sid, "completed", seconds=61, ended=ended)
    assert b"<Reject" in (await callbacks.outgoing(token.id, new_sid())).content

    assert await reconciler.run(utc_now() + LATER) == 1

    call = await stored_call(database, sid)
    assert (call.status, call.duration, call.end_reason) == (CallStatus.COMPLETED, 61, None)
    assert (call.answered_at, call.ended_at) == (ended - dt.timedelta(seconds=61), ended)
    assert (call.is_priced, call.cost_micros, call.reserved_until) == (True, 2 * 18_000, None)
    use = await usage_of(database, tenant)
    assert (use.live, use.reserved_minutes, use.day_minutes, use.day_micros) == (0, 0, 2, 36_000)
    await place_call(callbacks, token)


@pytest.mark.slow
async def test_the_record_is_the_same_whichever_events_were_lost_and_in_any_order(
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    token = await make.token(await make.tenant(limits=DEMO_LIMITS))
    events = [(number, *event) for number, event in enumerate(EVENTS, 1)]
    rows = set()
    for count in range(len(events) + 1):
        for reported in itertools.permutations(events, count):
            sid, child = await place_call(callbacks, token), new_sid()
            for number, status, seconds, more in reported:
                at = START + dt.timedelta(seconds=seconds)
                await callbacks.event(sid, status, at, child=child, sequence=number, **more)
            carrier_account.add(sid, "completed", seconds=TALK_SECONDS, ended=ENDED)
            carrier_account.add(child, "completed", parent=sid, seconds=TALK_SECONDS, ended=ENDED)
            await reconciler.run(utc_now() + LATER)
            call = await stored_call(database, sid)
            columns = {column.key: getattr(call, column.key) for column in sa.inspect(Call).column_attrs}
            rows.add(
                str({name: value for name, value in columns.items() if name not in COLUMNS_OF_ONE_CALL | PRICE_COLUMNS})
            )
    assert len(rows) == 1
    assert (call.status, call.duration, call.ended_at) == (CallStatus.COMPLETED, TALK_SECONDS, ENDED)


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_each_kind_of_end_is_recorded(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
    status: str,
) -> None:
    sid = await place_call(callbacks, token)
    carrier_account.add_call(sid, status)
    await reconciler.run(utc_now() + LATER)
    call = await stored_call(database, sid)
    assert (call.status, call.duration, call.end_reason) == (status, 0, status)
    assert call.ended_at is not None


async def test_a_call_that_goes_on_is_left_alone(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid = await place_call(callbacks, token)
    carrier_account.add_call(sid, "in-progress", seconds=600)
    assert await reconciler.run(utc_now() + LATER) == 0
    assert (await stored_call(database, sid)).status == CallStatus.INITIATED


async def test_a_caller_who_left_before_anybody_was_dialled(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid = await place_call(callbacks, token)
    leg = carrier_account.add(sid, "ringing")
    assert await reconciler.run(utc_now() + LATER) == 0
    carrier_account.known.remove(leg)
    carrier_account.add(sid, "no-answer")
    assert await reconciler.run(utc_now() + LATER) == 1
    assert (await stored_call(database, sid)).status == CallStatus.CANCELED


@pytest.mark.parametrize(
    ("parent_status", "error_code", "expected"),
    [
        ("completed", 13227, CallStatus.FAILED),
        ("no-answer", 13214, CallStatus.FAILED),
        ("failed", None, CallStatus.FAILED),
        ("busy", None, CallStatus.FAILED),
        ("completed", None, CallStatus.FAILED),
        ("canceled", None, CallStatus.CANCELED),
        ("no-answer", None, CallStatus.CANCELED),
    ],
)
async def test_only_a_caller_who_hung_up_canceled_a_call_that_dialled_nobody(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
    parent_status: str,
    error_code: int | None,
    expected: CallStatus,
) -> None:
    sid = await place_call(callbacks, token)
    carrier_account.add(sid, parent_status, error_code=error_code)
    assert await reconciler.run(utc_now() + LATER) == 1
    call = await stored_call(database, sid)
    assert (call.status, call.end_reason, call.carrier_error) == (expected, expected.value, error_code)


async def test_a_call_that_the_carrier_does_not_know_has_failed(
    callbacks: CallbackClient, token: Token, tenant: Tenant, database: Database, reconciler: StuckCallReconciler
) -> None:
    sid, child = await place_call(callbacks, token), new_sid()
    await callbacks.event(sid, "ringing", utc_now(), child=child, sequence=1)
    assert await reconciler.run(utc_now() + LATER) == 1
    assert (await stored_call(database, sid)).status == CallStatus.FAILED
    assert (await usage_of(database, tenant)).live == 0


async def test_the_carrier_is_asked_only_about_calls_without_recent_events(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid = await place_call(callbacks, token)
    carrier_account.add_call(sid, "completed", seconds=5)
    assert await reconciler.run(utc_now() + STUCK_AFTER - dt.timedelta(seconds=5)) == 0

    async with database.sessions() as session, session.begin():
        long_ago = utc_now() - dt.timedelta(hours=1)
        await session.execute(sa.update(Call).where(Call.carrier_sid == sid).values(started_at=long_ago))
    await callbacks.event(sid, "in-progress", utc_now(), child=new_sid(), sequence=2)
    assert await reconciler.run() == 0
    assert await reconciler.run(utc_now() + LATER) == 1


async def test_a_late_event_of_the_carrier_overrules_the_reconciled_end(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid = await place_call(callbacks, token)
    child = carrier_account.add_call(sid, "completed", seconds=50)
    await reconciler.run(utc_now() + LATER)
    reported_at = utc_now().replace(microsecond=0)
    for _ in range(2):
        await callbacks.event(sid, "completed", reported_at, child=child.sid, sequence=3, CallDuration="61")
    call = await stored_call(database, sid)
    assert (call.status, call.duration, call.ended_at) == (CallStatus.COMPLETED, 61, reported_at)
    use = await usage_of(database, tenant)
    assert (use.live, use.day_minutes, use.day_micros) == (0, 2, 18_000)  # the carrier's price stands


async def test_a_second_run_changes_nothing(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    reconciler: StuckCallReconciler,
) -> None:
    sid = await place_call(callbacks, token)
    carrier_account.add_call(sid, "completed", seconds=50)
    assert [await reconciler.run(utc_now() + LATER) for _ in range(2)] == [1, 0]
    async with database.sessions() as session:
        assert (
            await session.scalar(sa.select(sa.func.count(CallEvent.id)).join(Call).where(Call.carrier_sid == sid)) == 1
        )


async def test_no_call_is_closed_while_the_carrier_does_not_answer(
    app: Litestar, callbacks: CallbackClient, token: Token, database: Database, settings: Settings
) -> None:
    sid = await place_call(callbacks, token)
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)
    assert await StuckCallReconciler(database, DATABASE.get(app), away).run(utc_now() + LATER) == 0
    await away.close()
    assert (await stored_call(database, sid)).status == CallStatus.INITIATED


async def test_events_that_came_before_their_call_are_recorded_later(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    reconciler: StuckCallReconciler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_recorder, "_LOOKUP_RETRY_SECONDS", (0.01,))
    sid, child, stranger = new_sid(), new_sid(), new_sid()
    reported_at = utc_now().replace(microsecond=0)
    began = reported_at - dt.timedelta(seconds=61)
    await callbacks.event(sid, "completed", reported_at, child=child, sequence=3, CallDuration="61")
    await callbacks.event(sid, "in-progress", began, child=child, sequence=2)
    await callbacks.event(stranger, "ringing", reported_at, child=new_sid(), sequence=1)
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    assert (await stored_call(database, sid)).status == CallStatus.INITIATED

    await reconciler.run()

    call = await stored_call(database, sid)
    assert (call.status, call.duration, call.answered_at, call.ended_at) == ("completed", 61, began, reported_at)
    use = await usage_of(database, tenant)
    assert (use.live, use.day_minutes) == (0, 2)
    async with database.sessions() as session:
        of_these = UnmatchedEvent.parent_sid.in_([sid, stranger])
        assert list(await session.scalars(sa.select(UnmatchedEvent.parent_sid).where(of_these))) == [stranger]


async def test_an_unmatched_event_that_was_recorded_before_a_worker_died_is_not_recorded_twice(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    reconciler: StuckCallReconciler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_recorder, "_LOOKUP_RETRY_SECONDS", (0.01,))
    sid, child, reported_at = new_sid(), new_sid(), utc_now().replace(microsecond=0)
    await callbacks.event(sid, "completed", reported_at, child=child, sequence=3, CallDuration="61")
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    await callbacks.event(sid, "completed", reported_at, child=child, sequence=3, CallDuration="61")
    before = await stored_call(database, sid)
    await reconciler.run()
    after = await stored_call(database, sid)
    assert (before.status, before.ended_at, before.cost_micros) == (after.status, after.ended_at, after.cost_micros)
    assert (await usage_of(database, tenant)).day_minutes == 2
