"""Calls from outside to a number of the sandbox: its documents, keys, ends and callbacks."""

import io
import wave
from collections.abc import AsyncIterator

import pytest

from support.incoming_calls import CALLER, NUMBER, IncomingCallBench

pytestmark = pytest.mark.anyio
HANG_UP: dict[str, object] = {"hang_up": True}


@pytest.fixture(scope="module")
async def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IncomingCallBench]:
    async with IncomingCallBench.opened(tmp_path_factory.mktemp("sandbox")) as opened:
        yield opened


@pytest.fixture
def bench(shared_bench: IncomingCallBench) -> IncomingCallBench:
    shared_bench.application.forget()
    return shared_bench


def wav(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(b"\x00\x40" * int(16_000 * seconds))
    return file.getvalue()


def verbs(call: dict[str, list[dict[str, list[dict[str, object]]]]]) -> list[dict[str, object]]:
    return call["legs"][0]["verbs"]


async def test_a_number_keeps_its_callbacks_and_changes_them(bench: IncomingCallBench) -> None:
    listed = await bench.client.get(f"{bench.rest}/IncomingPhoneNumbers.json", auth=bench.auth)
    [number] = [row for row in listed.json()["incoming_phone_numbers"] if row["phone_number"] == NUMBER]
    names = ("voice_url", "voice_fallback_url", "status_callback")
    assert [number[name].removeprefix(bench.application.url) for name in names] == ["/incoming", "/fallback", "/ended"]
    path = f"{bench.rest}/IncomingPhoneNumbers/{(await bench.buy('+14155550102'))['sid']}.json"
    changed = await bench.client.post(path, data={"VoiceFallbackUrl": "", "StatusCallback": "x"}, auth=bench.auth)
    assert [changed.json()[name] for name in names[1:]] == [None, "x"]
    assert changed.json()["voice_url"] == number["voice_url"]


async def test_a_call_hears_its_document_and_the_end_is_reported(bench: IncomingCallBench) -> None:
    bench.application.documents = {
        "/incoming": '<Say language="de-DE">Guten Tag</Say><Play>/hello.wav</Play><Pause length="2"/>'
        "<Redirect>/more</Redirect>",
        "/hello.wav": wav(1.5),
        "/more": "<Say>Goodbye</Say>",
    }
    sid = await bench.ring(stir_verstat="TN-Validation-Passed-A")
    call = await bench.ended(sid)
    assert verbs(call) == [
        {"verb": "Say", "text": "Guten Tag", "language": "de-DE"},
        {"verb": "Play", "url": f"{bench.application.url}/hello.wav", "seconds": 1.5},
        {"verb": "Pause", "seconds": 2},
        {"verb": "Redirect", "url": f"{bench.application.url}/more"},
        {"verb": "Say", "text": "Goodbye", "language": ""},
    ]
    assert (call["direction"], call["status"], call["from"], call["to"]) == ("inbound", "completed", CALLER, NUMBER)
    assert call["legs"][0]["energy_out"] > 0
    first, ended = await bench.application.form("/incoming"), await bench.application.form("/ended")
    expected = {
        "CallSid": sid,
        "AccountSid": bench.account.account_sid,
        "ApiVersion": "2010-04-01",
        "From": CALLER,
        "Caller": CALLER,
        "To": NUMBER,
        "Called": NUMBER,
        "Direction": "inbound",
        "StirVerstat": "TN-Validation-Passed-A",
    }
    assert first == {**expected, "CallStatus": "ringing"}
    assert (await bench.application.form("/more"))["CallStatus"] == "in-progress"
    assert expected.items() <= ended.items()
    assert ended["CallStatus"] == "completed"
    assert {"CallDuration", "Duration", "Timestamp", "SequenceNumber", "CallbackSource"} <= set(ended)
    leg = (await bench.client.get(f"{bench.rest}/Calls/{sid}.json", auth=bench.auth)).json()
    assert (leg["direction"], leg["status"], leg["parent_call_sid"]) == ("inbound", "completed", None)


MENU = '<Gather numDigits="{digits}" timeout="3" action="/key"><Say>Press nine</Say></Gather><Say>Nothing came</Say>'


@pytest.mark.parametrize(
    ("digits", "pressed", "form"),
    [
        (1, "9", {"Digits": "9", "FinishedOnKey": ""}),
        (4, "12", {"Digits": "12", "FinishedOnKey": ""}),
        (4, "#12#", {"Digits": "12", "FinishedOnKey": "#"}),
    ],
    ids=["enough", "silence after them", "the finishing key, which ends nothing before a digit"],
)
async def test_gathered_keys_are_sent(
    bench: IncomingCallBench, digits: int, pressed: str, form: dict[str, str]
) -> None:
    bench.application.documents = {"/incoming": MENU.format(digits=digits), "/key": "<Say>Thank you</Say>"}
    call = await bench.ended(await bench.ring({"until": "gather"}, {"press": pressed}))
    assert form.items() <= (await bench.application.form("/key")).items()
    said = [verb.get("text") for verb in verbs(call) if verb["verb"] == "Say"]
    assert said == ["Press nine", "Thank you"]
    assert call["dtmf"] == pressed


async def test_no_key_continues_the_document_unless_the_empty_result_is_asked_for(bench: IncomingCallBench) -> None:
    documents = bench.application.documents = {"/incoming": MENU.format(digits=1), "/key": ""}
    call = await bench.ended(await bench.ring())
    assert verbs(call)[-1]["text"] == "Nothing came"
    assert bench.application.forms("/key") == []
    documents["/incoming"] = MENU.format(digits=1).replace("timeout", 'actionOnEmptyResult="true" timeout')
    await bench.ended(await bench.ring())
    assert (await bench.application.form("/key"))["Digits"] == ""


@pytest.mark.parametrize(
    ("script", "status"),
    [([HANG_UP], "no-answer"), ([{"until": "gather"}, HANG_UP], "completed"), ([{"wait": 1}, HANG_UP], "completed")],
    ids=["while it rings", "during the menu", "after a second"],
)
async def test_the_caller_may_hang_up_at_any_step(
    bench: IncomingCallBench, script: list[dict[str, object]], status: str
) -> None:
    bench.application.documents = {"/incoming": '<Gather timeout="600"><Say>Wait</Say></Gather>'}
    call = await bench.ended(await bench.ring(*script))
    assert (await bench.application.form("/ended"))["CallStatus"] == call["status"] == status
    assert bench.application.forms("/incoming")


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ("<Reject/>", "no-answer"),
        ('<Reject reason="busy"/>', "busy"),
        ("<Hangup/>", "completed"),
        ("", "completed"),
        ("<Say>Hello</Say><Reject/>", "completed"),
    ],
)
async def test_a_document_may_end_the_call(bench: IncomingCallBench, document: str, status: str) -> None:
    bench.application.documents = {"/incoming": document}
    await bench.ended(await bench.ring())
    assert (await bench.application.form("/ended"))["CallStatus"] == status


