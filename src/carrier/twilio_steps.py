"""Translates the steps of an answered call to a TwiML document."""

from collections.abc import Sequence
from typing import Any

from twilio.twiml.voice_response import Dial, VoiceResponse
from twilio.twiml.voice_response import Gather as GatherVerb

from carrier.call_steps import CallStep, Forward, Gather, HangUp, Play, Record, Redirect, Say

STATUS_EVENTS = "initiated ringing answered completed"
_SILENCE_SECONDS = 5
"""The silence after which the carrier ends a recording."""


def document(steps: Sequence[CallStep]) -> bytes:
    """The TwiML document of ``steps``; an empty one ends the leg, or connects a screened phone."""
    response = VoiceResponse()
    for step in steps:
        _append(response, step)
    return str(response).encode()


def _append(response: Any, step: CallStep) -> None:
    match step:
        case Say():
            response.say(step.text, language=step.language)
        case Play():
            response.play(step.url)
        case Gather():
            response.append(_gather(step))
        case Forward():
            response.append(_dial(step))
        case Record():
            transcription = {} if step.transcription_url is None else _transcription_fields(step.transcription_url)
            response.record(
                action=step.action_url,
                method="POST",
                max_length=step.max_seconds,
                timeout=_SILENCE_SECONDS,
                finish_on_key=step.end_keys,
                play_beep=True,
                trim="do-not-trim",
                recording_status_callback=step.status_url,
                recording_status_callback_method="POST",
                recording_status_callback_event="completed absent",
                **transcription,
            )
        case Redirect():
            response.redirect(step.url, method="POST")
        case HangUp():
            response.hangup()


def _transcription_fields(url: str) -> dict[str, object]:
    return {"transcribe": True, "transcribe_callback": url}


def _gather(step: Gather) -> Any:
    gather = GatherVerb(
        input="dtmf", num_digits=1, timeout=step.wait_seconds, action=step.action_url, method="POST", finish_on_key=""
    )
    for prompt in step.prompts:
        _append(gather, prompt)
    return gather


def _dial(step: Forward) -> Any:
    # Without answer_on_bridge: the caller's leg is already answered, and a phone is connected only after it accepts.
    dial = Dial(
        caller_id=step.caller_id,
        time_limit=step.limit_seconds,
        timeout=step.ring_seconds,
        action=step.action_url,
        method="POST",
    )
    for number in step.numbers:
        dial.number(
            number,
            url=step.screen_url,
            method="POST",
            status_callback=step.status_url,
            status_callback_event=STATUS_EVENTS,
            status_callback_method="POST",
        )
    return dial
