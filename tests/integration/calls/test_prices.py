"""The carrier's price of a call is fetched after its end, replaces the estimate and corrects the spending."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.limits.alert_mails import ALERT_MAILER
from calls.limits.models import UsageCounter, UsageScope
from calls.models import Call
from calls.reconciliation.prices import RETRY_INTERVAL, PriceUpdater
from calls.services import PRICE_DELAY, CallService
from carrier.port import Price
from carrier.twilio import TwilioCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from sandbox.legs import Leg
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import Tenant, Token

pytestmark = pytest.mark.anyio
LATER = PRICE_DELAY + dt.timedelta(seconds=5)
ESTIMATE, PRICE = 2 * 14_000, 2 * 18_000


@pytest.fixture
async def carrier_account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def finder(app: Litestar, database: Database, carrier_account: CarrierAccount) -> PriceUpdater:
    return PriceUpdater(database, carrier_account.carrier, ALERT_MAILER.get(app))


@pytest.fixture(autouse=True)
async def no_calls_of_other_tests(database: Database) -> None:
    """A run looks at every call that is due."""
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Call))


async def completed_call(
    callbacks: CallbackClient, token: Token, carrier_account: CarrierAccount, *, status: str = "completed"
) -> tuple[str, Leg]:
    """A call of 61 s whose end the carrier has reported."""
    sid, now = new_sid(), utc_now().replace(microsecond=0)
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    child = carrier_account.add_call(sid, status, seconds=61, ended=now)
    await callbacks.event(sid, "completed", now, child=child.sid, sequence=3, CallDuration="61")
    return sid, child


async def stored_call(database: Database, sid: str) -> Call:
    async with database.sessions() as session:
        return (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()


async def spent(database: Database, tenant: Tenant, scope: UsageScope = UsageScope.ORGANIZATION) -> tuple[int, int]:
    async with database.sessions() as session:
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == scope
        use = (await session.scalars(sa.select(UsageCounter).where(*mine))).one()
        return use.day_micros, use.month_micros


async def test_an_estimate_is_replaced_some_minutes_after_the_end(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    carrier_account: CarrierAccount,
    finder: PriceUpdater,
) -> None:
    sid, _ = await completed_call(callbacks, token, carrier_account)
    assert await finder.run() == 0
    assert await spent(database, tenant) == (ESTIMATE, ESTIMATE)

    assert await finder.run(utc_now() + LATER) == 1

    call = await stored_call(database, sid)
    assert (call.is_priced, call.cost_micros, call.price_due_at) == (True, PRICE, None)
    assert await spent(database, tenant) == (PRICE, PRICE)
    assert await spent(database, tenant, UsageScope.TOKEN) == (PRICE, PRICE)


async def test_every_call_that_gets_a_price_in_a_run_is_counted(
    callbacks: CallbackClient, token: Token, carrier_account: CarrierAccount, finder: PriceUpdater
) -> None:
    for _ in range(4):
        await completed_call(callbacks, token, carrier_account)
    assert await finder.run(utc_now() + LATER) == 4
    assert await finder.run(utc_now() + LATER) == 0


async def test_a_price_that_is_not_known_yet_is_asked_for_again_and_at_last_left_to_the_comparison(
    callbacks: CallbackClient, token: Token, database: Database, carrier_account: CarrierAccount, finder: PriceUpdater
) -> None:
    sid, _ = await completed_call(
        callbacks, token, carrier_account, status="in-progress"
    )  # the carrier's carrier_account lag behind
    assert await finder.run(utc_now() + LATER) == 0
    due = (await stored_call(database, sid)).price_due_at
    assert due is not None
    assert due > utc_now() + RETRY_INTERVAL
    assert await finder.run(utc_now() + dt.timedelta(hours=13)) == 0
    call = await stored_call(database, sid)
    assert (call.is_priced, call.price_due_at) == (False, None)


async def test_a_price_in_another_currency_is_kept_and_never_summed(
    callbacks: CallbackClient,
    token: Token,
    tenant: Tenant,
    database: Database,
    carrier_account: CarrierAccount,
    finder: PriceUpdater,
    owner: httpx.AsyncClient,
) -> None:
    sid, child = await completed_call(callbacks, token, carrier_account)
    carrier_account.switches.price_unit = "EUR"
    assert await finder.run(utc_now() + LATER) == 1

    call = await stored_call(database, sid)
    assert (call.foreign_price_micros, call.foreign_currency, call.price_due_at) == (PRICE, "EUR", None)
    assert (call.cost_micros, call.is_priced) == (ESTIMATE, False)
    assert await spent(database, tenant) == (ESTIMATE, ESTIMATE)
    await callbacks.event(sid, "completed", utc_now(), child=child.sid, sequence=4, CallDuration="61")
    assert await finder.run(utc_now() + LATER) == 0, "a known price is not asked for again"
    page = (await owner.get(f"/dashboard/{tenant.organization.slug}/calls/{call.id}")).text
    assert "0.036 EUR" in page
    assert "limits count $0.028, estimated" in page


async def test_an_empty_price_is_none_yet(
    callbacks: CallbackClient, token: Token, database: Database, carrier_account: CarrierAccount, finder: PriceUpdater
) -> None:
    sid, _ = await completed_call(callbacks, token, carrier_account)
    carrier_account.switches.empty_prices = True
    assert await finder.run(utc_now() + LATER) == 0
    assert not (await stored_call(database, sid)).is_priced
    carrier_account.switches.empty_prices = False
    assert await finder.run(utc_now() + RETRY_INTERVAL + LATER + LATER) == 1


async def test_a_carrier_that_is_away_leaves_calls_due(
    callbacks: CallbackClient,
    token: Token,
    database: Database,
    carrier_account: CarrierAccount,
    settings: Settings,
    finder: PriceUpdater,
) -> None:
    sid, _ = await completed_call(callbacks, token, carrier_account)
    away = TwilioCarrier(settings.twilio, api_base="http://127.0.0.1:1", signaling=None)
    assert await PriceUpdater(database, away).run(utc_now() + LATER) == 0
    await away.close()
    assert not (await stored_call(database, sid)).is_priced
    assert await finder.run(utc_now() + LATER) == 1


async def test_a_price_of_another_month_leaves_this_ones_sums_alone(
    callbacks: CallbackClient, token: Token, tenant: Tenant, database: Database, carrier_account: CarrierAccount
) -> None:
    sid, _ = await completed_call(callbacks, token, carrier_account)
    call = await stored_call(database, sid)
    async with database.sessions() as session, session.begin():
        long_ago = utc_now() - dt.timedelta(days=40)
        await session.execute(sa.update(Call).where(Call.id == call.id).values(ended_at=long_ago))
        await CallService(session).set_price(call.organization_id, call.id, Price(PRICE))
    assert await spent(database, tenant) == (ESTIMATE, ESTIMATE)
    assert (await stored_call(database, sid)).cost_micros == PRICE


async def test_a_call_that_nobody_answered_is_not_asked_about(
    callbacks: CallbackClient, token: Token, database: Database, carrier_account: CarrierAccount
) -> None:
    sid = new_sid()
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    await callbacks.event(sid, "no-answer", utc_now(), child=new_sid(), sequence=2)
    assert (await stored_call(database, sid)).price_due_at is None
