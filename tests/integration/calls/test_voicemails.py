"""Voicemails: recorded by the carrier (silence, key 9, lost callbacks), listed, marked, deleted, erased with calls."""

import datetime as dt
import itertools
import re
import secrets
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.models import Voicemail
from calls.incoming.voicemail_recorder import MissingVoicemailFinder, VoicemailMailer
from calls.limits.alert_mails import AlertMailer
from calls.limits.models import BlockedNumber
from calls.limits.prices import PriceList
from carrier.recordings import CallRecording
from carrier.twilio import TwilioCarrier
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.mail import Mail
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Tenant, Token

pytestmark = pytest.mark.anyio
CALLER = "+12125550160"


def new_recording() -> str:
    return "RE" + secrets.token_hex(16)


def api(tenant: Tenant, rest: str = "voicemails") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


@pytest.fixture
async def notified(owner: httpx.AsyncClient, tenant: Tenant) -> str:
    """The e-mail address of the owner, who gets a mail about each voicemail; voicemail is on."""
    members = (await owner.get(api(tenant, "members"))).json()["items"]
    saved = await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True, "notify": [members[0]["id"]]})
    assert saved.status_code == 200, saved.text
    return str(members[0]["email"])


async def call_in(callbacks: CallbackClient, tenant: Tenant, caller: str = CALLER) -> str:
    sid = new_sid()
    assert tenant.number is not None
    opening = await callbacks.incoming(tenant.number, sid, caller=caller)
    assert "<Record " in opening.text
    assert 'maxLength="180"' in opening.text
    assert 'finishOnKey="#9"' in opening.text
    assert "/voice/incoming/silent</Redirect></Response>" in opening.text
    assert "Please leave a message after the tone." in opening.text
    return sid


def recording_form(sid: str, recording: str, seconds: int = 12, **more: str) -> dict[str, str]:
    return {"CallSid": sid, "RecordingSid": recording, "RecordingDuration": str(seconds), **more}


async def call_of(owner: httpx.AsyncClient, tenant: Tenant) -> dict[str, Any]:
    (call,) = (await owner.get(api(tenant, "calls?direction=inbound"))).json()["items"]
    return dict(call)


async def test_every_order_and_repetition_of_its_events_leaves_one_message(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, notified: str
) -> None:
    for order in itertools.permutations(("action", "status", "end")):
        sid, recording = await call_in(callbacks, tenant), new_recording()
        for step in (*order, *order):
            if step == "action":
                answer = await callbacks.send("/voice/incoming/recorded", recording_form(sid, recording, Digits="#"))
                assert "<Hangup />" in answer.text
            elif step == "status":
                form = recording_form(sid, recording, RecordingStatus="completed")
                assert (await callbacks.send("/voice/incoming/recording", form)).status_code == 204
            else:
                await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    messages = (await owner.get(api(tenant))).json()["items"]
    assert len(messages) == 6
    assert {(row["from"], row["to"], row["seconds"], row["heard"]) for row in messages} == {
        (CALLER, tenant.number, 12, False)
    }
    calls = (await owner.get(api(tenant, "calls?direction=inbound&missed=true"))).json()["items"]
    assert [(call["status"], call["end_reason"]) for call in calls] == [("voicemail", "voicemail")] * 6


async def test_a_caller_who_says_nothing_leaves_no_message(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, notified: str
) -> None:
    sid = await call_in(callbacks, tenant)
    absent = recording_form(sid, new_recording(), 0, RecordingStatus="absent")
    assert (await callbacks.send("/voice/incoming/recording", absent)).status_code == 204
    await callbacks.event(sid, "completed", utc_now(), CallDuration="9")
    assert (await owner.get(api(tenant))).json()["items"] == []
    assert (await call_of(owner, tenant))["status"] == "abandoned"


@pytest.mark.parametrize(("is_open", "reason"), [(True, "no-answer"), (False, "outside_hours")])
async def test_a_caller_who_says_nothing_and_stays_did_not_abandon_the_call(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, is_open: bool, reason: str
) -> None:
    later = f"{utc_now() + dt.timedelta(days=3):%a}".lower()
    hours = [] if is_open else [{"day": later, "from": "09:00", "to": "17:00"}]
    given = {"voicemail": True, "after_hours": {"voicemail": True}, "hours": hours}
    assert (await owner.put(api(tenant, "incoming-calls"), json=given)).status_code == 200
    sid = await call_in(callbacks, tenant)
    goodbye = await callbacks.send("/voice/incoming/silent", {"CallSid": sid})
    assert goodbye.text.endswith("Goodbye.</Say><Hangup /></Response>")
    await callbacks.event(sid, "completed", utc_now(), CallDuration="9")
    call = await call_of(owner, tenant)
    assert (call["status"], call["end_reason"]) == ("no-answer", reason)


