"""Opening hours of incoming calls: the weekly table, hours past midnight, holidays, clock changes, overlaps."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from calls.incoming.answer_settings import AnswerSettings, Holidays, OpenHours, Weekday, is_open
from calls.incoming.audit_texts import WHOLE_DAY
from calls.incoming.overlapping_hours import is_same_week, overlap_errors

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")

EARLIER = "end the first one when the second one begins, or earlier"


def hours(day: str, begin: str, end: str) -> OpenHours:
    return OpenHours(day=Weekday(day), from_=begin, to=end)


def opened(settings: AnswerSettings, local: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> bool:
    moment = dt.datetime.fromisoformat(local).replace(tzinfo=zone, fold=fold)
    return is_open(settings, zone, moment.astimezone(dt.UTC))


def test_without_hours_every_moment_is_open() -> None:
    assert opened(AnswerSettings(), "2026-11-29T03:00")


@pytest.mark.parametrize(
    ("local", "is_in"),
    [
        ("2026-11-30T08:59:59", False),
        ("2026-11-30T09:00", True),
        ("2026-11-30T17:29:59", True),
        ("2026-11-30T17:30", False),
        ("2026-12-01T10:00", False),
    ],
)
def test_hours_begin_with_their_minute_and_end_before_it(local: str, is_in: bool) -> None:
    assert opened(AnswerSettings(hours=[hours("mon", "09:00", "17:30")]), local) is is_in


@pytest.mark.parametrize(
    ("local", "is_in"),
    [("2026-12-04T21:59", False), ("2026-12-04T23:30", True), ("2026-12-05T01:59", True), ("2026-12-05T02:00", False)],
)
def test_hours_that_end_before_they_begin_go_past_midnight(local: str, is_in: bool) -> None:
    assert opened(AnswerSettings(hours=[hours("fri", "22:00", "02:00")]), local) is is_in


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    nights = [hours(day, "22:00", "02:00") for day in ("thu", "fri")]
    closed = AnswerSettings(hours=nights, holidays=Holidays(days=["2026-12-25"]))
    assert opened(closed, "2026-12-25T01:00")
    assert not opened(closed, "2026-12-25T23:00")
    assert not opened(closed, "2026-12-26T01:00")


def test_public_holidays_of_the_country_are_closed() -> None:
    table = [hours(day, "09:00", "17:00") for day in Weekday]
    american = AnswerSettings(hours=table, holidays=Holidays(country="US"))
    assert not opened(american, "2026-11-26T10:00", NEW_YORK)
    assert opened(american, "2026-11-27T10:00", NEW_YORK)
    assert opened(AnswerSettings(hours=table), "2026-11-26T10:00", NEW_YORK)


def test_an_hour_that_clocks_repeat_is_open_both_times_and_a_skipped_one_harms_nothing() -> None:
    night = AnswerSettings(hours=[hours("sun", "01:00", "03:00")])
    assert opened(night, "2026-10-25T02:30", fold=0)
    assert opened(night, "2026-10-25T02:30", fold=1)
    assert not opened(night, "2026-10-25T03:00", fold=1)
    # In spring 02:00 is 03:00: the hours then end with the last moment before.
    assert opened(night, "2026-03-29T01:59")
    assert not is_open(night, BERLIN, dt.datetime(2026, 3, 29, 1, 0, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("week", "day", "sentence"),
    [
        (
            [("mon", "09:00", "13:00"), ("mon", "12:00", "17:00")],
            "mon",
            "Monday: 09:00-13:00 and 12:00-17:00 overlap; change one of them, or enter both as one interval",
        ),
        (
            [("tue", "12:00", "13:00"), ("tue", "09:00", "17:00")],
            "tue",
            "Tuesday: 09:00-17:00 and 12:00-13:00 overlap; change one of them, or enter both as one interval",
        ),
        (
            [("wed", "09:00", "17:00"), ("wed", "09:00", "17:00")],
            "wed",
            "Wednesday: 09:00-17:00 is entered twice; remove one of them",
        ),
        (
            [("thu", "22:00", "06:00"), ("fri", "05:59", "09:00")],
            "fri",
            f"Thursday 22:00-06:00 and Friday 05:59-09:00 overlap; {EARLIER}",
        ),
        (
            [("mon", "01:00", "09:00"), ("sun", "22:00", "02:00")],
            "mon",
            f"Sunday 22:00-02:00 and Monday 01:00-09:00 overlap; {EARLIER}",
        ),
        (
            [("sat", "10:00", "11:00"), *(("sat", *half) for half in WHOLE_DAY)],
            "sat",
            "Saturday: 00:00-24:00 and 10:00-11:00 overlap; change one of them, or enter both as one interval",
        ),
        (
            [("sat", *half) for half in (*WHOLE_DAY, *WHOLE_DAY)],
            "sat",
            "Saturday: 00:00-24:00 is entered twice; remove one of them",
        ),
    ],
)
def test_two_intervals_that_overlap_are_named(week: list[tuple[str, str, str]], day: str, sentence: str) -> None:
    assert list(overlap_errors([hours(*each) for each in week])) == [(Weekday(day), sentence)]


def test_intervals_that_only_meet_do_not_overlap() -> None:
    week = [hours(day, *half) for day in Weekday for half in WHOLE_DAY]
    assert not list(overlap_errors(week))
    nights = [hours(day, "22:00", "06:00") for day in Weekday] + [hours(day, "06:00", "22:00") for day in Weekday]
    assert not list(overlap_errors(nights))


def test_an_interval_is_named_once_however_many_it_overlaps() -> None:
    assert len(list(overlap_errors([hours("mon", "09:00", "17:00")] * 50))) == 1


def test_weeks_are_compared_without_the_order_of_their_intervals() -> None:
    first, second = hours("mon", "09:00", "13:00"), hours("mon", "12:00", "17:00")
    assert is_same_week([first, second], [second, first])
    assert not is_same_week([first, second, second], [first, first, second])
