"""UUIDv7 ids and the times in them."""

import datetime as dt
from uuid import UUID

_RANDOM_BITS = 80
"""Bits of a UUIDv7 below its 48 bits of milliseconds."""


def first_uuid7(moment: dt.datetime) -> UUID:
    """The least id of ``moment``: rows made since have greater ones, so an index on ids finds them by time."""
    return UUID(int=int(moment.timestamp() * 1000) << _RANDOM_BITS)
