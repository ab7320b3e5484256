"""The steps of an answered call, in the product's terms: sentences, keys, forwarding, recording, further steps."""

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
    """Absolute URL requested when a key was pressed; its answer replaces the steps that follow."""
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

    When nothing was said, the next step follows, whatever key was pressed.
    """

    action_url: str
    """Absolute URL requested when the caller stopped without hanging up."""
    status_url: str
    """Absolute URL of the callback that says that the recording can be fetched."""
    max_seconds: int
    end_keys: str
    """The keys that end the recording; the request to ``action_url`` says which one did."""
    transcription_url: str | None = None
    """Absolute URL of the callback that says that the carrier wrote down what was said; None where it does not."""


class Redirect(msgspec.Struct, frozen=True):
    """Ask for further steps."""

    url: str
    """Absolute URL; its answer replaces the steps that follow."""


class HangUp(msgspec.Struct, frozen=True):
    """End this leg."""


CallStep = Say | Play | Gather | Forward | Record | Redirect | HangUp
