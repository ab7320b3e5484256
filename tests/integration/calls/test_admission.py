"""``/voice/outgoing``, the carrier's request to place a call: ``<Dial>`` if it is admitted, else a stored reason."""

import asyncio
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from kit.db.database import Database
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, Token
from support.widget_client import post_token
from tenants.models import Organization, PhoneNumber
from tenants.plans import Plan
from widget.refusals import REFUSALS

pytestmark = pytest.mark.anyio
EMERGENCY = "Emergency numbers cannot be called"


async def stored_calls(database: Database, sid: str) -> list[Call]:
    async with database.sessions() as session:
        return list(await session.scalars(sa.select(Call).where(Call.carrier_sid == sid)))


async def change_organization(database: Database, tenant: Tenant, **values: object) -> None:
    async with database.sessions() as session, session.begin():
        mine = Organization.id == tenant.organization.id
        await session.execute(sa.update(Organization).where(mine).values(**values))


async def make_uncallable(kind: str, database: Database, make: Factory, tenant: Tenant, token: Token) -> None:
    if kind == "revoked":
        await make.revoke(tenant, token)
    elif kind == "suspended":
        await change_organization(database, tenant, suspended_at=sa.func.now())
    elif kind == "starter":
        await change_organization(database, tenant, plan=Plan.STARTER)
    elif kind == "deleted":
        await change_organization(database, tenant, deleted_at=sa.func.now())
    else:
        async with database.sessions() as session, session.begin():
            held = PhoneNumber.organization_id == tenant.organization.id
            await session.execute(sa.update(PhoneNumber).where(held).values(released_at=sa.func.now()))


async def test_an_admitted_call_is_dialled_with_the_organizations_number(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid, call_id = new_sid(), uuid4()
    chosen_by_the_browser = {
        "CallerId": "+19005550100",
        "callerId": "+19005550100",
        "OrgId": str(uuid4()),
        "organization_id": str(uuid4()),
    }

    answer = await callbacks.outgoing(
        token.id,
        sid,
        to="(212) 555-0147",
        CallId=str(call_id),
        Page="https://www.mysite.com",
        Metadata='{"contact": "c-1"}',
        **chosen_by_the_browser,
    )

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    response = ET.fromstring(answer.content)  # noqa: S314 - our own document
    assert (response.tag, [element.tag for element in response]) == ("Response", ["Dial"])
    dial = response[0]
    assert dial.attrib == {
        "callerId": tenant.number,
        "answerOnBridge": "true",
        "timeLimit": "3600",
        "timeout": "30",
        "action": "http://localhost:8000/voice/dial-ended",
        "method": "POST",
    }
    assert [element.tag for element in dial] == ["Number"]
    assert dial[0].attrib == {
        "statusCallback": "http://localhost:8000/voice/status",
        "statusCallbackEvent": "initiated ringing answered completed",
        "statusCallbackMethod": "POST",
    }
    assert dial[0].text == "+12125550147"
    [call] = await stored_calls(database, sid)
    assert (call.organization_id, call.token_id, call.call_id) == (tenant.organization.id, token.id, call_id)
    assert (call.status, call.from_number, call.to_number) == (CallStatus.INITIATED, tenant.number, "+12125550147")
    assert (call.origin, call.details) == ("https://www.mysite.com", {"contact": "c-1"})
    assert (call.duration, call.answered_at, call.ended_at, call.end_reason) == (0, None, None, None)


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("revoked", "revoked_embed_token", "Invalid or revoked token"),
        ("deleted", "revoked_embed_token", "Invalid or revoked token"),
        ("suspended", "organization_suspended", "Organization is suspended"),
        ("starter", "plan_not_supported", "Organization plan does not support widgets"),
        ("no number", "no_phone_number", "No phone number provisioned"),
    ],
)
async def test_every_guard_is_asked_again_when_dialling(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    kind: str,
    code: str,
    message: str,
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    assert (await post_token(client, token.raw)).status_code == 200
    await make_uncallable(kind, database, make, tenant, token)
    sid, call_id = new_sid(), uuid4()

    answer = await callbacks.outgoing(token.id, sid, CallId=str(call_id))

    assert (answer.status_code, answer.content) == (200, REJECT)
    [call] = await stored_calls(database, sid)
    assert (call.status, call.end_reason, call.duration) == (CallStatus.REFUSED, code, 0)
    assert call.ended_at is not None
    reason = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id))
    assert reason.json()["detail"] == message


