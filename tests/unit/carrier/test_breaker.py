"""When the circuit breaker lets a request through."""

import pytest

from carrier.breaker import FAILURES, OPEN_SECONDS, PROBE_SECONDS, WINDOW_SECONDS, Breaker
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
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.ensure_closed()
    except CarrierUnavailable:
        return True
    return False


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_with_the_fifth_failure_and_not_before(breaker: Breaker) -> None:
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)
    breaker.failed()
    assert is_open(breaker)


def test_failures_that_are_spread_out_do_not_open_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3 * FAILURES):
        breaker.failed()
        clock.now += WINDOW_SECONDS / (FAILURES - 1) + 0.1
        assert not is_open(breaker)


def test_failures_within_the_window_open_it(breaker: Breaker, clock: Clock) -> None:
    for _ in range(FAILURES):
        breaker.failed()
        clock.now += WINDOW_SECONDS / (FAILURES - 1) - 0.1
    clock.now -= WINDOW_SECONDS / (FAILURES - 1) - 0.1
    assert is_open(breaker)


def test_an_answer_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    for _ in range(3):
        fail(breaker, FAILURES - 1)
        breaker.succeeded()
    assert not is_open(breaker)


def test_after_a_pause_one_request_is_let_through_and_its_outcome_decides(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += OPEN_SECONDS - 0.1
    assert is_open(breaker)
    clock.now += 0.1
    assert not is_open(breaker)
    assert is_open(breaker)

    breaker.failed()
    assert is_open(breaker)
    clock.now += OPEN_SECONDS
    assert not is_open(breaker)
    breaker.succeeded()
    assert not is_open(breaker)
    fail(breaker, FAILURES - 1)
    assert not is_open(breaker)


def test_a_probe_that_was_given_up_does_not_keep_it_open_for_ever(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    clock.now += OPEN_SECONDS
    assert not is_open(breaker)
    clock.now += PROBE_SECONDS
    assert not is_open(breaker)
