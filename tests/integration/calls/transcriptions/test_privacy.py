"""Transcripts are deleted and erased with their voicemail, here and at the carrier, and exported with it."""

import io
import zipfile

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.models import Voicemail
from calls.incoming.transcription_jobs import FAILED_AFTER
from kit.clock import utc_now
from kit.db.database import Database
from kit.jobs.queue import JobQueue
from support.callback_client import CallbackClient
from support.carrier_account import CarrierAccount
from support.factories import Tenant
from support.jobs import let_pass
from support.page_session import post_form
from support.voicemail_transcripts import (
    CALLER,
    TEXT,
    add_recording,
    add_transcription,
    api_path,
    change_incoming_call_settings,
    leave_voicemail,
    place_incoming_call,
    report_transcription,
    voicemail_transcripts,
)

pytestmark = pytest.mark.anyio


def at_carrier(account: CarrierAccount) -> list[str]:
    return [row.sid for row in account.recordings.transcriptions.all()]


@pytest.mark.usefixtures("switched_on")
@pytest.mark.parametrize("way", ["deleted", "erased"])
async def test_a_transcript_is_deleted_with_its_voicemail_here_and_at_the_carrier(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
    database: Database,
    way: str,
) -> None:
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    text = add_transcription(account.recordings, recording)
    await report_transcription(callbacks, sid, recording, text)
    await queue.run_due()
    await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    (message,) = (await owner.get(api_path(tenant))).json()["items"]
    assert message["transcript"] == TEXT
    if way == "deleted":
        assert (await owner.delete(api_path(tenant, f"voicemails/{message['id']}"))).status_code == 204
    else:
        assert (await owner.post(api_path(tenant, "erasures"), json={"number": CALLER})).status_code == 200
    async with database.sessions() as session:
        mine = Voicemail.owned_by(tenant.organization.id)
        assert await session.scalar(sa.select(sa.func.count()).select_from(Voicemail).where(mine)) == 0
    assert await queue.run_due() == 1
    assert (account.recordings.all(), at_carrier(account)) == ([], [])
    # The report is repeated, and a text that came into being meanwhile is deleted too.
    late = add_transcription(account.recordings, recording)
    await report_transcription(callbacks, sid, recording, late)
    if way == "deleted":
        assert await queue.run_due() == 0
        await let_pass(database, FAILED_AFTER)
    await queue.run_due()
    assert at_carrier(account) == []


@pytest.mark.usefixtures("switched_on")
async def test_a_recording_that_ends_with_9_has_no_transcript(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    sid, _ = await place_incoming_call(callbacks, tenant)
    recording = add_recording(account, sid)
    form = {"CallSid": sid, "RecordingSid": recording, "RecordingDuration": "12", "Digits": "9"}
    assert "We will not call you again" in (await callbacks.send("/voice/incoming/recorded", form)).text
    await queue.run_due()
    assert account.recordings.all() == []
    await report_transcription(callbacks, sid, recording, add_transcription(account.recordings, recording))
    await queue.run_due()
    assert (at_carrier(account), await voicemail_transcripts(owner, tenant)) == ([], [])


@pytest.mark.usefixtures("switched_on")
async def test_a_number_is_erased_from_the_transcripts_of_other_callers(
    callbacks: CallbackClient,
    owner: httpx.AsyncClient,
    tenant: Tenant,
    account: CarrierAccount,
    queue: JobQueue,
) -> None:
    kept = []
    for text in ("Please call 212-555-0199 instead.", TEXT):
        sid, recording = await leave_voicemail(callbacks, tenant, account)
        kept.append((sid, recording, add_transcription(account.recordings, recording, text)))
        await report_transcription(callbacks, *kept[-1])
        await callbacks.event(sid, "completed", utc_now(), CallDuration="20")
    await queue.run_due()
    assert (await owner.post(api_path(tenant, "erasures"), json={"number": "+12125550199"})).status_code == 200
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT), (None, None)]
    await queue.run_due()
    assert at_carrier(account) == [kept[1][2]]
    # A report that is repeated does not bring it back.
    add_transcription(account.recordings, kept[0][1], "Please call 212-555-0199 instead.")
    await report_transcription(callbacks, *kept[0])
    await queue.run_due()
    assert await voicemail_transcripts(owner, tenant) == [("completed", TEXT), (None, None)]


async def test_the_transcript_is_in_the_export(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, account: CarrierAccount, queue: JobQueue
) -> None:
    await change_incoming_call_settings(owner, tenant, transcribe=True)
    sid, recording = await leave_voicemail(callbacks, tenant, account)
    await report_transcription(callbacks, sid, recording, add_transcription(account.recordings, recording))
    await queue.run_due()
    page = f"/dashboard/{tenant.organization.slug}/settings/organization"
    exported = await post_form(owner, page, f"{page}/export", {})
    with zipfile.ZipFile(io.BytesIO(exported.content)) as archive:
        lines = archive.read("voicemails.csv").decode().splitlines()
    assert lines[0].endswith("transcript_status,transcript")
    assert lines[1].endswith(f'completed,"{TEXT}"')
