"""Legs in the sandbox that the account redirects to another document by REST, such as a voicemail drop."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from anyio import fail_after

from sandbox.audio_meter import AudioMeter
from sandbox.audio_source import AudioSource
from sandbox.audio_track import Samples
from sandbox.legs import TokenIdentity
from support.incoming_calls import NUMBER, WAIT_SECONDS, IncomingCallBench

pytestmark = pytest.mark.anyio
ECHO, MAILBOX, ACCEPTS = "+12125550101", "+12125550107", "+12125550108"
DIAL = (
    f'<Dial callerId="{NUMBER}" answerOnBridge="true" action="/after">'
    '<Number statusCallback="/leg">{to}</Number></Dial>'
)
LEVEL = 0x4000


class HummingMedia:
    """A browser that hums for a second between the mailbox's beep and the voicemail drop."""

    answer, codec = "v=0 answer", "PCMU"

    def __init__(self) -> None:
        self.meter = AudioMeter()
        self.played: list[AudioSource] = []
        self.is_recorded = asyncio.Event()

    def play(self, source: AudioSource) -> None:
        self.played.append(source)

    def start_recording(self) -> None:
        self.is_recorded.set()

    def take_recording(self) -> Samples | None:
        return np.full(8000, 1000, np.int16) if self.is_recorded.is_set() else None

    def set_packet_loss(self, share: float) -> None: ...

    async def renegotiate(self, offer: str) -> str:
        return offer

    def close(self) -> None: ...

    async def closed(self) -> None: ...


class Browser:
    """The browser's end of the signalling."""

    def send(self, kind: str, payload: dict[str, object]) -> None: ...


MEDIA: list[HummingMedia] = []


async def negotiate(_offer: str, _heard: Callable[[str], None]) -> HummingMedia:
    MEDIA.append(HummingMedia())
    return MEDIA[-1]


@pytest.fixture(scope="module")
async def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IncomingCallBench]:
    async with IncomingCallBench.opened(tmp_path_factory.mktemp("sandbox"), negotiate) as opened:
        yield opened


@pytest.fixture
def bench(shared_bench: IncomingCallBench) -> IncomingCallBench:
    shared_bench.application.forget()
    shared_bench.application.documents = {
        "/drop": "<Play>/greeting.wav</Play>",
        "/greeting.wav": wav(2),
        "/after": "<Say>Goodbye</Say>",
        "/leg": "",
    }
    return shared_bench


