"""The state of an outgoing call is derived from its events, and does not depend on their order, repetition or loss."""

import datetime as dt
import itertools
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from calls.call_state import CallState, LegEvent, derive_call_state, imposed_end
from calls.models import CallStatus, ImposedEnd

START = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def child(kind: str, sequence: int, seconds: float, duration: int | None = None) -> LegEvent:
    return LegEvent(is_child=True, kind=kind, sequence=sequence, occurred_at=at(seconds), duration=duration)


def parent(kind: str, seconds: float, duration: int | None = None) -> LegEvent:
    return LegEvent(is_child=False, kind=kind, sequence=0, occurred_at=at(seconds), duration=duration)


DIAL_ENDED = LegEvent(is_child=False, kind="dial-ended", sequence=-1, occurred_at=at(9.1))
ANSWERED_CALL = [
    child("initiated", 0, 0),
    child("ringing", 1, 1),
    child("in-progress", 2, 3),
    child("completed", 3, 9, 6),
    parent("completed", 9.2, 9),
    DIAL_ENDED,
]
ANSWERED_CALL_STATE = CallState(CallStatus.COMPLETED, duration=6, answered_at=at(3), ended_at=at(9), end_reason=None)


DROP = child("voicemail-dropped", -1, 5)
DROPPED_CALL = [*ANSWERED_CALL[:3], DROP, parent("completed", 5.2, 5), DIAL_ENDED, child("completed", 3, 33, 30)]


def unanswered(status: str) -> tuple[list[LegEvent], CallState]:
    events = [child("initiated", 0, 0), child("ringing", 1, 1), child(status, 2, 5, 0), parent("completed", 5.1, 5)]
    return events, CallState(CallStatus(status), ended_at=at(5), end_reason=status)


def dial_ended(status: str, duration: int | None = None, error_code: int | None = None) -> LegEvent:
    return LegEvent(
        is_child=False,
        kind="dial-ended",
        sequence=-1,
        occurred_at=at(9.1),
        duration=duration,
        dial_status=status,
        error_code=error_code,
    )


CALLS = {
    "answered": (ANSWERED_CALL, ANSWERED_CALL_STATE),
    **{status: unanswered(status) for status in ("busy", "no-answer", "failed", "canceled")},
    "hung up before anything was dialled": (
        [parent("ringing", 0), parent("no-answer", 2, 0), DIAL_ENDED],
        CallState(CallStatus.CANCELED, ended_at=at(2), end_reason="canceled"),
    ),
    "ended by the account before anything was dialled": (
        [parent("ringing", 0), parent("canceled", 2, 0)],
        CallState(CallStatus.CANCELED, ended_at=at(2), end_reason="canceled"),
    ),
    "ended by the carrier before anything was dialled": (
        [parent("ringing", 0), replace(parent("failed", 2, 0), error_code=11200)],
        CallState(CallStatus.FAILED, ended_at=at(2), end_reason="failed", carrier_error=11200),
    ),
    "answered by the carrier to tell an error": (
        [parent("ringing", 0), parent("in-progress", 1), parent("completed", 5, 4)],
        CallState(CallStatus.FAILED, ended_at=at(5), end_reason="failed"),
    ),
    "a dial that made no leg": (
        [parent("ringing", 0), dial_ended("failed", error_code=13227), parent("completed", 9.2)],
        CallState(CallStatus.FAILED, ended_at=at(9.1), end_reason="failed", carrier_error=13227),
    ),
    "the dialled leg's end was lost": (
        [child("initiated", 0, 0), child("ringing", 1, 1), dial_ended("busy"), parent("completed", 9.2)],
        CallState(CallStatus.BUSY, ended_at=at(9.1), end_reason="busy"),
    ),
    "every event of the dialled leg was lost": (
        [parent("ringing", 0), dial_ended("completed", 6), parent("completed", 9.2, 9)],
        CallState(CallStatus.COMPLETED, duration=6, answered_at=at(3.1), ended_at=at(9.1)),
    ),
    "a result that we do not know": (
        [parent("ringing", 0), dial_ended("dancing"), parent("completed", 9.2)],
        CallState(CallStatus.FAILED, ended_at=at(9.1), end_reason="failed"),
    ),
}


def orders_with_repetitions(events: list[LegEvent]) -> Iterator[list[LegEvent]]:
    """Every order of the events, and in each every choice of those that are repeated."""
    for count, order in enumerate(itertools.permutations(events)):
        for twice in itertools.product((False, True), repeat=len(order)):
            again = [event for event, repeated in zip(order, twice, strict=True) if repeated]
            # The repeated events follow at once, at the end, or at the end in reverse order.
            yield [
                [event for event, r in zip(order, twice, strict=True) for _ in range(1 + r)],
                [*order, *again],
                [*again[::-1], *order],
            ][count % 3]


