"""Program that decodes one audio file from standard input to 8 kHz mono samples on standard output.

It imports nothing of the product and limits its own memory and time before it reads a byte, because the file is
untrusted. Its exit status is an ``Outcome``; ``audio_decoder`` starts it and has a message for each. The audio library
is imported in functions, because workers import this module for its constants.
"""

import resource
import sys
from array import array
from enum import IntEnum

SAMPLE_RATE = 8000
MIN_SECONDS, MAX_SECONDS = 1, 120
MAX_FILE_BYTES = 10 * 1024 * 1024
_MAX_MEMORY_BYTES = 512 * 1024 * 1024
_MAX_CPU_SECONDS = 10
_FRAMES_AT_A_TIME = SAMPLE_RATE
_TOLERATED_FRAMES = SAMPLE_RATE // 2
"""Frames above the longest length that are cut off without a refusal: MP3 encoders pad recordings."""
_AUDIBLE_PEAK = 100
"""Of 32,767: 50 dB below full scale; the noise of a muted microphone is quieter."""
_MIN_COMPLETE_SHARE = 0.97
"""The least decoded share of the length in the file's header: lengths of MP3 files are estimates."""
_UNKNOWN_SIZE = 0xFFFFFFFF
"""The size in the header of a WAV file that was written before its length was known: the data lasts to the end."""


class Outcome(IntEnum):
    """The exit statuses; any other status means that the process was killed."""

    DECODED = 0
    NOT_AUDIO = 10
    TOO_LONG = 11
    TOO_SHORT = 12
    SILENT = 13
    INCOMPLETE = 14


class _Refused(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome


def main() -> int:
    """Decode standard input to standard output; return an ``Outcome``."""
    import miniaudio

    _limit_process()
    try:
        samples = _decode(sys.stdin.buffer.read(MAX_FILE_BYTES + 1))
    except _Refused as refusal:
        return refusal.outcome
    except (miniaudio.MiniaudioError, MemoryError):
        return Outcome.NOT_AUDIO
    if sys.byteorder == "big":
        samples.byteswap()
    sys.stdout.buffer.write(samples.tobytes())
    sys.stdout.buffer.flush()
    return Outcome.DECODED


def _decode(content: bytes) -> "array[int]":
    """The samples of a WAV or MP3 file. Raises: _Refused, MiniaudioError."""
    import miniaudio

    expected = _stated_seconds(content)
    samples, longest = array("h"), MAX_SECONDS * SAMPLE_RATE
    for piece in miniaudio.stream_memory(
        content, nchannels=1, sample_rate=SAMPLE_RATE, frames_to_read=_FRAMES_AT_A_TIME
    ):
        samples.extend(piece)
        if len(samples) > longest + _TOLERATED_FRAMES:
            raise _Refused(Outcome.TOO_LONG)
    if len(samples) < expected * SAMPLE_RATE * _MIN_COMPLETE_SHARE:
        raise _Refused(Outcome.INCOMPLETE)
    if len(samples) < MIN_SECONDS * SAMPLE_RATE:
        raise _Refused(Outcome.TOO_SHORT)
    loudest, lowest = max(samples), min(samples)
    if loudest < _AUDIBLE_PEAK and lowest > -_AUDIBLE_PEAK:
        raise _Refused(Outcome.SILENT)
    return samples[:longest]


def _stated_seconds(content: bytes) -> float:
    """The length in an MP3 header; 0 for a WAV file, whose size is checked here. Raises: _Refused, MiniaudioError."""
    import miniaudio

    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        _ensure_whole_wav(content)
        return 0.0
    if content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0"):
        info = miniaudio.mp3_get_info(content)
        return float(info.num_frames / info.sample_rate)
    raise _Refused(Outcome.NOT_AUDIO)


def _ensure_whole_wav(content: bytes) -> None:
    """Check that the file has as many bytes of sound as its header states. Raises: _Refused."""
    offset = 12
    while offset + 8 <= len(content):
        name, size = content[offset : offset + 4], int.from_bytes(content[offset + 4 : offset + 8], "little")
        if name == b"data":
            if size != _UNKNOWN_SIZE and offset + 8 + size > len(content):
                raise _Refused(Outcome.INCOMPLETE)
            return
        # Chunks begin at even offsets.
        offset += 8 + size + size % 2


def _limit_process() -> None:
    for limit, maximum in (
        (resource.RLIMIT_AS, _MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, _MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = maximum if hard == resource.RLIM_INFINITY else min(maximum, hard)
        resource.setrlimit(limit, (allowed, allowed))


if __name__ == "__main__":
    sys.exit(main())
