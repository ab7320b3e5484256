"""``Media``: interface of the audio of a call from a browser; and the error for SDP offers that cannot be answered."""

from typing import Protocol

from sandbox.audio_meter import AudioMeter
from sandbox.audio_source import AudioSource
from sandbox.audio_track import Samples


class Media(Protocol):
    """The audio of one call. The caller is the person at the browser."""

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

    def start_recording(self) -> None:
        """Record the caller from now on."""
        ...

    def take_recording(self) -> Samples | None:
        """Stop the recording and return it, 8,000 samples a second; None when none was started."""
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
        """Start to close the connection; idempotent."""
        ...

    async def closed(self) -> None:
        """Wait until all resources are free."""
        ...


class BadOfferError(Exception):
    """The browser's session description cannot be answered."""
