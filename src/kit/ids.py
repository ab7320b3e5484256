"""Computes the smallest UUIDv7 of a time, so that queries find rows of a period by their ids."""

import datetime as dt
from uuid import UUID

_RANDOM_BITS = 80
"""Bits of a UUIDv7 below its 48 bits of milliseconds."""


def first_uuid7(moment: dt.datetime) -> UUID:
    """The smallest id of ``moment``. Later rows have greater ids, so an index on ids finds rows by time."""
    return UUID(int=int(moment.timestamp() * 1000) << _RANDOM_BITS)
