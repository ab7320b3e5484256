"""Counts the audio packets and the audio energy of one call at the sandbox carrier."""

from dataclasses import dataclass


@dataclass(slots=True)
class AudioMeter:
    """Packets and energy in both directions: ``in`` is received from the browser, ``out`` is sent to it."""

    packets_in: int = 0
    packets_out: int = 0
    energy_in: float = 0.0
    """Mean square of the samples (full scale is 1) times seconds, as in WebRTC's ``totalAudioEnergy``."""
    energy_out: float = 0.0
