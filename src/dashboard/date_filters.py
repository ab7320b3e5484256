"""Parses the date fields ``since`` and ``until`` of a filter bar: whole days in UTC, both included."""

import datetime as dt

from kit.errors import ValidationFailed
from kit.http.forms import Form
from kit.parsing import parse_day


def read_days(form: Form) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the start of the first day and the end of the last. Raises: ValidationFailed."""
    since, until = _midnight(form, "since", days=0), _midnight(form, "until", days=1)
    if since is not None and until is not None and until <= since:
        raise ValidationFailed([("until", "Must not be before the first day")])
    return since, until


def _midnight(form: Form, field: str, *, days: int) -> dt.datetime | None:
    if not form[field]:
        return None
    try:
        day = parse_day(form[field])
        return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=days)
    except (ValueError, OverflowError) as error:
        raise ValidationFailed([(field, "Not a date")]) from error
