"""The call engine of the sandbox carrier in a scripted environment: every sandbox number, a hang-up at every moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import twiml
from sandbox.audio_meter import AudioMeter
from sandbox.audio_source import AudioSource
from sandbox.audio_track import Clip, Samples
from sandbox.call_engine import Call
from sandbox.call_environment import OnDocument
from sandbox.call_errors import CallError
from sandbox.callback_forms import Form
from sandbox.legs import Status, TokenIdentity
from sandbox.sandbox_numbers import far_end_of
from sandbox.simulation import SimulationSettings

VOICE, STATUS, ENDED, APP = (
    "http://product/voice?x=1",
    "http://product/status",
    "http://product/ended",
    "http://product/app",
)
ECHO, BUSY, NEVER, FAILS, REMOTE, TONES = (f"+1212555010{last}" for last in "123456")
DIAL = (
    '<Dial callerId="+14155550100" answerOnBridge="{bridge}" timeLimit="{limit}" timeout="30" action="{ended}">'
    '<Number statusCallback="{status}" statusCallbackEvent="initiated ringing answered completed">{to}</Number></Dial>'
)


class ScheduledAction:
    def __init__(self, due: datetime, action: Callable[[], None]) -> None:
        self.due, self.action, self.is_live = due, action, True

    def cancel(self) -> None:
        self.is_live = False


class ScriptedEnvironment:
    """Time moves only by ``pass_time``; requested documents arrive only by ``answer``."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, tzinfo=UTC)
        self.timers: list[ScheduledAction] = []
        self.signals: list[tuple[str, dict[str, object]]] = []
        self.fetches: list[tuple[str, Form, OnDocument]] = []
        self.reports: list[tuple[str, Form]] = []

    def now(self) -> datetime:
        return self.time

    def call_later(self, seconds: float, action: Callable[[], None]) -> ScheduledAction:
        timer = ScheduledAction(self.time + timedelta(seconds=seconds), action)
        self.timers.append(timer)
        return timer

    def send_signal(self, kind: str, payload: dict[str, object]) -> None:
        self.signals.append((kind, payload))

    def fetch_document(self, url: str, form: Form, on_document: OnDocument) -> None:
        self.fetches.append((url, form, on_document))

    def fetch_audio(self, url: str, on_clip: Callable[[Clip | None], None]) -> None:
        pytest.fail("a call from a browser played a file")

    def store_mailbox_recording(self, call_sid: str, samples: Samples) -> str:
        pytest.fail("the far end recorded, which is no mailbox")

    def send_status(self, url: str, form: Form) -> None:
        self.reports.append((url, form))

    def pass_time(self, seconds: float) -> None:
        end = self.time + timedelta(seconds=seconds)
        while due := sorted((t for t in self.timers if t.is_live and t.due <= end), key=lambda t: t.due):
            due[0].is_live = False
            self.time = max(self.time, due[0].due)
            due[0].action()
        self.time = end

    def answer(self, document: str | None) -> None:
        _, _, on_document = self.fetches.pop(0)
        on_document(None if document is None else twiml.parse(f"<Response>{document}</Response>".encode(), VOICE))

    @property
    def child_statuses(self) -> list[str]:
        return [form["CallStatus"] for url, form in self.reports if url == STATUS]

    @property
    def signal_kinds(self) -> list[str]:
        return [kind for kind, _ in self.signals]


class SilentMedia:
    """Audio without sound, which records the sources that were played."""

    answer, codec = "v=0 answer", "PCMU"

    def __init__(self) -> None:
        self.meter = AudioMeter()
        self.played: list[AudioSource] = []
        self.is_closed = False

    def play(self, sound: AudioSource) -> None:
        self.played.append(sound)

    def start_recording(self) -> None: ...

    def take_recording(self) -> Samples | None:
        return None

    def set_packet_loss(self, share: float) -> None:
        pytest.fail("the engine set a packet loss")

    async def renegotiate(self, offer: str) -> str:
        return offer

    def close(self) -> None:
        self.is_closed = True

    async def closed(self) -> None:
        return None


@pytest.fixture
def environment() -> ScriptedEnvironment:
    return ScriptedEnvironment()


@pytest.fixture
def media() -> SilentMedia:
    return SilentMedia()


def make_call(environment: ScriptedEnvironment, to: str = ECHO, *, speed: float = 1.0) -> Call:
    caller = TokenIdentity("w_1", "AC1", "AP1", {"tenant": "7"})
    params = {"To": to, "CallId": "c", "From": "+1900", "tenant": "forged"}
    simulation = SimulationSettings(far_end_of, speed)
    return Call(environment, simulation, caller, temporary_sid="TJS1", params=params, voice_url=VOICE, status_url=APP)


def dial(to: str, *, bridge: str = "true", limit: int = 3600) -> str:
    return DIAL.format(to=to, bridge=bridge, limit=limit, status=STATUS, ended=ENDED)


