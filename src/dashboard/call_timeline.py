"""The timeline on a call's page: a text for each event of the call, except those that only repeat an earlier event."""

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from calls.models import Call, CallEvent, CallStatus, Direction

_EVENT_LABELS: Mapping[str, str] = {
    "initiated": "Started",
    "ringing": "Ringing",
    "in-progress": "Answered",
    "answered": "Answered",
    "completed": "Ended",
    "busy": "Busy",
    "no-answer": "Not answered",
    "failed": "Failed",
    "canceled": "Canceled",
    "voicemail-dropped": "Recorded greeting left in the mailbox",
}
_INCOMING_EVENT_LABELS: Mapping[str, str] = {
    "accepted": "Accepted by pressing 1",
    "unanswered": "Nobody accepted",
    "not-forwarded": "No phone was called",
    "outside-hours": "Outside the hours",
    "blocked": "Pressed 9: asked not to be called again",
    "recorded": "Left a message",
}
"""Events of incoming calls that our answers to the carrier add."""


class TimelineStep(msgspec.Struct, frozen=True):
    """One entry of a call's timeline."""

    at: dt.datetime
    text: str
    party: str
    """The party whose leg the step is about, or Epoch Voice."""


def timeline(call: Call, events: Sequence[CallEvent]) -> list[TimelineStep]:
    """The entries of a call's timeline, in order; an event that repeats a fact is left out."""
    if call.direction == Direction.INBOUND:
        return _incoming_timeline(call, events)
    steps = [TimelineStep(call.started_at, "Call placed in the browser", "Agent")]
    if call.status is CallStatus.REFUSED:
        steps.append(TimelineStep(call.ended_at or call.started_at, "Refused before it was dialled", "Epoch Voice"))
    dialled = any(event.is_child for event in events)
    for event in events:
        # Of the agent's leg show only what the dialled leg does not have: that it was hung up before dialling.
        if event.kind in _EVENT_LABELS and (event.is_child or not (dialled or event.kind == "initiated")):
            text = "Dialling" if event.kind == "initiated" else _EVENT_LABELS[event.kind]
            steps.append(TimelineStep(event.occurred_at, text, "Called number" if event.is_child else "Agent"))
    return steps


def _incoming_timeline(call: Call, events: Sequence[CallEvent]) -> list[TimelineStep]:
    steps = [TimelineStep(call.started_at, "Call to your number", "Caller")]
    if call.status is CallStatus.REFUSED:
        steps.append(TimelineStep(call.ended_at or call.started_at, "Refused", "Epoch Voice"))
    for event in events:
        text = _INCOMING_EVENT_LABELS.get(event.kind) or (
            None if event.kind == "initiated" else _EVENT_LABELS.get(event.kind)
        )
        if text is not None:
            steps.append(TimelineStep(event.occurred_at, text, "Forwarded phone" if event.is_child else "Caller"))
    return steps
