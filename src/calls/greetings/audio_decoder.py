"""Decodes uploaded audio in a child process (``audio_decoder_process``); limits how many run and for how long."""

import asyncio
import io
import os
import sys
import wave
from collections.abc import Mapping

import msgspec
import structlog

from calls.greetings import audio_decoder_process
from calls.greetings.audio_decoder_process import MAX_SECONDS, MIN_SECONDS, SAMPLE_RATE, Outcome
from calls.greetings.errors import DecoderBusy
from kit.concurrency import KeyedConcurrency
from kit.errors import ValidationFailed
from kit.http.app_key import AppKey
from kit.rounding import divide_up

FILE_FIELD = "file"
_MAX_CONCURRENT, _MAX_WAITING, _WAIT_SECONDS = 2, 20, 20.0
_DECODE_SECONDS = 20.0
"""The longest wait for the child process, whose own limit counts only processor time."""
_NOT_AUDIO = "This file cannot be played. Upload a WAV or MP3 file"
_REFUSAL_MESSAGES: Mapping[int, str] = {
    Outcome.TOO_LONG: f"The recording is longer than {MAX_SECONDS // 60} minutes. Make it shorter, and upload it again",
    Outcome.TOO_SHORT: f"The recording is shorter than {MIN_SECONDS} second. Record it again",
    Outcome.SILENT: "Nothing can be heard in this recording. Check the microphone, and record it again",
    Outcome.INCOMPLETE: "The file ends before the recording does. Save it again, and upload the whole file",
}
log = structlog.get_logger("epoch.calls")


class DecodedAudio(msgspec.Struct, frozen=True):
    """A recording as it is stored."""

    wav: bytes
    """8 kHz, mono, 16 bits a sample."""
    seconds: int
    """Rounded up."""


class AudioDecoder:
    """Decodes files, at most two at a time. Made once at start."""

    def __init__(self) -> None:
        self._slots = KeyedConcurrency(
            DecoderBusy, limit=_MAX_CONCURRENT, max_waiting=_MAX_WAITING, seconds=_WAIT_SECONDS
        )

    async def decode(self, content: bytes) -> DecodedAudio:
        """Decode a WAV or MP3 file.

        Raises:
            ValidationFailed: the file is not audio, or too long, too short, silent or incomplete.
            DecoderBusy: too many files are being decoded.
        """
        if not content:
            raise ValidationFailed([(FILE_FIELD, "Send a WAV or MP3 file")])
        async with self._slots.slot(None):
            status, samples = await _run(content)
        if status != Outcome.DECODED:
            log.info("audio_refused", outcome=status)
            raise ValidationFailed([(FILE_FIELD, _REFUSAL_MESSAGES.get(status, _NOT_AUDIO))])
        return DecodedAudio(_wav(samples), divide_up(len(samples) // 2, SAMPLE_RATE))


async def _run(content: bytes) -> tuple[int, bytes]:
    """Exit status and output of the child. It gets no settings of ours, and is killed when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(audio_decoder_process.__file__),
        env={"PATH": os.defpath},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_DECODE_SECONDS):
            samples, _ = await process.communicate(content)
    except TimeoutError:
        samples = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    status = process.returncode or Outcome.DECODED
    return (Outcome.NOT_AUDIO if status == Outcome.DECODED and not samples else status), samples


def _wav(samples: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples)
    return file.getvalue()


AUDIO_DECODER: AppKey[AudioDecoder] = AppKey("audio_decoder")
