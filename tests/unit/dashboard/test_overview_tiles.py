"""The figures on the dashboard's overview page, each compared with the week before."""

import datetime as dt

import pytest

from calls.aggregates import CallTotals
from calls.overview import CallCounts, DailyTotals
from dashboard.overview import tiles

NO_CALLS = CallCounts(live=0, received=0, received_before=0)


def days(before: CallTotals, now: CallTotals) -> list[DailyTotals]:
    """Two weeks whose calls all fall on one day each."""
    start = dt.date(2026, 3, 1)
    totals = [before, *[CallTotals()] * 6, now, *[CallTotals()] * 6]
    return [DailyTotals(start + dt.timedelta(days=number), day_totals) for number, day_totals in enumerate(totals)]


@pytest.mark.parametrize(
    ("before", "now", "change", "is_up"),
    [
        (10, 15, "+50 % vs the week before", True),
        (10, 5, "−50 % vs the week before", False),
        (10, 10, "As the week before", None),
        (0, 3, "None the week before", None),
        (0, 0, "None in two weeks", None),
    ],
)
def test_calls_are_compared_with_the_week_before(before: int, now: int, change: str, is_up: bool | None) -> None:
    calls = tiles(days(CallTotals(calls=before), CallTotals(calls=now)), NO_CALLS)[0]
    assert (calls.value, calls.change, calls.is_up) == (str(now), change, is_up)


def test_the_answer_rate_is_compared_in_points() -> None:
    answered = tiles(days(CallTotals(10, 5, 0), CallTotals(10, 8, 0)), NO_CALLS)[1]
    assert (answered.value, answered.change) == ("80 %", "+30 points vs the week before")


def test_minutes_are_the_billed_ones_and_live_calls_are_shown() -> None:
    shown = tiles(days(CallTotals(), CallTotals(2, 2, 61, 2)), CallCounts(live=3, received=6, received_before=4))
    assert [(tile.name, tile.value) for tile in shown[2:]] == [
        ("Minutes of calls made", "2"),
        ("Calls received", "6"),
        ("Live now", "3"),
    ]
    assert shown[3].change == "+50 % vs the week before"
