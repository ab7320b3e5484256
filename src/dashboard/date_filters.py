"""Parses the date fields ``since`` and ``until`` of a filter bar: whole days of a time zone, both included."""

import datetime as dt

from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.parsing import parse_day
from kit.time_zones import start_of_day


def read_days(form: Form, zone: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the start of the first day and the end of the last, in UTC. Raises: ValidationFailed."""
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
