"""The call flow of an incoming call: the next steps (say, gather, forward, record) of caller and phones. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from calls.greetings.audio_urls import AudioUrls
from calls.incoming.answer_settings import AnswerSettings, ForwardMode, is_open
from calls.incoming.call_state import NOT_FORWARDED, OUTSIDE_HOURS, TRANSCRIPTION_ASKED, VOICEMAIL_OFFERED
from calls.incoming.prompts import DEFAULT_LANGUAGE, Prompts, prompts_in
from calls.incoming.rules import ForwardRules, may_forward
from calls.incoming.transcripts import is_transcribable_language
from carrier.call_steps import CallStep, Forward, Gather, HangUp, Play, Record, Redirect, Say

UNCONFIGURED = AnswerSettings(voicemail=False)
"""The settings of an organization that has not saved any."""
BLOCK_KEY, ACCEPT_KEY, END_KEY = "9", "1", "#"
KEY_WAIT_SECONDS = 2
"""Seconds in which the caller may press a key after the greeting."""
TONE_WAIT_SECONDS = 1
"""Seconds in which the caller may press a key before a recording's tone, which should follow quickly."""
MAX_MESSAGE_SECONDS = 180
ACCEPT_WAIT_SECONDS = 10
"""Seconds in which a forwarded phone must accept the call; then it is hung up, because it may be a mailbox."""


class CallFlow(msgspec.Struct, frozen=True):
    """The settings by which one call is answered, chosen by time and rules."""

    organization_id: UUID
    name: str
    """The organization's name."""
    language: str
    greeting: str
    """The text that the carrier speaks; empty where a recording is played."""
    recording_id: UUID | None
    """The recording that is played instead of a text."""
    forward_to: Sequence[str]
    forward_mode: ForwardMode
    ring_seconds: int
    limit_seconds: int
    """The time limit of a forwarded call, and an upper bound of a message's length."""
    takes_messages: bool
    """Callers whom nobody answers can leave a message."""
    is_transcription_requested: bool
    """True if the carrier is asked to transcribe voicemails."""
    offers_block: bool
    """Callers may press 9."""
    is_outside_hours: bool
    shown_number: str
    """The number that forwarded phones display, E.164: the caller's, or if that is withheld the called number."""

    @property
    def prompts(self) -> Prompts:
        return prompts_in(self.language)

    @property
    def turns(self) -> Sequence[Sequence[str]]:
        """The phones of each turn: those of one turn ring at the same time."""
        if self.forward_mode is ForwardMode.TOGETHER:
            return [self.forward_to] if self.forward_to else []
        return [[number] for number in self.forward_to]

    @property
    def first_events(self) -> Sequence[str]:
        """Kinds of the events to record when a call is answered."""
        kinds = [] if self.turns else self.voicemail_events if self.takes_messages else [NOT_FORWARDED]
        return [*kinds, OUTSIDE_HOURS] if self.is_outside_hours else kinds

    @property
    def voicemail_events(self) -> Sequence[str]:
        """Kinds of the events to record when the caller is asked to leave a message."""
        return [VOICEMAIL_OFFERED, TRANSCRIPTION_ASKED] if self.is_transcription_requested else [VOICEMAIL_OFFERED]


class FlowUrls(msgspec.Struct, frozen=True):
    """Builds the absolute URLs that the carrier requests during a call."""

    public_url: str
    audio_urls: AudioUrls

    def greeting(self, flow: CallFlow) -> Say | Play:
        if flow.recording_id is not None:
            return Play(self.audio_urls.url(flow.organization_id, flow.recording_id))
        return Say(flow.greeting, flow.language)

    def step(self, name: str) -> str:
        return f"{self.public_url}/voice/incoming/{name}"

    @property
    def status(self) -> str:
        return f"{self.public_url}/voice/status"


def choose_flow(
    settings: AnswerSettings | None,
    rules: ForwardRules,
    *,
    zone: ZoneInfo,
    at: datetime,
    organization_id: UUID,
    name: str,
    number: str,
    caller: str | None,
    limit_minutes: int,
) -> CallFlow:
    """The call flow of a call from ``caller`` to ``number`` that began ``at``; ``zone`` is that of the settings."""
    chosen = settings or UNCONFIGURED
    is_outside = not is_open(chosen, zone, at)
    greeting = chosen.after_hours.greeting if is_outside else chosen.greeting
    if greeting is not None and greeting.is_empty:
        greeting = None
    phones = chosen.after_hours.forward_to if is_outside else chosen.forward_to
    any_greeting = greeting or chosen.greeting or chosen.after_hours.greeting
    spoken = DEFAULT_LANGUAGE if any_greeting is None else any_greeting.spoken_language
    takes_messages = chosen.after_hours.voicemail if is_outside else chosen.voicemail
    return CallFlow(
        organization_id=organization_id,
        name=name,
        language=spoken,
        greeting=prompts_in(spoken).welcome.format(name=name) if greeting is None else greeting.spoken_text,
        recording_id=None if greeting is None else greeting.recording_id,
        forward_to=[phone for phone in phones if may_forward(phone, rules)],
        forward_mode=chosen.forward_mode,
        ring_seconds=chosen.ring_seconds,
        limit_seconds=60 * limit_minutes,
        takes_messages=takes_messages,
        is_transcription_requested=takes_messages
        and chosen.is_transcription_requested
        and is_transcribable_language(spoken),
        offers_block=chosen.press_9 and caller is not None,
        is_outside_hours=is_outside,
        shown_number=caller or number,
    )


