"""Parses the forms of the settings section **Incoming calls**: each function returns changed settings."""

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
"""The field of errors that are shown above the form, such as those about checkboxes."""
_INVALID_RING_SECONDS = 0
"""A ring time that the settings refuse."""
_INTERVAL = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*(?:-|–|—|to)\s*([0-9]{1,2}:[0-9]{2})")
_MAX_QUOTED_CHARACTERS = 32
"""Characters of a wrong entry that its error repeats."""
_LIST_SEPARATORS = re.compile(r"[,;\n]")


def apply_hours(form: Form, settings: AnswerSettings) -> AnswerSettings:
    """``settings`` with the form's hours.

    Overlapping hours are accepted if ``settings`` has the same ones. Raises: ValidationFailed, with every wrong field
    if the hours of a day cannot be read or overlap others.
    """
    hours: list[OpenHours] = []
    errors: list[tuple[str, str]] = []
    for day in Weekday:
        for interval in _split_list(form[day]):
            try:
                hours.extend(OpenHours(day=day, from_=begin, to=end) for begin, end in _parse_interval(interval))
            except ValueError as error:
                errors.append((day.value, f"{DAY_NAMES[day]}: {error}"))
    holidays = Holidays(country=form["holiday_country"] or None, days=_split_list(form["days"]))
    changed = msgspec.structs.replace(settings, time_zone=form["time_zone"] or None, hours=hours, holidays=holidays)
    if len(hours) <= MAX_HOURS and not is_same_week(hours, settings.hours):
        errors += overlap_errors(hours)
    if errors:
        raise ValidationFailed([*errors, *hours_errors(changed)])
    return changed


def _parse_interval(typed: str) -> Sequence[tuple[str, str]]:
    """The stored intervals of a typed one: two for a whole day, else one. Raises: ValueError, with a text to show."""
    found = _INTERVAL.fullmatch(typed)
    if found is None:
        raise ValueError(
            f"write hours like 09:00-17:30, several with commas between them, not {typed[:_MAX_QUOTED_CHARACTERS]}"
        )
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


def apply_greetings(form: Form, settings: AnswerSettings) -> AnswerSettings:
    """``settings`` with the form's greetings and its offer to press 9. Raises: ValidationFailed."""
    greeting = _greeting(form, "greeting", "recording")
    after_hours_greeting = _greeting(form, "later_greeting", "later_recording")
    after_hours = msgspec.structs.replace(settings.after_hours, greeting=after_hours_greeting)
    return msgspec.structs.replace(settings, greeting=greeting, press_9=bool(form["press_9"]), after_hours=after_hours)


def unplayed_texts_of(form: Form) -> UnplayedTexts:
    """The form's greeting texts, which are kept while a recording is played instead. Raises: ValidationFailed."""
    errors = [
        (field, f"A greeting has at most {MAX_GREETING_CHARACTERS} characters")
        for field in ("greeting", "later_greeting")
        if len(form[field].strip()) > MAX_GREETING_CHARACTERS
    ]
    if errors:
        raise ValidationFailed(errors)
    return UnplayedTexts(greeting=form["greeting"].strip(), after_hours=form["later_greeting"].strip())


def apply_phones(form: Form, settings: AnswerSettings) -> AnswerSettings:
    """``settings`` with the form's phones. Raises: ValidationFailed."""
    try:
        seconds = parse_whole_number(form["ring_seconds"].strip(), max_digits=3)
    except ValueError:
        # Refused together with wrong phones, so that all errors are shown at once.
        seconds = _INVALID_RING_SECONDS
    if form["forward_mode"] not in list(ForwardMode):
        raise ValidationFailed([("forward_mode", "Choose how the phones ring"), *ring_errors(seconds)])
    after_hours: AfterHours = msgspec.structs.replace(
        settings.after_hours, forward_to=_split_list(form["later_forward_to"])
    )
    return msgspec.structs.replace(
        settings,
        forward_to=_split_list(form["forward_to"]),
        forward_mode=ForwardMode(form["forward_mode"]),
        ring_seconds=seconds,
        after_hours=after_hours,
    )


def apply_voicemail(form: Form, settings: AnswerSettings, members: Mapping[str, UUID]) -> AnswerSettings:
    """``settings`` with the form's voicemail; ``members`` has the ids of the listed members by their checkbox's field.

    Members whom the form does not list, in a large organization, are notified as before.
    """
    after_hours = msgspec.structs.replace(settings.after_hours, voicemail=bool(form["later_voicemail"]))
    unlisted = [member_id for member_id in settings.notify if member_id not in members.values()]
    notify = [*unlisted, *(member_id for field, member_id in members.items() if form[field])]
    # Unset rather than False: settings in which nobody ever switched it on have no such field either.
    transcribe = True if form["transcribe"] else UNSET
    return msgspec.structs.replace(
        settings, voicemail=bool(form["voicemail"]), notify=notify, after_hours=after_hours, transcribe=transcribe
    )


def rename_error_fields(refusal: ValidationFailed, error_fields: Mapping[str, str]) -> ValidationFailed:
    """``refusal`` with the names of form fields; ``error_fields`` has those that differ from the setting's name."""
    return ValidationFailed([(error_fields.get(field, field), message) for field, message in refusal.errors])


def _greeting(form: Form, text_field: str, recording_field: str) -> Greeting | None:
    """The chosen recording, else the text. Raises: ValidationFailed."""
    if form[recording_field]:
        try:
            return Greeting(audio_id=UUID(form[recording_field]), language=form["language"])
        except ValueError as error:
            raise ValidationFailed([(recording_field, "Choose a recording of the list")]) from error
    text = form[text_field].strip()
    return Greeting(text=text, language=form["language"]) if text else None


def _split_list(text: str) -> list[str]:
    return [part.strip() for part in _LIST_SEPARATORS.split(text) if part.strip()]
