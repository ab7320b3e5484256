"""Decodes audio files, such as WAV and MP3, to clips with the telephone's sample rate."""

import io

import numpy as np

from sandbox.audio_track import SAMPLE_RATE, Clip


class UnplayableAudioError(Exception):
    """The file is not audio that can be played."""


def decode_audio(content: bytes) -> Clip:
    """Decode a file; this takes time and blocks.

    Raises:
        UnplayableAudioError: the file is not audio.
    """
    import av  # imported on first use: it takes time, and most calls play no file

    try:
        with av.open(io.BytesIO(content), "r") as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise UnplayableAudioError(type(error).__name__) from error
    if not frames:
        raise UnplayableAudioError("it has no sound")
    return Clip(np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16))
