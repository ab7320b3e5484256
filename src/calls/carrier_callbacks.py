"""Answers the carrier's callbacks under ``/voice``, except those about incoming calls.

They are about outgoing calls, legs of all calls, the usage trigger of the account, and calls that verify a number.
"""

from typing import Any

import structlog
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from structlog.contextvars import bind_contextvars

from calls.call_state import LegEvent
from calls.callback_forms import TEST_STATUS, parse_dial_ended, parse_outgoing_call, parse_status_callback
from calls.callback_metrics import CallbackKind, CallbackOutcome, CountedCallback, count_callback
from calls.carrier_usage_alerts import USAGE_ALERT_RECORDER
from calls.errors import InvalidCallback, InvalidCarrierSignature
from calls.event_recorder import CALL_EVENT_RECORDER
from calls.guards import signed_form
from calls.limits.admission import CALL_ADMISSION
from calls.limits.call_duration import MAX_CALL_MINUTES, RING_SECONDS
from calls.models import Call, CallStatus
from carrier.port import CARRIER, CarrierError, DialPlan
from kit.failures import FAILURES
from kit.http.app_key import SETTINGS, HasState
from kit.parsing import parse_uuid
from kit.settings import Settings
from phone_numbers.provisioning import NUMBER_PROVISIONING

MAX_CALLBACK_BYTES = 65_536
_VERIFICATION_OUTCOMES = {"success": True, "failed": False}
"""The carrier's result of a verification call: True if somebody typed the code."""
log = structlog.get_logger("epoch.calls")


def reject_forged(_: Request[Any, Any, Any], error: InvalidCarrierSignature) -> Response[bytes]:
    """Answer 403 with an empty body, which tells a forger nothing."""
    log_forged(error)
    return Response(b"", media_type="text/plain", status_code=403)


def log_forged(error: InvalidCarrierSignature) -> None:
    """Log a request that the carrier did not sign."""
    log.warning("carrier_callback_rejected", reason=error.code)


def _log_unreadable(error: InvalidCallback, path: str) -> None:
    """Log a signed request that we cannot read. It changes nothing, and is not refused: the carrier would repeat it."""
    log.warning("carrier_callback_ignored", reason=error.code, path=path)


