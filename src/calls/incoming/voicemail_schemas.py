"""Request and response bodies of the voicemail API: voicemails, and marking them as heard."""

from typing import Annotated

import msgspec
from msgspec import Meta

from calls.incoming.transcripts import TranscriptStatus
from calls.incoming.voicemails import VoicemailDetails
from kit.schemas import E164Number, RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339


class VoicemailInfo(ResponseModel, frozen=True, kw_only=True):
    """A message that a caller left; its audio is at ``…/voicemails/{id}/audio``."""

    id: ResourceId
    call: ResourceId
    """The id of the call in which it was left."""
    from_: E164Number | None = msgspec.field(name="from")
    """The caller, E.164; null when the number is withheld."""
    to: E164Number
    """The organization's number."""
    seconds: Annotated[int, Meta(examples=[24])]
    received_at: Timestamp | None
    heard: Annotated[bool, Meta(examples=[False])]
    heard_at: Timestamp | None
    transcript_status: Annotated[TranscriptStatus | None, Meta(examples=["completed"])]
    """The state of the carrier's transcription: null where ``transcribe`` was off, or where the text was
    erased."""
    transcript: Annotated[str | None, Meta(examples=["Hello, this is Dana. Please call me back this afternoon."])]
    """The text, null until the state is ``completed``. Empty where nothing was understood."""

    @classmethod
    def of(cls, message: VoicemailDetails) -> "VoicemailInfo":
        return cls(
            id=message.id,
            call=message.call_id,
            from_=message.caller,
            to=message.number,
            seconds=message.seconds,
            received_at=rfc3339(message.received_at),
            heard=message.heard_at is not None,
            heard_at=rfc3339(message.heard_at),
            transcript_status=message.transcript_status,
            transcript=message.transcript,
        )


class ChangeVoicemail(RequestModel, frozen=True, kw_only=True):
    """The change to a voicemail."""

    heard: Annotated[bool, Meta(examples=[True])]
