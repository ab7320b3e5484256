"""Derives the state of an outgoing call from its events; ``incoming/call_state.py`` does so for incoming calls.

Pure: any order or repetition of the same events gives the same state.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from calls.models import CallStatus, ImposedEnd

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
DIAL_ENDED = "dial-ended"
"""Kind of the event that is made from the carrier's request at the end of a ``<Dial>``."""
VOICEMAIL_DROPPED = "voicemail-dropped"
"""Kind of the event of a voicemail drop: the call ends for the agent; the child leg goes on and plays the recording."""
VOICEMAIL_DROPPED_REASON = "voicemail_dropped"
FIRST_CORRECTION_SEQUENCE = -2
"""Sequence number of the first correction: it sorts before every reported event. Each later one is smaller."""
_TERMINATED_STATUSES = frozenset({CallStatus.COMPLETED, CallStatus.CANCELED, CallStatus.NO_ANSWER})
"""Final statuses of calls that the carrier ended at our request, while they were connected or rang."""
_PROGRESS_RANK = {CallStatus.INITIATED: 0, CallStatus.RINGING: 1, CallStatus.IN_PROGRESS: 2}


class LegEvent(msgspec.Struct, frozen=True):
    """One event of one leg."""

    is_child: bool
    kind: str
    sequence: int
    occurred_at: datetime
    duration: int | None = None
    sip_code: int | None = None
    dial_status: str | None = None
    """The carrier's result of the whole dial; in ``dial-ended`` events only."""
    error_code: int | None = None
    """The carrier's error code, where it gives one."""


class CallState(msgspec.Struct, frozen=True):
    """The derived state of a call, outgoing or incoming."""

    status: CallStatus
    duration: int = 0
    """Whole seconds connected; 0 until the end."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    carrier_error: int | None = None
    """The carrier's error code of a failed call."""
    playing_seconds: int = 0
    """Seconds for which the child leg played a voicemail greeting after the call's end; they are billed."""


def derive_call_state(events: Iterable[LegEvent]) -> CallState:
    """The state of an admitted call after ``events``.

    The child leg's final event ends a call. Without one, the carrier's result of the dial decides once the parent leg
    has ended too: no other event can follow, and a dial that failed may never have made a child leg. Without a result,
    the end of the parent leg ends a call that has no child leg: see ``undialled_status``. A voicemail drop ends the
    call before its legs end.
    """
    ordered = sorted(events, key=_event_order)
    known = [event for event in ordered if event.kind in STATUS_BY_CARRIER_STATUS]
    child_events = [event for event in known if event.is_child]
    final = next((event for event in child_events if STATUS_BY_CARRIER_STATUS[event.kind].is_final), None)
    if (drop := next((event for event in ordered if event.kind == VOICEMAIL_DROPPED), None)) is not None:
        return _ended_by_drop(drop, final, child_events)
    if final is not None:
        return _ended(STATUS_BY_CARRIER_STATUS[final.kind], final, child_events, ordered)
    parent_end = next(
        (event for event in known if not event.is_child and STATUS_BY_CARRIER_STATUS[event.kind].is_final), None
    )
    dial_end = next((event for event in ordered if event.kind == DIAL_ENDED and event.dial_status), None)
    if parent_end is not None and dial_end is not None:
        return _ended(_dial_result(dial_end), dial_end, child_events, ordered)
    if child_events:
        status = max((STATUS_BY_CARRIER_STATUS[event.kind] for event in child_events), key=_PROGRESS_RANK.__getitem__)
        return CallState(status, answered_at=_answered_at(child_events))
    if parent_end is not None:
        return _ended(undialled_status(parent_end.kind, parent_end.error_code), parent_end, child_events, ordered)
    return CallState(CallStatus.INITIATED)


def imposed_end(state: CallState, *, termination_reason: str | None, limit_minutes: int | None) -> str | None:
    """The reason for which the product ended a call in ``state``; None when it did not.

    ``termination_reason`` and ``limit_minutes`` are those of the ``Call``.
    """
    if termination_reason is not None and state.status in _TERMINATED_STATUSES:
        return termination_reason
    has_time_limit = state.status is CallStatus.COMPLETED and limit_minutes is not None
    return ImposedEnd.TIME_LIMIT if has_time_limit and state.duration >= 60 * (limit_minutes or 0) else None


def undialled_status(parent_status: str, error_code: int | None = None) -> CallStatus:
    """The final status of an admitted call that dialled nobody, from the carrier's status of the parent leg.

    ``canceled`` when the parent leg was never answered: the agent hung up. ``failed`` otherwise: the carrier could not
    read our document, or answered the leg to announce an error. ``failed`` also when the carrier recorded the error
    ``error_code`` about the call.
    """
    is_unanswered = STATUS_BY_CARRIER_STATUS.get(parent_status) in (CallStatus.CANCELED, CallStatus.NO_ANSWER)
    return CallStatus.CANCELED if is_unanswered and error_code is None else CallStatus.FAILED


def _dial_result(dial_end: LegEvent) -> CallStatus:
    status = STATUS_BY_CARRIER_STATUS.get(dial_end.dial_status or "", CallStatus.FAILED)
    # "answered" is the carrier's result of a call that was connected to a queue or a conference.
    return status if status.is_final else CallStatus.COMPLETED


def _ended(
    status: CallStatus, end: LegEvent, child_events: Sequence[LegEvent], events: Sequence[LegEvent]
) -> CallState:
    duration = (end.duration or 0) if status is CallStatus.COMPLETED else 0
    answered_at = _answered_at(child_events)
    if answered_at is None and duration:
        # The event of the answer was lost: the end and the duration give the time of the answer.
        answered_at = end.occurred_at - timedelta(seconds=duration)
    return CallState(
        status,
        duration=duration,
        answered_at=answered_at,
        ended_at=end.occurred_at,
        end_reason=None if status is CallStatus.COMPLETED else status.value,
        carrier_error=next((event.error_code for event in events if event.error_code), None)
        if status is CallStatus.FAILED
        else None,
    )


def _ended_by_drop(drop: LegEvent, final: LegEvent | None, child_events: Sequence[LegEvent]) -> CallState:
    leg_seconds = (final.duration or 0) if final is not None else 0
    answered_at = _answered_at(child_events)
    if answered_at is None and final is not None and leg_seconds:
        answered_at = final.occurred_at - timedelta(seconds=leg_seconds)
    duration = 0 if answered_at is None else max(round((drop.occurred_at - answered_at) / timedelta(seconds=1)), 0)
    return CallState(
        CallStatus.COMPLETED,
        duration=duration,
        answered_at=answered_at,
        ended_at=drop.occurred_at,
        end_reason=VOICEMAIL_DROPPED_REASON,
        playing_seconds=max(leg_seconds - duration, 0),
    )


def _answered_at(child_events: Sequence[LegEvent]) -> datetime | None:
    return next(
        (event.occurred_at for event in child_events if STATUS_BY_CARRIER_STATUS[event.kind] is CallStatus.IN_PROGRESS),
        None,
    )


def _event_order(event: LegEvent) -> tuple[int, str, datetime, int, int, str, int]:
    """A total order, so that contradicting events always give the same state: the lowest sequence wins."""
    return (
        event.sequence,
        event.kind,
        event.occurred_at,
        event.duration or 0,
        event.sip_code or 0,
        event.dial_status or "",
        event.error_code or 0,
    )
