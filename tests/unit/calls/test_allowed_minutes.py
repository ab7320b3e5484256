"""Minutes that an outgoing call may last under each limit, and the message that rejects it; the limits and prices."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from calls.limits import limit_names as names
from calls.limits.call_duration import (
    CallRequest,
    ScopeUsage,
    UsageSnapshot,
    allowed_minutes,
)
from calls.limits.destinations import Destination
from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits, invalid_limit_message
from calls.limits.limit_names import DEFAULT_LIMITS
from calls.limits.prices import MICROS_PER_CENT, PRICE_LIST_FILE, PriceList, load_price_list
from kit.environment import SettingsError
from kit.errors import DomainError
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
    ("row", "field", "name", "message"),
    [
        ("client", "live", names.LIVE_CALLS_PER_CLIENT, "Too many calls at once"),
        ("token", "live", names.LIVE_CALLS_PER_TOKEN, "Too many calls at once"),
        ("organization", "live", names.LIVE_CALLS, "Too many calls at once"),
        ("client", "minute_attempts", names.CALLS_PER_MINUTE_PER_CLIENT, "Too many calls"),
        ("token", "minute_attempts", names.CALLS_PER_MINUTE_PER_TOKEN, "Too many calls"),
        ("organization", "minute_attempts", names.CALLS_PER_MINUTE, "Too many calls"),
        ("organization", "day_attempts", names.CALLS_PER_DAY, "Too many calls"),
        ("organization", "day_minutes", names.MINUTES_PER_DAY, "Call limit reached"),
        ("organization", "month_minutes", names.MINUTES_PER_MONTH, "Call limit reached"),
        ("organization", "day_micros", names.CENTS_PER_DAY, "Call limit reached"),
        ("organization", "month_micros", names.CENTS_PER_MONTH, "Call limit reached"),
        ("token", "day_micros", names.CENTS_PER_DAY_PER_TOKEN, "Call limit reached"),
        ("organization", "reserved_minutes", names.MINUTES_PER_DAY, "Call limit reached"),
        ("token", "reserved_micros", names.CENTS_PER_DAY_PER_TOKEN, "Call limit reached"),
    ],
)
def test_the_last_one_below_each_limit_fits_and_no_more(row: str, field: str, name: str, message: str) -> None:
    is_money = field.endswith("micros")
    step, limit = (REQUEST.rate_micros, LIMITS[name] * MICROS_PER_CENT) if is_money else (1, LIMITS[name])
    assert allowed_minutes(LIMITS, snapshot(**{row: {field: limit - step}}), REQUEST) >= 1
    for used in (limit, limit * 2):
        with pytest.raises(DomainError) as rejection:
            allowed_minutes(LIMITS, snapshot(**{row: {field: used}}), REQUEST)
        assert rejection.value.message == message


@pytest.mark.parametrize(
    ("below", "above", "message"),
    [
        ({"calls_to_number": 19}, {"calls_to_number": 20}, "Too many calls"),
        (
            {"is_new_foreign": True, "foreign_numbers": 19},
            {"is_new_foreign": True, "foreign_numbers": 20},
            "Call limit reached",
        ),
        ({"token_live_calls": 1}, {"token_live_calls": 0}, "Too many calls at once"),
        ({"token_minutes_per_day": 1}, {"token_minutes_per_day": 0}, "Call limit reached"),
        ({"rate_micros": 25_000_000}, {"rate_micros": 25_000_001}, "Call limit reached"),
    ],
)
def test_destinations_and_a_tokens_own_limits(below: dict[str, Any], above: dict[str, Any], message: str) -> None:
    assert allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, **below)) >= 1
    with pytest.raises(DomainError) as rejection:
        allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, **above))
    assert rejection.value.message == message


def test_a_foreign_number_called_before_is_no_new_one() -> None:
    assert allowed_minutes(LIMITS, snapshot(), msgspec.structs.replace(REQUEST, foreign_numbers=20)) == 60


def test_a_new_organization_has_a_quarter_of_money_minutes_and_foreign_numbers_only() -> None:
    new = effective_limits(LimitSources(Plan.PRO, NOW - dt.timedelta(days=13)), NOW)
    assert new.new_until == NOW + dt.timedelta(days=1)
    lowered = {
        "minutes_per_day": 150,
        "minutes_per_month": 1250,
        "incoming_minutes_per_day": 150,
        "spend_cents_per_day": 625,
        "spend_cents_per_month": 6250,
        "spend_cents_per_day_per_token": 625,
        "foreign_numbers_per_hour": 5,
    }
    assert {name: new[name] for name in DEFAULT_LIMITS} == {**DEFAULT_LIMITS, **lowered}
    assert dict(new.chosen) == dict(DEFAULT_LIMITS)
    assert effective_limits(LimitSources(Plan.PRO, NOW, {"first_days": 0}), NOW).new_until is None


def test_an_own_limit_is_quartered_rounded_up() -> None:
    new = effective_limits(LimitSources(Plan.PRO, NOW, own_limits={"minutes_per_day": 30, "calls_per_minute": 30}), NOW)
    assert (new["minutes_per_day"], new["calls_per_minute"]) == (8, 30)


@pytest.mark.parametrize(
    ("terms", "value", "ceiling"),
    [
        (LimitSources(Plan.PRO, OLD), 2500, 2500),
        (LimitSources(Plan.BUSINESS, OLD), 2500, 5000),
        (LimitSources(Plan.PRO, OLD, own_limits={names.CENTS_PER_DAY: 1000}), 1000, 2500),
        (LimitSources(Plan.BUSINESS, OLD, own_limits={names.CENTS_PER_DAY: 5000}), 5000, 5000),
        (LimitSources(Plan.PRO, OLD, overrides={names.CENTS_PER_DAY: 9000}), 9000, 9000),
        (LimitSources(Plan.PRO, OLD, own_limits={names.CENTS_PER_DAY_PER_TOKEN: 300}), 300, 2500),
        (LimitSources(Plan.BUSINESS, OLD, own_limits={names.CENTS_PER_DAY_PER_TOKEN: 4000}), 2500, 5000),
        (LimitSources(Plan.PRO, OLD, overrides={names.CENTS_PER_DAY_PER_TOKEN: 700}), 700, 700),
    ],
)
def test_a_token_may_spend_what_the_organization_may_unless_it_is_set_lower(
    terms: LimitSources, value: int, ceiling: int
) -> None:
    limits = effective_limits(terms, NOW)
    assert (limits[names.CENTS_PER_DAY_PER_TOKEN], limits.ceilings[names.CENTS_PER_DAY_PER_TOKEN]) == (value, ceiling)


@pytest.mark.parametrize(
    ("terms", "value", "ceiling"),
    [
        (LimitSources(Plan.PRO, OLD), 600, 600),
        (LimitSources(Plan.BUSINESS, OLD), 600, 1200),
        (LimitSources(Plan.ENTERPRISE, OLD), 600, 3000),
        (LimitSources(Plan.BUSINESS, OLD, own_limits={"minutes_per_day": 900}), 900, 1200),
        (LimitSources(Plan.PRO, OLD, own_limits={"minutes_per_day": 900}), 600, 600),  # chosen before a downgrade
        (LimitSources(Plan.PRO, OLD, own_limits={"minutes_per_day": 0}), 0, 600),
        (LimitSources(Plan.PRO, OLD, overrides={"minutes_per_day": 50}, own_limits={"minutes_per_day": 90}), 50, 50),
        (LimitSources(Plan.PRO, OLD, {"minutes_per_day": 900}, {"minutes_per_day": 2000}), 2000, 2000),
        (LimitSources(Plan.PRO, OLD, {"minutes_per_day": 900}, own_limits={"minutes_per_day": 10}), 10, 900),
    ],
)
def test_which_source_of_a_limit_holds(terms: LimitSources, value: int, ceiling: int) -> None:
    limits: EffectiveLimits = effective_limits(terms, NOW)
    assert (limits["minutes_per_day"], limits.ceilings["minutes_per_day"]) == (value, ceiling)


def test_own_limits_stay_within_the_ceilings() -> None:
    ceilings = LIMITS.ceilings
    assert invalid_limit_message({"minutes_per_day": 600, "live_calls": 0}, ceilings) is None
    for chosen in ({"minutes_per_day": 601}, {"live_calls": -1}, {"first_days": 0}, {"live_calls_per_phone": 1}):
        assert invalid_limit_message(chosen, ceilings) is not None


def test_the_defaults() -> None:
    assert dict(DEFAULT_LIMITS) == {
        "live_calls": 50,
        "live_calls_per_token": 25,
        "live_calls_per_phone": 1,
        "calls_per_minute": 120,
        "calls_per_minute_per_token": 60,
        "calls_per_minute_per_phone": 20,
        "calls_per_day": 2000,
        "calls_to_one_number_per_hour": 20,
        "foreign_numbers_per_hour": 20,
        "incoming_calls_per_caller_per_hour": 20,
        "incoming_withheld_calls_per_hour": 60,
        "minutes_per_day": 600,
        "minutes_per_month": 5000,
        "incoming_minutes_per_day": 600,
        "spend_cents_per_day": 2500,
        "spend_cents_per_month": 25_000,
        "spend_cents_per_day_per_token": 2500,
    }


def test_a_country_without_a_price_costs_the_default() -> None:
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
