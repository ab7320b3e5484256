"""Jobs fetch transcripts from the carrier: reports in any order, lost reports, failures, unusual texts."""

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.transcription_jobs import (
    FAILED_AFTER,
    FETCH_TRANSCRIPTION,
    FETCH_UNREPORTED_AFTER,
    TranscriptionFetcher,
)
from calls.incoming.transcripts import MAX_CHARACTERS
from carrier.port import CarrierUnavailable
from carrier.recordings import Transcription
from carrier.twilio import TwilioCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.jobs.models import QueuedJob
from kit.jobs.queue import JobQueue
from kit.settings import Settings
from support.callback_client import CallbackClient
from support.carrier_account import CarrierAccount
from support.factories import Factory, Tenant, sign_in
from support.jobs import let_pass
from support.voicemail_transcripts import (
    TEXT,
    add_recording,
    add_transcription,
    api_path,
    change_incoming_call_settings,
    leave_voicemail,
    place_incoming_call,
    report_recording,
    report_transcription,
    voicemail_transcripts,
)

pytestmark = pytest.mark.anyio


class CarrierWithTranscripts(TwilioCarrier):
    """The carrier adapter with transcripts that the test sets; without any it raises CarrierUnavailable."""

    set_transcriptions: Sequence[Transcription] = ()

    async def transcriptions(self, recording_sid: str) -> list[Transcription]:
        if not self.set_transcriptions:
            raise CarrierUnavailable(recording_sid)
        return list(self.set_transcriptions)


@pytest.mark.usefixtures("switched_on")
async def test_every_order_and_repetition_of_reports_leaves_one_transcript(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    for order in itertools.permutations(("recording", "text", "end")):
        sid, _ = await place_incoming_call(callbacks, tenant)
        recording = add_recording(account, sid)
        text = add_transcription(account.recordings, recording)
        for step in (*order, *order):
            if step == "recording":
                await report_recording(callbacks, sid, recording)
            elif step == "text":
                assert await report_transcription(callbacks, sid, recording, text) == 204
            else:
                await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
            if step == order[0]:
                await queue.run_due()
    await let_pass(database, FETCH_UNREPORTED_AFTER)
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT)] * 6


@pytest.mark.usefixtures("switched_on")
async def test_a_transcript_that_was_not_reported_is_fetched(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    _, recording = await leave_voicemail(callbacks, tenant, account)
    running = account.recordings.transcriptions.begin(recording, seconds=12, at=utc_now())
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("pending", None)]
    # It is not over yet: the job is tried again.
    await let_pass(database, FETCH_UNREPORTED_AFTER)
    assert await queue.run_due() == 0
    assert await voicemail_transcripts(owner, tenant) == [("pending", None)]
    account.recordings.transcriptions.end(running, TEXT)
    await let_pass(database, dt.timedelta(minutes=1))
    assert await queue.run_due() == 1
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT)]


@pytest.mark.usefixtures("switched_on")
async def test_a_missing_transcript_is_marked_failed_until_a_late_report(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    await let_pass(database, FETCH_UNREPORTED_AFTER)
    assert await queue.run_due() == 0
    await let_pass(database, FAILED_AFTER)
    assert await queue.run_due() == 1
    assert await voicemail_transcripts(owner, tenant) == [("failed", None)]
    await report_transcription(callbacks, sid, recording, add_transcription(account.recordings, recording))
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT)]


@pytest.mark.usefixtures("switched_on")
async def test_a_failed_transcription_is_marked_failed(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    failed = add_transcription(account.recordings, recording, None)
    await report_transcription(callbacks, sid, recording, failed, TranscriptionStatus="failed")
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("failed", None)]
    # An empty text is a transcript too: the carrier understood no word.
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    await report_transcription(callbacks, sid, recording, add_transcription(account.recordings, recording, ""))
    await queue.run_due()
    assert (await voicemail_transcripts(owner, tenant))[0] == ("completed", "")


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("seconds", [1, 121, 180])
async def test_no_transcript_is_expected_of_a_voicemail_that_is_too_short_or_long(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, seconds: int
) -> None:
    await leave_voicemail(callbacks, tenant, account, seconds)
    assert await voicemail_transcripts(owner, tenant) == [("failed", None)]


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
async def test_any_transcript_is_stored_in_a_safe_form(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    settings: Settings,
    told: str,
    kept: str,
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    carrier = CarrierWithTranscripts(settings.twilio, api_base="http://127.0.0.1:9", signaling=None)
    carrier.set_transcriptions = [Transcription("TR" + "1" * 32, is_over=True, text=told)]
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionFetcher(queue, carrier, database)
    await report_transcription(callbacks, sid, recording, carrier.set_transcriptions[0].sid)
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("completed", kept)]


@pytest.mark.usefixtures("switched_on")
async def test_a_carrier_that_does_not_answer_is_asked_for_a_day(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    database: Database,
    settings: Settings,
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    carrier = CarrierWithTranscripts(settings.twilio, api_base="http://127.0.0.1:9", signaling=None)
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionFetcher(queue, carrier, database)
    await report_transcription(callbacks, sid, recording, "TR" + "2" * 32)
    for hours, done in ((0, 0), (2, 0), (23, 2)):
        await let_pass(database, dt.timedelta(hours=hours))
        assert await queue.run_due() == done
        assert await voicemail_transcripts(owner, tenant) == [("failed" if done else "pending", None)]


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
async def test_invalid_reports_change_nothing(
    callbacks: CallbackClient, database: Database, form: dict[str, str]
) -> None:
    assert (await callbacks.send("/voice/incoming/transcription", form)).status_code == 204
    forged = await callbacks.send("/voice/incoming/transcription", form, {"x-twilio-signature": "forged"})
    assert forged.status_code == 403
    async with database.sessions() as session:
        assert await session.scalar(sa.select(sa.func.count()).where(QueuedJob.kind == FETCH_TRANSCRIPTION)) == 0


@pytest.mark.usefixtures("switched_on")
async def test_each_organization_has_its_own_transcripts(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    make: Factory,
    new_client: Any,
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    other = await make.tenant()
    stranger = await sign_in(new_client(), other.owner)
    await change_incoming_call_settings(stranger, other, transcribe=True)
    foreign, _ = await leave_voicemail(callbacks, other, account)
    # A report about the other organization's call cannot give it the transcript of this organization's recording.
    await report_transcription(callbacks, foreign, recording, add_transcription(account.recordings, recording))
    await queue.run_due()
    assert (
        await voicemail_transcripts(owner, tenant)
        == await voicemail_transcripts(stranger, other)
        == [("pending", None)]
    )
    (message,) = (await owner.get(api_path(tenant))).json()["items"]
    assert (await stranger.get(api_path(other, f"voicemails/{message['id']}"))).status_code == 404
    await report_transcription(callbacks, sid, recording, add_transcription(account.recordings, recording))
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT)]
    assert await voicemail_transcripts(stranger, other) == [("pending", None)]
