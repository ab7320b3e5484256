"""Minutes that a call may last under each limit, and the sentence that rejects it."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calls.limits.call_duration import (
    CallRequest,
    ScopeUsage,
    UsageSnapshot,
    allowed_minutes,
)
from calls.limits.destinations import Destination
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits, invalid_limit_message
from calls.limits.limit_names import DEFAULT_COUNTS, DEFAULT_LIMITS
from calls.limits.prices import PRICE_LIST_FILE, PriceList, load_price_list
from kit.environment import SettingsError
from kit.errors import DomainError
from kit.rounding import divide_up
from tenants.plans import Plan

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
OLD = NOW - dt.timedelta(days=15)
LIMITS = effective_limits(LimitSources(Plan.PRO, OLD), NOW)
UNUSED = ScopeUsage()
REQUEST = CallRequest(rate_micros=14_000, calls_to_number=0, is_new_foreign=False, foreign_numbers=0)


def snapshot(**rows: dict[str, int]) -> UsageSnapshot:
    return UsageSnapshot(**{name: ScopeUsage(**rows.get(name, {})) for name in ("organization", "token", "client")})


def test_with_nothing_used_a_call_may_last_an_hour() -> None:
    assert allowed_minutes(LIMITS, snapshot(), REQUEST) == 60


@pytest.mark.parametrize(
    ("row", "field", "limit", "message"),
    [
        ("client", "live", 1, "Too many calls at once"),
        ("token", "live", 5, "Too many calls at once"),
        ("organization", "live", 10, "Too many calls at once"),
        ("client", "minute_attempts", 6, "Too many calls"),
        ("token", "minute_attempts", 30, "Too many calls"),
        ("organization", "minute_attempts", 60, "Too many calls"),
        ("organization", "day_attempts", 1000, "Too many calls"),
        ("organization", "day_minutes", 600, "Call limit reached"),
        ("organization", "month_minutes", 5000, "Call limit reached"),
        ("organization", "day_micros", 25_000_000, "Call limit reached"),
        ("organization", "month_micros", 250_000_000, "Call limit reached"),
        ("token", "day_micros", 5_000_000, "Call limit reached"),
        ("organization", "reserved_minutes", 600, "Call limit reached"),
        ("token", "reserved_micros", 5_000_000, "Call limit reached"),
    ],
)
def test_the_last_one_below_each_limit_fits_and_no_more(row: str, field: str, limit: int, message: str) -> None:
    step = REQUEST.rate_micros if field.endswith("micros") else 1
    assert allowed_minutes(LIMITS, snapshot(**{row: {field: limit - step}}), REQUEST) >= 1
    for used in (limit, limit * 2):
        with pytest.raises(DomainError) as rejection:
            allowed_minutes(LIMITS, snapshot(**{row: {field: used}}), REQUEST)
        assert rejection.value.message == message


@pytest.mark.parametrize(
    ("below", "above", "message"),
    [
        ({"calls_to_number": 9}, {"calls_to_number": 10}, "Too many calls"),
        (
            {"is_new_foreign": True, "foreign_numbers": 19},
            {"is_new_foreign": True, "foreign_numbers": 20},
            "Call limit reached",
        ),
        ({"token_live_calls": 1}, {"token_live_calls": 0}, "Too many calls at once"),
        ({"token_minutes_per_day": 1}, {"token_minutes_per_day": 0}, "Call limit reached"),
        ({"rate_micros": 5_000_000}, {"rate_micros": 5_000_001}, "Call limit reached"),
    ],
)
def test_destinations_and_a_tokens_own_limits(below: dict[str, Any], above: dict[str, Any], message: str) -> None:
    assert allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, **below)) >= 1
    with pytest.raises(DomainError) as rejection:
        allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, **above))
    assert rejection.value.message == message


def test_a_foreign_number_called_before_is_no_new_one() -> None:
    assert allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, foreign_numbers=20)) == 60


@pytest.mark.parametrize(
    ("left", "live", "minutes"),
    [
        (600, 0, 60),  # shared among ten
        (300, 0, 30),
        (300, 9, 60),  # the last slot may have it all
        (100, 0, 15),  # no less than a quarter of an hour,
        (10, 0, 10),  # where there is one
        (1, 0, 1),
    ],
)
def test_what_is_left_is_shared_among_the_calls_that_may_follow(left: int, live: int, minutes: int) -> None:
    assert allowed_minutes(LIMITS, snapshot(organization={"day_minutes": 600 - left, "live": live}), REQUEST) == minutes


@pytest.mark.parametrize("rate", [14_000, 35_000, 200_000, 1_000_000])
@pytest.mark.parametrize("ends", [False, True])
def test_whatever_is_called_neither_minutes_nor_money_are_overdrawn(rate: int, ends: bool) -> None:
    held = spent = minutes = live = calls = 0
    request = msgspec.structs.replace(REQUEST, rate_micros=rate)
    while calls < 2000:
        row = {"live": live, "reserved_minutes": held, "reserved_micros": held * rate}
        row |= {"day_minutes": minutes, "month_minutes": minutes, "day_micros": spent, "month_micros": spent}
        try:
            granted = allowed_minutes(LIMITS, snapshot(organization=row, token=row | {"live": min(live, 4)}), request)
        except DomainError:
            break
        calls += 1
        if ends:
            minutes, spent = minutes + granted, spent + granted * rate
        else:
            live, held = live + 1, held + granted
        assert minutes + held <= 600
        assert spent + held * rate <= 5_000_000
    assert 0 < calls < 2000


def test_a_new_organization_has_a_quarter_rounded_up() -> None:
    new = effective_limits(LimitSources(Plan.PRO, NOW - dt.timedelta(days=13)), NOW)
    assert new.new_until == NOW + dt.timedelta(days=1)
    assert {name: new[name] for name in DEFAULT_LIMITS} == {
        name: divide_up(value, 4) for name, value in DEFAULT_LIMITS.items()
    }
    assert effective_limits(LimitSources(Plan.PRO, NOW, {"first_days": 0}), NOW).new_until is None


@pytest.mark.parametrize(
    ("terms", "value", "ceiling"),
    [
        (LimitSources(Plan.PRO, OLD), 600, 600),
        (LimitSources(Plan.BUSINESS, OLD), 600, 1200),
        (LimitSources(Plan.ENTERPRISE, OLD), 600, 3000),
        (LimitSources(Plan.BUSINESS, OLD, own={"minutes_per_day": 900}), 900, 1200),
        (LimitSources(Plan.PRO, OLD, own={"minutes_per_day": 900}), 600, 600),  # chosen before a downgrade
        (LimitSources(Plan.PRO, OLD, own={"minutes_per_day": 0}), 0, 600),
        (LimitSources(Plan.PRO, OLD, overrides={"minutes_per_day": 50}, own={"minutes_per_day": 90}), 50, 50),
        (LimitSources(Plan.PRO, OLD, {"minutes_per_day": 900}, {"minutes_per_day": 2000}), 2000, 2000),
        (LimitSources(Plan.PRO, OLD, {"minutes_per_day": 900}, own={"minutes_per_day": 10}), 10, 900),
    ],
)
def test_whose_limit_holds(terms: LimitSources, value: int, ceiling: int) -> None:
    limits: EffectiveLimits = effective_limits(terms, NOW)
    assert (limits["minutes_per_day"], limits.ceilings["minutes_per_day"]) == (value, ceiling)


def test_what_an_organization_may_give_itself() -> None:
    ceilings = LIMITS.ceilings
    assert invalid_limit_message({"minutes_per_day": 600, "live_calls": 0}, ceilings) is None
    for chosen in ({"minutes_per_day": 601}, {"live_calls": -1}, {"first_days": 0}, {"live_calls_per_phone": 1}):
        assert invalid_limit_message(chosen, ceilings) is not None


def test_every_count_of_the_contract_is_among_the_counts() -> None:
    assert set(DEFAULT_COUNTS.values()) == {1, 5, 6, 10, 20, 30, 60, 1000}


def test_a_country_without_a_price_is_a_dear_one() -> None:
    assert PriceList(1_000_000, {"US": 14_000}).minute_price(Destination("+8501911234567", "KP")) == 1_000_000


def test_the_longest_prefix_has_the_price(tmp_path: Path) -> None:
    (tmp_path / PRICE_LIST_FILE).write_text("default = 1\n[countries]\nUS = 0.02\n[prefixes]\n19 = 0.1\n1907 = 0.3\n")
    prices = load_price_list(tmp_path)
    for number, micros in (("+14155550100", 20_000), ("+19165550100", 100_000), ("+19075550100", 300_000)):
        assert prices.minute_price(Destination(number, "US")) == micros
    (tmp_path / PRICE_LIST_FILE).write_text('default = 1\n[prefixes]\n"+1907" = 0.3\n')
    with pytest.raises(SettingsError, match="prefix"):
        load_price_list(tmp_path)


def test_the_products_list_charges_the_channel_islands_look_alikes_dearly(tmp_path: Path) -> None:
    prices = load_price_list(tmp_path)
    assert prices.minute_price(Destination("+447911123456", "GB")) == 200_000
    assert prices.minute_price(Destination("+447400123456", "GB")) == 35_000
