"""Simulates voicemails in the sandbox carrier and its callbacks about them; reads their transcripts by the API."""

import httpx
import numpy as np

from kit.clock import utc_now
from sandbox.recordings import Recordings
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount
from support.factories import Tenant

CALLER = "+12125550160"
TEXT = "Hello, this is Dana. Please call me back."


def api_path(tenant: Tenant, rest: str = "voicemails") -> str:
    """A path of the organization's API."""
    return f"/api/organizations/{tenant.organization.id}/{rest}"


async def change_incoming_call_settings(owner: httpx.AsyncClient, tenant: Tenant, **settings: object) -> None:
    """Save the organization's settings of incoming calls by the API, with voicemail on unless ``settings`` differ."""
    saved = await owner.put(api_path(tenant, "incoming-calls"), json={"voicemail": True, **settings})
    assert saved.status_code == 200, saved.text


async def place_incoming_call(callbacks: CallbackClient, tenant: Tenant) -> tuple[str, str]:
    """Call the organization's number; return the call's SID and the document that answers it."""
    sid = new_sid()
    return sid, (await callbacks.incoming(str(tenant.number), sid, caller=CALLER)).text


def add_recording(account: CarrierAccount, call_sid: str, seconds: int = 12) -> str:
    """Add a recording of a call at the carrier; return its SID."""
    samples = np.zeros(8000 * seconds, np.int16)
    return account.recordings.add(call_sid, samples, begun=utc_now(), source="RecordVerb").sid


def add_transcription(recordings: Recordings, recording: str, text: str | None = TEXT) -> str:
    """Add a transcription at the carrier, which failed if ``text`` is None; return its SID."""
    row = recordings.transcriptions.begin(recording, seconds=12, at=utc_now())
    recordings.transcriptions.end(row, text)
    return row.sid


async def report_recording(callbacks: CallbackClient, sid: str, recording: str, seconds: int = 12) -> None:
    """Send the carrier's callback about a complete recording."""
    form = {
        "CallSid": sid,
        "RecordingSid": recording,
        "RecordingDuration": str(seconds),
        "RecordingStatus": "completed",
    }
    assert (await callbacks.send("/voice/incoming/recording", form)).status_code == 204


async def report_transcription(
    callbacks: CallbackClient, sid: str, recording: str, transcription: str, **more: str
) -> int:
    """Send the carrier's callback about a complete transcription; return the response's status."""
    form = {
        "CallSid": sid,
        "RecordingSid": recording,
        "TranscriptionSid": transcription,
        # The product must not use this text: it fetches the transcription from the carrier.
        "TranscriptionText": "Somebody else's words",
        "TranscriptionStatus": "completed",
        **more,
    }
    return (await callbacks.send("/voice/incoming/transcription", form)).status_code


async def voicemail_transcripts(owner: httpx.AsyncClient, tenant: Tenant) -> list[tuple[str | None, str | None]]:
    """The status and text of the transcript of each voicemail of the organization."""
    rows = (await owner.get(api_path(tenant))).json()["items"]
    return [(row["transcript_status"], row["transcript"]) for row in rows]


async def leave_voicemail(
    callbacks: CallbackClient, tenant: Tenant, account: CarrierAccount, seconds: int = 12
) -> tuple[str, str]:
    """Make a call that leaves a voicemail, whose recording is reported; return the SIDs of call and recording."""
    sid, _ = await place_incoming_call(callbacks, tenant)
    recording = add_recording(account, sid)
    await report_recording(callbacks, sid, recording, seconds)
    return sid, recording
