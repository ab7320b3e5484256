"""Validates settings of incoming calls, and checks forward numbers against the calling rules. Pure."""

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

import msgspec

from calls.incoming.answer_settings import (
    AfterHours,
    AnswerSettings,
    Greeting,
    Holidays,
    OpenHours,
    holiday_countries,
    parse_clock,
)
from calls.incoming.overlapping_hours import is_same_week, overlap_errors
from calls.incoming.prompts import LANGUAGES
from calls.limits.destinations import parse_destination
from kit.countries import country_in_sentence
from kit.e164 import NotOrdinaryNumber
from kit.errors import DomainError, ValidationFailed
from kit.numbering import NumberKind
from kit.parsing import parse_day
from kit.text import is_valid_text
from kit.time_zones import zone_names

MAX_FORWARD_NUMBERS = 5
MAX_HOURS = 50
MAX_DAYS = 200
MAX_GREETING_CHARACTERS = 1000
MAX_NOTIFIED = 50
MIN_RING_SECONDS, MAX_RING_SECONDS = 5, 60
_NOT_ORDINARY: Mapping[NumberKind, str] = {
    NumberKind.PAY_PER_CALL: "Calls cannot be forwarded to premium numbers",
    NumberKind.SPECIAL: "Calls cannot be forwarded to personal, company-wide or satellite numbers, or to pagers",
    NumberKind.UNASSIGNED: "Nobody can have this number; check its digits",
}
_QUOTED_CHARACTERS = 32
"""The number of characters of an invalid entry that its message repeats."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_Errors = Iterator[tuple[str, str]]


class ForwardRules(msgspec.Struct, frozen=True):
    """The calling rules of an organization that a forwarded call must meet."""

    country: str
    callable_countries: Collection[str]
    blocked_numbers: Collection[str]
    product_numbers: Collection[str]
    """Numbers that organizations of this service hold: a call that is forwarded to one could loop."""
    kept_numbers: Collection[str] = ()
    """Forward numbers, E.164, that may stay although a rule forbids them now: each call checks the rules again."""


def ensure_may_forward(typed: str, rules: ForwardRules) -> str:
    """The forward number, E.164. Raises: ValueError with a sentence for customers, which ends with the number."""
    try:
        return _parse_allowed(typed, rules)
    except ValueError as refusal:
        raise ValueError(f"{refusal}: {typed[:_QUOTED_CHARACTERS]}") from refusal


def _parse_allowed(typed: str, rules: ForwardRules) -> str:
    try:
        destination = parse_destination(typed, rules.country)
    except NotOrdinaryNumber as refusal:
        raise ValueError(_NOT_ORDINARY[refusal.kind]) from refusal
    except DomainError as refusal:
        raise ValueError(refusal.message) from refusal
    if destination.number in rules.product_numbers:
        raise ValueError("Calls cannot be forwarded to a business number of this service")
    if destination.number in rules.blocked_numbers:
        raise ValueError("This number is on your block list")
    if destination.country not in rules.callable_countries:
        country = country_in_sentence(destination.country)
        raise ValueError(f"Calls to {country} are not enabled; change that under Calling rules first")
    return destination.number


def typed_phones(given: AnswerSettings, country: str) -> Sequence[str]:
    """The forward numbers of settings, typed by somebody in ``country``, in E.164; without those that are invalid."""
    phones = []
    for typed in (*given.forward_to, *given.after_hours.forward_to):
        with contextlib.suppress(DomainError):
            phones.append(parse_destination(typed, country).number)
    return phones


def forward_refusal(number: str, rules: ForwardRules) -> str | None:
    """A sentence for customers why the rules forbid forwarding to ``number`` now; None if they allow it."""
    try:
        _parse_allowed(number, rules)
    except ValueError as refusal:
        return str(refusal)
    return None


def may_forward(number: str, rules: ForwardRules) -> bool:
    """True when the rules allow forwarding to ``number`` now."""
    return forward_refusal(number, rules) is None


def parse_settings(
    given: AnswerSettings,
    rules: ForwardRules,
    members: Collection[UUID],
    recordings: Collection[UUID],
    *,
    stored_hours: Sequence[OpenHours] = (),
) -> AnswerSettings:
    """The settings in their stored form: numbers in E.164, each number and day once, greeting texts with a language.

    ``members`` and ``recordings`` are ids of the organization's members and recordings. ``stored_hours`` may be saved
    again even if they overlap: earlier releases stored such hours. Raises: ValidationFailed, with every invalid field.
    """
    errors = [
        *hours_errors(given),
        *_overlap_errors(given.hours, stored_hours),
        *_greeting_errors("greeting", given.greeting, recordings),
        *_greeting_errors("after_hours", given.after_hours.greeting, recordings),
        *ring_errors(given.ring_seconds),
        *_notify_errors(given.notify, members),
    ]
    phones, phone_errors = _parse_phones("forward_to", given.forward_to, rules)
    later_phones, later_errors = _parse_phones("after_hours", given.after_hours.forward_to, rules)
    if errors := [*errors, *phone_errors, *later_errors]:
        raise ValidationFailed(errors)
    after_hours = AfterHours(
        greeting=_stored_greeting(given.after_hours.greeting),
        forward_to=later_phones,
        voicemail=given.after_hours.voicemail,
    )
    closed = Holidays(country=given.holidays.country, days=sorted(set(given.holidays.days)))
    return msgspec.structs.replace(
        given,
        greeting=_stored_greeting(given.greeting),
        forward_to=phones,
        after_hours=after_hours,
        holidays=closed,
        notify=list(dict.fromkeys(given.notify)),
    )


def hours_errors(given: AnswerSettings) -> _Errors:
    """The errors of the time zone, each interval and the closed days."""
    yield from _zone_errors(given)
    yield from _interval_errors(given.hours)
    yield from _holiday_errors(given.holidays)


def _zone_errors(given: AnswerSettings) -> _Errors:
    if given.time_zone is not None and given.time_zone not in zone_names():
        yield "time_zone", "Choose a time zone, by its IANA name like Europe/Berlin"


def _interval_errors(hours: Sequence[OpenHours]) -> _Errors:
    if len(hours) > MAX_HOURS:
        yield "hours", f"At most {MAX_HOURS} intervals"
        return
    for interval in hours:
        try:
            begin, end = parse_clock(interval.from_), parse_clock(interval.to)
        except ValueError:
            typed = f"{interval.from_[:_QUOTED_CHARACTERS]}-{interval.to[:_QUOTED_CHARACTERS]}"
            yield "hours", f"Write times as hours and minutes, like 09:00, on {interval.day}, not {typed}"
            continue
        if begin == end:
            yield (
                "hours",
                f"The hours on {interval.day} end when they begin, at {interval.from_}; give two different times",
            )


def _overlap_errors(hours: Sequence[OpenHours], stored_hours: Sequence[OpenHours]) -> _Errors:
    if not is_same_week(hours, stored_hours) and not any(_interval_errors(hours)):
        for _, sentence in overlap_errors(hours):
            yield "hours", sentence


def _holiday_errors(closed: Holidays) -> _Errors:
    if closed.country is not None and closed.country not in holiday_countries():
        yield "holidays", f"There are no holidays for the country {closed.country[:8]}; list the days instead"
    if len(closed.days) > MAX_DAYS:
        yield "holidays", f"At most {MAX_DAYS} days"
        return
    for day in closed.days:
        try:
            parse_day(day)
        except ValueError:
            reason = "There is no day" if _DAY.fullmatch(day) else "Write days like 2026-12-24, not"
            yield "holidays", f"{reason} {day[:_QUOTED_CHARACTERS]}"


def greeting_recordings(given: AnswerSettings) -> Collection[UUID]:
    """The ids of the recordings that the greetings of settings play."""
    greetings = (given.greeting, given.after_hours.greeting)
    recordings = (greeting.recording_id for greeting in greetings if greeting is not None)
    return frozenset(recording for recording in recordings if recording is not None)


def _stored_greeting(greeting: Greeting | None) -> Greeting | None:
    if greeting is None or greeting.recording_id is not None:
        return greeting
    return msgspec.structs.replace(greeting, language=greeting.spoken_language)


def _greeting_errors(field: str, greeting: Greeting | None, recordings: Collection[UUID]) -> _Errors:
    if greeting is None:
        return
    if greeting.recording_id is not None:
        if greeting.spoken_text:
            yield field, "Give the text of the greeting or a recording, not both"
        elif greeting.recording_id not in recordings:
            yield field, "There is no such recording; upload it first"
    elif not greeting.spoken_text.strip() or not is_valid_text(greeting.spoken_text):
        yield field, "Enter the text of the greeting, or leave the greeting out"
    elif len(greeting.spoken_text) > MAX_GREETING_CHARACTERS:
        yield field, f"A greeting has at most {MAX_GREETING_CHARACTERS} characters"
    if greeting.spoken_language not in LANGUAGES:
        yield field, f"Choose a language of the greeting: {', '.join(LANGUAGES)}"


def ring_errors(seconds: int) -> _Errors:
    """The error of a ring time that is too short or too long."""
    if not MIN_RING_SECONDS <= seconds <= MAX_RING_SECONDS:
        yield "ring_seconds", f"Enter whole seconds, from {MIN_RING_SECONDS} to {MAX_RING_SECONDS}"


def _notify_errors(notify: Sequence[UUID], members: Collection[UUID]) -> _Errors:
    if len(notify) > MAX_NOTIFIED:
        yield "notify", f"At most {MAX_NOTIFIED} members"
    elif not set(notify) <= set(members):
        yield "notify", "Choose members of the organization, by their ids in the list of members"


def _parse_phones(field: str, given: Sequence[str], rules: ForwardRules) -> tuple[list[str], list[tuple[str, str]]]:
    """The valid forward numbers in E.164, and the errors of the others, on ``field``."""
    if len(given) > MAX_FORWARD_NUMBERS:
        return [], [(field, f"At most {MAX_FORWARD_NUMBERS} phones")]
    phones: dict[str, None] = {}
    errors = []
    for typed in given:
        try:
            phones[typed if typed in rules.kept_numbers else ensure_may_forward(typed, rules)] = None
        except ValueError as refusal:
            errors.append((field, str(refusal)))
    return list(phones), errors
