"""Finds opening hours that overlap, past midnight and past the end of the week too. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from calls.incoming.answer_settings import OpenHours, Weekday, parse_clock
from calls.incoming.event_values import DAY_NAMES, TYPED_WHOLE_DAY, WHOLE_DAY

_MINUTES_A_DAY = 24 * 60
_MINUTES_A_WEEK = 7 * _MINUTES_A_DAY
_DAYS = list(Weekday)


class _Interval(msgspec.Struct, frozen=True):
    """An interval as people write it: a whole day is one."""

    day: Weekday
    begin: str
    end: str
    start: int
    """Minutes since Monday, 00:00."""
    minutes: int
    """Its length."""

    def overlaps(self, other: "_Interval") -> bool:
        return self.has_begun(other) or other.has_begun(self)

    def has_begun(self, other: "_Interval") -> bool:
        """True when this interval lasts still, or begins, at the minute at which ``other`` begins."""
        return (other.start - self.start) % _MINUTES_A_WEEK < self.minutes

    @property
    def text(self) -> str:
        return f"{self.begin}-{self.end}"


def overlap_errors(hours: Sequence[OpenHours]) -> Iterator[tuple[Weekday, str]]:
    """The day of each interval that overlaps one before it, with a sentence that names both.

    The times of ``hours`` must be readable, and each interval end at another time than it begins.
    """
    week = sorted(_intervals(hours), key=lambda each: each.start)
    reported = set()
    for first, second in combinations(week, 2):
        if not first.overlaps(second):
            continue
        # An interval of Sunday that ends on Monday is the earlier one of the two.
        earlier, later = (first, second) if first.has_begun(second) else (second, first)
        if later not in reported:
            reported.add(later)
            yield later.day, _sentence(earlier, later)


def is_same_week(hours: Sequence[OpenHours], others: Sequence[OpenHours]) -> bool:
    """True for the same intervals in any order."""
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
    for number, day in enumerate(_DAYS):
        typed = Counter((each.from_, each.to) for each in hours if each.day is day)
        whole_days = min(typed[half] for half in WHOLE_DAY)
        typed.subtract(dict.fromkeys(WHOLE_DAY, whole_days))
        typed[TYPED_WHOLE_DAY] = whole_days
        for begin, end in typed.elements():
            start = _minutes(begin)
            length = (_minutes(end) - start) % _MINUTES_A_DAY or _MINUTES_A_DAY
            yield _Interval(day, begin, end, number * _MINUTES_A_DAY + start, length)


def _minutes(clock: str) -> int:
    """Minutes since midnight; ``24:00`` is midnight."""
    if clock == TYPED_WHOLE_DAY[1]:
        return 0
    time = parse_clock(clock)
    return time.hour * 60 + time.minute
