"""Sums of the intervals of call jobs: the longest delay until a call is corrected."""

import datetime as dt

from calls.reconciliation.stuck_calls import STUCK_AFTER
from epoch.call_jobs import STUCK_CALLS_EVERY_SECONDS, STUCK_CALLS_FIRST_SECONDS

PROMISED = dt.timedelta(minutes=5)


def test_a_call_whose_end_was_never_told_is_asked_about_within_five_minutes() -> None:
    assert STUCK_AFTER + 2 * dt.timedelta(seconds=STUCK_CALLS_EVERY_SECONDS) <= PROMISED
    assert STUCK_AFTER + dt.timedelta(seconds=STUCK_CALLS_FIRST_SECONDS + STUCK_CALLS_EVERY_SECONDS) <= PROMISED
