"""The audio of a phone in a simulated call: stored as segments of tones and clips, rendered to samples on request.

Times are seconds of the call's script clock.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000
"""Samples per second, as in the telephone network."""
FULL_SCALE = 32767
TONE_LEVEL = 0.25

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Tone:
    """A sum of sine waves that does not end."""

    hertz: tuple[float, ...]

    def samples(self, begin: float, end: float, _: float) -> Samples:
        seconds = np.arange(round(begin * SAMPLE_RATE), round(end * SAMPLE_RATE)) / SAMPLE_RATE
        wave = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in self.hertz)
        return np.asarray(wave * (TONE_LEVEL * FULL_SCALE / len(self.hertz)), np.int16)

    def energy(self, begin: float, end: float, _: float) -> float:
        return (end - begin) * (TONE_LEVEL / len(self.hertz)) ** 2 / 2 * len(self.hertz)


PERSON_TONE = Tone((300.0, 500.0))
"""The voice of a simulated person."""
FAR_END_TONE = Tone((440.0, 660.0))
SPEECH_TONE = Tone((220.0, 350.0))
"""A text spoken by the carrier or by a mailbox."""
BEEP_TONE = Tone((1000.0,))


class Clip:
    """A recording that is played once, or ``loop`` times."""

    def __init__(self, samples: Samples, loop: int = 1) -> None:
        self._samples = np.tile(samples, loop)

    @property
    def seconds(self) -> float:
        return len(self._samples) / SAMPLE_RATE

    def repeated(self, loop: int) -> "Clip":
        return Clip(self._samples, loop)

    def samples(self, begin: float, end: float, start: float) -> Samples:
        """The part from ``begin`` to ``end`` of a clip that was started at ``start``; silent after the clip's end."""
        rendered = np.zeros(round(end * SAMPLE_RATE) - round(begin * SAMPLE_RATE), np.int16)
        first = max(0, round((begin - start) * SAMPLE_RATE))
        part = self._samples[first : first + len(rendered)]
        rendered[: len(part)] = part
        return rendered

    def energy(self, begin: float, end: float, start: float) -> float:
        return energy_of(self.samples(begin, end, start))


class Track:
    """The audio in one direction of a line."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._segments: list[_Segment] = []

    def play(self, sound: "Sound | None") -> None:
        """Play ``sound`` from now on; None is silence."""
        if self._segments and self._segments[-1].end is None:
            self._segments[-1].end = self._now()
        if sound is not None:
            self._segments.append(_Segment(self._now(), None, sound))

    def energy(self, begin: float, end: float, _: float = 0.0) -> float:
        """Mean square of the samples (full scale is 1) times seconds, between two times."""
        return sum(
            part.sound.energy(max(begin, part.start), min(end, part.end_by(end)), part.start)
            for part in self._between(begin, end)
        )

    def last_sound_end(self) -> float:
        """The end of the last sound: the present time while it plays, 0 when there was none."""
        return self._segments[-1].end_by(self._now()) if self._segments else 0.0

    def extent(self, begin: float, end: float) -> tuple[float, float] | None:
        """The times of the first and the last sound between two times; None when all is silent."""
        parts = self._between(begin, end)
        if not parts:
            return None
        return max(begin, parts[0].start), min(end, parts[-1].end_by(end))

    def samples(self, begin: float, end: float, _: float = 0.0) -> Samples:
        """The samples between two times."""
        offset = round(begin * SAMPLE_RATE)
        rendered = np.zeros(max(0, round(end * SAMPLE_RATE) - offset), np.int16)
        for part in self._between(begin, end):
            first, last = max(begin, part.start), min(end, part.end_by(end))
            piece = part.sound.samples(first, last, part.start)
            at = round(first * SAMPLE_RATE) - offset
            rendered[at : at + len(piece)] = piece[: len(rendered) - at]
        return rendered

    def _between(self, begin: float, end: float) -> "list[_Segment]":
        return [part for part in self._segments if part.start < end and part.end_by(end) > begin]


Sound = Tone | Clip | Track


@dataclass(slots=True)
class _Segment:
    start: float
    end: float | None
    sound: Sound

    def end_by(self, moment: float) -> float:
        """The segment's end; ``moment`` while it plays."""
        return moment if self.end is None else self.end


def energy_of(samples: Samples) -> float:
    """Mean square of the samples (full scale is 1) times seconds."""
    scaled = samples.astype(np.float32) / 32768
    return float(np.dot(scaled, scaled)) / SAMPLE_RATE
