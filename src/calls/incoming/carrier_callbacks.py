"""Answers the carrier's callbacks under ``/voice/incoming`` with what callers and forwarded phones hear next."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from structlog.contextvars import bind_contextvars

from calls.callback_forms import parse_dial_ended
from calls.callback_metrics import CallbackKind, CallbackOutcome, CountedCallback, count_callback
from calls.carrier_callbacks import MAX_CALLBACK_BYTES, reject_forged
from calls.errors import InvalidCallback, InvalidCarrierSignature
from calls.guards import signed_form
from calls.incoming.answerer import CALL_ANSWERER, UNAVAILABLE, CallAnswerer
from calls.incoming.call_forms import (
    forwarded_number,
    has_caller_hung_up,
    parse_caller_leg,
    parse_incoming_call,
    parse_phone_leg,
    parse_recording,
    parse_transcription,
    pressed_key,
)
from carrier.call_steps import CallStep
from carrier.port import CARRIER
from kit.failures import FAILURES, failing_dependency
from kit.parsing import parse_whole_number

CarrierRequest = Request[Any, Any, State]
_StepHandler = Callable[[CallAnswerer, dict[str, str]], Awaitable[Sequence[CallStep]]]
_MAX_TURN_DIGITS = 2
_UNREADABLE_TURN = 99
"""Turn for an unreadable query: higher than every turn, so that no further phone rings."""
log = structlog.get_logger("epoch.calls")


class IncomingCallbackController(Controller):
    """The carrier's callbacks about calls to our numbers. After a failure the caller hears a prompt of ours."""

    path = "/voice/incoming"
    include_in_schema = False
    request_max_body_size = MAX_CALLBACK_BYTES
    exception_handlers = {InvalidCarrierSignature: reject_forged}

    @post()
    async def begin(self, request: CarrierRequest) -> Response[bytes]:
        """Somebody calls one of our numbers."""
        with count_callback(CallbackKind.INCOMING) as callback:
            form, carrier = await signed_form(request), CARRIER.get(request.app)
            try:
                incoming = parse_incoming_call(form)
                bind_contextvars(call_sid=incoming.call_sid)
                steps, is_admitted = await CALL_ANSWERER.get(request.app).answer(incoming)
            except Exception as error:
                return _xml_response(carrier.answer(_after_failure(callback, error, "/voice/incoming")))
            if not is_admitted:
                callback.outcome = CallbackOutcome.REFUSED
            return _xml_response(carrier.reject() if steps is None else carrier.answer(steps))

    @post("/key")
    async def key(self, request: CarrierRequest) -> Response[bytes]:
        """The caller pressed a key in the greeting."""
        return await _answer_step(
            request, lambda answerer, form: answerer.after_key(parse_caller_leg(form), pressed_key(form))
        )

    @post("/message-key")
    async def message_key(self, request: CarrierRequest) -> Response[bytes]:
        """The caller pressed a key when asked for a message."""

        async def handle_step(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            return await answerer.after_key(parse_caller_leg(form), pressed_key(form), in_voicemail=True)

        return await _answer_step(request, handle_step)

    @post("/forwarded")
    async def forwarded(self, request: CarrierRequest) -> Response[bytes]:
        """No phone of a turn accepted the call, or the connected phone's leg has ended."""
        turn = _parse_turn(request.query_params.get("turn", ""))

        async def handle_step(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            caller, leg, event = parse_dial_ended(form)
            return await answerer.after_forward(caller, leg, event, turn=turn, has_hung_up=has_caller_hung_up(form))

        return await _answer_step(request, handle_step)

    @post("/screen")
    async def screen(self, request: CarrierRequest) -> Response[bytes]:
        """A forwarded phone was answered."""
        return await _answer_step(request, lambda answerer, form: answerer.screen(parse_phone_leg(form)[0]))

    @post("/accept")
    async def accept(self, request: CarrierRequest) -> Response[bytes]:
        """Somebody at a forwarded phone pressed a key."""

        async def handle_step(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            caller, leg = parse_phone_leg(form)
            return await answerer.accept(caller, leg, pressed_key(form), forwarded_number(form))

        return await _answer_step(request, handle_step)

    @post("/recorded")
    async def recorded(self, request: CarrierRequest) -> Response[bytes]:
        """A recording has ended: the caller stopped speaking, pressed a key or hung up."""
        return await _answer_step(request, lambda answerer, form: answerer.after_recording(parse_recording(form)))

    @post("/silent")
    async def silent(self, request: CarrierRequest) -> Response[bytes]:
        """The caller said nothing during the recording, and has not hung up."""
        return await _answer_step(request, lambda answerer, form: answerer.after_silence(parse_caller_leg(form)))

    @post("/recording", status_code=204)
    async def recording(self, request: CarrierRequest) -> None:
        """A recording is ready; the request may be late, repeated, or come before ``/recorded``."""
        with count_callback(CallbackKind.INCOMING_STEP) as callback:
            form = await signed_form(request)
            try:
                finished = parse_recording(form)
            except InvalidCallback as error:
                _after_failure(callback, error, request.url.path)
                return
            bind_contextvars(call_sid=finished.call_sid)
            await CALL_ANSWERER.get(request.app).store_recording(finished)

    @post("/transcription", status_code=204)
    async def transcription(self, request: CarrierRequest) -> None:
        """A transcription is completed or has failed; the request may be late, repeated, or precede ``/recording``."""
        with count_callback(CallbackKind.TRANSCRIPTION) as callback:
            form = await signed_form(request)
            try:
                finished = parse_transcription(form)
            except InvalidCallback as error:
                _after_failure(callback, error, request.url.path)
                return
            bind_contextvars(call_sid=finished.call_sid)
            await CALL_ANSWERER.get(request.app).fetch_transcription(finished)


async def _answer_step(request: CarrierRequest, handle_step: _StepHandler) -> Response[bytes]:
    """Answer with the steps that ``handle_step`` returns; after a failure with ``UNAVAILABLE``."""
    with count_callback(CallbackKind.INCOMING_STEP) as callback:
        form, carrier = await signed_form(request), CARRIER.get(request.app)
        bind_contextvars(call_sid=form.get("ParentCallSid") or form.get("CallSid", ""))
        try:
            return _xml_response(carrier.answer(await handle_step(CALL_ANSWERER.get(request.app), form)))
        except Exception as error:
            return _xml_response(carrier.answer(_after_failure(callback, error, request.url.path)))


def _after_failure(callback: CountedCallback, error: Exception, path: str) -> Sequence[CallStep]:
    """Log a failure and return our prompt for the caller, who would hear the carrier's error announcement otherwise.

    ``incoming_call_not_answered`` is logged for every step of an incoming call, not only for the first.
    """
    if isinstance(error, InvalidCallback):
        callback.outcome = CallbackOutcome.UNREADABLE
        log.warning("carrier_callback_ignored", reason=error.code, path=path)
    else:
        callback.outcome = CallbackOutcome.FAILED
        log.error("incoming_call_not_answered", error=type(error).__name__)
        if failing_dependency(error) is None:
            FAILURES.report(error, where=path)
    return UNAVAILABLE


def _parse_turn(text: str) -> int:
    """The turn's number in a URL that we made; ``_UNREADABLE_TURN`` for any other text."""
    try:
        return parse_whole_number(text, max_digits=_MAX_TURN_DIGITS)
    except ValueError:
        return _UNREADABLE_TURN


def _xml_response(document: bytes) -> Response[bytes]:
    return Response(document, media_type="text/xml", status_code=200)