async def test_the_fallback_answers_when_the_voice_url_does_not(bench: IncomingCallBench) -> None:
    bench.application.documents = {"/fallback": "<Say>Please call again later</Say>"}
    call = await bench.ended(await bench.ring())
    assert [verb.get("text") for verb in verbs(call)] == ["Please call again later"]
    form = await bench.application.form("/fallback")
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{bench.application.url}/incoming")


async def test_without_any_document_the_caller_hears_a_recorded_error(bench: IncomingCallBench) -> None:
    call = await bench.ended(await bench.ring())
    [said] = verbs(call)
    assert "application error" in str(said["text"])


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", "+86282452253", "+7378742833", ""])
async def test_the_carriers_value_for_a_withheld_caller_is_passed_on(bench: IncomingCallBench, caller: str) -> None:
    bench.application.documents = {"/incoming": "<Reject/>"}
    await bench.ended(await bench.ring(from_=caller))
    assert (await bench.application.form("/incoming"))["From"] == caller


async def test_the_account_ends_a_call_by_rest(bench: IncomingCallBench) -> None:
    bench.application.documents = {"/incoming": '<Pause length="600"/>'}
    sid = await bench.ring()
    await bench.application.form("/incoming")
    answer = await bench.client.post(f"{bench.rest}/Calls/{sid}.json", data={"Status": "completed"}, auth=bench.auth)
    assert answer.json()["status"] == "canceled"
    assert (await bench.application.form("/ended"))["CallStatus"] == "canceled"


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"from": CALLER}, "to"),
        ({"from": CALLER, "to": "+14155550199"}, "not a number of the account"),
        ({"from": CALLER, "to": NUMBER, "script": [{"sing": 1}]}, "sing"),
        ({"from": CALLER, "to": NUMBER, "script": [{}]}, "exactly one"),
        ({"from": CALLER, "to": NUMBER, "script": [{"wait": 1, "press": "1"}]}, "exactly one"),
        ({"from": CALLER, "to": NUMBER, "script": [{"press": "x"}]}, "the keys are"),
        ({"from": CALLER, "to": NUMBER, "script": [{"wait": -1}]}, "0 to"),
        ({"from": "1" * 65, "to": NUMBER}, "characters"),
    ],
)
async def test_a_call_that_cannot_be_made_says_why(
    bench: IncomingCallBench, wanted: dict[str, object], reason: str
) -> None:
    answer = await bench.client.post("/sandbox/incoming-calls", json=wanted)
    assert answer.status_code == 400
    assert reason in answer.json()["message"]


async def test_a_number_without_a_voice_url_is_not_called(bench: IncomingCallBench) -> None:
    await bench.client.post(
        f"{bench.rest}/IncomingPhoneNumbers.json", data={"PhoneNumber": "+14155550101"}, auth=bench.auth
    )
    answer = await bench.client.post("/sandbox/incoming-calls", json={"from": CALLER, "to": "+14155550101"})
    assert (answer.status_code, "VoiceUrl" in answer.json()["message"]) == (400, True)


async def test_pages_of_other_sites_cannot_call(bench: IncomingCallBench) -> None:
    wanted = {"from": CALLER, "to": NUMBER}
    headers = {"Origin": "https://example.com"}
    answer = await bench.client.post("/sandbox/incoming-calls", json=wanted, headers=headers)
    assert answer.status_code == 403
