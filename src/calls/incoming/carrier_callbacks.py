"""HTTP endpoints under ``/voice/incoming``: the carrier asks what callers and forwarded phones hear."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from structlog.contextvars import bind_contextvars

from calls.callback_forms import parse_dial_ended
from calls.callback_metrics import CallbackKind, CallbackOutcome, CountedCallback, counted
from calls.carrier_callbacks import MAX_CALLBACK_BYTES, reject_forged
from calls.errors import InvalidCallback, InvalidCarrierSignature
from calls.guards import signed_form
from calls.incoming.answerer import CALL_ANSWERER, UNAVAILABLE, CallAnswerer
from calls.incoming.call_forms import (
    is_caller_gone,
    parse_caller_leg,
    parse_incoming_call,
    parse_phone_leg,
    parse_recording,
    parse_transcription,
    phone_number_of,
    pressed_key,
)
from carrier.call_steps import CallStep
from carrier.port import CARRIER
from kit.failures import FAILURES, failing_dependency
from kit.parsing import parse_whole_number

CarrierRequest = Request[Any, Any, State]
_Next = Callable[[CallAnswerer, dict[str, str]], Awaitable[Sequence[CallStep]]]
_MAX_TURN_DIGITS = 2
_LAST_TURN = 99
"""Higher than the number of every turn."""
log = structlog.get_logger("epoch.calls")


class IncomingCallbackController(Controller):
    """The carrier's requests about calls to our numbers. After a failure the caller hears a prompt of ours."""

    path = "/voice/incoming"
    include_in_schema = False
    request_max_body_size = MAX_CALLBACK_BYTES
    exception_handlers = {InvalidCarrierSignature: reject_forged}

    @post()
    async def begin(self, request: CarrierRequest) -> Response[bytes]:
        """Somebody calls one of our numbers."""
        with counted(CallbackKind.INCOMING) as counted_callback:
            form, carrier = await signed_form(request), CARRIER.get(request.app)
            try:
                incoming = parse_incoming_call(form)
                bind_contextvars(call_sid=incoming.call_sid)
                steps, is_taken = await CALL_ANSWERER.get(request.app).answer(incoming)
            except Exception as error:
                return _xml(carrier.answer(_after_failure(counted_callback, error, "/voice/incoming")))
            if not is_taken:
                counted_callback.outcome = CallbackOutcome.REFUSED
            return _xml(carrier.reject() if steps is None else carrier.answer(steps))

    @post("/key")
    async def key(self, request: CarrierRequest) -> Response[bytes]:
        """The caller pressed a key in the greeting."""
        return await _step(request, lambda answerer, form: answerer.press(parse_caller_leg(form), pressed_key(form)))

    @post("/message-key")
    async def message_key(self, request: CarrierRequest) -> Response[bytes]:
        """The caller pressed a key where a message is asked for."""

        async def follow(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            return await answerer.press(parse_caller_leg(form), pressed_key(form), in_voicemail=True)

        return await _step(request, follow)

    @post("/forwarded")
    async def forwarded(self, request: CarrierRequest) -> Response[bytes]:
        """Nobody accepted the call in a turn, or the connected leg has ended."""
        turn = _turn(request.query_params.get("turn", ""))

        async def follow(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            caller, leg, event = parse_dial_ended(form)
            return await answerer.after_forward(caller, leg, event, turn=turn, is_gone=is_caller_gone(form))

        return await _step(request, follow)

    @post("/screen")
    async def screen(self, request: CarrierRequest) -> Response[bytes]:
        """A forwarded phone was answered."""
        return await _step(request, lambda answerer, form: answerer.screen(parse_phone_leg(form)[0]))

    @post("/accept")
    async def accept(self, request: CarrierRequest) -> Response[bytes]:
        """Somebody at a forwarded phone pressed a key."""

        async def follow(answerer: CallAnswerer, form: dict[str, str]) -> Sequence[CallStep]:
            caller, leg = parse_phone_leg(form)
            return await answerer.accept(caller, leg, pressed_key(form), phone_number_of(form))

        return await _step(request, follow)

    @post("/recorded")
    async def recorded(self, request: CarrierRequest) -> Response[bytes]:
        """The caller stopped speaking, pressed a key, or hung up while they were recorded."""
        return await _step(request, lambda answerer, form: answerer.after_recording(parse_recording(form)))

    @post("/silent")
    async def silent(self, request: CarrierRequest) -> Response[bytes]:
        """The caller said nothing while they were recorded, and is still there."""
        return await _step(request, lambda answerer, form: answerer.after_silence(parse_caller_leg(form)))

    @post("/recording", status_code=204)
    async def recording(self, request: CarrierRequest) -> None:
        """A recording can be fetched; the request may be late, repeated, or come before ``/recorded``."""
        with counted(CallbackKind.INCOMING_STEP) as counted_callback:
            form = await signed_form(request)
            try:
                finished = parse_recording(form)
            except InvalidCallback as error:
                _after_failure(counted_callback, error, request.url.path)
                return
            bind_contextvars(call_sid=finished.call_sid)
            await CALL_ANSWERER.get(request.app).store_recording(finished)

    @post("/transcription", status_code=204)
    async def transcription(self, request: CarrierRequest) -> None:
        """A transcription is completed or has failed; the request may be late, repeated, or come before the others."""
        with counted(CallbackKind.TRANSCRIPTION) as counted_callback:
            form = await signed_form(request)
            try:
                finished = parse_transcription(form)
            except InvalidCallback as error:
                _after_failure(counted_callback, error, request.url.path)
                return
            bind_contextvars(call_sid=finished.call_sid)
            await CALL_ANSWERER.get(request.app).fetch_transcription(finished)


async def _step(request: CarrierRequest, follow: _Next) -> Response[bytes]:
    """Answer with the steps that ``follow`` finds; after a failure with a sentence."""
    with counted(CallbackKind.INCOMING_STEP) as counted_callback:
        form, carrier = await signed_form(request), CARRIER.get(request.app)
        bind_contextvars(call_sid=form.get("ParentCallSid") or form.get("CallSid", ""))
        try:
            return _xml(carrier.answer(await follow(CALL_ANSWERER.get(request.app), form)))
        except Exception as error:
            return _xml(carrier.answer(_after_failure(counted_callback, error, request.url.path)))


def _after_failure(counted_callback: CountedCallback, error: Exception, path: str) -> Sequence[CallStep]:
    """The steps after a request that we cannot read or follow: the caller would hear the carrier's error instead."""
    if isinstance(error, InvalidCallback):
        counted_callback.outcome = CallbackOutcome.UNREADABLE
        log.warning("carrier_callback_ignored", reason=error.code, path=path)
    else:
        counted_callback.outcome = CallbackOutcome.FAILED
        log.error("incoming_call_not_answered", error=type(error).__name__)
        if failing_dependency(error) is None:
            FAILURES.report(error, where=path)
    return UNAVAILABLE


def _turn(text: str) -> int:
    """The number of the turn in an address that we made; the last one for any other text."""
    try:
        return parse_whole_number(text, max_digits=_MAX_TURN_DIGITS)
    except ValueError:
        return _LAST_TURN


def _xml(document: bytes) -> Response[bytes]:
    return Response(document, media_type="text/xml", status_code=200)
