"""Explanations of rejected calls and of calls that the product ended: the rule at that time, and who can change it."""

import dataclasses
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calls.limits.limit_names import DEFAULT_LIMITS
from calls.refusal_help import LIMIT_PHRASES, explain, limit_phrase, refusal_facts
from widget.refusals import REFUSALS, FixedBy

UNTIL = "2026-12-12T14:43:00Z"


@dataclasses.dataclass
class Case:
    code: str
    details: dict[str, Any]
    help: str
    fixed_by: FixedBy = FixedBy.ADMIN


CASES = [
    Case(
        "country_not_enabled",
        {"country": "FR", "scope": "organization", "who": "admin"},
        "Calls to France are not switched on for Acme Realty. An admin can add them under Calling rules.",
    ),
    Case(
        "country_not_enabled",
        {"country": "GB", "scope": "token", "who": "admin"},
        "Calls to the United Kingdom are not switched on for this token. An admin can add them on the token's page.",
    ),
    Case(
        "country_not_enabled",
        {"country": "FR", "home": "GB", "until": UNTIL, "scope": "organization", "who": "support"},
        "Acme Realty is new: until Dec 12 it can call numbers in the United Kingdom only. After that, calls to France "
        "work if an admin adds the country under Calling rules; support can end the rule earlier.",
        FixedBy.SUPPORT,
    ),
    Case(
        "country_not_enabled",
        {"country": "CA", "home": "US", "until": UNTIL, "listed": True, "scope": "organization", "who": "support"},
        "Acme Realty is new: until Dec 12 it can call numbers in the United States only. Calls to Canada start then. "
        "Only support can end this earlier.",
        FixedBy.SUPPORT,
    ),
    Case(
        "country_not_enabled",
        {"country": "CA", "home": "US", "until": UNTIL, "scope": "token", "who": "support"},
        "Acme Realty is new: until Dec 12 it can call numbers in the United States only. After that, calls to Canada "
        "work if an admin adds the country on the token's page; support can end the rule earlier.",
        FixedBy.SUPPORT,
    ),
    Case(
        "number_blocked",
        {"scope": "organization", "who": "admin"},
        "This number is on Acme Realty's block list. An admin can remove it under Calling rules.",
    ),
    Case(
        "too_many_calls",
        {"limit": "calls_per_minute_per_phone", "value": 20, "used": 20, "scope": "phone", "who": "admin"},
        "Too many calls in a short time. Wait a minute, or ask an admin to raise the limit (20 calls a minute per "
        "phone).",
    ),
    Case(
        "too_many_calls",
        {"limit": "calls_per_day", "value": 2000, "used": 2000, "scope": "organization", "who": "support"},
        "Too many calls today. Wait until midnight (UTC). The limit is 2,000 calls a day. Only support can raise it; "
        "ask an admin to write to support.",
        FixedBy.SUPPORT,
    ),
    Case(
        "too_many_calls_at_once",
        {"limit": "live_calls_per_phone", "value": 1, "used": 1, "scope": "phone", "who": "support"},
        "Too many calls are under way. Wait until another call has ended. The limit is 1 call at once per phone. Only "
        "support can raise it; ask an admin to write to support.",
        FixedBy.SUPPORT,
    ),
    Case(
        "call_limit_reached",
        {"limit": "spend_cents_per_day", "value": 625, "used": 625, "until": UNTIL, "who": "support"},
        "The calling budget for today is used up. Wait until midnight (UTC). The limit is $6.25 a day. Acme Realty is "
        "new: until Dec 12 it has a quarter of its limits. Support can end the rule earlier.",
        FixedBy.SUPPORT,
    ),
    Case(
        "call_limit_reached",
        {"limit": "minutes_per_day", "value": 30, "used": 30, "until": UNTIL, "who": "admin"},
        "The minutes for today are used up. Wait until midnight (UTC). The limit is 30 minutes a day. Acme Realty is "
        "new: until Dec 12 it has a quarter of its limits. An admin can raise it under Calling rules; support can end "
        "the new-account rule earlier.",
    ),
    Case(
        "call_limit_reached",
        {"limit": "minutes_per_day", "value": 0, "used": 0, "scope": "token", "who": "admin"},
        "The limit is 0 minutes a day: it allows no calls. An admin can raise it on the token's page or under Calling "
        "rules.",
    ),
    Case(
        "invalid_phone_number",
        {"kind": "own_number"},
        "This is one of Acme Realty's own numbers. Call another number.",
        FixedBy.CALLER,
    ),
    Case(
        "service_unavailable",
        {"scope": "service"},
        "Our staff paused the calls of all organizations. Call again later.",
        FixedBy.SUPPORT,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{'-'.join(map(str, case.details.values()))}")
def test_the_rule_is_named(case: Case) -> None:
    why = explain(case.code, case.details, organization="Acme Realty")
    assert why is not None
    assert (why.help, why.fixed_by) == (case.help, case.fixed_by)
    assert why.refusal.message == REFUSALS[case.code].message


def test_a_rule_ends_on_the_day_of_the_organizations_zone() -> None:
    stored = {"country": "FR", "home": "JP", "until": "2026-12-12T20:00:00Z", "scope": "organization", "who": "support"}
    why = explain("country_not_enabled", stored, organization="Acme Realty", zone=ZoneInfo("Asia/Tokyo"))
    assert why is not None
    assert "until Dec 13 it can call numbers in Japan only" in why.help
    assert ("New account until", "Dec 13") in refusal_facts(why)
    assert why.details is not None
    assert (why.details.until, why.details.until_day) == ("2026-12-12T20:00:00Z", "2026-12-13")


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_records_without_details_have_the_general_advice(code: str) -> None:
    why = explain(code, None, organization="Acme Realty")
    assert why is not None
    assert why.details is None
    assert why.help.endswith(REFUSALS[code].advice)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        (None, "The call reached its longest time (60 minutes). Call again to go on."),
        (
            {"limit": "minutes_per_day", "value": 600, "used": 590, "who": "admin"},
            (
                "The call reached its longest time (60 minutes), because the limit is 600 minutes a day. An admin can "
                "raise it under Calling rules."
            ),
        ),
    ],
)
def test_a_call_that_reached_its_time_says_which_limit_gave_it(details: dict[str, Any] | None, expected: str) -> None:
    why = explain("time_limit_reached", details, organization="Acme Realty", limit_minutes=60)
    assert why is not None
    assert why.help == expected


def test_a_usual_end_needs_no_explanation() -> None:
    assert explain("busy", None, organization="Acme Realty") is None
    assert explain(None, {"limit": "minutes_per_day"}, organization="Acme Realty") is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("minutes_per_day", 1, "1 minute a day"),
        ("minutes_per_month", 2, "2 minutes a month"),
        ("foreign_numbers_per_hour", 1, "1 distinct international number per hour"),
        ("calls_per_day", 1, "1 call a day"),
        ("spend_cents_per_day", 1, "$0.01 a day"),
    ],
)
def test_a_limit_of_one_is_in_the_singular(name: str, value: int, expected: str) -> None:
    assert limit_phrase(name, value) == expected


def test_each_limit_has_phrases() -> None:
    assert set(LIMIT_PHRASES) == set(DEFAULT_LIMITS)
