"""Derives the state of an incoming call from its events. Pure: any order or repetition gives the same state."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from calls.call_state import DIAL_ENDED, STATUS_BY_CARRIER_STATUS, CallState
from calls.models import CallStatus
from kit.rounding import divide_up

ACCEPTED = "accepted"
"""A forwarded phone pressed 1. The event is the only proof that somebody took the call: a phone that is merely answered
may be a mailbox."""
UNANSWERED = "unanswered"
"""No phone of the last turn accepted the call, or the caller stayed after a recording without a message."""
NOT_FORWARDED = "not-forwarded"
"""There was neither a phone to ring nor voicemail: the caller heard the greeting and a goodbye."""
OUTSIDE_HOURS = "outside-hours"
BLOCKED = "blocked"
"""The caller pressed 9; no message of such a call is kept."""
VOICEMAIL_OFFERED = "voicemail-offered"
"""The caller was asked to leave a message. Does not change the state by itself."""
TRANSCRIPTION_ASKED = "transcription-asked"
"""A transcription was requested. Does not change the state by itself."""
RECORDED = "recorded"
"""The caller left a message."""
OUTSIDE_HOURS_REASON = "outside_hours"
"""The end reason of a call outside the hours that nobody accepted."""


class IncomingEvent(msgspec.Struct, frozen=True):
    """One event of one leg."""

    leg: str
    """The carrier's id of the leg."""
    is_child: bool
    """True for a forwarded phone, False for the caller."""
    kind: str
    """The carrier's status of the leg, ``dial-ended``, or one of the kinds above, which we record when we answer."""
    sequence: int
    occurred_at: datetime
    duration: int | None = None
    error_code: int | None = None


def derive_incoming_state(events: Iterable[IncomingEvent]) -> CallState:
    """The state of an admitted incoming call after ``events``.

    A call that a phone accepted ends with the leg of that phone, or with the result of the dial once the caller's leg
    has ended too. Any other call ends with the caller's leg; its status follows from the events before that end.
    """
    ordered = sorted(events, key=_event_order)
    accepted = next((event for event in ordered if event.kind == ACCEPTED), None)
    caller_end = next((event for event in ordered if not event.is_child and _is_final(event)), None)
    if accepted is not None:
        end = _end_of_accepted(accepted, ordered, caller_end)
        if end is None:
            return CallState(CallStatus.IN_PROGRESS, answered_at=accepted.occurred_at)
        return CallState(
            CallStatus.COMPLETED,
            duration=_connected_seconds(accepted, end),
            answered_at=accepted.occurred_at,
            ended_at=end.occurred_at,
        )
    kinds = {event.kind for event in ordered}
    if caller_end is None:
        is_forwarded = any(event.is_child for event in ordered)
        return CallState(CallStatus.RINGING if is_forwarded else CallStatus.INITIATED)
    status = _unaccepted_status(kinds, caller_end)
    reason = BLOCKED if BLOCKED in kinds else OUTSIDE_HOURS_REASON if OUTSIDE_HOURS in kinds else status.value
    errors = (event.error_code for event in ordered if event.error_code)
    return CallState(
        status,
        ended_at=caller_end.occurred_at,
        end_reason=reason,
        carrier_error=next(errors, None) if status is CallStatus.FAILED else None,
    )


def billed_minutes(events: Iterable[IncomingEvent]) -> int:
    """The minutes of all legs that have ended: each leg's connected time, rounded up."""
    seconds: dict[str, int] = {}
    for event in sorted(events, key=_event_order):
        if _is_final(event):
            seconds.setdefault(event.leg, event.duration or 0)
    return sum(divide_up(leg_seconds, 60) for leg_seconds in seconds.values())


def _unaccepted_status(kinds: set[str], caller_end: IncomingEvent) -> CallStatus:
    if RECORDED in kinds and BLOCKED not in kinds:
        return CallStatus.VOICEMAIL
    if STATUS_BY_CARRIER_STATUS[caller_end.kind] is CallStatus.FAILED:
        return CallStatus.FAILED
    return CallStatus.NO_ANSWER if kinds & {UNANSWERED, NOT_FORWARDED, BLOCKED} else CallStatus.ABANDONED


def _end_of_accepted(
    accepted: IncomingEvent, events: Sequence[IncomingEvent], caller_end: IncomingEvent | None
) -> IncomingEvent | None:
    child = next((event for event in events if event.leg == accepted.leg and _is_final(event)), None)
    if child is not None or caller_end is None:
        return child
    return next((event for event in events if event.kind == DIAL_ENDED), None)


def _connected_seconds(accepted: IncomingEvent, end: IncomingEvent) -> int:
    if end.duration is not None:
        return end.duration
    return max(round((end.occurred_at - accepted.occurred_at) / timedelta(seconds=1)), 0)


def _is_final(event: IncomingEvent) -> bool:
    status = STATUS_BY_CARRIER_STATUS.get(event.kind)
    return status is not None and status.is_final


def _event_order(event: IncomingEvent) -> tuple[int, str, datetime, str, int, int]:
    """A total order, so that contradicting events always give the same state: the lowest sequence wins."""
    return (event.sequence, event.kind, event.occurred_at, event.leg, event.duration or 0, event.error_code or 0)
