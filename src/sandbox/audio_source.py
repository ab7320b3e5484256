"""The audio that a sandbox number plays, its measurement, and ``Media``, the interface of one call's audio."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class AudioSource(StrEnum):
    SILENCE = "silence"
    ECHO = "echo"
    TONES = "tones"


@dataclass(slots=True)
class AudioMeter:
    """Packets and energy in both directions, from the carrier's side: in comes from the caller."""

    packets_in: int = 0
    packets_out: int = 0
    energy_in: float = 0.0
    """Mean square of the samples (full scale is 1) times seconds, as in WebRTC's ``totalAudioEnergy``."""
    energy_out: float = 0.0


class Media(Protocol):
    """The audio of one call."""

    @property
    def answer(self) -> str:
        """The session description that answers the caller's offer."""
        ...

    @property
    def codec(self) -> str:
        """The codec agreed on, such as ``PCMU``."""
        ...

    @property
    def meter(self) -> AudioMeter: ...

    def play(self, source: AudioSource) -> None:
        """Play ``source`` to the caller from now on."""
        ...

    def set_packet_loss(self, share: float) -> None:
        """Drop ``share``, 0 to 1, of the audio packets to the caller from now on."""
        ...

    async def renegotiate(self, offer: str) -> str:
        """Answer a new offer of the same caller, such as an ICE restart.

        Raises:
            BadOfferError: the offer cannot be answered.
        """
        ...

    def close(self) -> None:
        """Start to hang up; idempotent."""
        ...

    async def closed(self) -> None:
        """Wait until all resources are free."""
        ...


class BadOfferError(Exception):
    """The browser's session description cannot be answered."""
