"""Prometheus metrics of webhook deliveries: a counter of attempts, and a gauge of the oldest due delivery's age."""

import enum

import sqlalchemy as sa
from prometheus_client import Counter

from kit.db.measured_gauges import MeasuredGauges, seconds_since
from webhooks.delivery_store import is_due
from webhooks.models import DeliveryState, WebhookEndpoint


class DeliveryOutcome(enum.StrEnum):
    """The results of one attempt of a delivery."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    """The attempt failed, and the delivery is tried again."""
    GIVEN_UP = "given_up"


DELIVERIES = Counter("epoch_webhook_deliveries", "Attempts to deliver events to customers, by outcome.", ["outcome"])
OUTCOME_BY_STATE = {
    DeliveryState.DELIVERED: DeliveryOutcome.DELIVERED,
    DeliveryState.PENDING: DeliveryOutcome.RETRIED,
    DeliveryState.FAILED: DeliveryOutcome.GIVEN_UP,
}
"""The outcome of an attempt by the delivery's state after it."""
OLDEST_DUE_METRIC = "epoch_webhook_oldest_due_seconds"
DELIVERY_GAUGES = MeasuredGauges(
    sa.select(seconds_since(sa.func.min(WebhookEndpoint.due_at)).label(OLDEST_DUE_METRIC)).where(*is_due()),
    {OLDEST_DUE_METRIC: "Seconds that the oldest due delivery to a customer has waited while no process sends it."},
)


def begin_series() -> None:
    """Begin the series that alerts use at 0: a rate needs two samples, so it would miss the first failure."""
    for outcome in DeliveryOutcome:
        DELIVERIES.labels(outcome)
