"""Types of the carrier port: recordings of calls, and their transcriptions."""

import msgspec


class CallRecording(msgspec.Struct, frozen=True):
    """A recording of a call, such as a voicemail."""

    sid: str
    seconds: int
    is_complete: bool
    """False while it is recorded or processed, and when it has no audio."""


class Transcription(msgspec.Struct, frozen=True):
    """The carrier's transcription of a recording."""

    sid: str
    is_over: bool
    """False while the carrier transcribes the recording."""
    text: str | None
    """None before the end and after a failure; empty when no speech was recognized."""
