"""Texts of voicemails: asked of the carrier where it is switched on, read from it by a job, erased with the message."""

import datetime as dt
import io
import itertools
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.incoming.models import IncomingUsage, Voicemail
from calls.incoming.transcriptions import KEEP_TRANSCRIPTION, UNREPORTED_AFTER, UNTOLD_AFTER, TranscriptionKeeper
from calls.incoming.transcripts import MAX_CHARACTERS
from carrier.port import CarrierUnavailable
from carrier.recordings import Transcription
from carrier.twilio import TwilioCarrier
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.app_key import JOB_QUEUE
from kit.jobs.models import QueuedJob
from kit.jobs.queue import JobQueue
from kit.settings import Settings
from privacy.carrier_deletion import CarrierCallDeletion
from sandbox.recordings import Recordings
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import Factory, Tenant, sign_in
from support.jobs import forget_jobs, let_pass
from support.page_session import post_form

pytestmark = pytest.mark.anyio
CALLER = "+12125550160"
TEXT = "Hello, this is Dana. Please call me back."


class TellingCarrier(TwilioCarrier):
    """The adapter, with texts that the test chooses; without any it does not answer."""

    told: Sequence[Transcription] = ()

    async def transcriptions(self, recording_sid: str) -> list[Transcription]:
        if not self.told:
            raise CarrierUnavailable(recording_sid)
        return list(self.told)


def api(tenant: Tenant, rest: str = "voicemails") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


@pytest.fixture(scope="module", autouse=True)
async def idle_application(app: Litestar) -> AsyncIterator[None]:
    """The running application leaves the jobs to these tests."""
    await JOB_QUEUE.get(app).stop(drain_seconds=0)
    yield
    JOB_QUEUE.get(app).start()


@pytest.fixture(autouse=True)
async def no_other_jobs(database: Database) -> None:
    await forget_jobs(database)


@pytest.fixture
async def account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def queue(account: CarrierAccount, database: Database, settings: Settings) -> JobQueue:
    """Reads texts from the test's account, and deletes there."""
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionKeeper(queue, account.carrier, database)
    CarrierCallDeletion(queue, account.carrier, database)
    return queue


