"""Prometheus counter of the carrier's callbacks, by kind and outcome."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from prometheus_client import Counter

from calls.errors import InvalidCarrierSignature
from kit.errors import Invalid
from kit.failures import is_client_disconnected


class CallbackKind(enum.StrEnum):
    """The carrier's callbacks, by their paths."""

    OUTGOING = "outgoing"
    STATUS = "status"
    DIAL_ENDED = "dial_ended"
    UNAVAILABLE = "unavailable"
    """The carrier's fallback request after ``OUTGOING`` failed."""
    USAGE_ALERT = "usage_alert"
    INCOMING = "incoming"
    """Somebody calls one of our numbers."""
    INCOMING_STEP = "incoming_step"
    """A later step of an incoming call: of its caller, or of a forwarded phone."""
    TRANSCRIPTION = "transcription"
    """A transcription is completed or has failed."""
    VERIFICATION = "verification"
    """The verification call to a number that an organization holds with another company has ended."""


class CallbackOutcome(enum.StrEnum):
    """The results of answering a callback."""

    ADMITTED = "admitted"
    """The call is dialled."""
    REFUSED = "refused"
    """The call is not dialled: a rule refused it, or its token is unknown."""
    RECORDED = "recorded"
    ANSWERED = "answered"
    """There was nothing to record."""
    UNREADABLE = "unreadable"
    """Signed, but a field is missing or invalid; it changes nothing."""
    FORGED = "forged"
    """Without the carrier's signature, or not a request as the carrier sends it."""
    FAILED = "failed"
    """Not answered, or not recorded, because of a failure on our side."""


CALLBACKS = Counter("epoch_carrier_webhooks", "Webhooks of the carrier, by kind and outcome.", ["kind", "outcome"])
_SUCCESS_OUTCOMES = {
    CallbackKind.OUTGOING: CallbackOutcome.ADMITTED,
    CallbackKind.STATUS: CallbackOutcome.RECORDED,
    CallbackKind.DIAL_ENDED: CallbackOutcome.RECORDED,
    CallbackKind.UNAVAILABLE: CallbackOutcome.ANSWERED,
    CallbackKind.USAGE_ALERT: CallbackOutcome.RECORDED,
    CallbackKind.INCOMING: CallbackOutcome.ADMITTED,
    CallbackKind.INCOMING_STEP: CallbackOutcome.ANSWERED,
    CallbackKind.TRANSCRIPTION: CallbackOutcome.RECORDED,
    CallbackKind.VERIFICATION: CallbackOutcome.RECORDED,
}
"""The outcome of each kind if nothing failed or was refused."""


class CountedCallback:
    """A callback that is being answered; its handler changes ``outcome`` if the callback does not succeed."""

    def __init__(self, kind: CallbackKind) -> None:
        self.outcome = _SUCCESS_OUTCOMES[kind]


@contextmanager
def count_callback(kind: CallbackKind) -> Iterator[CountedCallback]:
    """Count the callback that is answered inside the ``with`` block, by its outcome or its exception."""
    callback = CountedCallback(kind)
    try:
        yield callback
    except Exception as error:
        callback.outcome = CallbackOutcome.FORGED if _is_client_error(error) else CallbackOutcome.FAILED
        raise
    finally:
        CALLBACKS.labels(kind, callback.outcome).inc()


def begin_series() -> None:
    """Create the time series that alerts read, at 0: a rate needs two samples and would miss the first failure."""
    for kind, success in _SUCCESS_OUTCOMES.items():
        for outcome in (success, CallbackOutcome.FORGED, CallbackOutcome.FAILED):
            CALLBACKS.labels(kind, outcome)


def _is_client_error(error: Exception) -> bool:
    """True when the request is to blame: such requests must not count as failures of the service."""
    if isinstance(error, (InvalidCarrierSignature, Invalid)) or is_client_disconnected(error):
        return True
    # The status code of the web framework's exceptions, which this module must not import.
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    return bool(status < HTTPStatus.INTERNAL_SERVER_ERROR)
