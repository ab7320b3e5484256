"""Audio over WebRTC by aiortc: echo, tones or silence, heard and measured. Slow to import (about a second)."""

import asyncio
import fractions
import random
from collections.abc import Callable
from typing import Any

import aioice.ice
import numpy as np
import numpy.typing as npt
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from av import AudioFrame, AudioResampler

from sandbox.audio_source import BadOfferError, Meter, Sound
from sandbox.sdp import (
    Keypad,
    codec_of,
    telephone_event_type,
    with_telephone_event,
)

RATE = 8000
"""Samples a second inside the sandbox, as in the telephone network, whatever the codec of the browser."""
FRAME = RATE // 50
TIME_BASE = fractions.Fraction(1, RATE)
ECHO_LIMIT = RATE // 5
"""Samples that may wait to be echoed; more would only make the echo late."""
TONE_HERTZ = (440.0, 660.0)
TONE_LEVEL = 0.25
LATE_SECONDS = 1.0
CONTROL_TYPES = range(200, 208)
"""The second byte of RTCP packets, which share the way with the audio's."""

Samples = npt.NDArray[np.int16]


def _loopback_only(*_: object, **__: object) -> list[str]:
    """The addresses offered to browsers; aioice by itself leaves loopback out and offers all others."""
    return ["127.0.0.1"]


aioice.ice.get_host_addresses = _loopback_only


class PeerMedia:
    """A ``Media`` that is one WebRTC peer; made by ``connect``."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        self.answer = ""
        self.meter = Meter()
        self._speaker = _Speaker(self.meter)
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("track", self._listen)
        self._keypad = Keypad()
        self._heard = heard
        self._lost_share = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    @property
    def codec(self) -> str:
        return codec_of(self.answer)

    def play(self, sound: Sound) -> None:
        self._speaker.sound = sound

    def lose(self, share: float) -> None:
        self._lost_share = share

    async def accept(self, offer: str) -> None:
        """Answer the first offer.

        Raises:
            BadOfferError: it cannot be answered.
        """
        self.answer = await self._negotiate(offer)
        self._intercept_keypad(telephone_event_type(offer))
        self._lay_a_bad_line()

    async def renegotiate(self, offer: str) -> str:
        return await self._negotiate(offer)

    async def _negotiate(self, offer: str) -> str:
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            if not self._peer.getTransceivers():
                raise BadOfferError("no audio was offered")
            if not self.answer:
                self._peer.addTrack(self._speaker)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except BadOfferError:
            raise
        except Exception as error:  # aiortc answers a description it cannot read with whatever breaks first
            raise BadOfferError(type(error).__name__) from error
        return with_telephone_event(self._peer.localDescription.sdp, telephone_event_type(offer))

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._speaker.stop()
            # A peer that never connected would leave its listener waiting for ever.
            for task in self._tasks:
                task.cancel()
            self._run(self._peer.close())

    async def closed(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listen(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._run(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, AudioFrame):
                continue
            self.meter.packets_in += 1
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray().reshape(-1).astype(np.int16, copy=False)
                self.meter.energy_in += _energy(samples)
                self._speaker.feed(samples)

    def _intercept_keypad(self, payload_type: int | None) -> None:
        if payload_type is None:
            return
        transport: Any = self._peer.getSenders()[0].transport
        forward = transport._handle_rtp_data  # noqa: SLF001 - aiortc drops packets of types it has no codec for

        async def intercept(data: bytes, arrival_time_ms: int) -> None:
            if len(data) > 1 and data[1] & 0x7F == payload_type:
                packet = RtpPacket.parse(data)
                digit = self._keypad.press(packet.timestamp, packet.payload)
                if digit:
                    self._heard(digit)
            else:
                await forward(data, arrival_time_ms)

        transport._handle_rtp_data = intercept  # noqa: SLF001 - see above

    def _lay_a_bad_line(self) -> None:
        transport: Any = self._peer.getSenders()[0].transport
        send = transport._send_rtp  # noqa: SLF001 - aiortc has no other place between a sender and the network

        async def send_or_lose(data: bytes) -> None:
            is_control = len(data) > 1 and data[1] in CONTROL_TYPES
            if is_control or random.random() >= self._lost_share:
                await send(data)

        transport._send_rtp = send_or_lose  # noqa: SLF001 - see above

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def connect(offer: str, heard: Callable[[str], None]) -> PeerMedia:
    """Answer the browser's ``offer``; ``heard`` gets each digit of its keypad that arrives in the audio stream.

    Raises:
        BadOfferError: the offer cannot be answered.
    """
    media = PeerMedia(heard)
    try:
        await media.accept(offer)
    except BaseException:
        media.close()
        raise
    return media


class _Speaker(MediaStreamTrack):
    """The track towards the browser: a frame every 20 ms, whatever is played."""

    kind = "audio"

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self.sound = Sound.SILENCE
        self._meter = meter
        self._echo: Samples = np.zeros(0, np.int16)
        self._started: float | None = None
        self._sent = 0

    def feed(self, samples: Samples) -> None:
        """Take what the caller said; only an echo uses it."""
        if self.sound is Sound.ECHO:
            self._echo = np.concatenate((self._echo, samples))[-ECHO_LIMIT:]

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await self._keep_time()
        samples = self._next()
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._sent
        frame.time_base = TIME_BASE
        self._sent += FRAME
        self._meter.packets_out += 1
        return frame

    async def _keep_time(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._started is None or now - self._started - self._sent / RATE > LATE_SECONDS:
            # A process that was held up does not catch up: the browser could not play a burst either.
            self._started = now - self._sent / RATE
        await asyncio.sleep(max(0.0, self._started + self._sent / RATE - now))

    def _next(self) -> Samples:
        if self.sound is Sound.TONES:
            samples = _tone(self._sent)
        elif self.sound is Sound.ECHO and len(self._echo) >= FRAME:
            samples, self._echo = self._echo[:FRAME], self._echo[FRAME:]
        else:
            return np.zeros(FRAME, np.int16)
        self._meter.energy_out += _energy(samples)
        return samples


def _tone(start: int) -> Samples:
    seconds = (np.arange(FRAME) + start) / RATE
    wave = sum(np.sin(2 * np.pi * hertz * seconds) for hertz in TONE_HERTZ)
    return np.asarray(wave * TONE_LEVEL * 32767 / len(TONE_HERTZ), np.int16)


def _energy(samples: Samples) -> float:
    scaled = samples.astype(np.float32) / 32768
    return float(np.dot(scaled, scaled)) / RATE
