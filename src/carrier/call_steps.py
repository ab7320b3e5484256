"""The steps that an answered call can run, independent of the carrier: speak, play, gather a key, forward, record.

An adapter translates them to the carrier's document.
"""

from collections.abc import Sequence

import msgspec


class Say(msgspec.Struct, frozen=True):
    """Speak a sentence."""

    text: str
    language: str
    """BCP 47, such as ``en-US``."""


class Play(msgspec.Struct, frozen=True):
    """Play a recording."""

    url: str
    """Absolute URL of a WAV or MP3 file."""


class Gather(msgspec.Struct, frozen=True):
    """Wait for one key during some prompts and for some seconds after them; the next step follows silence."""

    action_url: str
    """Absolute URL requested when a key was pressed; its response replaces the following steps."""
    prompts: Sequence[Say | Play]
    wait_seconds: int


class Forward(msgspec.Struct, frozen=True):
    """Ring phones; the first one that accepts is connected with the caller."""

    numbers: Sequence[str]
    """E.164."""
    caller_id: str
    """E.164."""
    screen_url: str
    """Absolute URL of the steps that each phone hears before it is connected."""
    status_url: str
    """Absolute URL of the status callbacks of each phone's leg."""
    action_url: str
    """Absolute URL requested when no phone is connected any more."""
    ring_seconds: int
    limit_seconds: int


class Record(msgspec.Struct, frozen=True):
    """Record the caller after a tone until they hang up, press a key or are silent.

    If the caller said nothing, the next step follows, whatever key was pressed.
    """

    action_url: str
    """Absolute URL requested at the end of the recording; after a hang-up the response is ignored."""
    status_url: str
    """Absolute URL of the callback that is sent when the recording can be fetched."""
    max_seconds: int
    end_keys: str
    """The keys that end the recording; the request to ``action_url`` names the pressed key."""
    transcription_url: str | None = None
    """Absolute URL of the callback that is sent when the transcription has ended; None for no transcription."""


class Redirect(msgspec.Struct, frozen=True):
    """Request further steps."""

    url: str
    """Absolute URL; its response replaces the following steps."""


class HangUp(msgspec.Struct, frozen=True):
    """End this leg."""


CallStep = Say | Play | Gather | Forward | Record | Redirect | HangUp
