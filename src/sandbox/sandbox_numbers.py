"""The sandbox numbers, which have a fixed behaviour when called: busy, no answer, failure, hang-up, mailbox, tones."""

from enum import StrEnum
from typing import NamedTuple

from sandbox.audio_source import AudioSource


class Behaviour(StrEnum):
    ANSWERS = "answers"
    BUSY = "busy"
    NEVER_ANSWERS = "never answers"
    FAILS = "fails"


class FarEnd(NamedTuple):
    """The behaviour of a called number; waits are in seconds at speed 1."""

    behaviour: Behaviour = Behaviour.ANSWERS
    audio: AudioSource = AudioSource.ECHO
    ring_seconds: float = 2.0
    hangs_up_after: float | None = None
    presses: str = ""
    """Keys pressed when a document gathers them; ``audio`` plays once a caller is connected."""
    is_mailbox: bool = False
    """True for a voicemail mailbox: plays a greeting and a beep, then records."""


GREETING_SECONDS, BEEP_SECONDS = 4.0, 1.0
"""Durations of a mailbox's greeting and beep."""
DEFAULT_FAR_END = FarEnd()
SANDBOX_NUMBERS = {
    "+12125550102": FarEnd(Behaviour.BUSY),
    "+12125550103": FarEnd(Behaviour.NEVER_ANSWERS),
    "+12125550104": FarEnd(Behaviour.FAILS),
    "+12125550105": FarEnd(hangs_up_after=3.0),
    "+12125550106": FarEnd(audio=AudioSource.TONES),
    "+12125550107": FarEnd(audio=AudioSource.TONES, is_mailbox=True),
    "+12125550108": FarEnd(audio=AudioSource.TONES, presses="1"),
    "+12125550109": FarEnd(audio=AudioSource.SILENCE),
}


def far_end_of(number: str) -> FarEnd:
    """The behaviour of ``number``; unlisted numbers answer and echo."""
    return SANDBOX_NUMBERS.get(number, DEFAULT_FAR_END)
