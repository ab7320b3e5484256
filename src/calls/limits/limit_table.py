"""Texts for people about each limit on calls: label, window, and the reason for the default. Pure."""

import datetime as dt
from collections.abc import Iterator, Mapping

import msgspec

from calls.limits import limit_names as names
from calls.limits.effective_limits import CEILING_FACTORS, EffectiveLimits, LimitSources, effective_limits
from calls.limits.limit_names import DEFAULT_LIMITS, FIXED_LIMITS, MONEY_LIMITS
from kit.money import format_cents
from tenants.plans import WIDGET_PLANS, Plan


class LimitInfo(msgspec.Struct, frozen=True):
    """The texts about one limit."""

    label: str
    window: str
    """The end of the sentence "34 of 120 …"."""
    reason: str
    """The reason for the default, for customers and operators."""


_TOKEN, _PHONE = "with one token", "from one phone"
LIMIT_TABLE: Mapping[str, LimitInfo] = {
    names.MINUTES_PER_DAY: LimitInfo(
        "Minutes per day",
        "today",
        "Ten hours of talk: a team of five on the phone for two hours each. Bounds what a stolen token costs in a day.",
    ),
    names.MINUTES_PER_MONTH: LimitInfo(
        "Minutes per month", "this month", "About eight full days: a month of ordinary days is less."
    ),
    names.INCOMING_MINUTES_PER_DAY: LimitInfo(
        "Incoming minutes per day",
        "today",
        "As many as outgoing ones, and apart from them: callers cannot use up the minutes to call out. The minutes of"
        " forwarded calls count twice, for both legs.",
    ),
    names.CENTS_PER_DAY: LimitInfo(
        "Spend per day", "today", "600 minutes to a landline at 1.4 cents are $8.40; leaves room for dearer countries."
    ),
    names.CENTS_PER_MONTH: LimitInfo(
        "Spend per month", "this month", "Ten full days: the most that a month of misuse can cost."
    ),
    names.CENTS_PER_DAY_PER_TOKEN: LimitInfo(
        f"Spend per day {_TOKEN}",
        "today, with the most used token",
        "The organization's own spend per day, unless it is set lower: one token may do all the work.",
    ),
    names.CALLS_PER_DAY: LimitInfo(
        "Calls per day", "today", "Twenty people with a hundred calls each. Stops a page that calls in a loop."
    ),
    names.CALLS_PER_MINUTE: LimitInfo(
        "Calls per minute", "in this minute", "Fifty people who call twice a minute, with room to spare."
    ),
    names.CALLS_PER_MINUTE_PER_TOKEN: LimitInfo(
        f"Calls per minute {_TOKEN}",
        "in this minute, with the most used token",
        "Half of the organization's: a stolen token leaves calls for the others.",
    ),
    names.CALLS_PER_MINUTE_PER_CLIENT: LimitInfo(
        f"Calls per minute {_PHONE}",
        "in this minute, from the most used phone",
        "A call every three seconds: nobody dials faster, a script does.",
    ),
    names.LIVE_CALLS: LimitInfo("Calls at once", "now", "A team of fifty that is on the phone at the same time."),
    names.LIVE_CALLS_PER_TOKEN: LimitInfo(
        f"Calls at once {_TOKEN}", "now, with the most used token", "Half of the organization's, as above."
    ),
    names.LIVE_CALLS_PER_CLIENT: LimitInfo(
        f"Calls at once {_PHONE}", "now, from the most used phone", "A phone holds one call."
    ),
    names.CALLS_TO_NUMBER_PER_HOUR: LimitInfo(
        "Calls per hour to one number",
        "in this hour, to the most called number",
        "A busy number is tried again every three minutes. Protects the people who are called.",
    ),
    names.FOREIGN_NUMBERS_PER_HOUR: LimitInfo(
        "Distinct international numbers per hour",
        "in this hour",
        "Toll fraud calls many foreign numbers in a short time; people call few.",
    ),
    names.CALLS_OF_CALLER_PER_HOUR: LimitInfo(
        "Incoming calls per hour from one caller",
        "in this hour, from the caller who called most",
        "A caller who tries again every three minutes. A script that calls without end uses up no minutes of others.",
    ),
    names.WITHHELD_CALLS_PER_HOUR: LimitInfo(
        "Incoming calls per hour with a withheld number",
        "in this hour",
        "All such callers together, because they cannot be told apart: one a minute.",
    ),
}
"""All limits, in the order in which pages list them."""


def limit_label(name: str) -> str:
    """The label of a limit."""
    return LIMIT_TABLE[name].label


def format_amount(name: str, amount: int) -> str:
    """An amount of the limit ``name`` for people: ``1,200`` or ``$25.00``."""
    return format_cents(amount) if name in MONEY_LIMITS else f"{amount:,}"


def format_day(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """The day of a time in ``zone``, for a sentence: ``Dec 12``, as the dashboard shows days."""
    day = moment.astimezone(zone)
    return f"{day:%b} {day.day}"


def default_rows() -> Iterator[tuple[str, ...]]:
    """Rows of the table in docs/limits.md: label, default, new account, highest own value on each plan, reason."""
    plans = [plan for plan in Plan if plan in WIDGET_PLANS]
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    new: EffectiveLimits = effective_limits(LimitSources(Plan.PRO, founded_at=now), now)
    for name, info in LIMIT_TABLE.items():
        default = DEFAULT_LIMITS[name]
        highest = [
            "fixed" if name in FIXED_LIMITS else format_amount(name, default * CEILING_FACTORS[p]) for p in plans
        ]
        yield (info.label, format_amount(name, default), format_amount(name, new[name]), *highest, info.reason)
