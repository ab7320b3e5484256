"""The reconciliation job asks the carrier within five minutes about a call whose end was not reported."""

import datetime as dt

from croniter import croniter  # type: ignore[import-untyped]  # it has no types

from calls.reconciliation.stuck_calls import STUCK_AFTER
from epoch.call_jobs import EVERY_MINUTE

PROMISED = dt.timedelta(minutes=5)


def test_a_call_whose_end_was_never_told_is_asked_about_within_five_minutes() -> None:
    times = croniter(EVERY_MINUTE, dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    first, second = times.get_next(dt.datetime), times.get_next(dt.datetime)
    assert STUCK_AFTER + 2 * (second - first) <= PROMISED
