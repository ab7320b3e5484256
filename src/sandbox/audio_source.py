"""``AudioSource``: the sounds that a simulated called number can play: silence, echo, tones, a beep."""

from enum import StrEnum


class AudioSource(StrEnum):
    SILENCE = "silence"
    ECHO = "echo"
    TONES = "tones"
    BEEP = "beep"