def place_call(
    environment: ScriptedEnvironment,
    media: SilentMedia,
    to: str,
    *,
    speed: float = 1.0,
    bridge: str = "true",
    limit: int = 3600,
) -> Call:
    call = make_call(environment, to, speed=speed)
    call.start(media)
    environment.answer(dial(to, bridge=bridge, limit=limit))
    return call


def test_the_voice_form_lets_the_page_choose_only_whom_to_call(
    environment: ScriptedEnvironment, media: SilentMedia
) -> None:
    make_call(environment).start(media)
    url, form, _ = environment.fetches[0]
    assert url == VOICE
    assert (form["To"], form["From"], form["CallId"], form["tenant"]) == (ECHO, "client:w_1", "c", "7")
    assert (form["Direction"], form["CallStatus"], form["Called"], form["ApiVersion"]) == (
        "inbound", "ringing", "", "2010-04-01",
    )  # fmt: skip


def test_an_answered_call_rings_echoes_and_counts_its_seconds(
    environment: ScriptedEnvironment, media: SilentMedia
) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(2.3)
    assert environment.signal_kinds == ["ringing", "answer"]
    assert environment.signals[1][1] == {"callsid": call.sid, "sdp": "v=0 answer", "reconnect": call.reattach_token}
    assert media.played == [AudioSource.ECHO]
    environment.pass_time(61.4)
    call.hang_up()
    assert environment.child_statuses == ["initiated", "ringing", "in-progress", "completed"]
    last = environment.reports[3][1]
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("61", "2", "200")
    assert [form["SequenceNumber"] for url, form in environment.reports if url == STATUS] == ["0", "1", "2", "3"]
    assert last["Timestamp"] == "Sun, 22 Nov 2026 00:01:03 +0000"
    assert last["ParentCallSid"] == call.sid != last["CallSid"]
    assert call.parent.status is Status.COMPLETED
    assert media.is_closed
    assert [url for url, _ in environment.reports][-1] == APP


@pytest.mark.parametrize(
    ("to", "status", "sip", "code"),
    [(BUSY, "busy", "486", 31486), (NEVER, "no-answer", "480", 31480), (FAILS, "failed", "404", 31404)],
)
def test_an_unanswered_dial_is_reported_with_its_reason(
    environment: ScriptedEnvironment, media: SilentMedia, to: str, status: str, sip: str, code: int
) -> None:
    call = place_call(environment, media, to)
    environment.pass_time(31)
    url, form, _ = environment.fetches[0]
    assert (url, form["DialCallStatus"], form["DialBridged"]) == (ENDED, status, "false")
    assert "DialCallDuration" not in form
    environment.answer("")
    assert (environment.reports[-2][1]["CallStatus"], environment.reports[-2][1]["SipResponseCode"]) == (status, sip)
    assert environment.reports[-2][1]["CallDuration"] == "0"
    assert "answer" not in environment.signal_kinds
    error = environment.signals[-1][1]["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert call.is_over


@pytest.mark.parametrize(("speed", "waits"), [(1.0, 30.0), (10.0, 3.0)])
def test_speed_divides_the_wait_for_no_answer(
    environment: ScriptedEnvironment, media: SilentMedia, speed: float, waits: float
) -> None:
    place_call(environment, media, NEVER, speed=speed)
    environment.pass_time(waits + 0.3 / speed - 0.01)
    assert environment.child_statuses == ["initiated", "ringing"]
    environment.pass_time(0.02)
    assert environment.child_statuses[-1] == "no-answer"


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, "3"), (3.0, "1")])
def test_the_far_end_hangs_up_and_the_duration_is_what_passed(
    environment: ScriptedEnvironment, media: SilentMedia, speed: float, seconds: str
) -> None:
    call = place_call(environment, media, REMOTE, speed=speed)
    environment.pass_time(10)
    assert environment.reports[-1][1]["CallDuration"] == seconds
    assert environment.fetches[0][1]["DialCallDuration"] == seconds
    environment.answer("")
    assert environment.signals[-1] == ("hangup", {"callsid": call.sid})


def test_the_time_limit_ends_the_dialled_leg_at_any_speed(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    place_call(environment, media, ECHO, speed=10.0, limit=7)
    environment.pass_time(20)
    assert environment.reports[-1][1]["CallDuration"] == "7"


def test_without_answer_on_bridge_the_caller_is_answered_at_once(
    environment: ScriptedEnvironment, media: SilentMedia
) -> None:
    place_call(environment, media, BUSY, bridge="false")
    assert environment.signal_kinds == ["answer"]
    environment.pass_time(1)
    environment.answer("")
    assert environment.signals[-1][0] == "hangup"
    assert "error" not in environment.signals[-1][1]
    assert "ringing" not in environment.signal_kinds


def test_the_tones_number_sends_tones(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    place_call(environment, media, TONES)
    environment.pass_time(3)
    assert media.played == [AudioSource.TONES]


def test_a_hang_up_before_the_document_arrives_creates_no_child(
    environment: ScriptedEnvironment, media: SilentMedia
) -> None:
    call = make_call(environment)
    call.start(media)
    call.hang_up()
    environment.answer(dial(ECHO))
    environment.pass_time(60)
    assert call.child is None
    assert environment.child_statuses == []
    assert environment.signals == [("hangup", {"callsid": "TJS1"})]
    assert media.is_closed


def test_a_hang_up_before_the_audio_is_ready_requests_no_document(
    environment: ScriptedEnvironment, media: SilentMedia
) -> None:
    call = make_call(environment)
    call.hang_up()
    call.start(media)
    assert (environment.fetches, environment.reports, media.is_closed) == ([], [], True)


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.4, 2.2])
def test_a_hang_up_before_the_answer_cancels_the_child(
    environment: ScriptedEnvironment, media: SilentMedia, moment: float
) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(moment)
    call.hang_up()
    environment.pass_time(60)
    assert environment.child_statuses[-1] == "canceled"
    assert environment.child_statuses.count("canceled") == 1
    assert call.parent.status is Status.NO_ANSWER
    assert environment.fetches[0][1]["DialCallStatus"] == "canceled"
    assert "answer" not in environment.signal_kinds


