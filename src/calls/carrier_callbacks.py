"""HTTP endpoints under ``/voice`` that the carrier calls: it asks what to dial and reports what happened."""

from typing import Any

import structlog
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from structlog.contextvars import bind_contextvars

from calls.call_state import LegEvent
from calls.callback_forms import TEST_STATUS, parse_dial_ended, parse_outgoing_call, parse_status_callback
from calls.callback_metrics import CallbackKind, CallbackOutcome, CountedCallback, counted
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
"""True for the carrier's word for a validation call in which somebody typed the code."""
log = structlog.get_logger("epoch.calls")


def reject_forged(_: Request[Any, Any, Any], error: InvalidCarrierSignature) -> Response[bytes]:
    """An empty answer: a forged request learns nothing from it."""
    log_forged(error)
    return Response(b"", media_type="text/plain", status_code=403)


def log_forged(error: InvalidCarrierSignature) -> None:
    """Log a request that the carrier did not sign."""
    log.warning("carrier_callback_rejected", reason=error.code)


def _log_unreadable(error: InvalidCallback, path: str) -> None:
    """A signed request that we cannot read changes nothing. It is not refused: the carrier would only repeat it."""
    log.warning("carrier_callback_ignored", reason=error.code, path=path)


class CarrierCallbackController(Controller):
    """The carrier's requests."""

    path = "/voice"
    include_in_schema = False
    request_max_body_size = MAX_CALLBACK_BYTES
    exception_handlers = {InvalidCarrierSignature: reject_forged}

    @post("/outgoing")
    async def outgoing(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """A browser requests a call: admit or reject it, and answer with a ``<Dial>`` or a ``<Reject>``."""
        with counted(CallbackKind.OUTGOING) as counted_callback:
            return _xml(await answer_outgoing(request.app, await signed_form(request), counted_callback))

    @post("/unavailable", status_code=200)
    async def unavailable(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """The carrier's fallback when ``/voice/outgoing`` fails: it reads nothing and dials nothing."""
        with counted(CallbackKind.UNAVAILABLE):
            return _xml(CARRIER.get(request.app).reject())

    @post("/dial-ended")
    async def dial_ended(self, request: Request[Any, Any, State]) -> Response[bytes]:
        """The ``<Dial>`` is over: record that, and end the caller's leg."""
        with counted(CallbackKind.DIAL_ENDED) as counted_callback:
            return _xml(await answer_dial_ended(request.app, await signed_form(request), counted_callback))

    @post("/status", status_code=204)
    async def status(self, request: Request[Any, Any, State]) -> None:
        """A leg has a new status."""
        with counted(CallbackKind.STATUS) as counted_callback:
            await answer_status(request.app, await signed_form(request), counted_callback)

    @post("/usage-alert", status_code=204)
    async def usage_alert(self, request: Request[Any, Any, State]) -> None:
        """The account's cost of a day reached the usage trigger's value: alert people. No call is stopped."""
        with counted(CallbackKind.USAGE_ALERT):
            await USAGE_ALERT_RECORDER.get(request.app).record(await signed_form(request))

    @post("/verification", status_code=204)
    async def verification(self, request: Request[Any, Any, State]) -> None:
        """A validation call is over: store if somebody typed the code. The address names the number's row."""
        with counted(CallbackKind.VERIFICATION) as counted_callback:
            form, query = await signed_form(request), request.query_params
            try:
                organization_id, number_id = parse_uuid(query["organization"]), parse_uuid(query["number"])
                is_confirmed = _VERIFICATION_OUTCOMES[form["VerificationStatus"]]
            except (KeyError, ValueError):
                counted_callback.outcome = CallbackOutcome.UNREADABLE
                _log_unreadable(InvalidCallback(), "verification")
                return
            try:
                verifier = NUMBER_PROVISIONING.get(request.app).verifier
                await verifier.end_call(organization_id, number_id, is_confirmed=is_confirmed)
            except CarrierError as error:
                # The reconciliation asks again within a minute.
                counted_callback.outcome = CallbackOutcome.FAILED
                log.warning("verification_not_read", number=str(number_id), error=type(error).__name__)


async def answer_outgoing(app: HasState, form: dict[str, str], counted_callback: CountedCallback) -> bytes:
    """The document that tells the carrier to dial or to reject a requested call."""
    carrier = CARRIER.get(app)
    try:
        outgoing = parse_outgoing_call(form)
    except InvalidCallback as error:
        counted_callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "outgoing")
        return carrier.reject()
    bind_contextvars(call_sid=outgoing.call_sid)
    call = await CALL_ADMISSION.get(app).admit(outgoing)
    if call is not None:
        bind_contextvars(call_id=str(call.id))
    if call is None or call.status is CallStatus.REFUSED:
        counted_callback.outcome = CallbackOutcome.REFUSED
        log.info("call_rejected", reason="replayed_or_unknown" if call is None else call.end_reason)
        return carrier.reject()
    return carrier.dial(_dial_plan(SETTINGS.get(app), call))


async def answer_dial_ended(app: HasState, form: dict[str, str], counted_callback: CountedCallback) -> bytes:
    """Record the end of a ``<Dial>``; the document that ends the caller's leg."""
    try:
        parent_sid, leg_sid, event = parse_dial_ended(form)
    except InvalidCallback as error:
        counted_callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "dial-ended")
    else:
        if not await _record_or_report(app, parent_sid, leg_sid, event):
            counted_callback.outcome = CallbackOutcome.FAILED
    return CARRIER.get(app).finish()


async def answer_status(app: HasState, form: dict[str, str], counted_callback: CountedCallback) -> None:
    """Record the status of a leg."""
    if form.get("CallStatus") == TEST_STATUS:
        counted_callback.outcome = CallbackOutcome.ANSWERED
        return
    try:
        parent_sid, leg_sid, event = parse_status_callback(form)
    except InvalidCallback as error:
        counted_callback.outcome = CallbackOutcome.UNREADABLE
        _log_unreadable(error, "status")
        return
    await _record(app, parent_sid, leg_sid, event)


async def _record(app: HasState, parent_sid: str, leg_sid: str, event: LegEvent) -> None:
    bind_contextvars(call_sid=parent_sid)
    await CALL_EVENT_RECORDER.get(app).record(parent_sid, leg_sid, event)


async def _record_or_report(app: HasState, parent_sid: str, leg_sid: str, event: LegEvent) -> bool:
    """Record the event; False after a failure, which is only logged: the caller would hear an error announcement.

    The call is then corrected by its other events, or when the carrier is asked about it.
    """
    try:
        await _record(app, parent_sid, leg_sid, event)
    except Exception as error:
        FAILURES.report(error, where="/voice/dial-ended")
        return False
    return True


def _xml(document: bytes) -> Response[bytes]:
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
