"""Texts for people about settings of incoming calls in audit events: labels, values, opening hours. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from calls.incoming.answer_settings import ForwardMode, Holidays, OpenHours, Weekday
from kit.countries import countries

DAY_NAMES: Mapping[Weekday, str] = {
    Weekday.MON: "Monday",
    Weekday.TUE: "Tuesday",
    Weekday.WED: "Wednesday",
    Weekday.THU: "Thursday",
    Weekday.FRI: "Friday",
    Weekday.SAT: "Saturday",
    Weekday.SUN: "Sunday",
}
FORWARD_MODE_NAMES: Mapping[str, str] = {
    ForwardMode.TOGETHER: "All together",
    ForwardMode.IN_TURN: "One after the other",
}
MIDNIGHT, END_OF_DAY = "00:00", "24:00"
TYPED_WHOLE_DAY = (MIDNIGHT, END_OF_DAY)
WHOLE_DAY = ((MIDNIGHT, "12:00"), ("12:00", MIDNIGHT))
"""The stored form of a day that is open for 24 hours: an interval cannot end at the time at which it begins."""


def hours_text(hours: Sequence[OpenHours], day: Weekday) -> str:
    """The intervals of a day as the settings page shows them: ``09:00-12:00, 13:00-17:30``."""
    intervals = [(opened.from_, opened.to) for opened in hours if opened.day is day]
    if all(interval in intervals for interval in WHOLE_DAY):
        intervals = [TYPED_WHOLE_DAY, *(interval for interval in intervals if interval not in WHOLE_DAY)]
    return ", ".join(f"{begin}-{end}" for begin, end in intervals)


def setting_text(name: str, value: Any) -> str | None:
    """The text for a setting's value; None where the value needs none, or is of a newer release."""
    try:
        return _TEXTS[name](value) if name in _TEXTS else None
    except msgspec.ValidationError:
        return None


def _week(value: Any) -> str:
    """The hours of a week: ``Monday to Friday 09:00-17:00; Saturday 10:00-14:00``."""
    hours = msgspec.convert(value, list[OpenHours])
    spans: list[tuple[Weekday, Weekday, str]] = []
    for day in Weekday:
        text = hours_text(hours, day)
        if spans and spans[-1][2] == text:
            spans[-1] = (spans[-1][0], day, text)
        else:
            spans.append((day, day, text))
    days = (
        (DAY_NAMES[first] if first is last else f"{DAY_NAMES[first]} to {DAY_NAMES[last]}", text)
        for first, last, text in spans
    )
    shown = (f"{name} {text}" for name, text in days if text)
    return "; ".join(shown) or "Always open"


def _holidays(value: Any) -> str:
    closed = msgspec.convert(value, Holidays)
    public = [] if closed.country is None else [f"Public holidays of {countries().get(closed.country, closed.country)}"]
    return "; ".join([*public, *([", ".join(closed.days)] if closed.days else [])]) or "None"


def _members(value: Any) -> str:
    count = len(msgspec.convert(value, list[Any]))
    return "1 member" if count == 1 else f"{count or 'No'} members"


def _switch(value: Any) -> str:
    return "On" if msgspec.convert(value, bool) else "Off"


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "hours": _week,
    "holidays": _holidays,
    "notify": _members,
    "voicemail": _switch,
    "press_9": _switch,
    "transcribe": _switch,
    "forward_mode": lambda value: FORWARD_MODE_NAMES.get(msgspec.convert(value, str), str(value)),
}
SETTING_LABELS: Mapping[str, str] = {
    "hours": "Hours",
    "holidays": "Closed days",
    "notify": "Members who get a mail about each voicemail",
    "voicemail": "Voicemail",
    "press_9": "Offer “press 9, and we never call you again”",
    "transcribe": "Transcribe voicemails",
    "forward_mode": "Phones ring",
    "forward_to": "Phones",
    "after_hours": "Settings outside the hours",
    "greeting": "Greeting",
    "greeting_text": "Greeting text (not used while a recording is played)",
    "after_hours_text": "Greeting text outside the hours (not used while a recording is played)",
    "follows_organization": "Follows the organization's settings",
}
"""Labels of stored settings, equal to those on the settings page where it has them."""
