"""Prometheus counter of the carrier's webhooks, by kind and outcome."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from prometheus_client import Counter

from calls.errors import InvalidCarrierSignature
from kit.errors import Invalid
from kit.failures import is_client_gone


class WebhookKind(enum.StrEnum):
    """The webhooks, by their paths."""

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


class WebhookOutcome(enum.StrEnum):
    """The results of a webhook."""

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


WEBHOOKS = Counter("epoch_carrier_webhooks", "Webhooks of the carrier, by kind and outcome.", ["kind", "outcome"])
_BY_KIND = {
    WebhookKind.OUTGOING: WebhookOutcome.ADMITTED,
    WebhookKind.STATUS: WebhookOutcome.RECORDED,
    WebhookKind.DIAL_ENDED: WebhookOutcome.RECORDED,
    WebhookKind.UNAVAILABLE: WebhookOutcome.ANSWERED,
    WebhookKind.USAGE_ALERT: WebhookOutcome.RECORDED,
    WebhookKind.INCOMING: WebhookOutcome.ADMITTED,
    WebhookKind.INCOMING_STEP: WebhookOutcome.ANSWERED,
    WebhookKind.TRANSCRIPTION: WebhookOutcome.RECORDED,
    WebhookKind.VERIFICATION: WebhookOutcome.RECORDED,
}
"""The outcome of each kind when all went well."""


class Webhook:
    """A webhook that is answered; its handler sets another outcome than that of success."""

    def __init__(self, kind: WebhookKind) -> None:
        self.outcome = _BY_KIND[kind]


@contextmanager
def counted(kind: WebhookKind) -> Iterator[Webhook]:
    """Count the webhook that is answered inside the ``with`` block, by its outcome or its exception."""
    webhook = Webhook(kind)
    try:
        yield webhook
    except Exception as error:
        webhook.outcome = WebhookOutcome.FORGED if _is_of_stranger(error) else WebhookOutcome.FAILED
        raise
    finally:
        WEBHOOKS.labels(kind, webhook.outcome).inc()


def begin_series() -> None:
    """Begin the series of alerts at 0: a rate needs two samples, and so would not see the first failure."""
    for kind, good in _BY_KIND.items():
        for outcome in (good, WebhookOutcome.FORGED, WebhookOutcome.FAILED):
            WEBHOOKS.labels(kind, outcome)


def _is_of_stranger(error: Exception) -> bool:
    """True when the request is to blame, so that nobody outside makes our service look broken."""
    if isinstance(error, (InvalidCarrierSignature, Invalid)) or is_client_gone(error):
        return True
    # An exception of the web framework, which the package's models and services must not know.
    status = getattr(error, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR)
    return bool(status < HTTPStatus.INTERNAL_SERVER_ERROR)