@pytest.mark.parametrize(
    ("dialled", "code", "message"),
    [
        ("911", "emergency_number", EMERGENCY),
        ("112", "emergency_number", EMERGENCY),
        ("999", "emergency_number", EMERGENCY),
        ("9-1-1", "emergency_number", EMERGENCY),
        ("", "invalid_phone_number", "Invalid phone number"),
        ("hello", "invalid_phone_number", "Invalid phone number"),
        ("1-800-FLOWERS", "invalid_phone_number", "Invalid phone number"),
        ("client:somebody", "invalid_phone_number", "Invalid phone number"),
        ("sip:a@example.com", "invalid_phone_number", "Invalid phone number"),
        ("+1 212 555 0147 ext. 5", "invalid_phone_number", "Invalid phone number"),
        ("411", "invalid_phone_number", "Invalid phone number"),
        ("+1212555\x000147", "invalid_phone_number", "Invalid phone number"),
        ("<Dial>+19005550100</Dial>", "invalid_phone_number", "Invalid phone number"),
        ("+" + "1" * 5000, "invalid_phone_number", "Invalid phone number"),
        ("٩١١", "emergency_number", "Emergency numbers cannot be called"),
    ],
)
async def test_numbers_that_cannot_be_called_are_refused_and_the_widget_learns_why(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    database: Database,
    dialled: str,
    code: str,
    message: str,
) -> None:
    token = await make.token(await make.tenant())
    sid, call_id = new_sid(), uuid4()

    answer = await callbacks.outgoing(token.id, sid, to=dialled, CallId=str(call_id))

    assert (answer.status_code, answer.content) == (200, REJECT)
    [call] = await stored_calls(database, sid)
    assert (call.status, call.end_reason) == (CallStatus.REFUSED, code)
    assert len(call.to_number) <= 32
    status = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id))
    call = status.json()["call"]
    assert (call["status"], call["duration"], call["end_reason"]) == ("refused", 0, code)
    assert (call["message"], call["help"]) == (message, REFUSALS[code].advice)


async def test_an_organization_cannot_call_itself(callbacks: CallbackClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    assert tenant.number is not None
    sid = new_sid()
    assert (await callbacks.outgoing(token.id, sid, to=tenant.number)).content == REJECT
    assert [call.end_reason for call in await stored_calls(database, sid)] == ["invalid_phone_number"]


async def test_a_repeated_request_gets_the_same_answer_and_no_second_record(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    token = await make.token(await make.tenant())
    for to in ("+12125550147", "911"):
        sid = new_sid()
        first = await callbacks.outgoing(token.id, sid, to=to)
        [before] = await stored_calls(database, sid)
        again = await callbacks.outgoing(token.id, sid, to=to)
        [after] = await stored_calls(database, sid)
        assert again.content == first.content
        assert (after.id, after.started_at, after.status) == (before.id, before.started_at, before.status)


async def test_twenty_deliveries_at_once_are_one_call(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    token = await make.token(await make.tenant())
    sid = new_sid()
    answers = await asyncio.gather(*(callbacks.outgoing(token.id, sid) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert b"<Dial " in answers[0].content
    assert len(await stored_calls(database, sid)) == 1


async def test_a_call_of_another_organization_is_not_taken_over(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    mine, theirs = await make.token(await make.tenant()), await make.token(await make.tenant())
    sid = new_sid()
    await callbacks.outgoing(mine.id, sid)
    assert (await callbacks.outgoing(theirs.id, sid)).content == REJECT
    assert [call.token_id for call in await stored_calls(database, sid)] == [mine.id]


async def test_a_replayed_request_dials_nothing_once_the_call_is_over_or_its_token_revoked(
    callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    over, live = new_sid(), new_sid()
    await callbacks.outgoing(token.id, over)
    async with database.sessions() as session, session.begin():
        ended = sa.update(Call).where(Call.carrier_sid == over).values(status=CallStatus.CANCELED)
        await session.execute(ended)
    assert (await callbacks.outgoing(token.id, over)).content == REJECT
    await callbacks.outgoing(token.id, live)
    await make.revoke(tenant, token)
    assert (await callbacks.outgoing(token.id, live)).content == REJECT
    assert [call.status for call in await stored_calls(database, live)] == [CallStatus.INITIATED]


async def test_an_unknown_identity_leaves_no_trace(callbacks: CallbackClient, database: Database) -> None:
    sid = new_sid()
    assert (await callbacks.outgoing(UUID(int=7), sid)).content == REJECT
    assert await stored_calls(database, sid) == []
