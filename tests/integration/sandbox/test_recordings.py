"""Recordings of calls from outside in the sandbox: what ends them, their callbacks, their audio by REST."""

import io
import wave
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from anyio import fail_after

from support.incoming_calls import WAIT_SECONDS, IncomingCallBench

pytestmark = pytest.mark.anyio
Script = list[dict[str, object]]
SPEAK: Script = [{"until": "record"}, {"wait": 1}, {"speak": 3}]
RECORD = '<Record action="/recorded" timeout="4" maxLength="{longest}" finishOnKey="#" trim="{trim}" {more}/>'
REPORTED = 'recordingStatusCallback="/recording" recordingStatusCallbackEvent="completed absent"'


def record(*, longest: int = 60, trim: str = "do-not-trim", more: str = REPORTED) -> str:
    return (
        f"<Say>Speak after the beep</Say>{RECORD.format(longest=longest, trim=trim, more=more)}<Say>Nothing said</Say>"
    )


@pytest.fixture(scope="module")
async def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IncomingCallBench]:
    async with IncomingCallBench.opened(tmp_path_factory.mktemp("sandbox")) as opened:
        yield opened


@pytest.fixture
async def bench(shared_bench: IncomingCallBench) -> IncomingCallBench:
    shared_bench.application.forget()
    shared_bench.application.documents = {"/incoming": record(), "/recorded": "<Say>Goodbye</Say>", "/recording": ""}
    await shared_bench.client.delete("/sandbox/switches")
    return shared_bench


def last_said(call: dict[str, Any]) -> object:
    return [verb["text"] for verb in call["legs"][0]["verbs"] if verb["verb"] == "Say"][-1]


async def get(bench: IncomingCallBench, path: str, **headers: str) -> Any:
    return await bench.client.get(f"{bench.rest}/{path}", auth=bench.auth, headers=headers)


@pytest.mark.parametrize(
    ("longest", "script", "digits"),
    [
        (60, [*SPEAK, {"press": "#"}, {"wait": 60}], "#"),
        (60, [*SPEAK, {"wait": 60}], ""),
        (2, [{"until": "record"}, {"speak": 60}], ""),
        (60, [*SPEAK, {"hang_up": True}], "hangup"),
    ],
    ids=["key", "silence", "length", "hang-up"],
)
async def test_a_recording_ends_and_is_reported(
    bench: IncomingCallBench, longest: int, script: Script, digits: str
) -> None:
    bench.application.documents["/incoming"] = record(longest=longest)
    sid = await bench.ring(*script)
    call = await bench.ended(sid)
    form, recorded = await bench.application.form("/recording"), await bench.application.form("/recorded")
    assert (recorded["CallSid"], recorded["Digits"]) == (sid, digits)
    names = ("RecordingSid", "RecordingUrl", "RecordingDuration")
    assert [form[name] for name in names] == [recorded[name] for name in names]
    assert form["RecordingUrl"].endswith(f"/Recordings/{form['RecordingSid']}")
    expected = {"CallSid": sid, "AccountSid": bench.account.account_sid, "RecordingStatus": "completed"}
    assert {**expected, "RecordingSource": "RecordVerb", "RecordingChannels": "1"}.items() <= form.items()
    assert "RecordingStartTime" in form
    assert call["legs"][0]["recording_sid"] == form["RecordingSid"]
    assert last_said(call) == ("Speak after the beep" if digits == "hangup" else "Goodbye")


# The time that a busy machine lets pass before the key counts too, unless silence is trimmed.
@pytest.mark.parametrize(("trim", "shortest", "longest"), [("do-not-trim", 4.0, 5.0), ("trim-silence", 3.0, 3.0)])
async def test_the_recordings_sound_is_what_the_caller_said(
    bench: IncomingCallBench, trim: str, shortest: float, longest: float
) -> None:
    bench.application.documents["/incoming"] = record(trim=trim)
    await bench.ended(await bench.ring(*SPEAK, {"press": "#"}))
    form = await bench.application.form("/recording")
    answer = await get(bench, f"Recordings/{form['RecordingSid']}.wav")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/x-wav")
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert shortest <= round(len(samples) / 8000, 2) <= longest
    spectrum = np.abs(np.fft.rfft(samples))
    loudest = np.argsort(spectrum)[-1] * 8000 / len(samples)
    assert min(abs(loudest - hertz) for hertz in (300, 500)) < 5


async def test_silence_makes_no_recording_and_the_document_continues(bench: IncomingCallBench) -> None:
    call = await bench.ended(await bench.ring())
    assert last_said(call) == "Nothing said"
    assert (await bench.application.form("/recording"))["RecordingStatus"] == "absent"
    assert bench.application.forms("/recorded") == []