async def test_a_message_is_marked_and_deleted_here_and_at_the_carrier(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, notified: str
) -> None:
    sid = await call_in(callbacks, tenant)
    await callbacks.send("/voice/incoming/recording", recording_form(sid, new_recording(), RecordingStatus="completed"))
    (message,) = (await owner.get(api(tenant))).json()["items"]
    one = api(tenant, f"voicemails/{message['id']}")
    assert (await owner.patch(one, json={"heard": True})).json()["heard"] is True
    assert (await owner.get(f"{api(tenant)}?heard=false")).json()["items"] == []
    assert (await owner.patch(one, json={"heard": False})).json()["heard_at"] is None
    assert (await owner.patch(one, json={"heard": "yes"})).json()["code"] == "validation_failed"
    page = (await owner.get(f"/dashboard/{tenant.organization.slug}/voicemails")).text
    assert f'src="{one}/audio"' in page
    assert "1 message is not heard yet" in page
    # The sandbox has no such recording.
    assert (await owner.get(f"{one}/audio")).status_code == 404
    assert (await owner.delete(one)).status_code == 204
    assert (await owner.get(one)).status_code == 404


async def blocked_numbers(tenant: Tenant, database: Database) -> list[str]:
    """The numbers that their holders had blocked, each with its row in the audit log."""
    of_tenant = AuditEvent.organization_id == tenant.organization.id
    audited = sa.select(AuditEvent.subject_id).where(of_tenant, AuditEvent.action == "blocked_number.requested")
    mine = BlockedNumber.owned_by(tenant.organization.id), BlockedNumber.asked_at.is_not(None)
    async with database.sessions() as session:
        rows = list(await session.scalars(sa.select(BlockedNumber).where(*mine).order_by(BlockedNumber.id)))
        assert {row.id for row in rows} == set(await session.scalars(audited))
    return [row.number for row in rows]


async def test_a_caller_may_press_9_while_the_mailbox_speaks(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, token: Token, database: Database, notified: str
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True, "forward_to": ["+12125550144"]})
    sid = new_sid()
    await callbacks.incoming(str(tenant.number), sid)
    dial = {"CallSid": sid, "DialCallStatus": "no-answer", "CallStatus": "in-progress"}
    asked = await callbacks.send("/voice/incoming/forwarded?turn=0", dial)
    gather = re.search(r"<Gather [^>]*action=\"([^\"]*)\".*</Gather>", asked.text)
    assert gather is not None
    assert gather[1].endswith("/voice/incoming/message-key")
    for said in ("Nobody can take your call at the moment.", "press 9", "Please leave a message after the tone."):
        assert said in gather[0]
    # Any other key leads to the tone at once, and rings no phone again.
    other = await callbacks.send("/voice/incoming/message-key", {"CallSid": sid, "Digits": "5"})
    assert re.findall(r"<(\w+)[ />]", other.text)[1:] == ["Record", "Redirect"]
    for _ in range(2):
        pressed = await callbacks.send("/voice/incoming/message-key", {"CallSid": sid, "Digits": "9"})
        assert "We will not call you again. Goodbye.</Say><Hangup />" in pressed.text
    await callbacks.event(sid, "completed", utc_now(), CallDuration="30")
    call = await call_of(owner, tenant)
    assert (call["status"], call["end_reason"]) == ("no-answer", "blocked")
    assert await blocked_numbers(tenant, database) == [CALLER]
    refused = new_sid()
    assert (await callbacks.outgoing(token.id, refused, to=CALLER)).content == REJECT
    (outgoing,) = (await owner.get(api(tenant, "calls?direction=outbound"))).json()["items"]
    assert (outgoing["status"], outgoing["end_reason"]) == ("refused", "number_blocked")


async def test_a_caller_who_presses_9_in_a_message_leaves_none(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database, notified: str
) -> None:
    callers = []
    for last, order in enumerate(itertools.permutations(("action", "status", "end"))):
        callers.append(f"+1212555017{last}")
        sid, recording = await call_in(callbacks, tenant, caller=callers[-1]), new_recording()
        for step in (*order, *order):
            if step == "action":
                answer = await callbacks.send(
                    "/voice/incoming/recorded", recording_form(sid, recording, 61, Digits="9")
                )
                assert "We will not call you again. Goodbye.</Say><Hangup />" in answer.text
            elif step == "status":
                form = recording_form(sid, recording, 61, RecordingStatus="completed")
                assert (await callbacks.send("/voice/incoming/recording", form)).status_code == 204
            else:
                await callbacks.event(sid, "completed", utc_now(), CallDuration="70")
    assert (await owner.get(api(tenant))).json()["items"] == []
    calls = (await owner.get(api(tenant, "calls?direction=inbound&missed=true"))).json()["items"]
    assert [(call["status"], call["end_reason"]) for call in calls] == [("no-answer", "blocked")] * 6
    assert await blocked_numbers(tenant, database) == callers
    # Of each call 2 minutes, and 2 of the recording, which the carrier bills all the same: 7 cents, once.
    assert (await owner.get(api(tenant, "calling-rules"))).json()["used"]["spend_cents_per_month"] == 42


