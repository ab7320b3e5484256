"""Prometheus gauge of events that wait for their numbers."""

import sqlalchemy as sa

from events.models import EVENT_OUTBOX
from kit.db.measured_gauges import MeasuredGauges, seconds_since

OLDEST_WAITING = "epoch_events_oldest_waiting_seconds"
_OLDEST = sa.select(EVENT_OUTBOX.c.created_at).order_by(EVENT_OUTBOX.c.id).limit(1).scalar_subquery()
EVENT_GAUGES = MeasuredGauges(
    sa.select(seconds_since(_OLDEST).label(OLDEST_WAITING)),
    {OLDEST_WAITING: "Seconds that the oldest event has waited for its number; nobody gets it before."},
)
