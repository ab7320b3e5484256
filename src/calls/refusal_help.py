"""Explains to people why a call was refused, or ended by the product, and what to do about it. Pure."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from calls.limits import limit_names
from calls.models import Call, ImposedEnd
from kit.countries import country_in_sentence, country_name
from kit.money import format_cents
from kit.parsing import parse_day
from widget.refusals import REFUSALS, FixedBy, Refusal, RefusalDetails


class LimitPhrases(msgspec.Struct, frozen=True):
    """The phrases from which sentences about one limit are made."""

    reached: str
    """A sentence which says that the limit is used up."""
    wait: str
    """The time until calls are possible again; follows "Wait"."""
    unit: str
    """The unit of the limit; follows its value."""
    held: str = ""
    """A sentence which says that live calls reserve the rest; empty for limits of which calls reserve nothing."""


_MINUTE, _HOUR, _TODAY, _MONTH = "a minute", "an hour", "until midnight (UTC)", "until the next month begins (UTC)"
_TOO_MANY_LIVE, _UNTIL_OTHER_ENDS = "Too many calls are under way.", "until another call has ended"
_SHORT_TIME = "Too many calls in a short time."
_BUDGET_TODAY, _BUDGET_MONTH = (
    "The calling budget for today is used up.",
    "The calling budget for this month is used up.",
)
_HELD_TODAY, _HELD_MONTH = (
    "Calls under way hold the rest of the calling budget for today.",
    "Calls under way hold the rest of the calling budget for this month.",
)
LIMIT_PHRASES: Mapping[str, LimitPhrases] = {
    limit_names.LIVE_CALLS: LimitPhrases(_TOO_MANY_LIVE, _UNTIL_OTHER_ENDS, "at once"),
    limit_names.LIVE_CALLS_PER_TOKEN: LimitPhrases(_TOO_MANY_LIVE, _UNTIL_OTHER_ENDS, "at once per token"),
    limit_names.LIVE_CALLS_PER_CLIENT: LimitPhrases(_TOO_MANY_LIVE, _UNTIL_OTHER_ENDS, "at once per phone"),
    limit_names.CALLS_PER_MINUTE: LimitPhrases(_SHORT_TIME, _MINUTE, "a minute"),
    limit_names.CALLS_PER_MINUTE_PER_TOKEN: LimitPhrases(_SHORT_TIME, _MINUTE, "a minute per token"),
    limit_names.CALLS_PER_MINUTE_PER_CLIENT: LimitPhrases(_SHORT_TIME, _MINUTE, "a minute per phone"),
    limit_names.CALLS_PER_DAY: LimitPhrases("Too many calls today.", _TODAY, "a day"),
    limit_names.CALLS_TO_NUMBER_PER_HOUR: LimitPhrases(
        "Too many calls to this number within an hour.", _HOUR, "an hour to one number"
    ),
    limit_names.FOREIGN_NUMBERS_PER_HOUR: LimitPhrases(
        "Too many distinct international numbers within an hour.", _HOUR, "distinct international numbers per hour"
    ),
    limit_names.CALLS_OF_CALLER_PER_HOUR: LimitPhrases(
        "Too many calls from this caller within an hour.", _HOUR, "an hour from one caller"
    ),
    limit_names.WITHHELD_CALLS_PER_HOUR: LimitPhrases(
        "Too many calls with a withheld number within an hour.", _HOUR, "an hour with a withheld number"
    ),
    limit_names.MINUTES_PER_DAY: LimitPhrases(
        "The minutes for today are used up.",
        _TODAY,
        "minutes a day",
        "Calls under way hold the rest of the minutes for today.",
    ),
    limit_names.MINUTES_PER_MONTH: LimitPhrases(
        "The minutes for this month are used up.",
        _MONTH,
        "minutes a month",
        "Calls under way hold the rest of the minutes for this month.",
    ),
    limit_names.INCOMING_MINUTES_PER_DAY: LimitPhrases(
        "The incoming minutes for today are used up.",
        _TODAY,
        "incoming minutes a day",
        "Calls under way hold the rest of the incoming minutes for today.",
    ),
    limit_names.CENTS_PER_DAY: LimitPhrases(_BUDGET_TODAY, _TODAY, "a day", _HELD_TODAY),
    limit_names.CENTS_PER_MONTH: LimitPhrases(_BUDGET_MONTH, _MONTH, "a month", _HELD_MONTH),
    limit_names.CENTS_PER_DAY_PER_TOKEN: LimitPhrases(_BUDGET_TODAY, _TODAY, "a day per token", _HELD_TODAY),
}
_NUMBER_KIND_HELP = {
    "own_number": "This is one of {organization}'s own numbers. Call another number.",
    "pay_per_call": "This is a pay-per-call number: the called party earns from the call. No organization can call it.",
    "special": "This is a special number, like a pager or a satellite phone. No organization can call it.",
    "unassigned": "This number belongs to nobody. Check the number, then try again.",
}
FIXED_BY_NAMES = {
    FixedBy.CALLER: "The person who calls",
    FixedBy.DEVELOPER: "The developer of the page",
    FixedBy.ADMIN: "An admin",
    FixedBy.OWNER: "An owner",
    FixedBy.SUPPORT: "Our support",
}
_NUMBER_KIND_NAMES = {
    "own_number": "the organization's own number",
    "pay_per_call": "pay-per-call number",
    "special": "special number, like a pager or a satellite phone",
    "unassigned": "number that belongs to nobody",
}


class Explanation(msgspec.Struct, frozen=True):
    """The reason for which one call was refused or ended."""

    refusal: Refusal
    help: str
    """The next step and the person who can take it, in whole sentences; may begin with the refusal's message."""
    details: RefusalDetails | None
    fixed_by: FixedBy


