"""How soon the jobs set calls right, as their times add up."""

import datetime as dt

from calls.reconciliation.stuck_calls import QUIET
from epoch.call_jobs import EVERY_SECONDS, FIRST_SECONDS

PROMISED = dt.timedelta(minutes=5)


def test_a_call_whose_end_was_never_told_is_asked_about_within_five_minutes() -> None:
    assert QUIET + 2 * dt.timedelta(seconds=EVERY_SECONDS) <= PROMISED
    assert QUIET + dt.timedelta(seconds=FIRST_SECONDS + EVERY_SECONDS) <= PROMISED
