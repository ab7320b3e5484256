"""Incoming calls over the carrier's signed callbacks: forwarding, hours, key 9, refusals, limits, repetitions."""

import asyncio
import datetime as dt
import re
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.models import BlockedNumber
from calls.models import Call, CallEvent
from epoch.cli.seed import DEMO_LIMITS
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from tenants.models import Organization, PhoneNumber
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
CALLER, PHONE, OTHER_PHONE = "+12125550160", "+12125550144", "+12125550145"
Settings = dict[str, Any]


def settings_path(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/incoming-calls"


async def save(owner: httpx.AsyncClient, tenant: Tenant, **settings: Any) -> None:
    answer = await owner.put(settings_path(tenant), json={"voicemail": False, **settings})
    assert answer.status_code == 200, answer.text


async def record(owner: httpx.AsyncClient, tenant: Tenant) -> dict[str, Any]:
    found = await owner.get(f"/api/organizations/{tenant.organization.id}/calls?direction=inbound")
    (call,) = found.json()["items"]
    return dict(call)


def number_of(tenant: Tenant) -> str:
    assert tenant.number is not None
    return tenant.number


def spoken_sentences(answer: httpx.Response) -> list[str]:
    """The sentences that the caller hears."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    return re.findall(r"<Say[^>]*>([^<]*)</Say>", answer.text)


async def test_without_settings_the_caller_hears_that_nobody_can_answer(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    sid = new_sid()
    answer = await callbacks.incoming(number_of(tenant), sid)
    said = spoken_sentences(answer)
    assert said[0] == "Thank you for calling Acme Realty."
    assert "press 9" in said[1]
    assert said[-1] == "Nobody can take your call at the moment. Goodbye."
    assert answer.text.endswith("<Hangup /></Response>")
    assert (await record(owner, tenant))["status"] == "initiated"

    await callbacks.event(sid, "completed", utc_now(), CallDuration="8")
    call = await record(owner, tenant)
    assert (call["direction"], call["from"], call["to"]) == ("inbound", CALLER, tenant.number)
    assert (call["status"], call["end_reason"], call["duration"]) == ("no-answer", "no-answer", 0)
    assert (call["token_id"], call["answered_at"]) == (None, None)


async def test_a_forwarded_call_is_accepted_with_1_and_counts_both_legs(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    await save(owner, tenant, forward_to=[PHONE, OTHER_PHONE], greeting={"text": "Acme here.", "language": "en-GB"})
    sid, phone, other = new_sid(), new_sid(), new_sid()
    opening = await callbacks.incoming(number_of(tenant), sid)
    assert 'language="en-GB"' in opening.text
    assert spoken_sentences(opening)[0] == "Acme here."
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", opening.text) == [PHONE, OTHER_PHONE]
    assert f'callerId="{CALLER}"' in opening.text
    assert "answerOnBridge" not in opening.text

    now = utc_now()
    for number, status in ((0, "initiated"), (1, "ringing")):
        for child in (phone, other):
            await callbacks.event(sid, status, now, child=child, sequence=number)
    assert (await record(owner, tenant))["status"] == "ringing"
    leg = {"CallSid": phone, "ParentCallSid": sid, "To": PHONE, "CallStatus": "in-progress"}
    screen = await callbacks.send("/voice/incoming/screen", leg)
    assert spoken_sentences(screen) == ["A call for Acme Realty. Press 1 to accept it."]
    assert screen.text.endswith("<Hangup /></Response>")
    assert "<Hangup />" in (await callbacks.send("/voice/incoming/accept", {**leg, "Digits": "2"})).text

    accepted = await callbacks.send("/voice/incoming/accept", {**leg, "Digits": "1"})
    assert accepted.text.endswith("<Response />")
    late = {**leg, "CallSid": other, "To": OTHER_PHONE, "Digits": "1"}
    assert "<Hangup />" in (await callbacks.send("/voice/incoming/accept", late)).text
    assert (await record(owner, tenant))["status"] == "in-progress"

    await callbacks.event(sid, "completed", now, child=phone, sequence=3, CallDuration="61")
    dial = {"CallSid": sid, "DialCallSid": phone, "DialCallStatus": "completed", "CallStatus": "in-progress"}
    assert "<Hangup />" in (await callbacks.send("/voice/incoming/forwarded?turn=0", dial)).text
    await callbacks.event(sid, "completed", now, CallDuration="70")
    call = await record(owner, tenant)
    assert (call["status"], call["end_reason"], call["duration"]) == ("completed", None, 61)
    rules = (await owner.get(f"/api/organizations/{tenant.organization.id}/calling-rules")).json()
    assert rules["used"]["incoming_minutes_per_day"] == 4
    assert rules["used"]["minutes_per_day"] == 0
    async with database.sessions() as session:
        assert await session.scalar(sa.select(Call.answered_by).where(Call.carrier_sid == sid)) == PHONE


async def test_phones_ring_in_turn_until_nobody_is_left(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await save(owner, tenant, forward_to=[PHONE, OTHER_PHONE], forward_mode="in-turn", ring_seconds=15)
    sid, dial = new_sid(), {"DialCallStatus": "no-answer", "CallStatus": "in-progress"}
    opening = await callbacks.incoming(number_of(tenant), sid)
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", opening.text) == [PHONE]
    assert 'timeout="15"' in opening.text
    second = await callbacks.send("/voice/incoming/forwarded?turn=0", {"CallSid": sid, **dial})
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", second.text) == [OTHER_PHONE]
    last = await callbacks.send("/voice/incoming/forwarded?turn=1", {"CallSid": sid, **dial})
    assert spoken_sentences(last) == ["Nobody can take your call at the moment. Goodbye."]
    await callbacks.event(sid, "completed", utc_now(), CallDuration="40")
    assert (await record(owner, tenant))["status"] == "no-answer"


async def test_a_caller_who_hangs_up_while_phones_ring_abandons_the_call(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await save(owner, tenant, forward_to=[PHONE])
    sid, phone = new_sid(), new_sid()
    await callbacks.incoming(number_of(tenant), sid)
    await callbacks.event(sid, "ringing", utc_now(), child=phone, sequence=1)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="5")
    await callbacks.event(sid, "canceled", utc_now(), child=phone, sequence=2, CallDuration="0")
    dial = {"CallSid": sid, "DialCallStatus": "no-answer", "CallStatus": "completed"}
    assert "<Hangup />" in (await callbacks.send("/voice/incoming/forwarded?turn=0", dial)).text
    assert (await record(owner, tenant))["status"] == "abandoned"
    calls = f"/api/organizations/{tenant.organization.id}/calls"
    assert len((await owner.get(f"{calls}?missed=true")).json()["items"]) == 1
    assert (await owner.get(f"{calls}?direction=outbound")).json()["items"] == []
    assert len((await owner.get(f"{calls}?number={CALLER[1:]}")).json()["items"]) == 1
    assert (await owner.get(f"{calls}?direction=sideways")).json()["code"] == "validation_failed"


async def test_outside_the_hours_the_after_hours_settings_answer(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    # Hours of another day than any on which this test can run in UTC.
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    other_day = days[(utc_now() + dt.timedelta(days=3)).weekday()]
    closed = {"greeting": {"text": "We are closed."}, "forward_to": [OTHER_PHONE]}
    hours = [{"day": other_day, "from": "09:00", "to": "10:00"}]
    await save(owner, tenant, time_zone="UTC", hours=hours, forward_to=[PHONE], after_hours=closed)
    sid = new_sid()
    opening = await callbacks.incoming(number_of(tenant), sid)
    assert spoken_sentences(opening)[0] == "We are closed."
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", opening.text) == [OTHER_PHONE]
    await callbacks.event(sid, "completed", utc_now(), CallDuration="5")
    call = await record(owner, tenant)
    assert (call["status"], call["end_reason"]) == ("abandoned", "outside_hours")


async def test_a_caller_who_presses_9_is_never_called_again(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await save(owner, tenant, forward_to=[PHONE])
    sid = new_sid()
    opening = await callbacks.incoming(number_of(tenant), sid, StirVerstat="TN-Validation-Passed-A")
    assert 'numDigits="1"' in opening.text
    other_key = await callbacks.send("/voice/incoming/key", {"CallSid": sid, "Digits": "5"})
    assert PHONE in other_key.text
    for _ in range(2):
        goodbye = await callbacks.send("/voice/incoming/key", {"CallSid": sid, "Digits": "9"})
        assert spoken_sentences(goodbye) == ["We will not call you again. Goodbye."]
    await callbacks.event(sid, "completed", utc_now(), CallDuration="9")
    assert (await record(owner, tenant))["end_reason"] == "blocked"

    refused = new_sid()
    assert (await callbacks.outgoing(token.id, refused, to=CALLER)).content == REJECT
    async with database.sessions() as session:
        mine = BlockedNumber.owned_by(tenant.organization.id), BlockedNumber.number == CALLER
        row = await session.scalar(sa.select(BlockedNumber).where(*mine))
        reason = await session.scalar(sa.select(Call.end_reason).where(Call.carrier_sid == refused))
        audited = sa.select(AuditEvent).where(
            AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "blocked_number.requested"
        )
        (event,) = (await session.scalars(audited)).all()
    assert reason == "number_blocked"
    assert row is not None
    assert row.asked_at is not None
    assert (row.asked_number, row.attestation) == (tenant.number, "TN-Validation-Passed-A")
    assert CALLER not in f"{event.subject_name} {event.details}"


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", "", "sip:someone@example.com"])
async def test_a_withheld_number_is_taken_and_nothing_is_gathered(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, caller: str
) -> None:
    await save(owner, tenant, forward_to=[PHONE])
    opening = await callbacks.incoming(number_of(tenant), new_sid(), caller=caller)
    assert "<Gather" not in opening.text
    assert f'callerId="{tenant.number}"' in opening.text
    assert (await record(owner, tenant))["from"] is None


async def test_without_press_9_nothing_is_gathered(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await save(owner, tenant, press_9=False)
    assert "<Gather" not in (await callbacks.incoming(number_of(tenant), new_sid())).text


async def test_phones_that_the_rules_forbid_by_now_are_not_rung(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    await save(owner, tenant, forward_to=[PHONE, OTHER_PHONE])
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"blocked_numbers": [PHONE]})).status_code == 200
    opening = await callbacks.incoming(number_of(tenant), new_sid())
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", opening.text) == [OTHER_PHONE]


async def test_a_phone_that_became_a_number_of_this_service_is_not_rung(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, make: Factory, database: Database
) -> None:
    """Two numbers that forward to each other would call each other without end."""
    await save(owner, tenant, forward_to=["+12125550146", OTHER_PHONE])
    other = await make.tenant()
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=other.organization.id, e164="+12125550146"))
    opening = await callbacks.incoming(number_of(tenant), new_sid())
    assert re.findall(r"<Number [^>]*>([^<]*)</Number>", opening.text) == [OTHER_PHONE]


@pytest.mark.parametrize(
    ("plan", "is_suspended", "reason"),
    [(Plan.STARTER, False, "plan_not_supported"), (Plan.PRO, True, "organization_suspended")],
)
async def test_the_caller_of_a_refused_call_hears_a_sentence(
    callbacks: CallbackClient, make: Factory, database: Database, plan: Plan, is_suspended: bool, reason: str
) -> None:
    tenant = await make.tenant(plan=plan)
    async with database.sessions() as session, session.begin():
        changed = {"suspended_at": utc_now() if is_suspended else None}
        await session.execute(sa.update(Organization).where(Organization.id == tenant.organization.id).values(changed))
    sid = new_sid()
    said = spoken_sentences(await callbacks.incoming(number_of(tenant), sid))
    assert said == ["This number cannot take calls at the moment. Please call again later. Goodbye."]
    async with database.sessions() as session:
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
    assert (call.status, call.end_reason, call.direction) == ("refused", reason, "inbound")


async def test_a_call_to_an_unknown_number_hears_a_sentence_and_is_not_stored(
    callbacks: CallbackClient, database: Database
) -> None:
    sid = new_sid()
    assert spoken_sentences(await callbacks.incoming("+14155559999", sid)) == [
        "This number is not in service. Goodbye."
    ]
    async with database.sessions() as session:
        assert await session.scalar(sa.select(Call.id).where(Call.carrier_sid == sid)) is None


async def test_a_repeated_request_is_one_call(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    sid = new_sid()
    answers = await asyncio.gather(*(callbacks.incoming(number_of(tenant), sid) for _ in range(4)))
    assert len({answer.text for answer in answers}) == 1
    await record(owner, tenant)
    async with database.sessions() as session:
        marks = sa.select(CallEvent.kind).join(Call, Call.id == CallEvent.call_record_id).where(Call.carrier_sid == sid)
        assert list(await session.scalars(marks)) == ["not-forwarded"]


async def test_one_caller_is_rejected_after_many_calls_in_an_hour(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    answers = [await callbacks.incoming(number_of(tenant), new_sid()) for _ in range(23)]
    assert "Thank you for calling" in answers[19].text
    assert "cannot take calls" in answers[20].text
    assert answers[21].content == answers[22].content == REJECT
    assert "Thank you" in (await callbacks.incoming(number_of(tenant), new_sid(), caller="+12125550161")).text
    found = f"/api/organizations/{tenant.organization.id}/calls?direction=inbound&status=refused"
    assert [call["end_reason"] for call in (await owner.get(found)).json()["items"]] == ["too_many_calls"]


@pytest.mark.parametrize(
    ("caller", "limit"),
    [(CALLER, "incoming_calls_per_caller_per_hour"), ("anonymous", "incoming_withheld_calls_per_hour")],
)
async def test_the_calls_of_a_caller_are_a_limit_that_staff_can_change(
    callbacks: CallbackClient, client: httpx.AsyncClient, make: Factory, caller: str, limit: str
) -> None:
    tenant = await make.tenant(limits={limit: 2})
    await sign_in(client, tenant.owner)
    answers = [await callbacks.incoming(number_of(tenant), new_sid(), caller=caller) for _ in range(4)]
    assert ["Thank you for calling" in answer.text for answer in answers] == [True, True, False, False]
    assert "cannot take calls" in answers[2].text
    assert answers[3].content == REJECT
    rules = (await client.get(f"/api/organizations/{tenant.organization.id}/calling-rules")).json()
    assert (rules["limits"][limit], rules["used"][limit]) == (2, 4)
    others = {"incoming_calls_per_caller_per_hour", "incoming_withheld_calls_per_hour"} - {limit}
    assert [rules["used"][other] for other in others] == [0]


async def test_a_demo_organization_takes_many_calls_of_one_caller(callbacks: CallbackClient, make: Factory) -> None:
    tenant = await make.tenant(limits=DEMO_LIMITS)
    answers = [await callbacks.incoming(number_of(tenant), new_sid()) for _ in range(22)]
    assert "Thank you for calling" in answers[-1].text


async def test_the_incoming_minutes_of_the_day_are_a_limit_of_their_own(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"limits": {"incoming_minutes_per_day": 2}})).status_code == 200
    await save(owner, tenant, forward_to=[PHONE])
    first = new_sid()
    assert 'timeLimit="60"' in (await callbacks.incoming(number_of(tenant), first)).text
    assert "cannot take calls" in (await callbacks.incoming(number_of(tenant), new_sid())).text
    await callbacks.event(first, "completed", utc_now(), CallDuration="61")
    assert "cannot take calls" in (await callbacks.incoming(number_of(tenant), new_sid())).text
    assert b"<Dial " in (await callbacks.outgoing(token.id, new_sid())).content


@pytest.mark.parametrize("step", ["", "/key", "/message-key", "/forwarded", "/screen", "/accept", "/silent"])
async def test_an_unreadable_callback_gets_a_prompt_and_one_of_an_unknown_call_hangs_up(
    callbacks: CallbackClient, client: httpx.AsyncClient, step: str
) -> None:
    path = f"/voice/incoming{step}"
    unreadable = await callbacks.send(path, {"CallSid": "nonsense"})
    assert spoken_sentences(unreadable)[0].startswith("This number cannot take calls")
    leg = {"CallSid": new_sid(), "ParentCallSid": new_sid(), "Digits": "1", "To": "+14155559998"}
    assert "<Hangup />" in (await callbacks.send(path, leg)).text
    forged = await client.post(path, data={"CallSid": new_sid()})
    assert (forged.status_code, forged.content) == (403, b"")
