"""Recordings at the carrier, in the product's terms."""

import msgspec


class CallRecording(msgspec.Struct, frozen=True):
    """A message that was recorded in a call."""

    sid: str
    seconds: int
    is_complete: bool
    """False while it is recorded or prepared, and when there is nothing to hear."""
