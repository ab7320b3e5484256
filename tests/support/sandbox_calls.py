"""Makes calls and numbers in a sandbox carrier in the test's own process. The calls are answered and silent."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import numpy as np

from carrier.account import AccountAdmin, ApplicationUrls
from kit.clock import utc_now
from kit.settings import Settings
from sandbox.app import SandboxCarrier
from sandbox.audio_meter import AudioMeter
from sandbox.audio_source import AudioSource
from sandbox.audio_track import Samples
from sandbox.call_engine import Call
from sandbox.legs import TokenIdentity
from support.port_cases import AccountResources

ANSWER_SECONDS = 30
URL = "https://phone.example/voice/usage-alert"
DOCUMENT = b'<Response><Dial callerId="+14155550100" answerOnBridge="true">+12125550147</Dial></Response>'


class _SilentMedia:
    """The media of a call without audio."""

    answer, codec = "v=0 answer", "PCMU"

    def __init__(self) -> None:
        self.meter = AudioMeter()

    def play(self, sound: AudioSource) -> None: ...

    def start_recording(self) -> None: ...

    def take_recording(self) -> Samples | None:
        return None

    def set_packet_loss(self, share: float) -> None: ...

    async def renegotiate(self, offer: str) -> str:
        return offer

    def close(self) -> None: ...

    async def closed(self) -> None: ...


class _Browser:
    """The browser's side of the signalling of one call."""

    def __init__(self) -> None:
        self.is_answered = asyncio.Event()

    def send(self, kind: str, payload: dict[str, object]) -> None:
        if kind == "answer":
            self.is_answered.set()


class SandboxCalls:
    """Makes calls and numbers in a sandbox."""

    def __init__(self, settings: Settings, document_url: str) -> None:
        self.sandbox = SandboxCarrier(settings, negotiate=_negotiate)
        self._registry = self.sandbox._registry
        self._caller = TokenIdentity("w_1", settings.twilio.account_sid, settings.twilio.twiml_app_sid, {})
        self._api_key = settings.twilio.api_key_sid
        self._document_url = document_url
        self._suffixes = itertools.count(100)

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator["SandboxCalls"]:
        """Start the sandbox, and a server with the document for its calls."""
        async with await asyncio.start_server(_send_document, "127.0.0.1", 0) as server:
            calls = cls(settings, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            yield calls
            await calls.sandbox.close()

    async def prepare(self, carrier: AccountAdmin) -> AccountResources:
        """Make a number, a call in progress and an ended one; ``carrier`` is an adapter for this sandbox."""
        urls = ApplicationUrls(voice=self._document_url, fallback="", status="")
        await carrier.update_application(self._caller.application_sid, "Epoch Voice", urls)
        own, for_sale = (f"+14155550{next(self._suffixes)}" for _ in range(2))
        bought = await carrier.buy_number(own, friendly_name="pn:0123456789ab:0")
        ended = await self._place()
        ended.complete()
        live = await self._place()
        silence = np.zeros(8000, dtype=np.int16)
        recording = self.sandbox._recordings.add(ended.sid, silence, begun=utc_now(), source="RecordVerb")
        transcriptions = self.sandbox._recordings.transcriptions
        written = transcriptions.begin(recording.sid, seconds=recording.seconds, at=utc_now())
        transcriptions.end(written, "Please call me back.")
        application, trigger = self._caller.application_sid, await carrier.create_usage_trigger("x", Decimal(50), URL)
        day = utc_now().date()
        return AccountResources(
            bought.sid,
            live_call=live.sid,
            ended_call=ended.sid,
            application=application,
            usage_trigger=trigger.sid,
            api_key=self._api_key,
            own_number=own,
            recording=recording.sid,
            transcription=written.sid,
            number_for_sale=for_sale,
            day=day,
        )

    async def _place(self) -> Call:
        """A call that is in progress."""
        before, browser = {call.sid for call in self._registry.calls()}, _Browser()
        params = {"To": "+12125550147"}
        self._registry.start_call(browser, self._caller, temporary_sid="TJS", params=params, offer="")
        [call] = [call for call in self._registry.calls() if call.sid not in before]
        await asyncio.wait_for(browser.is_answered.wait(), ANSWER_SECONDS)
        return call


async def _negotiate(_offer: str, _heard: Callable[[str], None]) -> _SilentMedia:
    return _SilentMedia()


async def _send_document(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(DOCUMENT)}\r\nConnection: close"
        writer.write(head.encode() + b"\r\n\r\n" + DOCUMENT)
        await writer.drain()
