"""Names, default values and kinds of the limits on calls. Pure."""

from collections.abc import Mapping

LIVE_CALLS = "live_calls"
LIVE_CALLS_PER_TOKEN = "live_calls_per_token"  # noqa: S105 - a limit's name
LIVE_CALLS_PER_CLIENT = "live_calls_per_phone"
CALLS_PER_MINUTE = "calls_per_minute"
CALLS_PER_MINUTE_PER_TOKEN = "calls_per_minute_per_token"  # noqa: S105 - a limit's name
CALLS_PER_MINUTE_PER_CLIENT = "calls_per_minute_per_phone"
CALLS_PER_DAY = "calls_per_day"
CALLS_TO_NUMBER_PER_HOUR = "calls_to_one_number_per_hour"
FOREIGN_NUMBERS_PER_HOUR = "foreign_numbers_per_hour"
CALLS_OF_CALLER_PER_HOUR = "incoming_calls_per_caller_per_hour"
WITHHELD_CALLS_PER_HOUR = "incoming_withheld_calls_per_hour"
"""Counts all callers together who withhold their number."""
MINUTES_PER_DAY = "minutes_per_day"
MINUTES_PER_MONTH = "minutes_per_month"
INCOMING_MINUTES_PER_DAY = "incoming_minutes_per_day"
CENTS_PER_DAY = "spend_cents_per_day"
CENTS_PER_MONTH = "spend_cents_per_month"
CENTS_PER_DAY_PER_TOKEN = "spend_cents_per_day_per_token"  # noqa: S105 - a limit's name

DEFAULT_COUNTS: Mapping[str, int] = {
    LIVE_CALLS: 50,
    LIVE_CALLS_PER_TOKEN: 25,
    LIVE_CALLS_PER_CLIENT: 1,
    CALLS_PER_MINUTE: 120,
    CALLS_PER_MINUTE_PER_TOKEN: 60,
    CALLS_PER_MINUTE_PER_CLIENT: 20,
    CALLS_PER_DAY: 2000,
    CALLS_TO_NUMBER_PER_HOUR: 20,
    FOREIGN_NUMBERS_PER_HOUR: 20,
    CALLS_OF_CALLER_PER_HOUR: 20,
    WITHHELD_CALLS_PER_HOUR: 60,
}
DEFAULT_AMOUNTS: Mapping[str, int] = {
    MINUTES_PER_DAY: 600,
    MINUTES_PER_MONTH: 5000,
    INCOMING_MINUTES_PER_DAY: 600,
    CENTS_PER_DAY: 2500,
    CENTS_PER_MONTH: 25_000,
    CENTS_PER_DAY_PER_TOKEN: 2500,
}
DEFAULT_LIMITS: Mapping[str, int] = {**DEFAULT_COUNTS, **DEFAULT_AMOUNTS}
"""In US cents where the name says so."""
MONEY_LIMITS = frozenset({CENTS_PER_DAY, CENTS_PER_MONTH, CENTS_PER_DAY_PER_TOKEN})
"""Limits whose values are US cents; people type and read dollars (``kit/money.py``)."""
CAPPED_BY: Mapping[str, str] = {CENTS_PER_DAY_PER_TOKEN: CENTS_PER_DAY}
"""Limits that cannot exceed another limit, by name; their default is the value of that other limit."""
LOWERED_WHEN_NEW = frozenset({*DEFAULT_AMOUNTS, FOREIGN_NUMBERS_PER_HOUR})
"""Limits that are a quarter for a new organization: money, minutes and foreign numbers."""
NEW_ORGANIZATION_DAYS = "first_days"
"""Name of the override of the number of days for which an organization is new."""
DEFAULT_NEW_ORGANIZATION_DAYS = 14
MAX_NEW_ORGANIZATION_DAYS = 365
FIXED_LIMITS = frozenset({LIVE_CALLS_PER_CLIENT, CALLS_PER_MINUTE_PER_CLIENT})
"""Limits that organizations cannot set: each page load makes a new client, so they protect only against one page."""
MAX_OVERRIDE = 2**31 - 1


def is_overridable(name: str, value: int) -> bool:
    """True for a limit and a value that staff may set as an override."""
    if name == NEW_ORGANIZATION_DAYS:
        return 0 <= value <= MAX_NEW_ORGANIZATION_DAYS
    return name in DEFAULT_LIMITS and 0 <= value <= MAX_OVERRIDE
