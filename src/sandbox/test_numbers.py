"""The people at the other end: who answers, who is busy, and what they sound like."""

from enum import StrEnum
from typing import NamedTuple

from sandbox.audio_source import Sound


class Behaviour(StrEnum):
    ANSWERS = "answers"
    BUSY = "busy"
    NEVER_ANSWERS = "never answers"
    FAILS = "fails"


class FarEnd(NamedTuple):
    """How one number behaves; waits are in seconds at speed 1."""

    behaviour: Behaviour = Behaviour.ANSWERS
    sound: Sound = Sound.ECHO
    ring_seconds: float = 2.0
    hangs_up_after: float | None = None


ORDINARY = FarEnd()
SCRIPTED = {
    "+12125550102": FarEnd(Behaviour.BUSY),
    "+12125550103": FarEnd(Behaviour.NEVER_ANSWERS),
    "+12125550104": FarEnd(Behaviour.FAILS),
    "+12125550105": FarEnd(hangs_up_after=3.0),
    "+12125550106": FarEnd(sound=Sound.TONES),
}


def far_end(number: str) -> FarEnd:
    return SCRIPTED.get(number, ORDINARY)
