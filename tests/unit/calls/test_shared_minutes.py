"""Minutes that the limits allow each of several live calls: an hour for few, less for many, never more than remains."""

import contextlib
import datetime as dt
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.errors import CallLimitReached
from calls.limits import limit_names as names
from calls.limits.call_duration import (
    MAX_CALL_MINUTES,
    MINUTES_WITH_FEW_CALLS,
    USUAL_CALLS_AT_ONCE,
    CallRequest,
    ScopeUsage,
    UsageSnapshot,
    allowed_minutes,
)
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits
from calls.limits.prices import MICROS_PER_CENT
from kit.errors import DomainError
from tenants.plans import Plan

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NORMAL_SINCE = NOW - dt.timedelta(days=15)
NORMAL = effective_limits(LimitSources(Plan.PRO, NORMAL_SINCE), NOW)
FIRST_DAYS = effective_limits(LimitSources(Plan.PRO, NOW), NOW)
REQUEST = CallRequest(rate_micros=14_000, calls_to_number=0, is_new_foreign=False, foreign_numbers=0)
NEW_ACCOUNT_MINUTES = 37
"""The least that a lone call gets in an organization's first days, with nothing used."""


class Day:
    """Calls of one organization with one token; each reserves what it is allowed until it ends."""

    def __init__(self, limits: EffectiveLimits, *, minutes: int = 0, micros: int = 0) -> None:
        self.limits, self.minutes, self.micros = limits, minutes, micros
        self.live: list[tuple[int, int]] = []
        """Minutes and price of each live call."""

    @property
    def reserved_minutes(self) -> int:
        return sum(minutes for minutes, _ in self.live)

    @property
    def reserved_micros(self) -> int:
        return sum(minutes * rate for minutes, rate in self.live)

    def begin(self, rate: int = REQUEST.rate_micros) -> int:
        """Minutes of one more call. Raises: DomainError."""
        use = ScopeUsage(
            live=len(self.live),
            reserved_minutes=self.reserved_minutes,
            reserved_micros=self.reserved_micros,
            day_minutes=self.minutes,
            month_minutes=self.minutes,
            day_micros=self.micros,
            month_micros=self.micros,
        )
        request = msgspec.structs.replace(REQUEST, rate_micros=rate)
        granted = allowed_minutes(self.limits, UsageSnapshot(use, use, ScopeUsage()), request)
        self.live.append((granted, rate))
        return granted

    def end(self, position: int, share: float) -> None:
        """End a live call that used ``share`` of its minutes."""
        minutes, rate = self.live.pop(position % len(self.live))
        used = round(minutes * share)
        self.minutes, self.micros = self.minutes + used, self.micros + used * rate

    def ensure_within_limits(self) -> None:
        minutes, micros = self.minutes + self.reserved_minutes, self.micros + self.reserved_micros
        assert minutes <= self.limits[names.MINUTES_PER_DAY]
        assert micros <= self.limits[names.CENTS_PER_DAY] * MICROS_PER_CENT


def lengths(limits: EffectiveLimits, *, minutes: int = 0) -> Sequence[int]:
    """Minutes of calls that begin one after another and do not end, until one is rejected."""
    day, granted = Day(limits, minutes=minutes), []
    while True:
        try:
            granted.append(day.begin())
        except DomainError:
            return granted


def test_a_lone_call_gets_an_hour_and_in_the_first_days_more_than_half_an_hour() -> None:
    assert Day(NORMAL).begin() == MAX_CALL_MINUTES == 60
    assert Day(FIRST_DAYS).begin() == NEW_ACCOUNT_MINUTES


@given(used=st.integers(0, 360))
def test_a_lone_call_gets_an_hour_until_sixty_percent_of_the_day_are_used(used: int) -> None:
    assert Day(NORMAL, minutes=used).begin() == 60


@given(limits=st.sampled_from([NORMAL, FIRST_DAYS]), used=st.integers(0, 600))
def test_a_lone_call_gets_a_quarter_of_an_hour_or_what_is_left(limits: EffectiveLimits, used: int) -> None:
    left = limits[names.MINUTES_PER_DAY] - used
    if left < 1:
        with pytest.raises(CallLimitReached):
            Day(limits, minutes=used).begin()
    else:
        assert Day(limits, minutes=used).begin() >= min(left, MINUTES_WITH_FEW_CALLS)


def test_as_many_calls_can_begin_at_once_as_the_limit_says() -> None:
    granted = lengths(effective_limits(LimitSources(Plan.PRO, NORMAL_SINCE, {"live_calls_per_token": 50}), NOW))
    assert len(granted) == NORMAL[names.LIVE_CALLS] == 50
    assert list(granted[:10]) == [60, 60, 60, 60, 45, 35, 28, 22, 19, 16]
    assert min(granted) == 3


def test_the_first_calls_of_the_first_days_get_a_quarter_of_an_hour() -> None:
    assert list(lengths(FIRST_DAYS)[:USUAL_CALLS_AT_ONCE]) == [37, 22, 15, 15]


@given(
    limits=st.sampled_from([NORMAL, FIRST_DAYS]),
    token_calls=st.integers(1, 60),
    steps=st.lists(
        st.one_of(
            st.sampled_from([14_000, 35_000, 200_000, 1_000_000]),
            st.tuples(st.integers(0, 49), st.floats(0, 1)),
        ),
        max_size=120,
    ),
)
def test_neither_minutes_nor_money_are_overdrawn_whatever_is_called(
    limits: EffectiveLimits, token_calls: int, steps: list[int | tuple[int, float]]
) -> None:
    day = Day(msgspec.structs.replace(limits, values={**limits.values, names.LIVE_CALLS_PER_TOKEN: token_calls}))
    for step in steps:
        if isinstance(step, tuple):
            if day.live:
                day.end(*step)
            continue
        with contextlib.suppress(DomainError):
            assert 1 <= day.begin(step) <= MAX_CALL_MINUTES
        day.ensure_within_limits()


@pytest.mark.parametrize("rate", [14_000, 35_000, 200_000, 1_000_000])
def test_a_day_of_calls_that_use_all_of_their_time_ends_exactly_at_a_limit(rate: int) -> None:
    day = Day(NORMAL)
    with contextlib.suppress(CallLimitReached):
        while True:
            day.begin(rate)
            day.end(0, 1)
    day.ensure_within_limits()
    assert day.minutes == 600 or day.micros + rate > 25_000_000
