"""Makes voicemails with transcripts: the calls, the carrier's transcriptions and its reports."""

import httpx
import numpy as np

from kit.clock import utc_now
from sandbox.recordings import Recordings
from support.callback_client import CallbackClient, new_sid
from support.carrier_account import CarrierAccount
from support.factories import Tenant

CALLER = "+12125550160"
TEXT = "Hello, this is Dana. Please call me back."


def api(tenant: Tenant, rest: str = "voicemails") -> str:
    return f"/api/organizations/{tenant.organization.id}/{rest}"


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