@pytest.fixture
async def switched_on(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await switch(owner, tenant, transcribe=True)


async def switch(owner: httpx.AsyncClient, tenant: Tenant, **settings: object) -> None:
    saved = await owner.put(api(tenant, "incoming-calls"), json={"voicemail": True, **settings})
    assert saved.status_code == 200, saved.text


async def call_in(callbacks: CallbackClient, tenant: Tenant) -> tuple[str, str]:
    """A call's id and what its caller is answered."""
    sid = new_sid()
    return sid, (await callbacks.incoming(str(tenant.number), sid, caller=CALLER)).text


def record(account: CarrierAccount, call_sid: str, seconds: int = 12) -> str:
    """A recording at the carrier, and its id."""
    samples = np.zeros(8000 * seconds, np.int16)
    return account.recordings.add(call_sid, samples, begun=utc_now(), source="RecordVerb").sid


def write_down(recordings: Recordings, recording: str, text: str | None = TEXT) -> str:
    """A text at the carrier, or one that failed, and its id."""
    row = recordings.transcriptions.begin(recording, seconds=12, at=utc_now())
    recordings.transcriptions.end(row, text)
    return row.sid


async def tell_recording(callbacks: CallbackClient, sid: str, recording: str, seconds: int = 12) -> None:
    form = {
        "CallSid": sid,
        "RecordingSid": recording,
        "RecordingDuration": str(seconds),
        "RecordingStatus": "completed",
    }
    assert (await callbacks.send("/voice/incoming/recording", form)).status_code == 204


async def tell_text(callbacks: CallbackClient, sid: str, recording: str, transcription: str, **more: str) -> int:
    form = {
        "CallSid": sid,
        "RecordingSid": recording,
        "TranscriptionSid": transcription,
        # The text of the request is not believed.
        "TranscriptionText": "Somebody else's words",
        "TranscriptionStatus": "completed",
        **more,
    }
    return (await callbacks.send("/voice/incoming/transcription", form)).status_code


async def messages(owner: httpx.AsyncClient, tenant: Tenant) -> list[tuple[str | None, str | None]]:
    rows = (await owner.get(api(tenant))).json()["items"]
    return [(row["transcript_status"], row["transcript"]) for row in rows]


async def left_message(
    callbacks: CallbackClient, tenant: Tenant, account: CarrierAccount, seconds: int = 12
) -> tuple[str, str]:
    """The ids of a call and of its recording, which is stored here."""
    sid, _ = await call_in(callbacks, tenant)
    recording = record(account, sid)
    await tell_recording(callbacks, sid, recording, seconds)
    return sid, recording


async def test_nothing_is_asked_for_where_nobody_switched_it_on(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, database: Database
) -> None:
    await switch(owner, tenant)
    assert "transcribe" not in (await owner.get(api(tenant, "incoming-calls"))).json()
    sid, answer = await call_in(callbacks, tenant)
    assert ("<Record " in answer, "transcri" in answer) == (True, False)
    await tell_recording(callbacks, sid, record(account, sid))
    assert await messages(owner, tenant) == [(None, None)]
    async with database.sessions() as session:
        queued = sa.select(sa.func.count()).where(QueuedJob.kind == KEEP_TRANSCRIPTION)
        assert await session.scalar(queued) == 0


@pytest.mark.parametrize(
    ("given", "is_asked"),
    [
        ({"transcribe": True}, True),
        ({"transcribe": False}, False),
        ({"transcribe": True, "greeting": {"text": "Good morning", "language": "en-GB"}}, True),
        ({"transcribe": True, "greeting": {"text": "Guten Tag", "language": "de-DE"}}, False),
        ({"transcribe": True, "press_9": False}, True),
    ],
)
async def test_the_carrier_is_asked_where_it_is_on_and_english_is_spoken(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, given: dict[str, Any], is_asked: bool
) -> None:
    await switch(owner, tenant, **given)
    assert (await owner.get(api(tenant, "incoming-calls"))).json()["transcribe"] is given["transcribe"]
    _, answer = await call_in(callbacks, tenant)
    assert ('transcribe="true"' in answer) is is_asked
    assert ("/voice/incoming/transcription" in answer) is is_asked


async def test_one_number_can_have_it_alone(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    (number,) = (await owner.get(api(tenant, "phone-numbers"))).json()["items"]
    await switch(owner, tenant)
    own = {"voicemail": True, "transcribe": True}
    saved = await owner.put(api(tenant, f"phone-numbers/{number['id']}/incoming-calls"), json=own)
    assert saved.json()["transcribe"] is True
    assert 'transcribe="true"' in (await call_in(callbacks, tenant))[1]
    refused = await owner.put(api(tenant, "incoming-calls"), json={"transcribe": "yes"})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_failed")


@pytest.mark.usefixtures("switched_on")
async def test_every_order_and_repetition_of_reports_leaves_one_text(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    for order in itertools.permutations(("recording", "text", "end")):
        sid, _ = await call_in(callbacks, tenant)
        recording = record(account, sid)
        text = write_down(account.recordings, recording)
        for step in (*order, *order):
            if step == "recording":
                await tell_recording(callbacks, sid, recording)
            elif step == "text":
                assert await tell_text(callbacks, sid, recording, text) == 204
            else:
                await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
            if step == order[0]:
                await queue.run_due()
    await let_pass(database, UNREPORTED_AFTER)
    await queue.run_due()
    assert await messages(owner, tenant) == [("completed", TEXT)] * 6


@pytest.mark.usefixtures("switched_on")
async def test_a_text_of_which_nothing_was_reported_is_asked_for(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    _, recording = await left_message(callbacks, tenant, account)
    running = account.recordings.transcriptions.begin(recording, seconds=12, at=utc_now())
    await queue.run_due()
    assert await messages(owner, tenant) == [("pending", None)]
    # It is not over yet: the job is tried again.
    await let_pass(database, UNREPORTED_AFTER)
    assert await queue.run_due() == 0
    assert await messages(owner, tenant) == [("pending", None)]
    account.recordings.transcriptions.end(running, TEXT)
    await let_pass(database, dt.timedelta(minutes=1))
    assert await queue.run_due() == 1
    assert await messages(owner, tenant) == [("completed", TEXT)]


@pytest.mark.usefixtures("switched_on")
async def test_a_text_that_never_comes_has_failed_until_it_comes_after_all(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    await let_pass(database, UNREPORTED_AFTER)
    assert await queue.run_due() == 0
    await let_pass(database, UNTOLD_AFTER)
    assert await queue.run_due() == 1
    assert await messages(owner, tenant) == [("failed", None)]
    await tell_text(callbacks, sid, recording, write_down(account.recordings, recording))
    await queue.run_due()
    assert await messages(owner, tenant) == [("completed", TEXT)]


@pytest.mark.usefixtures("switched_on")
async def test_a_text_that_failed_is_told_as_such(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    failed = write_down(account.recordings, recording, None)
    await tell_text(callbacks, sid, recording, failed, TranscriptionStatus="failed")
    await queue.run_due()
    assert await messages(owner, tenant) == [("failed", None)]
    # An empty text is one too: nobody was understood.
    sid, recording = await left_message(callbacks, tenant, account)
    await tell_text(callbacks, sid, recording, write_down(account.recordings, recording, ""))
    await queue.run_due()
    assert (await messages(owner, tenant))[0] == ("completed", "")


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("seconds", [1, 121, 180])
async def test_a_message_of_another_length_is_not_waited_for(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, seconds: int
) -> None:
    await left_message(callbacks, tenant, account, seconds)
    assert await messages(owner, tenant) == [("failed", None)]


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a\x00b \ud800c\u202ed", "a b c d"),
        ("  two\r\n\r\nlines ", "two lines"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=1+1", "=1+1"),
        ("سلام", "سلام"),
        ("x" * 20_000, "x" * MAX_CHARACTERS),
    ],
)
async def test_any_text_is_stored(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    settings: Settings,
    told: str,
    kept: str,
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    carrier = TellingCarrier(settings.twilio, api_base="http://127.0.0.1:9", signaling=None)
    carrier.told = [Transcription("TR" + "1" * 32, is_over=True, text=told)]
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionKeeper(queue, carrier, database)
    await tell_text(callbacks, sid, recording, carrier.told[0].sid)
    await queue.run_due()
    assert await messages(owner, tenant) == [("completed", kept)]


@pytest.mark.usefixtures("switched_on")
async def test_a_carrier_that_does_not_answer_is_asked_for_a_day(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    settings: Settings,
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    carrier = TellingCarrier(settings.twilio, api_base="http://127.0.0.1:9", signaling=None)
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionKeeper(queue, carrier, database)
    await tell_text(callbacks, sid, recording, "TR" + "2" * 32)
    for hours, done in ((0, 0), (2, 0), (23, 2)):
        await let_pass(database, dt.timedelta(hours=hours))
        assert await queue.run_due() == done
        assert await messages(owner, tenant) == [("failed" if done else "pending", None)]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"CallSid": "CA" + "3" * 32},
        {"CallSid": "CA" + "3" * 32, "RecordingSid": "RE" + "4" * 32},
        {"CallSid": "CA" + "3" * 32, "RecordingSid": "RE" + "4" * 32, "TranscriptionSid": "TR\x00"},
        {"CallSid": "x", "RecordingSid": "RE" + "4" * 32, "TranscriptionSid": "TR" + "5" * 32},
        {"CallSid": "CA" + "3" * 32, "RecordingSid": "RE" + "4" * 32, "TranscriptionSid": "TR" + "5" * 32},
    ],
)
async def test_reports_that_say_nothing_change_nothing(
    callbacks: CallbackClient, database: Database, form: dict[str, str]
) -> None:
    assert (await callbacks.send("/voice/incoming/transcription", form)).status_code == 204
    forged = await callbacks.send("/voice/incoming/transcription", form, {"x-twilio-signature": "forged"})
    assert forged.status_code == 403
    async with database.sessions() as session:
        assert await session.scalar(sa.select(sa.func.count()).where(QueuedJob.kind == KEEP_TRANSCRIPTION)) == 0


@pytest.mark.usefixtures("switched_on")
async def test_each_organization_has_its_own_texts(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    make: Factory,
    new_client: Any,
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    other = await make.tenant()
    stranger = await sign_in(new_client(), other.owner)
    await switch(stranger, other, transcribe=True)
    foreign, _ = await left_message(callbacks, other, account)
    # A report about the other organization's call brings it nothing of this one's recording.
    await tell_text(callbacks, foreign, recording, write_down(account.recordings, recording))
    await queue.run_due()
    assert await messages(owner, tenant) == await messages(stranger, other) == [("pending", None)]
    (message,) = (await owner.get(api(tenant))).json()["items"]
    assert (await stranger.get(api(other, f"voicemails/{message['id']}"))).status_code == 404
    await tell_text(callbacks, sid, recording, write_down(account.recordings, recording))
    await queue.run_due()
    assert await messages(owner, tenant) == [("completed", TEXT)]
    assert await messages(stranger, other) == [("pending", None)]


def at_carrier(account: CarrierAccount) -> list[str]:
    return [row.sid for row in account.recordings.transcriptions.all()]


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("way", ["deleted", "erased"])
async def test_a_text_goes_with_its_message_here_and_at_the_carrier(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
    way: str,
) -> None:
    sid, recording = await left_message(callbacks, tenant, account)
    text = write_down(account.recordings, recording)
    await tell_text(callbacks, sid, recording, text)
    await queue.run_due()
    await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    (message,) = (await owner.get(api(tenant))).json()["items"]
    assert message["transcript"] == TEXT
    if way == "deleted":
        assert (await owner.delete(api(tenant, f"voicemails/{message['id']}"))).status_code == 204
    else:
        assert (await owner.post(api(tenant, "erasures"), json={"number": CALLER})).status_code == 200
    async with database.sessions() as session:
        mine = Voicemail.owned_by(tenant.organization.id)
        assert await session.scalar(sa.select(sa.func.count()).select_from(Voicemail).where(mine)) == 0
    assert await queue.run_due() == 1
    assert (account.recordings.all(), at_carrier(account)) == ([], [])
    # The report is repeated, and a text that came into being meanwhile is deleted too.
    late = write_down(account.recordings, recording)
    await tell_text(callbacks, sid, recording, late)
    if way == "deleted":
        assert await queue.run_due() == 0
        await let_pass(database, UNTOLD_AFTER)
    await queue.run_due()
    assert at_carrier(account) == []


@pytest.mark.usefixtures("switched_on")
async def test_a_message_that_ends_with_9_has_no_text_either(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    sid, _ = await call_in(callbacks, tenant)
    recording = record(account, sid)
    form = {"CallSid": sid, "RecordingSid": recording, "RecordingDuration": "12", "Digits": "9"}
    assert "We will not call you again" in (await callbacks.send("/voice/incoming/recorded", form)).text
    await queue.run_due()
    assert account.recordings.all() == []
    await tell_text(callbacks, sid, recording, write_down(account.recordings, recording))
    await queue.run_due()
    assert (at_carrier(account), await messages(owner, tenant)) == ([], [])


@pytest.mark.usefixtures("switched_on")
async def test_a_number_is_erased_from_the_texts_of_other_callers(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
) -> None:
    kept = []
    for text in ("Please call 212-555-0199 instead.", TEXT):
        sid, recording = await left_message(callbacks, tenant, account)
        kept.append((sid, recording, write_down(account.recordings, recording, text)))
        await tell_text(callbacks, *kept[-1])
        await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    await queue.run_due()
    assert (await owner.post(api(tenant, "erasures"), json={"number": "+12125550199"})).status_code == 200
    assert await messages(owner, tenant) == [("completed", TEXT), (None, None)]
    await queue.run_due()
    assert at_carrier(account) == [kept[1][2]]
    # A report that is repeated does not bring it back.
    write_down(account.recordings, kept[0][1], "Please call 212-555-0199 instead.")
    await tell_text(callbacks, *kept[0])
    await queue.run_due()
    assert await messages(owner, tenant) == [("completed", TEXT), (None, None)]


@pytest.mark.parametrize(("seconds", "micros"), [(12, 55_000), (61, 110_000), (121, 15_000), (1, 5_000)])
@pytest.mark.parametrize("key", ["", "9"], ids=["kept", "discarded"])
@pytest.mark.usefixtures("switched_on")
async def test_a_text_costs_its_minutes_once(
    callbacks: CallbackClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    seconds: int,
    micros: int,
    key: str,
) -> None:
    sid, _ = await call_in(callbacks, tenant)
    recording = record(account, sid, 1)
    form = {"CallSid": sid, "RecordingSid": recording, "RecordingDuration": str(seconds), "Digits": key}
    for _ in range(2):
        await callbacks.send("/voice/incoming/recorded", form)
        await tell_recording(callbacks, sid, recording, seconds)
    async with database.sessions() as session:
        mine = IncomingUsage.owned_by(tenant.organization.id)
        assert await session.scalar(sa.select(IncomingUsage.month_micros).where(mine)) == micros


@pytest.mark.usefixtures("switched_on")
async def test_texts_use_up_the_spending_limit(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount
) -> None:
    for _ in range(3):
        sid, _ = await left_message(callbacks, tenant, account, 60)
        await callbacks.event(sid, "completed", utc_now(), CallDuration="0")
    # Of each message half a cent for the sound and 5 cents for the text.
    rules = api(tenant, "calling-rules")
    assert (await owner.get(rules)).json()["used"]["spend_cents_per_day"] == 17
    assert (await owner.put(rules, json={"limits": {"spend_cents_per_day": 16}})).status_code == 200
    assert "cannot take calls" in (await call_in(callbacks, tenant))[1]


async def test_the_text_is_in_the_export(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    await switch(owner, tenant, transcribe=True)
    sid, recording = await left_message(callbacks, tenant, account)
    await tell_text(callbacks, sid, recording, write_down(account.recordings, recording))
    await queue.run_due()
    page = f"/dashboard/{tenant.organization.slug}/settings/organization"
    exported = await post_form(owner, page, f"{page}/export", {})
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        lines = archive.read("voicemails.csv").decode().splitlines()
    assert lines[0].endswith("transcript_status,transcript")
    assert lines[1].endswith(f'completed,"{TEXT}"')


async def test_changing_it_is_in_the_audit_log(owner: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    for settings in ({}, {"transcribe": True}, {}):
        await switch(owner, tenant, **settings)
    mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "incoming_calls.changed"
    async with database.sessions() as session:
        rows = list(await session.scalars(sa.select(AuditEvent.details).where(*mine).order_by(AuditEvent.id)))
    assert [(row["changed"], row["before"], row["after"]) for row in rows[1:]] == [
        (["transcribe"], {"transcribe": None}, {"transcribe": True}),
        (["transcribe"], {"transcribe": True}, {"transcribe": None}),
    ]
