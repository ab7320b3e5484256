"""Derives a call's state from its events. Pure: any order or repetition of the same events gives the same state."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from calls.models import CallStatus

STATUS_BY_CARRIER_STATUS = {
    "initiated": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "answered": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELED,
}
"""Our status for each leg status of the carrier."""
FIRST_CORRECTION_SEQUENCE = -2
"""Sequence number of a correction: it sorts before every reported event. A later correction has a smaller one."""
_PROGRESS = {CallStatus.INITIATED: 0, CallStatus.RINGING: 1, CallStatus.IN_PROGRESS: 2}


class LegEvent(msgspec.Struct, frozen=True):
    """One event of one leg."""

    is_child: bool
    kind: str
    sequence: int
    occurred_at: datetime
    duration: int | None = None
    sip_code: int | None = None


class CallState(msgspec.Struct, frozen=True):
    """The state that the events lead to."""

    status: CallStatus
    duration: int = 0
    """Whole seconds connected; 0 until the end."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None


def derive_call_state(events: Iterable[LegEvent]) -> CallState:
    """The state of an admitted call after ``events``.

    Only the dialled leg's final event ends a call. The end of the caller's leg does so only if no leg was dialled
    before it, because then no other event can follow.
    """
    known = [event for event in events if event.kind in STATUS_BY_CARRIER_STATUS]
    child = sorted((event for event in known if event.is_child), key=_event_order)
    if not child:
        ended = sorted((event for event in known if STATUS_BY_CARRIER_STATUS[event.kind].is_final), key=_event_order)
        if not ended:
            return CallState(CallStatus.INITIATED)
        return CallState(CallStatus.CANCELED, ended_at=ended[0].occurred_at, end_reason=CallStatus.CANCELED.value)
    answered_at = next(
        (event.occurred_at for event in child if STATUS_BY_CARRIER_STATUS[event.kind] is CallStatus.IN_PROGRESS), None
    )
    final = next((event for event in child if STATUS_BY_CARRIER_STATUS[event.kind].is_final), None)
    if final is None:
        status = max((STATUS_BY_CARRIER_STATUS[event.kind] for event in child), key=_PROGRESS.__getitem__)
        return CallState(status, answered_at=answered_at)
    status = STATUS_BY_CARRIER_STATUS[final.kind]
    duration = (final.duration or 0) if status is CallStatus.COMPLETED else 0
    if answered_at is None and duration:
        # The event of the answer was lost; the end and the duration give its time.
        answered_at = final.occurred_at - timedelta(seconds=duration)
    return CallState(
        status,
        duration=duration,
        answered_at=answered_at,
        ended_at=final.occurred_at,
        end_reason=None if status is CallStatus.COMPLETED else status.value,
    )


def _event_order(event: LegEvent) -> tuple[int, str, datetime, int, int]:
    """A total order, so that contradicting events always give the same state: the lowest sequence wins."""
    return (event.sequence, event.kind, event.occurred_at, event.duration or 0, event.sip_code or 0)