@pytest.mark.parametrize("name", CALLS)
def test_every_order_and_repetition_gives_the_same_call(name: str) -> None:
    events, expected = CALLS[name]
    assert {derive_call_state(order) for order in orders_with_repetitions(events)} == {expected}


@pytest.mark.parametrize(
    ("seen", "status"),
    [(0, CallStatus.INITIATED), (1, CallStatus.INITIATED), (2, CallStatus.RINGING), (3, CallStatus.IN_PROGRESS)],
)
def test_a_call_under_way_has_no_end(seen: int, status: CallStatus) -> None:
    for events in itertools.permutations(ANSWERED_CALL[:seen]):
        state = derive_call_state(events)
        assert state.status is status
        assert (state.duration, state.ended_at, state.end_reason) == (0, None, None)
        assert state.answered_at == (at(3) if seen == 3 else None)


def test_the_dialled_legs_end_alone_closes_a_call() -> None:
    events = [*ANSWERED_CALL[:3], parent("completed", 9.2, 9), DIAL_ENDED]
    assert derive_call_state(events).status is CallStatus.IN_PROGRESS


@pytest.mark.parametrize("seen", [[dial_ended("failed")], [child("ringing", 1, 1), dial_ended("busy")]])
def test_the_dials_result_alone_ends_no_call(seen: list[LegEvent]) -> None:
    assert not derive_call_state(seen).status.is_final


def test_the_dialled_legs_end_overrules_the_dials_result() -> None:
    assert derive_call_state([*ANSWERED_CALL, dial_ended("failed", error_code=13227)]) == ANSWERED_CALL_STATE


def test_an_end_is_final_whatever_comes_later() -> None:
    assert (
        derive_call_state([*ANSWERED_CALL, child("ringing", 4, 20), child("in-progress", 5, 21)]).status
        is CallStatus.COMPLETED
    )


def test_the_duration_is_the_child_legs_not_the_parent_legs() -> None:
    assert derive_call_state([*ANSWERED_CALL[:4], parent("completed", 9.2, 700)]).duration == 6


@pytest.mark.parametrize(
    ("status", "seconds", "termination", "expected"),
    [
        (CallStatus.COMPLETED, 599, None, None),
        (CallStatus.COMPLETED, 600, None, ImposedEnd.TIME_LIMIT),
        (CallStatus.COMPLETED, 601, None, ImposedEnd.TIME_LIMIT),
        (CallStatus.COMPLETED, 30, ImposedEnd.BY_STAFF, ImposedEnd.BY_STAFF),
        (CallStatus.CANCELED, 0, ImposedEnd.REVOCATION, ImposedEnd.REVOCATION),
        (CallStatus.BUSY, 0, ImposedEnd.BY_STAFF, None),
        (CallStatus.IN_PROGRESS, 0, ImposedEnd.BY_STAFF, None),
    ],
)
def test_an_end_that_the_product_imposed(
    status: CallStatus, seconds: int, termination: str | None, expected: str | None
) -> None:
    state = CallState(status, duration=seconds)
    assert imposed_end(state, termination_reason=termination, limit_minutes=10) == expected


def test_a_call_without_a_time_limit_never_reaches_it() -> None:
    state = CallState(CallStatus.COMPLETED, duration=9999)
    assert imposed_end(state, termination_reason=None, limit_minutes=None) is None


@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {0, 1, 2}])
def test_lost_steps_do_not_change_the_end(lost: set[int]) -> None:
    assert (
        derive_call_state(event for number, event in enumerate(ANSWERED_CALL) if number not in lost)
        == ANSWERED_CALL_STATE
    )


def test_an_unanswered_call_has_no_duration_even_if_one_is_reported() -> None:
    assert derive_call_state([child("busy", 1, 5, 5)]) == CallState(CallStatus.BUSY, ended_at=at(5), end_reason="busy")


def test_unknown_statuses_change_nothing() -> None:
    assert derive_call_state([*ANSWERED_CALL, child("dancing", 9, 30)]) == ANSWERED_CALL_STATE


def test_a_voicemail_drop_ends_the_call_and_the_playing_seconds_are_counted() -> None:
    state = derive_call_state(DROPPED_CALL)
    assert (state.status, state.duration, state.ended_at) == (CallStatus.COMPLETED, 2, at(5))
    assert (state.end_reason, state.playing_seconds) == ("voicemail_dropped", 28)
    for order in itertools.permutations(DROPPED_CALL):
        assert derive_call_state(order) == state
    while_playing = derive_call_state(DROPPED_CALL[:-1])
    assert while_playing == replace(state, playing_seconds=0)
    # The event of the answer was lost.
    assert derive_call_state([DROP, DROPPED_CALL[-1]]) == state
