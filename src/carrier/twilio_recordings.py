"""Requests of the Twilio adapter about recordings and transcriptions; each function takes the library's client."""

from typing import Any

from carrier.recordings import CallRecording, Transcription

COMPLETED, _FAILED = "completed", "failed"


async def recordings_of(client: Any, call_sid: str) -> list[CallRecording]:
    """The recordings of a call."""
    found = await client.calls(call_sid).recordings.list_async()
    return [
        CallRecording(sid=row.sid, seconds=int(row.duration or 0), is_complete=row.status == COMPLETED) for row in found
    ]


async def transcriptions_of(client: Any, recording_sid: str) -> list[Transcription]:
    """The transcriptions of a recording."""
    found = await client.recordings(recording_sid).transcriptions.list_async()
    return [
        Transcription(
            sid=row.sid,
            is_over=row.status in (COMPLETED, _FAILED),
            text=(row.transcription_text or "") if row.status == COMPLETED else None,
        )
        for row in found
    ]