def explain(
    code: str | None,
    stored: Mapping[str, Any] | None,
    *,
    organization: str,
    limit_minutes: int | None = None,
    zone: dt.tzinfo = dt.UTC,
) -> Explanation | None:
    """Explain an end reason; None for an end that needs no explanation, such as a busy line.

    ``stored`` is the call's ``end_details``, None for calls that are older than the column. ``limit_minutes`` is the
    call's time limit. Days in the help are days in ``zone``.
    """
    refusal = REFUSALS.get(code or "")
    if refusal is None:
        return None
    details = None
    if stored is not None and (refusal.is_of_call or code == ImposedEnd.TIME_LIMIT):
        details = msgspec.convert(stored, RefusalDetails)
    if code == ImposedEnd.TIME_LIMIT and limit_minutes is not None:
        details = msgspec.structs.replace(details or RefusalDetails(), minutes=limit_minutes)
    details = _with_day(details, zone)
    fixed_by = refusal.fixed_by if details is None or details.who is None else FixedBy(details.who)
    return Explanation(refusal, _help(refusal, details, organization), details, fixed_by)


def explain_call(call: Call, organization: str, zone: dt.tzinfo) -> Explanation | None:
    """Explain how ``call`` ended; None while it goes on, and for an end that needs no explanation."""
    return explain(
        call.end_reason, call.end_details, organization=organization, limit_minutes=call.limit_minutes, zone=zone
    )


def limit_phrase(name: str, value: int) -> str:
    """A limit as a phrase: ``20 calls a minute per phone``, ``$25.00 a day``."""
    unit = LIMIT_PHRASES[name].unit
    if name in limit_names.MONEY_LIMITS or "minutes" in name or name == limit_names.FOREIGN_NUMBERS_PER_HOUR:
        singular_or_plural = unit.replace("minutes", "minute").replace("numbers", "number") if value == 1 else unit
        return f"{_amount(name, value)} {singular_or_plural}"
    return f"{value:,} {'call' if value == 1 else 'calls'} {unit}"


def refusal_facts(explanation: Explanation) -> list[tuple[str, str]]:
    """The facts of a refusal at that time, each a label and a value."""
    details = explanation.details or RefusalDetails()
    facts = []
    if details.country is not None:
        facts.append(("Country", country_name(details.country)))
    if details.home is not None:
        facts.append(("Only country allowed then", country_name(details.home)))
    if details.limit in LIMIT_PHRASES and details.value is not None:
        facts.append(("Limit then", limit_phrase(details.limit or "", details.value)))
        if details.used is not None:
            facts.append(("Used then", _amount(details.limit or "", details.used)))
        if details.held is not None:
            facts.append(("Held by calls under way then", _amount(details.limit or "", details.held)))
    if details.minutes is not None:
        facts.append(("Longest call then", _count_minutes(details.minutes)))
    if details.until_day is not None:
        facts.append(("New account until", _day(details.until_day)))
    if details.kind is not None:
        facts.append(("Kind of number", _NUMBER_KIND_NAMES.get(details.kind, details.kind)))
    return facts