async def test_recordings_are_listed_shown_read_in_parts_and_deleted(bench: IncomingCallBench) -> None:
    sid = await bench.ring(*SPEAK, {"hang_up": True})
    recording = (await bench.application.form("/recording"))["RecordingSid"]
    for path in ("Recordings.json", f"Recordings.json?CallSid={sid}", f"Calls/{sid}/Recordings.json"):
        listed = (await get(bench, path)).json()["recordings"]
        assert [row["sid"] for row in listed][:1] == [recording]
    shown = (await get(bench, f"Recordings/{recording}.json")).json()
    assert (shown["call_sid"], shown["status"], shown["source"]) == (sid, "completed", "RecordVerb")
    path = f"Recordings/{recording}.wav"
    whole, part = await get(bench, path), await get(bench, path, Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert (await bench.client.get(f"{bench.rest}/{path}")).status_code == 401
    assert (await bench.client.get(f"/sandbox/recordings/{recording}")).content == whole.content
    gone = await bench.client.delete(f"{bench.rest}/Recordings/{recording}.json", auth=bench.auth)
    assert gone.status_code == 204
    again = await bench.client.delete(f"{bench.rest}/Recordings/{recording}.json", auth=bench.auth)
    assert again.status_code == (await get(bench, path)).status_code == 404


async def test_switches_double_delay_and_lose_the_callbacks(bench: IncomingCallBench) -> None:
    script: Script = [*SPEAK, {"press": "#"}]
    await bench.client.put("/sandbox/switches", json={"recording_reports_doubled": True})
    await bench.ended(await bench.ring(*script))
    first = await bench.application.form("/recording", 2)
    assert bench.application.forms("/recording") == [first, first]
    await bench.client.put("/sandbox/switches", json={"recording_report_delay_seconds": 3600})
    await bench.ended(await bench.ring(*script))
    await bench.application.form("/ended", 2)
    assert bench.application.forms("/recording") == [first, first]
    await bench.client.put("/sandbox/switches", json={"recording_reports_lost": True})
    sid = await bench.ring(*script)
    await bench.ended(sid)
    await bench.application.form("/ended", 3)
    assert bench.application.forms("/recording") == [first, first]
    assert len((await get(bench, f"Calls/{sid}/Recordings.json")).json()["recordings"]) == 1


TRANSCRIBED = 'transcribe="true" transcribeCallback="/text"'


async def transcriptions(bench: IncomingCallBench, recording: str) -> list[dict[str, Any]]:
    listed = await get(bench, f"Recordings/{recording}/Transcriptions.json")
    return [dict(row) for row in listed.json()["transcriptions"]]


async def test_a_requested_transcription_is_sent(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = record(more=f"{REPORTED} {TRANSCRIBED}")
    sid = await bench.ring(*SPEAK, {"press": "#"})
    recording = (await bench.application.form("/recording"))["RecordingSid"]
    form = await bench.application.form("/text")
    assert (form["CallSid"], form["TranscriptionStatus"], form["TranscriptionType"]) == (sid, "completed", "fast")
    assert "spoke" in form["TranscriptionText"]
    assert form["RecordingSid"] == recording
    assert recording in form["TranscriptionUrl"]
    [row] = await transcriptions(bench, recording)
    assert (row["sid"], row["status"]) == (form["TranscriptionSid"], "completed")
    assert (row["transcription_text"], row["price"]) == (form["TranscriptionText"], -0.05)
    one = f"{bench.rest}/Transcriptions/{row['sid']}.json"
    assert (await bench.client.delete(one, auth=bench.auth)).status_code == 204
    assert (await bench.client.delete(one, auth=bench.auth)).status_code == 404
    assert await transcriptions(bench, recording) == []


@pytest.mark.parametrize("seconds", [1, 120], ids=["too short", "too long"])
async def test_a_recording_of_another_length_is_not_transcribed(bench: IncomingCallBench, seconds: int) -> None:
    bench.application.documents["/incoming"] = record(longest=seconds, more=f"{REPORTED} {TRANSCRIBED}")
    await bench.ring({"until": "record"}, {"speak": 200})
    form = await bench.application.form("/text")
    assert (form["TranscriptionStatus"], form["TranscriptionText"]) == ("failed", "")
    [row] = await transcriptions(bench, form["RecordingSid"])
    assert (row["status"], row["price"]) == ("failed", None)
    assert (await get(bench, f"Recordings/{form['RecordingSid']}.wav")).status_code == 200


async def test_switches_change_the_end_of_a_transcription_and_its_callbacks(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = record(more=f"{REPORTED} {TRANSCRIBED}")
    script: Script = [*SPEAK, {"press": "#"}]

    async def recorded(count: int, **switches: object) -> str:
        await bench.client.put("/sandbox/switches", json=switches)
        await bench.ended(await bench.ring(*script))
        return (await bench.application.form("/recording", count))["RecordingSid"]

    await recorded(1, transcription_reports_doubled=True)
    first = await bench.application.form("/text", 2)
    assert bench.application.forms("/text") == [first, first]
    failed = await recorded(2, transcription_failed=True)
    assert (await bench.application.form("/text", 3))["TranscriptionStatus"] == "failed"
    assert [row["status"] for row in await transcriptions(bench, failed)] == ["failed"]
    running = await recorded(3, transcription_seconds=100_000)
    assert [row["status"] for row in await transcriptions(bench, running)] == ["in-progress"]
    assert await transcriptions(bench, await recorded(4, transcriptions_unavailable=True)) == []
    silent = [await recorded(5, transcription_reports_lost=True)]
    silent.append(await recorded(6, transcription_report_delay_seconds=3600))
    for recording in silent:
        with fail_after(WAIT_SECONDS):
            while [row["status"] for row in await transcriptions(bench, recording)] != ["completed"]:
                pass
    assert len(bench.application.forms("/text")) == 3
