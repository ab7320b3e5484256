"""Makes WAV and MP3 files of a tone, reads WAV files and measures the loudness of samples."""

import io
import math
import wave
from array import array

import av
import numpy as np


def wav_of(seconds: float, *, rate: int = 16_000, channels: int = 1, amplitude: int = 8000, pitch: int = 440) -> bytes:
    """A WAV file of a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(_tone(seconds, rate, amplitude, pitch).repeat(channels).tobytes())
    return file.getvalue()


def mp3_of(seconds: float, *, rate: int = 44_100) -> bytes:
    """An MP3 file of a tone."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(_tone(seconds, rate, 8000, 440).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        for piece in (*stream.encode(frame), *stream.encode(None)):
            container.mux(piece)
    return file.getvalue()


def read_wav(content: bytes) -> tuple[int, int, "array[int]"]:
    """Rate, channels and samples of a WAV file of 16 bits a sample."""
    with wave.open(io.BytesIO(content)) as reader:
        assert reader.getsampwidth() == 2
        samples = array("h")
        samples.frombytes(reader.readframes(reader.getnframes()))
        return reader.getframerate(), reader.getnchannels(), samples


def loudness(samples: "array[int]") -> float:
    """The root mean square of the samples."""
    return math.sqrt(sum(sample * sample for sample in samples) / max(len(samples), 1))


def _tone(seconds: float, rate: int, amplitude: int, pitch: int) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    times = np.arange(int(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * pitch * times)).astype(np.int16)
