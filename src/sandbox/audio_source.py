"""The sounds that the sandbox plays to a browser."""

from enum import StrEnum


class AudioSource(StrEnum):
    SILENCE = "silence"
    ECHO = "echo"
    TONES = "tones"
    BEEP = "beep"
