"""Builds the form fields of the carrier's callbacks: one function for each kind of request."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from kit.rounding import divide_up
from sandbox.legs import Leg, Status, TokenIdentity

Form = dict[str, str]

API_VERSION = "2010-04-01"
SIP_RESPONSE_CODES = {
    Status.COMPLETED: "200",
    Status.BUSY: "486",
    Status.NO_ANSWER: "480",
    Status.FAILED: "404",
    Status.CANCELED: "487",
}


def voice_form(caller: TokenIdentity, parent: Leg, params: Mapping[str, str]) -> Form:
    """The first request of a call. The carrier's fields override the token's, and the token's override the page's."""
    # A page must not choose the identity or the account.
    return {**params, **caller.params, **_parent(caller, parent)}


def status_form(caller: TokenIdentity, leg: Leg, now: datetime) -> Form:
    """A status callback of the leg that a call from a browser dials."""
    form = {
        "CallSid": leg.sid,
        "ParentCallSid": leg.parent_sid or "",
        "AccountSid": caller.account_sid,
        "ApiVersion": API_VERSION,
        "From": leg.from_,
        "Caller": leg.from_,
        "To": leg.to,
        "Called": leg.to,
        "Direction": "outbound-dial",
        "CallStatus": leg.status,
    }
    return {**form, **_report(leg, now), **_outcome(leg)}


def dial_form(caller: TokenIdentity, parent: Leg, child: Leg) -> Form:
    """The request for the TwiML after a ``<Dial>``."""
    return {**_parent(caller, parent), **dial_result(child, was_connected=child.answered is not None)}


def failed_dial_form(caller: TokenIdentity, parent: Leg, code: int) -> Form:
    """The request for the TwiML after a ``<Dial>`` that made no leg."""
    return {**_parent(caller, parent), **failed_dial_result(code)}


def dial_result(child: Leg, *, was_connected: bool, status_if_not_connected: str = Status.NO_ANSWER) -> Form:
    """The fields about a ``<Dial>``.

    ``status_if_not_connected`` is that of a phone that answered and was not connected. A phone that now runs another
    TwiML document was connected.
    """
    if child.answered is None:
        return {"DialCallStatus": child.status, "DialCallSid": child.sid, "DialBridged": "false"}
    status = Status.COMPLETED if was_connected else status_if_not_connected
    form = {"DialCallStatus": status, "DialCallSid": child.sid, "DialCallDuration": str(child.seconds)}
    return {**form, "DialBridged": "true" if was_connected else "false"}


def failed_dial_result(code: int) -> Form:
    """The fields about a ``<Dial>`` that made no leg."""
    return {"DialCallStatus": Status.FAILED, "DialBridged": "false", "ErrorCode": str(code)}


def ended_form(caller: TokenIdentity, parent: Leg, now: datetime) -> Form:
    """The application's status callback, sent once when the caller's leg has ended."""
    return {**_parent(caller, parent), **_report(parent, now), **_outcome(parent)}


def line_form(account_sid: str, leg: Leg) -> Form:
    """The carrier's fields in each request for a document of a leg between phone numbers."""
    form = {
        "CallSid": leg.sid,
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "From": leg.from_,
        "Caller": leg.from_,
        "To": leg.to,
        "Called": leg.to,
        "Direction": leg.direction,
        "CallStatus": leg.status,
    }
    return form if leg.parent_sid is None else {**form, "ParentCallSid": leg.parent_sid}


def line_status_form(account_sid: str, leg: Leg, now: datetime) -> Form:
    """A status callback of a leg between phone numbers; the caller's leg has one, at its end."""
    return {**line_form(account_sid, leg), **_report(leg, now), **_outcome(leg)}


def _parent(caller: TokenIdentity, parent: Leg) -> Form:
    return {
        "CallSid": parent.sid,
        "AccountSid": caller.account_sid,
        "ApplicationSid": caller.application_sid,
        "ApiVersion": API_VERSION,
        "From": parent.from_,
        "Caller": parent.from_,
        "To": parent.to,
        "Called": "",
        "Direction": "inbound",
        "CallStatus": parent.status,
    }


def _report(leg: Leg, now: datetime) -> Form:
    return {
        "SequenceNumber": str(leg.next_sequence()),
        "Timestamp": format_datetime(now),
        "CallbackSource": "call-progress-events",
    }


def _outcome(leg: Leg) -> Form:
    if not leg.is_over:
        return {}
    minutes = divide_up(leg.seconds, 60)
    return {
        "CallDuration": str(leg.seconds),
        "Duration": str(minutes),
        "SipResponseCode": SIP_RESPONSE_CODES[leg.status],
    }
