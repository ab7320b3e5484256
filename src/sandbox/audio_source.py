"""What a far end sounds like, what is measured of it, and the media that a call asks for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Sound(StrEnum):
    SILENCE = "silence"
    ECHO = "echo"
    TONES = "tones"


@dataclass(slots=True)
class Meter:
    """Packets and energy each way, seen from the carrier: in is what the caller sent."""

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
    def meter(self) -> Meter: ...

    def play(self, sound: Sound) -> None:
        """Send ``sound`` to the caller from now on."""
        ...

    def lose(self, share: float) -> None:
        """Lose ``share``, 0 to 1, of the audio packets on their way to the caller from now on."""
        ...

    async def renegotiate(self, offer: str) -> str:
        """Answer a new offer of the same caller, such as an ICE restart.

        Raises:
            BadOfferError: the offer cannot be answered.
        """
        ...

    def close(self) -> None:
        """Begin to hang up; more calls do nothing."""
        ...

    async def closed(self) -> None:
        """Wait until all is given back."""
        ...


class BadOfferError(Exception):
    """The browser's session description cannot be answered."""
