"""The cost of incoming calls, in the same spending limits as that of outgoing ones."""

import datetime as dt
import re

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call
from calls.services import CallService
from carrier.port import Price
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Tenant, Token
from support.mailbox import Mailbox, text_of

pytestmark = pytest.mark.anyio
PHONE = "+12125550144"
DAY, MONTH = "spend_cents_per_day", "spend_cents_per_month"


def api(tenant: Tenant, path: str) -> str:
    return f"/api/organizations/{tenant.organization.id}/{path}"


async def set_up(owner: httpx.AsyncClient, tenant: Tenant, cents: int = 2500) -> None:
    """Forward calls to ``PHONE``, and let a day cost at most ``cents``."""
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": False, "forward_to": [PHONE]})
    assert (await owner.put(api(tenant, "calling-rules"), json={"limits": {DAY: cents}})).status_code == 200


async def spent(owner: httpx.AsyncClient, tenant: Tenant) -> tuple[int, int]:
    """The cents of the day and of the month."""
    used = (await owner.get(api(tenant, "calling-rules"))).json()["used"]
    return used[DAY], used[MONTH]


async def ring(
    callbacks: CallbackClient, tenant: Tenant, *, caller: str = "+12125550160"
) -> tuple[str, httpx.Response]:
    assert tenant.number is not None
    sid = new_sid()
    return sid, await callbacks.incoming(tenant.number, sid, caller=caller)


async def forwarded_call(callbacks: CallbackClient, tenant: Tenant) -> str:
    """A call of two minutes on each leg, as the carrier bills them."""
    (sid, _), phone = await ring(callbacks, tenant), new_sid()
    leg = {"CallSid": phone, "ParentCallSid": sid, "To": PHONE, "CallStatus": "in-progress", "Digits": "1"}
    await callbacks.send("/voice/incoming/accept", leg)
    await callbacks.event(sid, "completed", utc_now(), child=phone, sequence=3, CallDuration="61")
    await callbacks.event(sid, "completed", utc_now(), CallDuration="70")
    return sid


async def test_both_legs_of_a_call_cost_an_estimate_and_then_the_carriers_price(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    await set_up(owner, tenant)
    sid = await forwarded_call(callbacks, tenant)
    assert await spent(owner, tenant) == (12, 12)
    async with database.sessions() as session, session.begin():
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
        assert (call.billed_minutes, call.cost_micros) == (4, 120_000)
        await CallService(session).set_price(tenant.organization.id, call.id, Price(45_000))
    assert await spent(owner, tenant) == (5, 5)
    # The price of a call that ended before this month corrects neither the day's nor the month's cost.
    async with database.sessions() as session, session.begin():
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
        call.ended_at = utc_now() - dt.timedelta(days=32)
        await session.flush()
        await CallService(session).set_price(tenant.organization.id, call.id, Price(200_000))
    assert await spent(owner, tenant) == (5, 5)


async def test_money_that_incoming_calls_spent_is_not_left_for_outgoing_ones(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    await set_up(owner, tenant, cents=7)
    sid, answer = await ring(callbacks, tenant)
    assert "<Dial" in answer.text
    # While it rings, it holds the money that it may cost.
    assert (await callbacks.outgoing(token.id, new_sid())).content == REJECT
    await callbacks.event(sid, "completed", utc_now(), CallDuration="5")
    assert b"<Dial" in (await callbacks.outgoing(token.id, new_sid())).content


async def test_money_that_outgoing_calls_hold_is_not_left_for_incoming_ones(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    await set_up(owner, tenant, cents=8)
    assert b"<Dial" in (await callbacks.outgoing(token.id, new_sid())).content
    _, answer = await ring(callbacks, tenant)
    assert "cannot take calls" in answer.text
    (refused,) = (await owner.get(api(tenant, "calls?direction=inbound"))).json()["items"]
    assert (refused["status"], refused["end_reason"]) == ("refused", "call_limit_reached")
    explained = (await owner.get(api(tenant, f"calls/{refused['id']}"))).json()["explanation"]
    assert explained["details"]["limit"] == DAY


async def test_a_recorded_message_costs_its_minutes(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True})
    sid, _ = await ring(callbacks, tenant)
    form = {
        "CallSid": sid,
        "RecordingSid": f"RE{new_sid()[2:]}",
        "RecordingDuration": "61",
        "RecordingStatus": "completed",
    }
    for _ in range(2):
        await callbacks.send("/voice/incoming/recording", form)
    assert await spent(owner, tenant) == (1, 1)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="70")
    assert await spent(owner, tenant) == (7, 7)


async def test_owners_get_one_mail_at_eighty_percent_of_the_incoming_minutes(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database, settings: Settings
) -> None:
    await set_up(owner, tenant)
    limits = {"limits": {"incoming_minutes_per_day": 10}}
    assert (await owner.put(api(tenant, "calling-rules"), json=limits)).status_code == 200
    await forwarded_call(callbacks, tenant)
    assert await Mailbox(settings, tenant.owner.email).all(0) == []
    for _ in range(2):
        await forwarded_call(callbacks, tenant)
    [mail] = await Mailbox(settings, tenant.owner.email).all()
    assert mail["Subject"] == f"{tenant.organization.name} has used 80 % of its incoming minutes for today"
    assert "callers hear that your numbers cannot take calls" in text_of(mail)
    mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "calling.limit_near"
    async with database.sessions() as session:
        [event] = await session.scalars(sa.select(AuditEvent).where(*mine))
    assert event.details == {"limit": "incoming_minutes_per_day", "used": 8, "of": 10}


async def test_owners_get_a_mail_when_incoming_calls_nearly_use_up_the_spending_limit(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, settings: Settings
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True})
    assert (await owner.put(api(tenant, "calling-rules"), json={"limits": {DAY: 8}})).status_code == 200
    sid, _ = await ring(callbacks, tenant)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="70")
    assert (await spent(owner, tenant), await Mailbox(settings, tenant.owner.email).all(0)) == ((6, 6), [])
    # The cost of the recording reaches 80 percent of the limit.
    form = {"CallSid": sid, "RecordingSid": f"RE{new_sid()[2:]}", "RecordingDuration": "61"}
    await callbacks.send("/voice/incoming/recording", form)
    [mail] = await Mailbox(settings, tenant.owner.email).all()
    assert mail["Subject"] == f"{tenant.organization.name} has used 80 % of its calling budget for today"
    assert "Incoming calls used it last." in text_of(mail)