async def test_a_caller_who_only_presses_9_after_the_tone_is_asked_once_more(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database, notified: str
) -> None:
    """The carrier does not tell the key of an empty recording."""
    sid = await call_in(callbacks, tenant)
    silent = await callbacks.send("/voice/incoming/silent", {"CallSid": sid})
    assert re.findall(r"<(\w+)[ />]", silent.text)[1:] == ["Gather", "Say", "Say", "Hangup"]
    pressed = await callbacks.send("/voice/incoming/message-key", {"CallSid": sid, "Digits": "9"})
    assert "We will not call you again." in pressed.text
    # The end of the call may overtake the key.
    overtaken = await call_in(callbacks, tenant)
    await callbacks.event(overtaken, "completed", utc_now(), CallDuration="9")
    await callbacks.send("/voice/incoming/message-key", {"CallSid": overtaken, "Digits": "9"})
    calls = (await owner.get(api(tenant, "calls?direction=inbound"))).json()["items"]
    assert [call["end_reason"] for call in calls] == ["blocked", None]


async def test_nothing_ends_a_message_but_the_hash_where_nobody_may_press_9(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database, notified: str
) -> None:
    await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True, "press_9": False})
    sid, recording = new_sid(), new_recording()
    opening = (await callbacks.incoming(str(tenant.number), sid)).text
    assert ("<Gather" in opening, 'finishOnKey="#"' in opening) == (False, True)
    await callbacks.send("/voice/incoming/recorded", recording_form(sid, recording, Digits="9"))
    assert len((await owner.get(api(tenant))).json()["items"]) == 1
    assert await blocked_numbers(tenant, database) == []


class RecordingCarrier(TwilioCarrier):
    """The adapter, with a recording of which nothing was reported."""

    call_sid = recording = ""

    async def recordings(self, call_sid: str) -> list[CallRecording]:
        return [CallRecording(self.recording, 7, is_complete=True)] if call_sid == self.call_sid else []


async def test_a_message_whose_callbacks_were_lost_is_found(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    notified: str,
    database: Database,
    tenant_database: Database,
    settings: Settings,
) -> None:
    carrier = RecordingCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    carrier.call_sid, carrier.recording = await call_in(callbacks, tenant), new_recording()
    await callbacks.event(carrier.call_sid, "completed", utc_now(), CallDuration="20")
    mails: list[Mail] = []

    async def send(_: AsyncSession, mail: Mail) -> None:
        mails.append(mail)

    finder = MissingVoicemailFinder(
        database,
        tenant_database,
        carrier,
        VoicemailMailer(send, settings.public_url),
        AlertMailer(send, settings.public_url),
        PriceList(1, {}),
    )
    await finder.run()
    assert (await owner.get(api(tenant))).json()["items"] == []
    later = utc_now() + dt.timedelta(minutes=5)
    for _ in range(2):
        await finder.run(later)
    (message,) = (await owner.get(api(tenant))).json()["items"]
    assert message["seconds"] == 7
    assert (await call_of(owner, tenant))["status"] == "voicemail"
    (mail,) = mails
    assert mail.to == notified
    assert mail.action is not None
    assert mail.action[1].endswith(f"/dashboard/{tenant.organization.slug}/voicemails/{message['id']}")
    assert CALLER not in str(mail)


async def test_a_missed_call_and_its_message_are_events(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, notified: str, database: Database
) -> None:
    sid = await call_in(callbacks, tenant)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    await callbacks.send("/voice/incoming/recording", recording_form(sid, new_recording(), RecordingStatus="completed"))
    async with database.sessions() as session:
        # Numbered already, or still in the outbox.
        query = sa.text(
            "SELECT type FROM event_outbox WHERE organization = :id"
            " UNION ALL SELECT type FROM organization_event WHERE organization_id = :id"
        )
        types = list(await session.scalars(query, {"id": tenant.organization.id}))
    assert sorted(kind for kind in types if kind.startswith(("call.", "voicemail."))) == [
        "call.ended",
        "call.missed",
        "call.started",
        "call.updated",
        "voicemail.received",
    ]


async def test_erasing_the_caller_erases_the_message(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, notified: str, database: Database
) -> None:
    sid = await call_in(callbacks, tenant)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    await callbacks.send("/voice/incoming/recording", recording_form(sid, new_recording(), RecordingStatus="completed"))
    assert (await owner.post(api(tenant, "erasures"), json={"number": CALLER})).status_code == 200
    assert (await owner.get(api(tenant))).json()["items"] == []
    assert (await call_of(owner, tenant))["from"] is None
    async with database.sessions() as session:
        mine = Voicemail.organization_id == tenant.organization.id
        assert await session.scalar(sa.select(sa.func.count()).select_from(Voicemail).where(mine)) == 0
