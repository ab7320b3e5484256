"""Parses the date and time fields of forms in a time zone, and formats their values."""

import datetime as dt

import msgspec

from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.parsing import parse_day
from kit.time_zones import start_of_day

_YEARS = range(1970, 2970)
_LENGTH_WITHOUT_SECONDS = len("2026-12-31T23:59")
"""Browsers send no seconds if they are zero."""


def read_days(form: Form, zone: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The days ``since`` and ``until`` of a filter bar, both included: the start of the first and the end of the last.

    In UTC. Raises: ValidationFailed.
    """
    since, until = _midnight(form, "since", zone, days=0), _midnight(form, "until", zone, days=1)
    if since is not None and until is not None and until <= since:
        raise ValidationFailed([("until", "Must not be before the first day")])
    return since, until


def _midnight(form: Form, field: str, zone: dt.tzinfo, *, days: int) -> dt.datetime | None:
    if not form[field]:
        return None
    try:
        return start_of_day(parse_day(form[field]) + dt.timedelta(days=days), zone)
    except (ValueError, OverflowError) as error:
        raise ValidationFailed([(field, "Not a date")]) from error


def read_local_time(form: Form, field: str, zone: dt.tzinfo, *, prefilled: dt.datetime | None = None) -> dt.datetime:
    """The time of a ``datetime-local`` field, in UTC. Raises: ValidationFailed.

    A time without an offset is in ``zone``; one that clocks show twice in autumn is the first. If the field still has
    the value of ``prefilled``, the time that the page put into it, the result is exactly ``prefilled``.
    """
    text = form[field].strip()
    if prefilled is not None and text in (value := local_time_value(prefilled, zone), value.removesuffix(":00")):
        return prefilled.astimezone(dt.UTC)
    try:
        entered = msgspec.convert(f"{text}:00" if len(text) == _LENGTH_WITHOUT_SECONDS else text, dt.datetime)
        return (entered if entered.tzinfo else entered.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValidationFailed([(field, "Enter a date and a time")]) from error


def read_moment(text: str) -> dt.datetime | None:
    """Parse a time with an offset, as ``isoformat`` writes it; None for other texts."""
    try:
        moment = msgspec.convert(text, dt.datetime)
    except msgspec.ValidationError:
        return None
    # Years at the ends of the calendar have no time in some zones.
    return moment.astimezone(dt.UTC) if moment.tzinfo and moment.year in _YEARS else None


def local_time_value(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """``moment`` as the value of a ``datetime-local`` field, to the second."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}"