async def test_callers_at_once_are_taken_for_shorter_calls_while_minutes_are_left(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True, "forward_to": [PHONE]})
    limits = {"limits": {"incoming_minutes_per_day": 124}}
    assert (await owner.put(api(tenant, "calling-rules"), json=limits)).status_code == 200
    answers = [(await ring(callbacks, tenant, caller=f"+1212555016{digit}"))[1].text for digit in range(8)]
    minutes = [int(re.findall(r'timeLimit="(\d+)"', answer)[0]) // 60 for answer in answers]
    assert minutes == [15, 15, 8, 6, 4, 3, 2, 2]


async def test_a_caller_is_refused_because_calls_under_way_hold_the_rest_of_the_minutes(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await set_up(owner, tenant)
    limits = {"limits": {"incoming_minutes_per_day": 5}}
    assert (await owner.put(api(tenant, "calling-rules"), json=limits)).status_code == 200
    sid, answer = await ring(callbacks, tenant)
    assert "<Dial" in answer.text
    (other, answer), (_, refusal) = await ring(callbacks, tenant), await ring(callbacks, tenant)
    assert "<Dial" in answer.text
    assert "cannot take calls" in refusal.text
    (refused,) = (await owner.get(api(tenant, "calls?status=refused"))).json()["items"]
    assert refused["end_reason"] == "call_limit_reached"
    told = (await owner.get(api(tenant, f"calls/{refused['id']}"))).json()["explanation"]
    assert {name: told["details"][name] for name in ("value", "used", "held")} == {"value": 5, "used": 0, "held": 4}
    assert told["help"].startswith(
        "Calls under way hold the rest of the incoming minutes for today. Wait until another call has ended, or ask"
    )
    page = (await owner.get(f"/dashboard/{tenant.organization.slug}/calls/{refused['id']}")).text
    assert "Calls under way hold the rest of the incoming minutes" in page
    assert "Held by calls under way then" in page
    assert "used up" not in page
    # Once no phone rings any more, a call holds what its caller's leg may still use.
    for one in (sid, other):
        await callbacks.event(one, "completed", utc_now(), CallDuration="5")
    assert "<Dial" in (await ring(callbacks, tenant))[1].text


async def test_a_refused_caller_is_among_the_missed_calls_and_can_be_called_back(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token, settings: Settings
) -> None:
    limits = {"limits": {"incoming_minutes_per_day": 0}}
    assert (await owner.put(api(tenant, "calling-rules"), json=limits)).status_code == 200
    for _ in range(2):
        await ring(callbacks, tenant, caller="+12125550147")
    first, last = (await owner.get(api(tenant, "calls?direction=inbound"))).json()["items"]
    # The contract's missed calls are those that were taken and that nobody accepted.
    assert (await owner.get(api(tenant, "calls?missed=true"))).json()["items"] == []
    calls = f"/dashboard/{tenant.organization.slug}/calls"
    page = (await owner.get(f"{calls}?direction=missed")).text
    assert page.count('<span class="end-reason quiet small">Call limit reached</span>') == 2
    assert all(f'action="{calls}/{call["id"]}/call-back"' in page for call in (first, last))
    [mail] = await Mailbox(settings, tenant.owner.email).all()
    assert mail["Subject"] == f"{tenant.organization.name} refused a caller today: Call limit reached"
    assert "Refused callers are among the missed calls" in text_of(mail)
    # Somebody calls back.
    back, leg = new_sid(), new_sid()
    await callbacks.outgoing(token.id, back, to="+12125550147")
    await callbacks.event(back, "in-progress", utc_now(), child=leg, sequence=2)
    await callbacks.event(back, "completed", utc_now(), child=leg, sequence=3, CallDuration="9")
    page = (await owner.get(f"{calls}?direction=missed")).text
    assert page.count("Called back") == 2
    assert "/call-back" not in page


async def test_a_call_that_nobody_takes_holds_the_minutes_of_one_leg(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True})
    limits = {"limits": {"incoming_minutes_per_day": 20}}
    assert (await owner.put(api(tenant, "calling-rules"), json=limits)).status_code == 200
    answers = [(await ring(callbacks, tenant))[1].text for _ in range(3)]
    assert [re.findall(r'maxLength="(\d+)"', answer) for answer in answers] == [["180"], ["180"], ["120"]]
