"""Prometheus counter of the carrier's callbacks, by kind and outcome."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from prometheus_client import Counter

from calls.errors import InvalidCarrierSignature
from kit.errors import Invalid
from kit.failures import is_client_gone


class CallbackKind(enum.StrEnum):
    """The carrier's callbacks, by their paths."""

    OUTGOING = "outgoing"
    STATUS = "status"
    DIAL_ENDED = "dial_ended"
    UNAVAILABLE = "unavailable"
    """The carrier's fallback: it asks when ``OUTGOING`` failed."""
    USAGE_ALERT = "usage_alert"
    INCOMING = "incoming"
    """Somebody calls one of our numbers."""
    INCOMING_STEP = "incoming_step"
    """A step of a caller or of a forwarded phone in such a call."""
    TRANSCRIPTION = "transcription"
    """A transcription is completed or has failed."""
    VERIFICATION = "verification"
    """A validation call of a number that an organization holds elsewhere is over."""


class CallbackOutcome(enum.StrEnum):
    """The results of a callback."""

    ADMITTED = "admitted"
    """The call is dialled."""
    REFUSED = "refused"
    """The call is not dialled: a rule refused it, or its token is unknown."""
    RECORDED = "recorded"
    ANSWERED = "answered"
    """There was nothing to record."""
    UNREADABLE = "unreadable"
    """Signed, but not in the expected form; it changes nothing."""
    FORGED = "forged"
    """Without the carrier's signature, or no request that the carrier sends."""
    FAILED = "failed"
    """Not answered, or not recorded, because something of ours failed."""


CALLBACKS = Counter("epoch_carrier_webhooks", "Webhooks of the carrier, by kind and outcome.", ["kind", "outcome"])
_BY_KIND = {
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
"""The outcome of each kind when all went well."""


class CountedCallback:
    """A callback that is being answered; its handler sets another outcome than that of success."""

    def __init__(self, kind: CallbackKind) -> None:
        self.outcome = _BY_KIND[kind]


@contextmanager
def counted(kind: CallbackKind) -> Iterator[CountedCallback]:
    """Count the callback that is answered inside the ``with`` block, by its outcome or its exception."""
    counted_callback = CountedCallback(kind)
    try:
        yield counted_callback
    except Exception as error:
        counted_callback.outcome = CallbackOutcome.FORGED if _is_of_stranger(error) else CallbackOutcome.FAILED
        raise
    finally:
        CALLBACKS.labels(kind, counted_callback.outcome).inc()


def begin_series() -> None:
    """Begin the series of alerts at 0: a rate needs two samples, and so would not see the first failure."""
    for kind, good in _BY_KIND.items():
        for outcome in (good, CallbackOutcome.FORGED, CallbackOutcome.FAILED):
            CALLBACKS.labels(kind, outcome)


def _is_of_stranger(error: Exception) -> bool:
    """True when the request is to blame, so that nobody outside makes our service look broken."""
    if isinstance(error, (InvalidCarrierSignature, Invalid)) or is_client_gone(error):
        return True
    # An exception of the web framework, which the package's models and services must not know.
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    return bool(status < HTTPStatus.INTERNAL_SERVER_ERROR)
