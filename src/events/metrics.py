"""Prometheus gauge of the age of the oldest event that waits for its sequence number."""

import sqlalchemy as sa

from events.models import EVENT_OUTBOX
from kit.db.measured_gauges import MeasuredGauges, seconds_since

OLDEST_WAITING_METRIC = "epoch_events_oldest_waiting_seconds"
_OLDEST_CREATED_AT = sa.select(EVENT_OUTBOX.c.created_at).order_by(EVENT_OUTBOX.c.id).limit(1).scalar_subquery()
EVENT_GAUGES = MeasuredGauges(
    sa.select(seconds_since(_OLDEST_CREATED_AT).label(OLDEST_WAITING_METRIC)),
    {
        OLDEST_WAITING_METRIC: (
            "Seconds that the oldest event has waited for its sequence number; it is not sent or listed before."
        )
    },
)
