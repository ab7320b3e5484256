"""The daily reconciliation corrects call records from the carrier's list."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.call_state import LegEvent
from calls.limits.alert_mails import ALERT_MAILER
from calls.models import Call, CallStatus
from calls.reconciliation.daily import DailyReconciler
from calls.reconciliation.models import CallDiscrepancy, ReconciledDay
from calls.services import CallService
from carrier.port import CarrierError, Price
from carrier.twilio import TwilioCarrier
from kit.db.database import STAFF_ROLE, Database
from kit.ids import first_uuid7
from kit.settings import Settings
from sandbox.legs import Leg
from support.call_factory import add_call
from support.callback_client import new_sid
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import Tenant, Token

pytestmark = pytest.mark.anyio
DAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
NEXT_MORNING = dt.datetime(2026, 11, 21, 4, tzinfo=dt.UTC)


@pytest.fixture
async def carrier_account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def comparison(app: Litestar, database: Database, carrier_account: CarrierAccount) -> DailyReconciler:
    return DailyReconciler(database, carrier_account.carrier, ALERT_MAILER.get(app))


@pytest.fixture(autouse=True)
async def nothing_of_other_tests(database: Database) -> None:
    """A comparison looks at every call of its day."""
    async with database.sessions() as session, session.begin():
        for table in (Call, ReconciledDay, CallDiscrepancy):
            await session.execute(sa.delete(table))


def browser(token: Token) -> str:
    return f"client:w_{token.id.hex}_{0:016x}"


async def ended_call(
    database: Database, tenant: Tenant, token: Token, *, seconds: int = 61, at: dt.datetime = NOON, **more: Any
) -> Call:
    """A stored call that ended at ``at``, with its events."""
    began = at - dt.timedelta(seconds=seconds + 5)
    call_id = await add_call(
        database, tenant, token, started_at=began, status=CallStatus.INITIATED, duration=0, rate_micros=14_000, **more
    )
    async with database.sessions() as session, session.begin():
        row = await session.get_one(Call, call_id)
        row.id = _id_of(began)
        await session.flush()
        event = LegEvent(is_child=True, kind="completed", sequence=3, occurred_at=at, duration=seconds)
        await CallService(session).record_event(row.organization_id, row.carrier_sid, new_sid(), event)
        await session.refresh(row)
    return row


def _id_of(moment: dt.datetime) -> UUID:
    """Ids begin with their time; comparisons find a day by it."""
    return UUID(int=first_uuid7(moment).int | (uuid4().int & ((1 << 80) - 1)))


async def stored_call(database: Database, call: Call) -> Call:
    async with database.sessions() as session:
        return await session.get_one(Call, call.id)


async def stored_discrepancies(database: Database) -> list[tuple[str, str, str, bool]]:
    async with database.sessions() as session:
        rows = await session.scalars(sa.select(CallDiscrepancy).order_by(CallDiscrepancy.kind))
        return [(row.kind.value, row.here, row.there, row.corrected_at is not None) for row in rows]


async def test_equal_days_are_settled_and_priced(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call = await ended_call(database, tenant, token)
    carrier_account.add_call(call.carrier_sid, "completed", seconds=61, ended=NOON, caller=browser(token))

    day = await comparison.reconcile(DAY)

    assert (day.calls_here, day.calls_there, day.seconds_here, day.seconds_there) == (1, 1, 61, 61)
    assert (day.micros_here, day.micros_there, day.is_settled) == (28_000, 36_000, True)
    assert await stored_discrepancies(database) == []
    row = await stored_call(database, call)
    assert (row.is_priced, row.cost_micros, row.price_due_at) == (True, 36_000, None)


async def test_prices_in_another_currency_are_kept_and_left_out_of_the_sums(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call = await ended_call(database, tenant, token, seconds=61)
    later = NOON + dt.timedelta(seconds=60)
    carrier_account.add_call(call.carrier_sid, "completed", seconds=61, ended=later, caller=browser(token))
    carrier_account.switches.price_unit = "EUR"
    day = await comparison.reconcile(DAY)
    assert (day.micros_there, day.unpriced) == (0, 0)
    async with database.sessions() as session:
        stored = (await session.scalars(sa.select(Call).where(Call.id == call.id))).one()
    assert (stored.foreign_price_micros, stored.foreign_currency, stored.is_priced) == (36_000, "EUR", False)
    again = await comparison.reconcile(DAY)
    assert (again.corrected, again.open) == (day.corrected, day.open)


async def test_the_carriers_duration_end_and_price_replace_ours_and_stay_whatever_comes_again(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call = await ended_call(database, tenant, token, seconds=61)
    later = NOON + dt.timedelta(seconds=60)
    child = carrier_account.add_call(call.carrier_sid, "completed", seconds=121, ended=later, caller=browser(token))
    async with database.sessions() as session, session.begin():
        await CallService(session).set_price(call.organization_id, call.id, Price(1))

    day = await comparison.reconcile(DAY)

    assert (day.corrected, day.open, day.seconds_here, day.seconds_there) == (3, 0, 61, 121)
    assert await stored_discrepancies(database) == [
        ("duration", "61", "121", True),
        ("end", "2026-11-20T12:00:00Z", "2026-11-20T12:01:00Z", True),
        ("price", "1", "54000", True),
    ]
    event = LegEvent(is_child=True, kind="completed", sequence=3, occurred_at=NOON, duration=61)
    async with database.sessions() as session, session.begin():
        await CallService(session).record_event(call.organization_id, call.carrier_sid, child.sid, event)
    row = await stored_call(database, call)
    assert (row.status, row.duration, row.ended_at) == (CallStatus.COMPLETED, 121, later)
    assert (row.cost_micros, row.billed_minutes) == (54_000, 3)

    again = await comparison.reconcile(DAY)
    assert (again.corrected, again.open) == (3, 0)
    assert len(await stored_discrepancies(database)) == 3
    assert again.id == day.id


async def test_later_changes_of_the_carrier_are_corrected_again(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call = await ended_call(database, tenant, token, seconds=61)
    child = carrier_account.add_call(call.carrier_sid, "completed", seconds=90, ended=NOON, caller=browser(token))
    await comparison.reconcile(DAY)
    assert child.ended is not None
    child.answered = child.ended - dt.timedelta(seconds=75)
    await comparison.reconcile(DAY)
    assert (await stored_call(database, call)).duration == 75
    assert await stored_discrepancies(database) == [("duration", "90", "75", True)]


async def test_a_wrongly_reported_end_is_corrected(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call = await ended_call(database, tenant, token, seconds=61)
    carrier_account.add_call(call.carrier_sid, "no-answer", ended=NOON, caller=browser(token))
    await comparison.reconcile(DAY)
    row = await stored_call(database, call)
    assert (row.status, row.duration, row.end_reason, row.cost_micros) == (CallStatus.NO_ANSWER, 0, "no-answer", 0)
    assert [kind for kind, *_ in await stored_discrepancies(database)] == ["duration", "status"]


async def test_calls_that_only_one_side_has_a_record_of_stay_open(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    await ended_call(database, tenant, token)
    stranger = new_sid()
    carrier_account.add_call(stranger, "completed", seconds=30, ended=NOON, caller=browser(token))

    day = await comparison.reconcile(DAY)

    assert (day.calls_here, day.calls_there, day.open, day.is_settled) == (1, 1, 2, False)
    assert await stored_discrepancies(database) == [
        ("unknown_here", "", "completed, 30 s", False),
        ("unknown_there", "completed, 61 s", "", False),
    ]
    async with database.for_role(STAFF_ROLE, engine_connections=1).sessions() as session:
        of_stranger = CallDiscrepancy.carrier_sid == stranger
        row = (await session.scalars(sa.select(CallDiscrepancy).where(of_stranger))).one()
        assert (row.token_id, row.call_record_id) == (token.id, None)
        assert (await session.scalars(sa.select(ReconciledDay))).one().open == 2

    carrier_account.known = [leg for leg in carrier_account.known if stranger not in (leg.sid, leg.parent_sid)]
    assert (await comparison.reconcile(DAY)).open == 1


async def test_rejected_calls_and_calls_of_other_products_are_no_discrepancies(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    refused = await add_call(
        database, tenant, token, status=CallStatus.REFUSED, duration=0, started_at=NOON, id=_id_of(NOON)
    )
    async with database.sessions() as session:
        sid = (await session.get_one(Call, refused)).carrier_sid
    carrier_account.add(sid, "busy", ended=NOON, caller=browser(token))
    carrier_account.add(new_sid(), "busy", ended=NOON, caller=browser(token))
    carrier_account.add(new_sid(), "completed", seconds=30, ended=NOON, caller="+12125550199")
    day = await comparison.reconcile(DAY)
    assert (day.calls_here, day.calls_there, day.others_there, day.is_settled) == (1, 2, 1, True)


async def test_a_call_that_was_dialled_though_refused_is_a_discrepancy(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    refused = await add_call(
        database, tenant, token, status=CallStatus.REFUSED, duration=0, started_at=NOON, id=_id_of(NOON)
    )
    async with database.sessions() as session:
        sid = (await session.get_one(Call, refused)).carrier_sid
    carrier_account.add_call(sid, "completed", seconds=9, ended=NOON, caller=browser(token))
    assert (await comparison.reconcile(DAY)).open == 1
    assert await stored_discrepancies(database) == [("dialled_though_refused", "refused", "completed, 9 s", False)]


async def test_a_call_over_midnight_is_one_call_of_the_day_it_began(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    midnight = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    call = await ended_call(database, tenant, token, seconds=600, at=midnight + dt.timedelta(seconds=590))
    parent = carrier_account.add(call.carrier_sid, "completed", ended=midnight, caller=browser(token))
    parent.created = midnight - dt.timedelta(seconds=15)
    carrier_account.add(
        new_sid(), "completed", parent=parent.sid, seconds=580, ended=midnight + dt.timedelta(seconds=590)
    )
    day = await comparison.reconcile(DAY)
    assert (day.calls_here, day.calls_there, day.seconds_there, day.open) == (1, 1, 580, 0)
    assert (await stored_call(database, call)).duration == 580
    assert (await comparison.reconcile(DAY + dt.timedelta(days=1))).open == 0


async def test_a_day_is_due_once_it_is_over_and_again_while_prices_are_missing(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    assert await comparison.run(dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC)) != []  # the 19th
    assert [day.day for day in await comparison.run(NEXT_MORNING)][-1] == DAY
    assert await comparison.run(NEXT_MORNING) == []
    async with database.sessions() as session, session.begin():
        long_ago = NEXT_MORNING - dt.timedelta(hours=1)
        await session.execute(
            sa.update(ReconciledDay).where(ReconciledDay.day == DAY).values(unpriced=1, compared_at=long_ago)
        )
    assert await comparison.run(NEXT_MORNING) == []
    assert [day.day for day in await comparison.run(NEXT_MORNING + dt.timedelta(hours=20))] == [DAY]


async def test_a_day_that_was_interrupted_is_compared_again(
    database: Database,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    carrier_account: CarrierAccount,
    comparison: DailyReconciler,
) -> None:
    call = await ended_call(database, tenant, token)
    carrier_account.add_call(call.carrier_sid, "completed", seconds=90, ended=NOON, caller=browser(token))
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)
    with pytest.raises(CarrierError):
        await DailyReconciler(database, away).reconcile(DAY)
    await away.close()
    async with database.sessions() as session:
        assert (await session.scalars(sa.select(ReconciledDay))).one().compared_at is None
    assert [day.corrected for day in await comparison.run(NEXT_MORNING) if day.day == DAY] == [1]
    assert (await stored_call(database, call)).duration == 90


async def test_a_long_list_is_read_page_by_page(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    for _ in range(1050):
        carrier_account.add(new_sid(), "busy", ended=NOON, caller=browser(token))
    day = await comparison.reconcile(DAY)
    assert (day.calls_there, day.open) == (1050, 0)


async def incoming_call(database: Database, tenant: Tenant, token: Token) -> tuple[Call, str]:
    """A forwarded call that ended at noon, of two minutes on each leg; with the carrier's id of the phone's leg."""
    began, phone = NOON - dt.timedelta(seconds=80), new_sid()
    more: dict[str, Any] = {"token_id": None, "direction": "inbound", "to_number": tenant.number, "rate_micros": 30_000}
    call_id = await add_call(
        database, tenant, token, id=_id_of(began), started_at=began, status=CallStatus.INITIATED, duration=0, **more
    )
    async with database.sessions() as session, session.begin():
        row = await session.get_one(Call, call_id)
        for leg, kind, seconds in (
            (phone, "accepted", None),
            (phone, "completed", 61),
            (row.carrier_sid, "completed", 70),
        ):
            event = LegEvent(is_child=leg == phone, kind=kind, sequence=-1, occurred_at=NOON, duration=seconds)
            await CallService(session).record_event(row.organization_id, row.carrier_sid, leg, event)
        await session.refresh(row)
    return row, phone


def from_outside(leg: Leg) -> Leg:
    leg.is_inbound = True
    return leg


async def test_incoming_calls_are_compared_leg_by_leg(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    call, phone = await incoming_call(database, tenant, token)
    assert (call.status, call.billed_minutes, call.cost_micros) == (CallStatus.COMPLETED, 4, 120_000)
    from_outside(carrier_account.add(call.carrier_sid, "completed", seconds=70, ended=NOON, caller="+12125550160"))
    leg = carrier_account.add(phone, "completed", parent=call.carrier_sid, seconds=61, ended=NOON)
    day = await comparison.reconcile(DAY)
    assert (day.calls_here, day.calls_there, day.seconds_here, day.seconds_there) == (1, 1, 61, 61)
    assert (day.others_there, day.corrected, day.is_settled) == (0, 0, True)
    priced = await stored_call(database, call)
    assert (priced.is_priced, priced.cost_micros) == (True, day.micros_there)

    leg.answered = NOON - dt.timedelta(seconds=130)
    assert (await comparison.reconcile(DAY)).is_settled
    kinds = {
        kind: (here, there, is_corrected) for kind, here, there, is_corrected in await stored_discrepancies(database)
    }
    assert kinds["duration"] == ("4 min", "5 min", True)
    row = await stored_call(database, call)
    assert (row.billed_minutes, row.duration) == (5, 130)


async def test_an_incoming_call_whose_end_was_lost_is_closed(
    database: Database, tenant: Tenant, token: Token, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    more: dict[str, Any] = {"token_id": None, "direction": "inbound", "to_number": tenant.number}
    call_id = await add_call(
        database, tenant, token, id=_id_of(NOON), started_at=NOON, status=CallStatus.RINGING, duration=0, **more
    )
    async with database.sessions() as session:
        row = await session.get_one(Call, call_id)
    from_outside(carrier_account.add(row.carrier_sid, "completed", seconds=9, ended=NOON, caller="+12125550160"))
    assert (await comparison.reconcile(DAY)).is_settled
    assert (await stored_call(database, row)).status is CallStatus.ABANDONED


async def test_an_incoming_call_to_our_number_without_a_record_stays_open(
    database: Database, tenant: Tenant, carrier_account: CarrierAccount, comparison: DailyReconciler
) -> None:
    assert tenant.number is not None
    for status, seconds, number in (("completed", 30, tenant.number), ("busy", 0, tenant.number), ("completed", 9, "")):
        leg = carrier_account.add(new_sid(), status, seconds=seconds, ended=NOON, caller="+12125550199")
        from_outside(leg).to = number or "+12125550147"
    day = await comparison.reconcile(DAY)
    assert (day.calls_here, day.calls_there, day.others_there, day.open) == (0, 1, 1, 1)
    assert await stored_discrepancies(database) == [("unknown_here", "", "completed, 1 min", False)]
