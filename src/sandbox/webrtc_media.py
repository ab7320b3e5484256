"""The audio of one call from a browser, over WebRTC with aiortc: plays echo, tones or silence, records and measures.

It also decodes DTMF and drops packets on request. The import takes a second.
"""

import asyncio
import fractions
import random
from collections.abc import Callable
from typing import Any

import aioice.ice
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket
from av import AudioFrame, AudioResampler

from sandbox.audio_meter import AudioMeter
from sandbox.audio_source import AudioSource
from sandbox.audio_track import BEEP_TONE, FAR_END_TONE, SAMPLE_RATE, Samples, energy_of
from sandbox.media_interface import BadOfferError
from sandbox.sdp import (
    DtmfDecoder,
    codec_of,
    telephone_event_type,
    with_telephone_event,
)

FRAME_SAMPLES = SAMPLE_RATE // 50
TIME_BASE = fractions.Fraction(1, SAMPLE_RATE)
MAX_ECHO_SAMPLES = SAMPLE_RATE // 5
"""Samples waiting to be echoed; more would only delay the echo."""
MAX_LAG_SECONDS = 1.0
RTCP_PACKET_TYPES = range(200, 208)
"""The second byte of RTCP packets, which share the transport with the audio."""


_list_ip_addresses_without_loopback = aioice.ice.get_host_addresses


def _list_ip_addresses(*_: object, **__: object) -> list[str]:
    """The IP addresses offered to browsers: loopback, which works without a network, and the machine's others.

    Firefox never uses loopback.
    """
    others: list[str] = _list_ip_addresses_without_loopback(use_ipv4=True, use_ipv6=False)
    return ["127.0.0.1", *others]


aioice.ice.get_host_addresses = _list_ip_addresses


class PeerMedia:
    """A ``Media`` that is one WebRTC peer; made by ``connect``."""

    def __init__(self, on_digit: Callable[[str], None]) -> None:
        self.answer = ""
        self.meter = AudioMeter()
        self._outgoing = _OutgoingTrack(self.meter)
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer.on("track", self._on_track)
        self._dtmf_decoder = DtmfDecoder()
        self._on_digit = on_digit
        self._loss_share = 0.0
        self._recording: list[Samples] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    @property
    def codec(self) -> str:
        return codec_of(self.answer)

    def play(self, source: AudioSource) -> None:
        self._outgoing.source = source

    def start_recording(self) -> None:
        self._recording = []

    def take_recording(self) -> Samples | None:
        recording, self._recording = self._recording, None
        return None if recording is None else np.concatenate([np.zeros(0, np.int16), *recording])

    def set_packet_loss(self, share: float) -> None:
        self._loss_share = share

    async def accept(self, offer: str) -> None:
        """Answer the first offer.

        Raises:
            BadOfferError: it cannot be answered.
        """
        self.answer = await self._negotiate(offer)
        self._intercept_dtmf(telephone_event_type(offer))
        self._intercept_outgoing()

    async def renegotiate(self, offer: str) -> str:
        return await self._negotiate(offer)

    async def _negotiate(self, offer: str) -> str:
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            if not self._peer.getTransceivers():
                raise BadOfferError("no audio was offered")
            if not self.answer:
                self._peer.addTrack(self._outgoing)
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except BadOfferError:
            raise
        except Exception as error:  # aiortc raises many kinds of errors for a description it cannot read
            raise BadOfferError(type(error).__name__) from error
        return with_telephone_event(self._peer.localDescription.sdp, telephone_event_type(offer))

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._outgoing.stop()
            # The receiver of a peer that never connected would wait forever.
            for task in self._tasks:
                task.cancel()
            self._run(self._peer.close())

    async def closed(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._run(self._receive(track))

    async def _receive(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
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
                self.meter.energy_in += energy_of(samples)
                self._outgoing.echo(samples)
                if self._recording is not None:
                    self._recording.append(samples)

    def _intercept_dtmf(self, payload_type: int | None) -> None:
        if payload_type is None:
            return
        transport: Any = self._peer.getSenders()[0].transport
        forward = transport._handle_rtp_data  # noqa: SLF001 - aiortc drops packets of types it has no codec for

        async def intercept(data: bytes, arrival_time_ms: int) -> None:
            if len(data) > 1 and data[1] & 0x7F == payload_type:
                packet = RtpPacket.parse(data)
                digit = self._dtmf_decoder.decode(packet.timestamp, packet.payload)
                if digit:
                    self._on_digit(digit)
            else:
                await forward(data, arrival_time_ms)

        transport._handle_rtp_data = intercept  # noqa: SLF001 - see above

    def _intercept_outgoing(self) -> None:
        transport: Any = self._peer.getSenders()[0].transport
        send = transport._send_rtp  # noqa: SLF001 - aiortc has no other hook between a sender and the network

        async def send_or_drop(data: bytes) -> None:
            is_control = len(data) > 1 and data[1] in RTCP_PACKET_TYPES
            if is_control or random.random() >= self._loss_share:
                await send(data)

        transport._send_rtp = send_or_drop  # noqa: SLF001 - see above

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def connect(offer: str, on_digit: Callable[[str], None]) -> PeerMedia:
    """Answer the browser's ``offer``; ``on_digit`` gets each DTMF digit of the audio stream.

    Raises:
        BadOfferError: the offer cannot be answered.
    """
    media = PeerMedia(on_digit)
    try:
        await media.accept(offer)
    except (Exception, asyncio.CancelledError):
        media.close()
        raise
    return media


class _OutgoingTrack(MediaStreamTrack):
    """The track to the browser: one frame every 20 ms."""

    kind = "audio"

    def __init__(self, meter: AudioMeter) -> None:
        super().__init__()
        self.source = AudioSource.SILENCE
        self._meter = meter
        self._echo: Samples = np.zeros(0, np.int16)
        self._started: float | None = None
        self._sent = 0

    def echo(self, samples: Samples) -> None:
        """Queue the browser's samples for the echo; ignored while another source plays."""
        if self.source is AudioSource.ECHO:
            self._echo = np.concatenate((self._echo, samples))[-MAX_ECHO_SAMPLES:]

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await self._wait_for_next_frame()
        samples = self._next_samples()
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sent
        frame.time_base = TIME_BASE
        self._sent += FRAME_SAMPLES
        self._meter.packets_out += 1
        return frame

    async def _wait_for_next_frame(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._started is None or now - self._started - self._sent / SAMPLE_RATE > MAX_LAG_SECONDS:
            # After a delay the track does not catch up: the browser could not play a burst.
            self._started = now - self._sent / SAMPLE_RATE
        await asyncio.sleep(max(0.0, self._started + self._sent / SAMPLE_RATE - now))

    def _next_samples(self) -> Samples:
        if self.source is AudioSource.TONES or self.source is AudioSource.BEEP:
            tone = FAR_END_TONE if self.source is AudioSource.TONES else BEEP_TONE
            samples = tone.samples(self._sent / SAMPLE_RATE, (self._sent + FRAME_SAMPLES) / SAMPLE_RATE, 0.0)
        elif self.source is AudioSource.ECHO and len(self._echo) >= FRAME_SAMPLES:
            samples, self._echo = self._echo[:FRAME_SAMPLES], self._echo[FRAME_SAMPLES:]
        else:
            return np.zeros(FRAME_SAMPLES, np.int16)
        self._meter.energy_out += energy_of(samples)
        return samples
