"""Prometheus metrics of the HubSpot sync: a counter of attempts, and gauges of the backlog."""

import enum

import sqlalchemy as sa
from prometheus_client import Counter

from crm.models import CrmCallState, FailureReason, HubSpotCall, HubSpotConnection
from crm.sync_store import is_due
from kit.db.measured_gauges import MeasuredGauges, seconds_since


class WriteOutcome(enum.StrEnum):
    """The outcomes of an attempt to write a call, in addition to each ``FailureReason``."""

    WRITTEN = "written"
    RETRIED = "retried"
    """HubSpot could not be reached, or asked to wait."""
    BROKEN = "broken"
    """HubSpot refused the token: nothing is sent for the organization until it connects another token."""


WRITES = Counter("epoch_hubspot_writes", "Attempts to write calls into HubSpot, by outcome.", ["outcome"])
MAX_COUNTED = 10_000
"""Waiting calls are counted up to this number."""
OLDEST_DUE = "epoch_hubspot_oldest_due_seconds"
WAITING = "epoch_hubspot_calls_waiting"
_waiting = sa.select(HubSpotCall.id).where(HubSpotCall.state == CrmCallState.WAITING).limit(MAX_COUNTED).subquery()
HUBSPOT_GAUGES = MeasuredGauges(
    sa.select(
        seconds_since(sa.select(sa.func.min(HubSpotConnection.due_at)).where(*is_due()).scalar_subquery()).label(
            OLDEST_DUE
        ),
        sa.select(sa.func.count()).select_from(_waiting).scalar_subquery().label(WAITING),
    ),
    {
        OLDEST_DUE: "Seconds that the oldest due call has waited to be written into HubSpot while no process does it.",
        WAITING: f"Calls that wait to be written into HubSpot; counted up to {MAX_COUNTED}.",
    },
)


def begin_series() -> None:
    """Begin the series that alerts watch at 0: ``rate()`` needs two samples and would miss the first failure."""
    for outcome in (*WriteOutcome, *FailureReason):
        WRITES.labels(outcome)
