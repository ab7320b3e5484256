"""The state of an incoming call follows from its events, in any order, repeated, and with any one of them lost."""

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest

from calls.incoming.call_state import IncomingEvent, billed_minutes, derive_incoming_state
from calls.models import CallStatus

START = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
CALLER, FIRST, SECOND = "CA0", "CA1", "CA2"


def event(leg: str, kind: str, seconds: float, *, sequence: int = -1, duration: int | None = None) -> IncomingEvent:
    at = START + dt.timedelta(seconds=seconds)
    return IncomingEvent(leg, leg != CALLER, kind, sequence, at, duration)


RANG = [event(FIRST, "ringing", 1, sequence=1), event(SECOND, "ringing", 1, sequence=1)]
ACCEPTED = [
    *RANG,
    event(FIRST, "in-progress", 4, sequence=2),
    event(FIRST, "accepted", 7),
    event(SECOND, "canceled", 7, sequence=2, duration=0),
    event(FIRST, "completed", 67, sequence=3, duration=63),
    event(CALLER, "completed", 68, sequence=0, duration=68),
]
MISSED = [
    *RANG,
    event(FIRST, "no-answer", 21, sequence=2, duration=0),
    event(SECOND, "completed", 21, sequence=3, duration=11),
    event(CALLER, "unanswered", 22),
    event(CALLER, "completed", 25, sequence=0, duration=25),
]
GAVE_UP = [*RANG, event(FIRST, "canceled", 5, sequence=2, duration=0), event(CALLER, "completed", 5, duration=5)]
CLOSED = [
    event(CALLER, "outside-hours", 0),
    event(CALLER, "not-forwarded", 0),
    event(CALLER, "completed", 6, duration=6),
]
VOICEMAIL = [*MISSED, event(CALLER, "recorded", 24)]
BLOCKED = [event(CALLER, "blocked", 3), event(CALLER, "completed", 5, duration=5)]
BLOCKED_IN_MESSAGE = [*VOICEMAIL, event(CALLER, "blocked", 25)]
ENDS = [
    (ACCEPTED, CallStatus.COMPLETED, None, 63),
    (MISSED, CallStatus.NO_ANSWER, "no-answer", 0),
    (GAVE_UP, CallStatus.ABANDONED, "abandoned", 0),
    (CLOSED, CallStatus.NO_ANSWER, "outside_hours", 0),
    (VOICEMAIL, CallStatus.VOICEMAIL, "voicemail", 0),
    (BLOCKED, CallStatus.NO_ANSWER, "blocked", 0),
    (BLOCKED_IN_MESSAGE, CallStatus.NO_ANSWER, "blocked", 0),
]


@pytest.mark.parametrize(("events", "status", "reason", "duration"), ENDS)
def test_every_order_and_repetition_gives_the_same_end(
    events: Sequence[IncomingEvent], status: CallStatus, reason: str | None, duration: int
) -> None:
    found = {derive_incoming_state([*order, *order[::2]]) for order in itertools.permutations(events)}
    (state,) = found
    assert (state.status, state.end_reason, state.duration) == (status, reason, duration)
    assert state.ended_at is not None


@pytest.mark.parametrize(("events", "status"), [(events, status) for events, status, *_ in ENDS])
def test_the_carriers_lost_events_change_no_end(events: Sequence[IncomingEvent], status: CallStatus) -> None:
    """Only our own answers say what happened; of the carrier's events the one that ends the call is asked for again."""
    for lost in events:
        if lost.kind in ("ringing", "in-progress", "no-answer", "canceled") or (lost.is_child and lost.leg == SECOND):
            left = [each for each in events if each is not lost]
            assert derive_incoming_state(left).status is status


def test_a_phone_that_is_answered_and_accepts_nothing_has_not_taken_the_call() -> None:
    state = derive_incoming_state(
        [event(FIRST, "in-progress", 4, sequence=2), event(FIRST, "completed", 14, sequence=3)]
    )
    assert state.status is CallStatus.RINGING
    assert derive_incoming_state([]).status is CallStatus.INITIATED


def test_an_accepted_call_is_in_progress_until_its_phone_hangs_up() -> None:
    live = [event(FIRST, "accepted", 7), event(CALLER, "completed", 60, duration=60)]
    assert derive_incoming_state(live).status is CallStatus.IN_PROGRESS
    ended = [*live, event(FIRST, "dial-ended", 60, duration=53)]
    assert (derive_incoming_state(ended).status, derive_incoming_state(ended).duration) == (CallStatus.COMPLETED, 53)


def test_the_minutes_of_each_leg_are_rounded_up_and_summed() -> None:
    assert billed_minutes(ACCEPTED) == 2 + 2
    assert billed_minutes([*ACCEPTED, *ACCEPTED]) == 2 + 2
    assert billed_minutes(RANG) == 0