def wav(seconds: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(LEVEL.to_bytes(2, "little") * (8000 * seconds))
    return file.getvalue()


async def browser_call(bench: IncomingCallBench, to: str) -> str:
    """A call from a browser to ``to``; returns its SID."""
    application = bench.account.twiml_app_sid
    path = f"{bench.rest}/Applications/{application}.json"
    await bench.client.post(path, data={"VoiceUrl": f"{bench.application.url}/outgoing"}, auth=bench.auth)
    bench.application.documents["/outgoing"] = DIAL.format(to=to)
    caller = TokenIdentity("w_1", bench.account.account_sid, application, {})
    registry = bench.sandbox._registry
    registry.start_call(Browser(), caller, temporary_sid="TJS1", params={"To": to}, offer="")
    return registry.calls()[0].sid


async def until(bench: IncomingCallBench, sid: str, **facts: object) -> dict[str, Any]:
    """Wait until the call has these fields; return it."""
    with fail_after(WAIT_SECONDS):
        while True:
            call = await bench.call(sid)
            if facts.items() <= call.items():
                return call


async def test_a_voicemail_drop_is_recorded_by_the_mailbox_and_the_browser_is_free(bench: IncomingCallBench) -> None:
    sid = await browser_call(bench, MAILBOX)
    child = (await until(bench, sid, child_status="in-progress"))["child_sid"]
    with fail_after(WAIT_SECONDS):
        await MEDIA[-1].is_recorded.wait()
    assert MEDIA[-1].played[:3] == [AudioSource.TONES, AudioSource.BEEP, AudioSource.SILENCE]
    answer = await bench.change_leg(child, Url=f"{bench.application.url}/drop", Method="POST")
    assert answer.json()["status"] == "in-progress"
    after = await bench.application.form("/after")
    assert (after["DialCallStatus"], after["DialCallSid"], after["DialBridged"]) == ("completed", child, "true")
    call = await until(bench, sid, child_status="completed", status="completed")
    assert (await bench.application.form("/drop"))["CallSid"] == child
    assert (await bench.application.form("/leg"))["CallStatus"] == "completed"
    assert [verb["verb"] for verb in call["child_verbs"]] == ["Play"]
    audio = await bench.client.get(f"/sandbox/recordings/{call['recording_sid']}")
    with wave.open(io.BytesIO(audio.content)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    # The mailbox heard the browser first, then the greeting, all of it.
    assert set(samples[:8000]) == {1000}
    assert 15_000 < np.count_nonzero(samples == LEVEL) < 16_500


async def test_a_redirected_leg_stays_when_the_browser_hangs_up(bench: IncomingCallBench) -> None:
    bench.application.documents["/after"] = '<Say>Dropped</Say><Pause length="600"/>'
    sid = await browser_call(bench, MAILBOX)
    child = (await until(bench, sid, child_status="in-progress"))["child_sid"]
    await bench.change_leg(child, Twiml='<Response><Pause length="3600"/></Response>')
    await bench.application.form("/after")
    await bench.change_leg(sid, Status="completed")
    assert (await until(bench, sid, status="completed"))["child_status"] == "in-progress"
    await bench.change_leg(child, Twiml="<Response><Say>Hello</Say></Response>")
    call = await until(bench, sid, child_status="completed")
    assert [verb["verb"] for verb in call["child_verbs"]] == ["Pause", "Say"]


async def test_calls_of_both_directions_are_listed_with_the_same_fields(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = DIAL.format(to=ECHO)
    outgoing, incoming = await browser_call(bench, ECHO), await bench.ring()
    await until(bench, outgoing, child_status="in-progress")
    await until(bench, incoming, child_status="in-progress")
    first, second = await bench.call(outgoing), await bench.call(incoming)
    assert set(second) == set(first) - {"child_verbs"}
    for call in (first, second):
        assert [leg["sid"] for leg in call["legs"]] == [call["sid"], call["child_sid"]]
        await bench.change_leg(call["sid"], Status="completed")
    assert (first["direction"], second["direction"], second["params"]) == ("outbound", "inbound", {})


async def test_a_leg_that_is_not_connected_cannot_be_redirected(bench: IncomingCallBench) -> None:
    sid = await browser_call(bench, "+12125550103")
    child = (await until(bench, sid, child_status="ringing"))["child_sid"]
    drop = f"{bench.application.url}/drop"
    for leg in (child, sid):
        assert (await bench.change_leg(leg, Url=drop)).json()["code"] == 21220
    assert (await bench.change_leg(child, Twiml="<Response>")).status_code == 400
    assert (await bench.change_leg("CA" + "0" * 32, Url=drop)).status_code == 404
    await bench.change_leg(sid, Status="completed")


async def test_a_forwarded_leg_leaves_its_dial_for_another_document(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = DIAL.format(to=ECHO)
    sid = await bench.ring()
    child = await bench.reached(sid, ECHO, "connected")
    bench.application.documents["/after"] = '<Say>Please wait</Say><Pause length="600"/>'
    await bench.change_leg(child["sid"], Url=f"{bench.application.url}/drop")
    assert (await bench.application.form("/after"))["DialBridged"] == "true"
    assert (await bench.application.form("/leg"))["CallStatus"] == "completed"
    [caller, phone] = (await bench.call(sid))["legs"]
    assert ([verb["verb"] for verb in phone["verbs"]], phone["stage"]) == (["Play"], "over")
    assert caller["stage"] == "answered"
    await bench.change_leg(sid, Twiml="<Response><Say>Thank you</Say></Response>")
    assert (await bench.ended(sid))["legs"][0]["verbs"][-1]["text"] == "Thank you"


async def test_the_callers_leg_leaves_its_dial_which_ends_the_phone(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = DIAL.format(to=ACCEPTS)
    sid = await bench.ring()
    await bench.reached(sid, ACCEPTS, "connected")
    await bench.change_leg(sid, Twiml="<Response><Say>Thank you</Say></Response>")
    call = await bench.ended(sid)
    assert call["legs"][0]["verbs"][-1]["text"] == "Thank you"
    assert call["legs"][1]["stage"] == "over"
    assert bench.application.forms("/after") == []
