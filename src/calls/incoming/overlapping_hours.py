"""Finds opening hours that overlap, also across midnight and across the end of the week. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from calls.incoming.answer_settings import OpenHours, Weekday, parse_clock
from calls.incoming.audit_texts import DAY_NAMES, TYPED_WHOLE_DAY, WHOLE_DAY

_MINUTES_A_DAY = 24 * 60
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY
_DAYS = list(Weekday)


class _Interval(msgspec.Struct, frozen=True):
    """An interval as people type it: a whole day is one interval, although two are stored."""

    day: Weekday
    begin: str
    end: str
    """Times of the day, as typed."""
    start_minute: int
    """Minutes from Monday, 00:00, to the beginning."""
    minutes: int
    """The length of the interval."""

    def overlaps(self, other: "_Interval") -> bool:
        return self.is_running_at_start_of(other) or other.is_running_at_start_of(self)

    def is_running_at_start_of(self, other: "_Interval") -> bool:
        """True when this interval includes the minute at which ``other`` begins."""
        return (other.start_minute - self.start_minute) % _MINUTES_A_WEEK < self.minutes

    @property
    def text(self) -> str:
        return f"{self.begin}-{self.end}"


def overlap_errors(hours: Sequence[OpenHours]) -> Iterator[tuple[Weekday, str]]:
    """For each interval that overlaps an earlier one: its day, and a sentence that names both.

    The times of ``hours`` must be valid, and no interval may end at the time at which it begins.
    """
    week = sorted(_intervals(hours), key=lambda interval: interval.start_minute)
    reported = set()
    for first, second in combinations(week, 2):
        if not first.overlaps(second):
            continue
        # Of an interval of Sunday that ends on Monday and one of Monday, that of Sunday is the earlier one.
        earlier, later = (first, second) if first.is_running_at_start_of(second) else (second, first)
        if later not in reported:
            reported.add(later)
            yield later.day, _sentence(earlier, later)


def is_same_week(hours: Sequence[OpenHours], others: Sequence[OpenHours]) -> bool:
    """True if both have the same intervals, in any order."""
    return Counter(hours) == Counter(others)


def _sentence(earlier: _Interval, later: _Interval) -> str:
    if earlier == later:
        return f"{DAY_NAMES[later.day]}: {later.text} is entered twice; remove one of them"
    advice = "change one of them, or enter both as one interval"
    if earlier.day is later.day:
        return f"{DAY_NAMES[later.day]}: {earlier.text} and {later.text} overlap; {advice}"
    return (
        f"{DAY_NAMES[earlier.day]} {earlier.text} and {DAY_NAMES[later.day]} {later.text} overlap;"
        " end the first one when the second one begins, or earlier"
    )


def _intervals(hours: Sequence[OpenHours]) -> Iterator[_Interval]:
    for day_index, day in enumerate(_DAYS):
        typed = Counter((interval.from_, interval.to) for interval in hours if interval.day is day)
        whole_days = min(typed[interval] for interval in WHOLE_DAY)
        typed.subtract(dict.fromkeys(WHOLE_DAY, whole_days))
        typed[TYPED_WHOLE_DAY] = whole_days
        for begin, end in typed.elements():
            start = _minutes(begin)
            length = (_minutes(end) - start) % _MINUTES_A_DAY or _MINUTES_A_DAY
            yield _Interval(day, begin, end, day_index * _MINUTES_A_DAY + start, length)


def _minutes(clock: str) -> int:
    """Minutes from midnight; ``24:00`` counts as midnight."""
    if clock == TYPED_WHOLE_DAY[1]:
        return 0
    time = parse_clock(clock)
    return time.hour * 60 + time.minute