class CarrierCallbackController(Controller):
    """The carrier's callbacks, except those about incoming calls."""

    path = "/voice"
    include_in_schema = False
    request_max_body_size = MAX_CALLBACK_BYTES
    exception_handlers = {InvalidCarrierSignature: reject_forged}

    @post("/outgoing")
    async def outgoing(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """A widget requests an outgoing call: admit or reject it, and answer with a ``<Dial>`` or a ``<Reject>``."""
        with count_callback(CallbackKind.OUTGOING) as callback:
            return _xml_response(await answer_outgoing(request.app, await signed_form(request), callback))

    @post("/unavailable", status_code=200)
    async def unavailable(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """The carrier's fallback when ``/voice/outgoing`` fails: reject the call without reading the request."""
        with count_callback(CallbackKind.UNAVAILABLE):
            return _xml_response(CARRIER.get(request.app).reject())

    @post("/dial-ended")
    async def dial_ended(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """The ``<Dial>`` has ended: record its result, and end the parent leg."""
        with count_callback(CallbackKind.DIAL_ENDED) as callback:
            return _xml_response(await answer_dial_ended(request.app, await signed_form(request), callback))

    @post("/status", status_code=204)
    async def status(self, request: Request[Any, Any, State]) -> None:
        """A leg of an outgoing or incoming call has a new status: record it."""
        with count_callback(CallbackKind.STATUS) as callback:
            await answer_status(request.app, await signed_form(request), callback)

    @post("/usage-alert", status_code=204)
    async def usage_alert(self, request: Request[Any, Any, State]) -> None:
        """The account's cost of a day reached the usage trigger's value: alert people. No call is stopped."""
        with count_callback(CallbackKind.USAGE_ALERT):
            await USAGE_ALERT_RECORDER.get(request.app).record(await signed_form(request))

    @post("/verification", status_code=204)
    async def verification(self, request: Request[Any, Any, State]) -> None:
        """A verification call has ended: store whether somebody typed the code. The URL contains the number's id."""
        with count_callback(CallbackKind.VERIFICATION) as callback:
            form, query = await signed_form(request), request.query_params
            try:
                organization_id, number_id = parse_uuid(query["organization"]), parse_uuid(query["number"])
                is_confirmed = _VERIFICATION_OUTCOMES[form["VerificationStatus"]]
            except (KeyError, ValueError):
                callback.outcome = CallbackOutcome.UNREADABLE
                _log_unreadable(InvalidCallback(), "verification")
                return
            try:
                verifier = NUMBER_PROVISIONING.get(request.app).verifier
                await verifier.record_call_end(organization_id, number_id, is_confirmed=is_confirmed)
            except CarrierError as error:
                # The reconciliation of numbers asks the carrier again within a minute.
                callback.outcome = CallbackOutcome.FAILED
                log.warning("verification_not_read", number=str(number_id), error=type(error).__name__)


async def answer_outgoing(app: HasState, form: dict[str, str], callback: CountedCallback) -> bytes:
    """Admit or reject a requested call; return the document that tells the carrier to dial or to reject it."""
    carrier = CARRIER.get(app)
    try:
        outgoing = parse_outgoing_call(form)
    except InvalidCallback as error:
        callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "outgoing")
        return carrier.reject()
    bind_contextvars(call_sid=outgoing.call_sid)
    call = await CALL_ADMISSION.get(app).admit(outgoing)
    if call is not None:
        bind_contextvars(call_id=str(call.id))
    if call is None or call.status is CallStatus.REFUSED:
        callback.outcome = CallbackOutcome.REFUSED
        log.info("call_rejected", reason="replayed_or_unknown" if call is None else call.end_reason)
        return carrier.reject()
    return carrier.dial(_dial_plan(SETTINGS.get(app), call))


async def answer_dial_ended(app: HasState, form: dict[str, str], callback: CountedCallback) -> bytes:
    """Record the end of a ``<Dial>``; return the document that ends the parent leg."""
    try:
        parent_sid, leg_sid, event = parse_dial_ended(form)
    except InvalidCallback as error:
        callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "dial-ended")
    else:
        if not await _record_or_report(app, parent_sid, leg_sid, event):
            callback.outcome = CallbackOutcome.FAILED
    return CARRIER.get(app).finish()


async def answer_status(app: HasState, form: dict[str, str], callback: CountedCallback) -> None:
    """Record the status of a leg."""
    if form.get("CallStatus") == TEST_STATUS:
        callback.outcome = CallbackOutcome.ANSWERED
        return
    try:
        parent_sid, leg_sid, event = parse_status_callback(form)
    except InvalidCallback as error:
        callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "status")
        return
    await _record(app, parent_sid, leg_sid, event)


async def _record(app: HasState, parent_sid: str, leg_sid: str, event: LegEvent) -> None:
    bind_contextvars(call_sid=parent_sid)
    await CALL_EVENT_RECORDER.get(app).record(parent_sid, leg_sid, event)


async def _record_or_report(app: HasState, parent_sid: str, leg_sid: str, event: LegEvent) -> bool:
    """Record the event; False after a failure, which is reported, not raised: the agent would hear an announcement.

    After a failure the call's other events or the reconciliation correct its record.
    """
    try:
        await _record(app, parent_sid, leg_sid, event)
    except Exception as error:
        FAILURES.report(error, where="/voice/dial-ended")
        return False
    return True


def _xml_response(document: bytes) -> Response[bytes]:
    return Response(document, media_type="text/xml", status_code=200)


def _dial_plan(settings: Settings, call: Call) -> DialPlan:
    return DialPlan(
        to=call.to_number,
        caller_id=call.from_number or "",
        status_url=f"{settings.public_url}/voice/status",
        action_url=f"{settings.public_url}/voice/dial-ended",
        ring_seconds=RING_SECONDS,
        limit_seconds=60 * (call.limit_minutes or MAX_CALL_MINUTES),
    )
