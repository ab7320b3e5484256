"""Calls from outside that the sandbox forwards to phones and mailboxes, at once or in turn; switches for them."""

import io
import wave
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from support.incoming_calls import CALLER, NUMBER, IncomingCallBench

pytestmark = pytest.mark.anyio
ECHO, BUSY, NEVER, FAILS, HANGS_UP, TONES = (f"+1212555010{last}" for last in "123456")
MAILBOX, ACCEPTS, SILENT = (f"+1212555010{last}" for last in "789")
ASK = '<Gather numDigits="1" timeout="3" action="/accept"><Say>Press one to accept</Say></Gather><Hangup/>'
EVENTS = "initiated ringing answered completed"
TALK: tuple[dict[str, object], ...] = ({"until": "connected"}, {"speak": 2}, {"wait": 1}, {"hang_up": True})


def dial(*numbers: str, ask: bool = True, action: str = "/after", **attributes: str) -> str:
    url = 'url="/ask"' if ask else ""
    nouns = "".join(
        f'<Number {url} statusCallback="/leg" statusCallbackEvent="{EVENTS}">{number}</Number>' for number in numbers
    )
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<Dial callerId="{NUMBER}" answerOnBridge="true" timeout="20" action="{action}"{more}>{nouns}</Dial>'


@pytest.fixture(scope="module")
async def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IncomingCallBench]:
    async with IncomingCallBench.opened(tmp_path_factory.mktemp("sandbox")) as opened:
        yield opened


@pytest.fixture
async def bench(shared_bench: IncomingCallBench) -> IncomingCallBench:
    shared_bench.application.forget()
    shared_bench.application.documents = {"/ask": ASK, "/accept": "", "/after": "<Say>Goodbye</Say>"}
    await shared_bench.client.delete("/sandbox/switches")
    return shared_bench


def leg_to(call: dict[str, Any], number: str) -> dict[str, Any]:
    return next(leg for leg in call["legs"] if leg["to"] == number)


def statuses(bench: IncomingCallBench, number: str) -> list[str]:
    return [form["CallStatus"] for form in bench.application.forms("/leg") if form["To"] == number]