@pytest.mark.parametrize("moment", [0.0, 1.0, 5.0])
def test_the_account_ends_a_call_at_any_moment_once(
    environment: ScriptedEnvironment, media: SilentMedia, moment: float
) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(moment)
    call.complete()
    call.complete()
    call.hang_up()
    environment.pass_time(60)
    assert environment.signal_kinds.count("hangup") == 1
    assert environment.child_statuses[-1] == ("completed" if moment == 5.0 else "canceled")
    assert [url for url, _ in environment.reports].count(APP) == 1


def test_after_the_childs_end_the_action_is_requested(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(5)
    call.complete_child()
    assert not call.is_over
    environment.answer(dial(TONES))
    environment.pass_time(3)
    assert media.played[-1] is AudioSource.TONES


@pytest.mark.parametrize("answered", [True, False])
def test_a_missing_document_ends_the_call_with_a_code(
    environment: ScriptedEnvironment, media: SilentMedia, answered: bool
) -> None:
    if answered:
        place_call(environment, media, REMOTE)
        environment.pass_time(10)
    else:
        make_call(environment).start(media)
    environment.answer(None)
    error = environment.signals[-1][1]["error"]
    assert isinstance(error, dict)
    assert error["code"] == 31000


@pytest.mark.parametrize(("reason", "code"), [('reason="busy"', 31486), ("", 31603)])
def test_a_rejected_call_is_never_answered(
    environment: ScriptedEnvironment, media: SilentMedia, reason: str, code: int
) -> None:
    make_call(environment).start(media)
    environment.answer(f"<Reject {reason}/>")
    assert environment.signals == [("hangup", {"callsid": "TJS1", "error": environment.signals[0][1]["error"]})]
    assert environment.signals[0][1]["error"] in (
        {"code": code, "message": "Busy Here"},
        {"code": code, "message": "Decline"},
    )


def test_say_answers_speaks_and_the_document_continues(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    make_call(environment).start(media)
    environment.answer("<Say>Good day to you</Say><Hangup/>")
    assert (environment.signal_kinds, media.played) == (["answer"], [AudioSource.TONES])
    environment.pass_time(2)
    assert environment.signal_kinds == ["answer", "hangup"]


def test_an_unknown_verb_ends_the_call(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    call = make_call(environment)
    call.start(media)
    environment.answer("<Gather/><Dial>+12125550101</Dial>")
    assert call.is_over
    assert call.child is None


def test_a_lost_socket_ends_the_call_after_the_grace(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(5)
    call.detach(10)
    environment.pass_time(9)
    assert not call.is_over
    environment.pass_time(2)
    assert call.is_over
    assert environment.child_statuses[-1] == "completed"


def test_a_browser_that_comes_back_keeps_its_call(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    call = place_call(environment, media, ECHO)
    environment.pass_time(5)
    call.detach(10)
    environment.pass_time(5)
    call.attach()
    environment.pass_time(60)
    assert not call.is_over
    assert environment.signals[-1] == ("answer", {"callsid": call.sid, "reconnect": call.reattach_token})


def test_digits_are_heard_until_the_end(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    call = place_call(environment, media, ECHO)
    call.add_digits("12#")
    call.hang_up()
    call.add_digits("9")
    assert call.digits == "12#"


def test_an_application_without_a_voice_url_ends_the_call(environment: ScriptedEnvironment, media: SilentMedia) -> None:
    caller = TokenIdentity("w_1", "AC1", "AP1", {})
    simulation = SimulationSettings(far_end_of)
    call = Call(environment, simulation, caller, temporary_sid="T", params={}, voice_url=None, status_url=None)
    call.start(media)
    assert (environment.signal_kinds, call.parent.status) == (["hangup"], Status.FAILED)


def test_a_refused_offer_sends_the_browser_its_error(environment: ScriptedEnvironment) -> None:
    call = make_call(environment)
    call.reject(CallError(31100, "no"))
    assert environment.signals == [("hangup", {"callsid": "TJS1", "error": {"code": 31100, "message": "no"}})]
    assert environment.reports == []