def _count_minutes(minutes: int) -> str:
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"


def _amount(name: str, value: int) -> str:
    return format_cents(value) if name in limit_names.MONEY_LIMITS else f"{value:,}"


def _help(refusal: Refusal, details: RefusalDetails | None, organization: str) -> str:
    if details is None:
        return refusal.advice
    if refusal.code == ImposedEnd.TIME_LIMIT:
        return _time_limit_help(refusal, details, organization)
    return _number_help(refusal, details, organization) or _limit_help(details, organization) or refusal.advice


def _number_help(refusal: Refusal, details: RefusalDetails, organization: str) -> str | None:
    if details.kind in _NUMBER_KIND_HELP:
        return _NUMBER_KIND_HELP[details.kind].format(organization=organization)
    if details.country is not None:
        return _country_help(details, organization)
    if refusal.code == "number_blocked":
        return f"This number is on {organization}'s block list. An admin can remove it under Calling rules."
    if details.scope == "service":
        return "Our staff paused the calls of all organizations. Call again later."
    return None


def _country_help(details: RefusalDetails, organization: str) -> str:
    country = country_in_sentence(details.country or "")
    if details.until_day is not None:
        home = country_in_sentence(details.home or "")
        rule = f"{organization} is new: until {_day(details.until_day)} it can call numbers in {home} only."
        if details.listed:
            return f"{rule} Calls to {country} start then. Only support can end this earlier."
        place = "on the token's page" if details.scope == "token" else "under Calling rules"
        return (
            f"{rule} After that, calls to {country} work if an admin adds the country {place}; support can end the "
            "rule earlier."
        )
    if details.scope == "token":
        return f"Calls to {country} are not switched on for this token. An admin can add them on the token's page."
    return f"Calls to {country} are not switched on for {organization}. An admin can add them under Calling rules."


def _limit_help(details: RefusalDetails, organization: str) -> str | None:
    phrases = LIMIT_PHRASES.get(details.limit or "")
    if phrases is None or details.value is None:
        return None
    phrase = limit_phrase(details.limit or "", details.value)
    if details.value == 0:
        return f"The limit is {phrase}: it allows no calls. {_how_to_raise(details, organization)}"
    reached, wait = phrases.reached, phrases.wait
    if phrases.held and details.held and (details.used or 0) < details.value:
        reached, wait = phrases.held, _UNTIL_OTHER_ENDS
    if details.until is not None or details.who == FixedBy.SUPPORT:
        return f"{reached} Wait {wait}. The limit is {phrase}. {_how_to_raise(details, organization)}"
    return f"{reached} Wait {wait}, or ask an admin to raise the limit ({phrase})."


def _time_limit_help(refusal: Refusal, details: RefusalDetails, organization: str) -> str:
    reached = f"{refusal.message} ({_count_minutes(details.minutes)})" if details.minutes else refusal.message
    if details.limit not in LIMIT_PHRASES or details.value is None:
        return f"{reached}. {refusal.advice}"
    phrase = limit_phrase(details.limit or "", details.value)
    return f"{reached}, because the limit is {phrase}. {_how_to_raise(details, organization)}"


def _how_to_raise(details: RefusalDetails, organization: str) -> str:
    if details.until_day is not None:
        rule = f"{organization} is new: until {_day(details.until_day)} it has a quarter of its limits."
        if details.who == FixedBy.ADMIN:
            return f"{rule} An admin can raise it under Calling rules; support can end the new-account rule earlier."
        return f"{rule} Support can end the rule earlier."
    if details.who == FixedBy.SUPPORT:
        return "Only support can raise it; ask an admin to write to support."
    place = "on the token's page or under Calling rules" if details.scope == "token" else "under Calling rules"
    return f"An admin can raise it {place}."


def _with_day(details: RefusalDetails | None, zone: dt.tzinfo) -> RefusalDetails | None:
    """``details`` with the day in ``zone`` on which the rule ends, if it ends."""
    if details is None or details.until is None:
        return details
    until = msgspec.convert(details.until, dt.datetime).astimezone(zone)
    return msgspec.structs.replace(details, until_day=until.date().isoformat())


def _day(iso_date: str) -> str:
    day = parse_day(iso_date)
    return f"{day:%b} {day.day}"
