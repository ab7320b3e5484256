"""The smallest UUIDv7 of a time, with which ids are compared in place of times."""

import datetime as dt
from uuid import UUID

_RANDOM_BITS = 80
"""Bits of a UUIDv7 below its 48 bits of milliseconds."""


def first_uuid7(moment: dt.datetime) -> UUID:
    """The smallest id of ``moment``. Later rows have greater ids, so an index on ids finds rows by time."""
    return UUID(int=int(moment.timestamp() * 1000) << _RANDOM_BITS)