async def test_the_phone_that_presses_1_is_connected_and_both_hear_each_other(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = dial(NEVER, SILENT, ACCEPTS)
    sid = await bench.ring(*TALK)
    call = await bench.ended(sid)
    accepted, caller = leg_to(call, ACCEPTS), call["legs"][0]
    assert (accepted["dtmf"], accepted["status"]) == ("1", "completed")
    assert min(leg[direction] for leg in (accepted, caller) for direction in ("energy_in", "energy_out")) > 0
    assert (leg_to(call, NEVER)["status"], leg_to(call, SILENT)["status"]) == ("canceled", "completed")
    asked = next(form for form in bench.application.forms("/ask") if form["To"] == ACCEPTS)
    expected = {
        "CallSid": accepted["sid"],
        "ParentCallSid": sid,
        "From": NUMBER,
        "Direction": "outbound-dial",
        "CallStatus": "in-progress",
    }
    assert expected.items() <= asked.items()
    assert (await bench.application.form("/accept"))["Digits"] == "1"
    after = await bench.application.form("/after")
    assert {
        "DialCallStatus": "completed",
        "DialCallSid": accepted["sid"],
        "DialBridged": "true",
    }.items() <= after.items()
    assert "DialCallDuration" in after
    assert statuses(bench, ACCEPTS) == ["initiated", "ringing", "in-progress", "completed"]
    assert statuses(bench, NEVER) == ["initiated", "ringing", "canceled"]


async def test_the_caller_rings_until_a_phone_accepts(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = dial(ACCEPTS)
    await bench.ended(await bench.ring(*TALK))
    assert (await bench.application.form("/ask"))["CallStatus"] == "in-progress"
    assert (await bench.application.form("/after"))["CallStatus"] == "completed"
    bench.application.documents["/incoming"] = dial(BUSY)
    await bench.ended(await bench.ring())
    assert (await bench.application.form("/after", 2))["CallStatus"] == "ringing"


@pytest.mark.parametrize(
    ("number", "status", "leg"),
    [
        (BUSY, "busy", "busy"),
        (NEVER, "no-answer", "no-answer"),
        (FAILS, "failed", "failed"),
        (SILENT, "no-answer", "completed"),
    ],
)
async def test_a_phone_that_does_not_accept_is_not_connected(
    bench: IncomingCallBench, number: str, status: str, leg: str
) -> None:
    bench.application.documents["/incoming"] = dial(number)
    call = await bench.ended(await bench.ring())
    after = await bench.application.form("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == (status, "false")
    assert leg_to(call, number)["status"] == leg
    assert call["legs"][0]["verbs"][-1]["text"] == "Goodbye"


async def test_phones_are_called_in_turn_by_the_requests_after_each_dial(bench: IncomingCallBench) -> None:
    documents = bench.application.documents
    documents["/incoming"], documents["/second"] = dial(BUSY, action="/second"), dial(ACCEPTS)
    call = await bench.ended(await bench.ring(*TALK))
    assert [leg["to"] for leg in call["legs"]] == [NUMBER, BUSY, ACCEPTS]
    assert (await bench.application.form("/second"))["DialCallStatus"] == "busy"
    assert (await bench.application.form("/after"))["DialCallStatus"] == "completed"


async def test_without_a_document_of_the_number_the_first_answer_is_connected(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = dial(HANGS_UP, NEVER, ask=False)
    call = await bench.ended(await bench.ring())
    after = await bench.application.form("/after")
    assert (after["DialCallSid"], after["DialCallStatus"]) == (leg_to(call, HANGS_UP)["sid"], "completed")
    assert call["legs"][0]["verbs"][-1]["text"] == "Goodbye"


async def test_a_switch_lets_the_first_answer_end_the_other_phones(bench: IncomingCallBench) -> None:
    await bench.client.put("/sandbox/switches", json={"first_answer_ends_others": True})
    bench.application.documents["/incoming"] = dial(SILENT, NEVER)
    call = await bench.ended(await bench.ring())
    assert leg_to(call, NEVER)["status"] == "canceled"
    assert (await bench.application.form("/after"))["DialBridged"] == "false"


async def test_a_switch_reports_an_unaccepted_dial_as_completed(bench: IncomingCallBench) -> None:
    await bench.client.put("/sandbox/switches", json={"unaccepted_dial_status": "completed"})
    bench.application.documents["/incoming"] = dial(SILENT)
    await bench.ended(await bench.ring())
    after = await bench.application.form("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "false")


async def test_several_switches_are_set_in_one_request(bench: IncomingCallBench) -> None:
    given = {
        "hangup_sid": "parent",
        "no_child": [ECHO],
        "action_first": True,
        "webhook_failure": 31603,
        "recorded_error": True,
        "update_answers_in_progress": True,
        "address_required": ["GB"],
        "area_code_ignored_abroad": True,
    }
    set_now = await bench.client.put("/sandbox/switches", json=given)
    assert set_now.status_code == 200, set_now.text
    assert {name: set_now.json()[name] for name in given} == {**given, "no_child": {ECHO: 13227}}
    for wrong in ({"no_child": [1]}, {"no_child": ECHO}, [ECHO]):
        assert (await bench.client.put("/sandbox/switches", json=wrong)).status_code == 400


@pytest.mark.parametrize("numbers", [{ECHO: 13227}, [ECHO]])
async def test_a_number_that_cannot_be_dialled_makes_no_leg(bench: IncomingCallBench, numbers: Any) -> None:
    await bench.client.put("/sandbox/switches", json={"no_child": numbers})
    bench.application.documents["/incoming"] = dial(ECHO)
    call = await bench.ended(await bench.ring())
    after = await bench.application.form("/after")
    assert (after["DialCallStatus"], after["ErrorCode"]) == ("failed", "13227")
    assert len(call["legs"]) == 1


async def test_a_late_end_of_the_leg_follows_the_request_after_the_dial(bench: IncomingCallBench) -> None:
    await bench.client.put("/sandbox/switches", json={"action_first": True})
    bench.application.documents["/incoming"] = dial(HANGS_UP, ask=False)
    await bench.ended(await bench.ring())
    await bench.application.form("/leg", 4)
    paths = [
        path
        for path, form in bench.application.received
        if "DialCallStatus" in form or form["CallStatus"] == "completed"
    ]
    assert paths[:2] == ["/after", "/leg"]


@pytest.mark.parametrize("moment", [{"wait": 1}, {"until": "connected"}], ids=["while it rings", "when connected"])
async def test_the_caller_hangs_up_and_no_phone_stays(bench: IncomingCallBench, moment: dict[str, object]) -> None:
    bench.application.documents["/incoming"] = dial(ACCEPTS, NEVER)
    call = await bench.ended(await bench.ring(moment, {"hang_up": True}))
    assert all(leg["stage"] == "over" for leg in call["legs"])
    is_answered = "until" in moment
    assert (await bench.application.form("/ended"))["CallStatus"] == ("completed" if is_answered else "no-answer")
    assert (await bench.application.form("/after"))["DialBridged"] == ("true" if is_answered else "false")


async def test_the_account_ends_a_forwarded_leg_by_rest(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = dial(ACCEPTS)
    sid = await bench.ring()
    child = await bench.reached(sid, ACCEPTS, "connected")
    await bench.client.post(f"{bench.rest}/Calls/{child['sid']}.json", data={"Status": "completed"}, auth=bench.auth)
    call = await bench.ended(sid)
    assert call["legs"][0]["verbs"][-1]["text"] == "Goodbye"
    listed = await bench.client.get(f"{bench.rest}/Calls.json", params={"ParentCallSid": sid}, auth=bench.auth)
    assert [leg["direction"] for leg in listed.json()["calls"]] == ["outbound-dial"]


async def test_a_mailbox_records_what_it_hears_after_its_beep(bench: IncomingCallBench) -> None:
    bench.application.documents["/incoming"] = dial(MAILBOX, ask=False)
    sid = await bench.ring({"until": "connected"}, {"wait": 7}, {"speak": 3}, {"wait": 1}, {"hang_up": True})
    call = await bench.ended(sid)
    recording = leg_to(call, MAILBOX)["recording_sid"]
    answer = await bench.client.get(f"/sandbox/recordings/{recording}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(samples) > 500)
    # The mailbox begins to record 5 s after the answer, and the caller speaks from 7 to 10 s. In the recording that is
    # from 2 to 5 s, or at most a second later on a busy machine.
    begin, end = (round(edge / 8000, 1) for edge in (loud[0], loud[-1]))
    assert (2.0 <= begin < 3.0, 3.0 <= end - begin < 4.0) == (True, True), (begin, end)
    assert (await bench.client.get("/sandbox/recordings/RE0")).status_code == 404
    assert call["from"] == CALLER
