"""The call flow of an incoming call: the steps that the caller and the forwarded phones get next. Pure."""

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
"""The settings of an organization that saved none."""
BLOCK_KEY, ACCEPT_KEY, END_KEY = "9", "1", "#"
KEY_WAIT_SECONDS = 2
"""The wait for a key after the greeting."""
TONE_WAIT_SECONDS = 1
"""The wait for a key before the tone of a recording, which the caller expects at once."""
MAX_MESSAGE_SECONDS = 180
ACCEPT_WAIT_SECONDS = 10
"""A forwarded phone is hung up when no key is pressed in this time: it may be a mailbox."""


class CallFlow(msgspec.Struct, frozen=True):
    """The answer to one call."""

    organization_id: UUID
    name: str
    """The organization's."""
    language: str
    greeting: str
    """The spoken text; empty where a recording is played."""
    recording: UUID | None
    """The recording that is played instead of a text."""
    forward_to: Sequence[str]
    forward_mode: ForwardMode
    ring_seconds: int
    limit_seconds: int
    """The time limit of a forwarded call, and of a message that takes no longer anyway."""
    voicemail: bool
    """Callers whom nobody answers can leave a message."""
    transcribes: bool
    """Voicemails are transcribed."""
    offers_block: bool
    """Callers may press 9."""
    is_outside_hours: bool
    shown_number: str
    """The number that forwarded phones show, E.164: the caller's, or the called one where that is withheld."""

    @property
    def prompts(self) -> Prompts:
        return prompts_in(self.language)

    @property
    def turns(self) -> Sequence[Sequence[str]]:
        """The phones that ring at a time, one turn after the other."""
        if self.forward_mode is ForwardMode.TOGETHER:
            return [self.forward_to] if self.forward_to else []
        return [[number] for number in self.forward_to]

    @property
    def first_events(self) -> Sequence[str]:
        """Kinds of the events to record when the call is answered."""
        kinds = [] if self.turns else self.voicemail_events if self.voicemail else [NOT_FORWARDED]
        return [*kinds, OUTSIDE_HOURS] if self.is_outside_hours else kinds

    @property
    def voicemail_events(self) -> Sequence[str]:
        """Kinds of the events to record when the caller is asked to leave a message."""
        return [VOICEMAIL_OFFERED, TRANSCRIPTION_ASKED] if self.transcribes else [VOICEMAIL_OFFERED]


class FlowUrls(msgspec.Struct, frozen=True):
    """Builds the absolute URLs that the carrier requests during a call."""

    public_url: str
    audio_urls: AudioUrls

    def greeting(self, flow: CallFlow) -> Say | Play:
        if flow.recording is not None:
            return Play(self.audio_urls.url(flow.organization_id, flow.recording))
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
    """The answer to a call to ``number`` that began ``at``; ``zone`` is that of the settings."""
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
        greeting=prompts_in(spoken).welcome.format(name=name) if greeting is None else greeting.words,
        recording=None if greeting is None else greeting.recording,
        forward_to=[phone for phone in phones if may_forward(phone, rules)],
        forward_mode=chosen.forward_mode,
        ring_seconds=chosen.ring_seconds,
        limit_seconds=60 * limit_minutes,
        voicemail=takes_messages,
        transcribes=takes_messages and chosen.is_transcribed and is_transcribable_language(spoken),
        offers_block=chosen.press_9 and caller is not None,
        is_outside_hours=is_outside,
        shown_number=caller or number,
    )


def opening(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps of a call that begins: the greeting, then phones, then voicemail or a goodbye."""
    greeting = urls.greeting(flow)
    if not flow.offers_block:
        return [greeting, *after_greeting(flow, urls)]
    return [Gather(urls.step("key"), [greeting, _offer(flow)], KEY_WAIT_SECONDS), *after_greeting(flow, urls)]


def after_greeting(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps after the greeting, or after a key that means nothing."""
    if flow.turns:
        return [_forward(flow, urls, 0)]
    return _voicemail(flow, urls) if flow.voicemail else _end(flow)


def after_turn(flow: CallFlow, urls: FlowUrls, turn: int) -> tuple[list[CallStep], bool]:
    """The steps after nobody accepted the call in ``turn``; True if no turn is left."""
    if turn + 1 < len(flow.turns):
        return [_forward(flow, urls, turn + 1)], False
    if not flow.voicemail:
        return _end(flow), True
    nobody = Say(flow.prompts.nobody, flow.language)
    # Offered again: the caller heard the greeting before the phones rang.
    return _voicemail(flow, urls, nobody, *([_offer(flow)] if flow.offers_block else [])), True


def screening(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps of a phone that was answered: it has to accept with a key, so that no mailbox takes the call."""
    ask = Say(flow.prompts.accept.format(name=flow.name), flow.language)
    return [Gather(urls.step("accept"), [ask], ACCEPT_WAIT_SECONDS), HangUp()]


def after_message(flow: CallFlow) -> list[CallStep]:
    """The steps after a caller stopped speaking."""
    return say_and_hang_up(f"{flow.prompts.thanks} {flow.prompts.goodbye}", flow.language)


def after_silence(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps after a caller said nothing where a message was asked for."""
    goodbye = say_and_hang_up(flow.prompts.goodbye, flow.language)
    if not flow.offers_block:
        return goodbye
    # The carrier does not tell the key that ended an empty recording, so the caller may press it again.
    return [Gather(urls.step("message-key"), [_offer(flow)], KEY_WAIT_SECONDS), *goodbye]


def say_and_hang_up(sentence: str, language: str = DEFAULT_LANGUAGE) -> list[CallStep]:
    """Speak one sentence, then hang up."""
    return [Say(sentence, language), HangUp()]


def _forward(flow: CallFlow, urls: FlowUrls, turn: int) -> Forward:
    return Forward(
        numbers=flow.turns[turn],
        caller_id=flow.shown_number,
        screen_url=urls.step("screen"),
        status_url=urls.status,
        action_url=f"{urls.step('forwarded')}?turn={turn}",
        ring_seconds=flow.ring_seconds,
        limit_seconds=flow.limit_seconds,
    )


def record_message(flow: CallFlow, urls: FlowUrls) -> list[CallStep]:
    """The steps that record a message after the tone."""
    keys = f"{END_KEY}{BLOCK_KEY}" if flow.offers_block else END_KEY
    seconds = min(MAX_MESSAGE_SECONDS, flow.limit_seconds)
    transcription_url = urls.step("transcription") if flow.transcribes else None
    record = Record(urls.step("recorded"), urls.step("recording"), seconds, keys, transcription_url)
    # The carrier goes on behind the recording when nothing was said, but not when the caller hung up.
    return [record, Redirect(urls.step("silent"))]


def _voicemail(flow: CallFlow, urls: FlowUrls, *first: Say) -> list[CallStep]:
    prompts = [*first, Say(flow.prompts.leave_message, flow.language)]
    if not flow.offers_block:
        return [*prompts, *record_message(flow, urls)]
    return [Gather(urls.step("message-key"), prompts, TONE_WAIT_SECONDS), *record_message(flow, urls)]


def _offer(flow: CallFlow) -> Say:
    return Say(flow.prompts.press_9, flow.language)


def _end(flow: CallFlow) -> list[CallStep]:
    return say_and_hang_up(f"{flow.prompts.nobody} {flow.prompts.goodbye}", flow.language)
