"""Writes a silent WAV file, which the browser's fake microphone plays."""

import wave
from pathlib import Path

SILENCE_SECONDS = 1
SILENCE_RATE = 48_000


def silent_file(folder: Path) -> Path:
    """Write a silent recording, like that of a muted headset; return its path."""
    path = folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SILENCE_RATE)
        file.writeframes(bytes(2 * SILENCE_RATE * SILENCE_SECONDS))
    return path