def opening_steps(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The first steps of a call: the greeting, then phones, then voicemail or a goodbye."""
    greeting = urls.greeting(flow)
    if not flow.offers_block:
        return [greeting, *steps_after_greeting(flow, urls)]
    return [
        Gather(urls.step("key"), [greeting, _press_9_prompt(flow)], KEY_WAIT_SECONDS),
        *steps_after_greeting(flow, urls),
    ]


def steps_after_greeting(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps after the greeting, or after a key without a function."""
    if flow.turns:
        return [_forward_step(flow, urls, 0)]
    return _voicemail_steps(flow, urls) if flow.takes_messages else _goodbye_steps(flow)


def steps_after_turn(flow: CallFlow, urls: FlowUrls, turn: int) -> tuple[list[CallStep], bool]:
    """The steps after no phone of ``turn`` accepted the call; True if it was the last turn."""
    if turn + 1 < len(flow.turns):
        return [_forward_step(flow, urls, turn + 1)], False
    if not flow.takes_messages:
        return _goodbye_steps(flow), True
    no_answer = Say(flow.prompts.no_answer, flow.language)
    # Key 9 is offered again: the caller heard the first offer before the phones rang.
    return _voicemail_steps(flow, urls, no_answer, *([_press_9_prompt(flow)] if flow.offers_block else [])), True


def screening_steps(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps of a forwarded phone that was answered: it must accept the call by a key, which no mailbox presses."""
    ask = Say(flow.prompts.accept.format(name=flow.name), flow.language)
    return [Gather(urls.step("accept"), [ask], ACCEPT_WAIT_SECONDS), HangUp()]


def steps_after_message(flow: CallFlow) -> list[CallStep]:
    """The steps after a caller left a message."""
    return say_and_hang_up(f"{flow.prompts.thanks} {flow.prompts.goodbye}", flow.language)


def steps_after_silence(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps after a caller said nothing while a message was recorded."""
    goodbye = say_and_hang_up(flow.prompts.goodbye, flow.language)
    if not flow.offers_block:
        return goodbye
    # The carrier does not report the key that ended an empty recording, so the caller may press it again.
    return [Gather(urls.step("message-key"), [_press_9_prompt(flow)], KEY_WAIT_SECONDS), *goodbye]


def say_and_hang_up(sentence: str, language: str = DEFAULT_LANGUAGE) -> list[CallStep]:
    """Speak one sentence, then hang up."""
    return [Say(sentence, language), HangUp()]


def _forward_step(flow: CallFlow, urls: FlowUrls, turn: int) -> Forward:
    return Forward(
        numbers=flow.turns[turn],
        caller_id=flow.shown_number,
        screen_url=urls.step("screen"),
        status_url=urls.status,
        action_url=f"{urls.step('forwarded')}?turn={turn}",
        ring_seconds=flow.ring_seconds,
        limit_seconds=flow.limit_seconds,
    )


def recording_steps(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps that record a message after the tone."""
    keys = f"{END_KEY}{BLOCK_KEY}" if flow.offers_block else END_KEY
    seconds = min(MAX_MESSAGE_SECONDS, flow.limit_seconds)
    transcription_url = urls.step("transcription") if flow.is_transcription_requested else None
    record = Record(urls.step("recorded"), urls.step("recording"), seconds, keys, transcription_url)
    # The carrier continues with the redirect if nothing was said, but not if the caller hung up.
    return [record, Redirect(urls.step("silent"))]


def _voicemail_steps(flow: CallFlow, urls: FlowUrls, *first: Say) -> list[CallStep]:
    prompts = [*first, Say(flow.prompts.leave_message, flow.language)]
    if not flow.offers_block:
        return [*prompts, *recording_steps(flow, urls)]
    return [Gather(urls.step("message-key"), prompts, TONE_WAIT_SECONDS), *recording_steps(flow, urls)]


def _press_9_prompt(flow: CallFlow) -> Say:
    return Say(flow.prompts.press_9, flow.language)


def _goodbye_steps(flow: CallFlow) -> list[CallStep]:
    return say_and_hang_up(f"{flow.prompts.no_answer} {flow.prompts.goodbye}", flow.language)
