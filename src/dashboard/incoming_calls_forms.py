"""Parses the forms of the settings section **Incoming calls** into settings."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from msgspec import UNSET

from calls.incoming.answer_settings import (
    AfterHours,
    AnswerSettings,
    ForwardMode,
    Greeting,
    Holidays,
    OpenHours,
    UnplayedTexts,
    Weekday,
    parse_clock,
)
from calls.incoming.audit_texts import DAY_NAMES, END_OF_DAY, MIDNIGHT, TYPED_WHOLE_DAY, WHOLE_DAY
from calls.incoming.overlapping_hours import is_same_week, overlap_errors
from calls.incoming.rules import MAX_GREETING_CHARACTERS, MAX_HOURS, hours_errors, ring_errors
from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.parsing import parse_whole_number

HOURS_FIELDS = ("time_zone", *Weekday, "holiday_country", "days")
GREETING_FIELDS = ("greeting", "recording", "language", "press_9", "later_greeting", "later_recording")
VOICEMAIL_FIELDS = ("voicemail", "later_voicemail", "transcribe")
PHONES_FIELDS = ("forward_to", "forward_mode", "ring_seconds", "later_forward_to")
WHOLE_FORM = ""
"""The place of messages about a box, which has none of its own."""
_NO_SECONDS = 0
"""No ring time, which the settings refuse."""
_INTERVAL = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*(?:-|–|—|to)\s*([0-9]{1,2}:[0-9]{2})")
_QUOTED = 32
"""Characters of a wrong entry that its message repeats."""
_SEPARATORS = re.compile(r"[,;\n]")


def hours_of(form: Form, now: AnswerSettings) -> AnswerSettings:
    """The settings with the form's hours.

    Hours that overlap stay if they are those of ``now``. Raises: ValidationFailed, with every wrong field if the hours
    of a day cannot be read or overlap others.
    """
    hours: list[OpenHours] = []
    wrong: list[tuple[str, str]] = []
    for day in Weekday:
        for part in _parts(form[day]):
            try:
                hours.extend(OpenHours(day=day, from_=begin, to=end) for begin, end in _intervals(part))
            except ValueError as error:
                wrong.append((day.value, f"{DAY_NAMES[day]}: {error}"))
    closed = Holidays(country=form["holiday_country"] or None, days=_parts(form["days"]))
    changed = msgspec.structs.replace(now, time_zone=form["time_zone"] or None, hours=hours, holidays=closed)
    if len(hours) <= MAX_HOURS and not is_same_week(hours, now.hours):
        wrong += overlap_errors(hours)
    if wrong:
        raise ValidationFailed([*wrong, *hours_errors(changed)])
    return changed


def _intervals(typed: str) -> Sequence[tuple[str, str]]:
    """The beginning and end of an interval as it is stored; a whole day is two. Raises: ValueError, for customers."""
    found = _INTERVAL.fullmatch(typed)
    if found is None:
        raise ValueError(f"write hours like 09:00-17:30, several with commas between them, not {typed[:_QUOTED]}")
    begin, end = (text.zfill(len("09:00")) for text in found.groups())
    if (begin, end) in {TYPED_WHOLE_DAY, (MIDNIGHT, MIDNIGHT)}:
        return WHOLE_DAY
    if end == END_OF_DAY:
        end = MIDNIGHT
    for clock in (begin, end):
        try:
            parse_clock(clock)
        except ValueError as error:
            raise ValueError(f"there is no time {clock}; write hours like 09:00-17:30") from error
    if begin == end:
        raise ValueError("give two different times; a day that is open for 24 hours is 00:00-24:00")
    return [(begin, end)]


def greeting_of(form: Form, now: AnswerSettings) -> AnswerSettings:
    """The settings with the form's greetings and the offer to press 9. Raises: ValidationFailed."""
    greeting, later = _greeting(form, "greeting", "recording"), _greeting(form, "later_greeting", "later_recording")
    after_hours = msgspec.structs.replace(now.after_hours, greeting=later)
    return msgspec.structs.replace(now, greeting=greeting, press_9=bool(form["press_9"]), after_hours=after_hours)


def unplayed_texts_of(form: Form) -> UnplayedTexts:
    """The texts of the form, for greetings that play a recording. Raises: ValidationFailed, as for other texts."""
    wrong = [
        (field, f"A greeting has at most {MAX_GREETING_CHARACTERS} characters")
        for field in ("greeting", "later_greeting")
        if len(form[field].strip()) > MAX_GREETING_CHARACTERS
    ]
    if wrong:
        raise ValidationFailed(wrong)
    return UnplayedTexts(greeting=form["greeting"].strip(), after_hours=form["later_greeting"].strip())


def phones_of(form: Form, now: AnswerSettings) -> AnswerSettings:
    """The settings with the form's phones. Raises: ValidationFailed."""
    try:
        seconds = parse_whole_number(form["ring_seconds"].strip(), max_digits=3)
    except ValueError:
        # Refused with the phones, so that the errors of both are shown.
        seconds = _NO_SECONDS
    if form["forward_mode"] not in list(ForwardMode):
        raise ValidationFailed([("forward_mode", "Choose how the phones ring"), *ring_errors(seconds)])
    later: AfterHours = msgspec.structs.replace(now.after_hours, forward_to=_parts(form["later_forward_to"]))
    return msgspec.structs.replace(
        now,
        forward_to=_parts(form["forward_to"]),
        forward_mode=ForwardMode(form["forward_mode"]),
        ring_seconds=seconds,
        after_hours=later,
    )


def voicemail_of(form: Form, now: AnswerSettings, members: Mapping[str, UUID]) -> AnswerSettings:
    """The settings with the form's voicemail; ``members`` has the id of each listed member by the field of their box.

    Members who are not listed, in a large organization, are notified as before.
    """
    later = msgspec.structs.replace(now.after_hours, voicemail=bool(form["later_voicemail"]))
    unlisted = [member_id for member_id in now.notify if member_id not in members.values()]
    notify = [*unlisted, *(member_id for field, member_id in members.items() if form[field])]
    # Left out again where it is off, as in settings of which nobody ever switched it on.
    transcribe = True if form["transcribe"] else UNSET
    return msgspec.structs.replace(
        now, voicemail=bool(form["voicemail"]), notify=notify, after_hours=later, transcribe=transcribe
    )


def at_fields(refusal: ValidationFailed, fields: Mapping[str, str]) -> ValidationFailed:
    """``refusal`` with its messages at the form's fields; ``fields`` has those with another name than the setting."""
    return ValidationFailed([(fields.get(field, field), message) for field, message in refusal.errors])


def _greeting(form: Form, text_field: str, recording_field: str) -> Greeting | None:
    """The chosen recording, else the text. Raises: ValidationFailed."""
    if form[recording_field]:
        try:
            return Greeting(audio_id=UUID(form[recording_field]), language=form["language"])
        except ValueError as error:
            raise ValidationFailed([(recording_field, "Choose a recording of the list")]) from error
    text = form[text_field].strip()
    return Greeting(text=text, language=form["language"]) if text else None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
