"""The kinds of audio that a sandbox number plays."""

from enum import StrEnum


class AudioSource(StrEnum):
    SILENCE = "silence"
    ECHO = "echo"
    TONES = "tones"
    BEEP = "beep"
