"""The circuit breaker for requests to the carrier: the failures that open it, and the trial request that closes it."""

import pytest

from carrier.breaker import FAILURE_WINDOW_SECONDS, FAILURES_TO_OPEN, OPEN_SECONDS, PROBE_SECONDS, CircuitBreaker
from carrier.port import CarrierUnavailable


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def is_open(breaker: CircuitBreaker) -> bool:
    try:
        breaker.ensure_closed()
    except CarrierUnavailable:
        return True
    return False


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.record_failure()


def test_it_opens_with_the_fifth_failure_and_not_before(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES_TO_OPEN - 1)
    assert not is_open(breaker)
    breaker.record_failure()
    assert is_open(breaker)


def test_failures_that_are_spread_out_do_not_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(3 * FAILURES_TO_OPEN):
        breaker.record_failure()
        clock.now += FAILURE_WINDOW_SECONDS / (FAILURES_TO_OPEN - 1) + 0.1
        assert not is_open(breaker)


def test_failures_within_the_window_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    for _ in range(FAILURES_TO_OPEN):
        breaker.record_failure()
        clock.now += FAILURE_WINDOW_SECONDS / (FAILURES_TO_OPEN - 1) - 0.1
    clock.now -= FAILURE_WINDOW_SECONDS / (FAILURES_TO_OPEN - 1) - 0.1
    assert is_open(breaker)


def test_an_answer_between_failures_keeps_it_closed(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        fail(breaker, FAILURES_TO_OPEN - 1)
        breaker.record_success()
    assert not is_open(breaker)


def test_after_a_pause_one_request_is_let_through_and_its_outcome_decides(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    clock.now += OPEN_SECONDS - 0.1
    assert is_open(breaker)
    clock.now += 0.1
    assert not is_open(breaker)
    assert is_open(breaker)

    breaker.record_failure()
    assert is_open(breaker)
    clock.now += OPEN_SECONDS
    assert not is_open(breaker)
    breaker.record_success()
    assert not is_open(breaker)
    fail(breaker, FAILURES_TO_OPEN - 1)
    assert not is_open(breaker)


def test_a_probe_that_was_given_up_does_not_keep_it_open_for_ever(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    clock.now += OPEN_SECONDS
    assert not is_open(breaker)
    clock.now += PROBE_SECONDS
    assert not is_open(breaker)
