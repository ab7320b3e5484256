"""Recordings at the carrier and the texts of them, in the product's terms."""

import msgspec


class CallRecording(msgspec.Struct, frozen=True):
    """A message that was recorded in a call."""

    sid: str
    seconds: int
    is_complete: bool
    """False while it is recorded or prepared, and when there is nothing to hear."""


class Transcription(msgspec.Struct, frozen=True):
    """The text that the carrier makes of a recording."""

    sid: str
    is_over: bool
    """False while the carrier listens to the recording."""
    text: str | None
    """None before that is over, and where it failed; empty where nothing was understood."""
