"""Parses UUIDs, whole numbers and dates in requests, each in a single spelling. Pure.

Python's own parsers also accept other spellings: ``int`` accepts spaces, underscores and digits of other scripts,
``UUID`` accepts braces and hyphens in any place, ``date.fromisoformat`` accepts weeks.
"""

import datetime as dt
import re
from uuid import UUID

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_uuid(text: str) -> UUID:
    """An id as RFC 9562 writes it: 32 hexadecimal digits in five groups. Raises: ValueError."""
    if not _UUID.fullmatch(text):
        raise ValueError("not a UUID")
    return UUID(text)


def parse_whole_number(text: str, *, max_digits: int) -> int:
    """A whole number that is written with ASCII digits only. Raises: ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) <= max_digits):
        raise ValueError("not a whole number")
    return int(text)


def parse_day(text: str) -> dt.date:
    """A day like ``2026-12-31``. Raises: ValueError."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day")
    return dt.date.fromisoformat(text)
