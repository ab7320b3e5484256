"""Request and response bodies of the API of greeting recordings, voicemail greetings and voicemail drops."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from calls.greetings.models import GreetingAudio
from calls.greetings.voicemail_greetings import GreetingSummary
from kit.schemas import RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339


class GreetingAudioInfo(ResponseModel, frozen=True, kw_only=True):
    """A recording; a greeting plays it by ``{"audio_id": …}``, and its audio is at ``…/audio/{id}/content``."""

    id: ResourceId
    name: Annotated[str, Meta(examples=["Christmas"])]
    seconds: Annotated[int, Meta(examples=[12])]
    used: Annotated[bool, Meta(examples=[True])]
    """True if a greeting plays it, so that it cannot be removed."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, row: GreetingAudio, used: Collection[UUID]) -> "GreetingAudioInfo":
        return cls(
            id=row.id,
            name=row.name,
            seconds=row.seconds,
            used=row.id in used,
            created_at=rfc3339(row.created_at),
        )


class RenameRecording(RequestModel, frozen=True, kw_only=True):
    """A new name for a recording."""

    name: Annotated[str, Meta(examples=["Christmas 2026"])]


class VoicemailGreetingInfo(ResponseModel, frozen=True, kw_only=True):
    """A recording to leave in mailboxes; its audio is at ``…/voicemail-greetings/{id}/content``."""

    id: ResourceId
    name: Annotated[str, Meta(examples=["Call me back"])]
    seconds: Annotated[int, Meta(examples=[9])]
    shared: Annotated[bool, Meta(examples=[False])]
    """False for the member's own."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, greeting: GreetingSummary) -> "VoicemailGreetingInfo":
        return cls(
            id=greeting.id,
            name=greeting.name,
            seconds=greeting.seconds,
            shared=greeting.is_shared,
            created_at=rfc3339(greeting.created_at),
        )


class DropVoicemail(RequestModel, frozen=True, kw_only=True):
    """The voicemail greeting to leave."""

    greeting_id: ResourceId | None = None
    """Null for the member's newest own one, else the newest shared one."""
