"""Whether one more call fits, and how long it may last. Pure."""

from collections.abc import Iterator

import msgspec

from calls.errors import (
    CallLimitReached,
    PhoneBusy,
    TooManyCalls,
    TooManyCallsAtOnce,
)
from calls.limits import limit_names as names
from calls.limits.limit_names import Limits
from calls.limits.prices import MICROS_PER_CENT

CALL_MINUTES = 60
"""No call is longer."""
RING_SECONDS = 30
_FAIR_MINUTES = 15
"""What a call gets, as far as it is there, even if the calls that may still follow would then get less."""


class Use(msgspec.Struct, frozen=True):
    """A row of the books as it stands, windows rolled."""

    live: int = 0
    held_minutes: int = 0
    held_micros: int = 0
    minute_attempts: int = 0
    hour_refused: int = 0
    day_attempts: int = 0
    day_minutes: int = 0
    day_micros: int = 0
    month_minutes: int = 0
    month_micros: int = 0


class Books(msgspec.Struct, frozen=True):
    """What is used by everybody whom a call concerns."""

    organization: Use
    token: Use
    phone: Use


class Wanted(msgspec.Struct, frozen=True):
    """A call somebody wants to make, and what its destination had already."""

    rate_micros: int
    """Of a minute."""
    calls_to_number: int
    """Within the hour."""
    is_new_foreign: bool
    """Foreign, and not called within the hour."""
    foreign_numbers: int
    """Different ones within the hour."""
    token_live_calls: int | None = None
    token_minutes_per_day: int | None = None
    """The token's own limits."""


class _Left(msgspec.Struct, frozen=True):
    minutes: int
    slots: int


def grant(limits: Limits, books: Books, wanted: Wanted) -> int:
    """How many minutes the call may last.

    Each live call holds what it may still use, so that however many there are, all of them together stay within the
    minutes and the money. Not to let one call hold everything, what is left is shared among the calls that may follow.

    Raises:
        PhoneBusy, TooManyCallsAtOnce, TooManyCalls, CallLimitReached: checked in this order.
    """
    organization, token, phone = books.organization, books.token, books.phone
    token_slots = _least(limits[names.LIVE_CALLS_PER_TOKEN], wanted.token_live_calls) - token.live
    slots = limits[names.LIVE_CALLS] - organization.live
    if token_slots < 1 or slots < 1:
        raise TooManyCallsAtOnce
    if phone.live >= limits[names.LIVE_CALLS_PER_PHONE]:
        raise PhoneBusy
    if (
        phone.minute_attempts >= limits[names.CALLS_PER_MINUTE_PER_PHONE]
        or token.minute_attempts >= limits[names.CALLS_PER_MINUTE_PER_TOKEN]
        or organization.minute_attempts >= limits[names.CALLS_PER_MINUTE]
        or organization.day_attempts >= limits[names.CALLS_PER_DAY]
        or wanted.calls_to_number >= limits[names.SAME_NUMBER_PER_HOUR]
    ):
        raise TooManyCalls
    if wanted.is_new_foreign and wanted.foreign_numbers >= limits[names.FOREIGN_NUMBERS_PER_HOUR]:
        raise CallLimitReached
    granted = CALL_MINUTES
    for left in _budgets(limits, books, wanted, slots, token_slots):
        granted = min(granted, max(left.minutes // left.slots, min(left.minutes, _FAIR_MINUTES)))
    if granted < 1:
        raise CallLimitReached
    return granted


def _budgets(limits: Limits, books: Books, wanted: Wanted, slots: int, token_slots: int) -> Iterator[_Left]:
    """What is left of each, in minutes at this call's price."""
    whole, token, rate = books.organization, books.token, wanted.rate_micros

    def money(cents: int, used: int, held: int, shared: int) -> _Left:
        return _Left((cents * MICROS_PER_CENT - used - held) // rate, shared)

    yield _Left(limits[names.MINUTES_PER_DAY] - whole.day_minutes - whole.held_minutes, slots)
    yield _Left(limits[names.MINUTES_PER_MONTH] - whole.month_minutes - whole.held_minutes, slots)
    yield money(limits[names.CENTS_PER_DAY], whole.day_micros, whole.held_micros, slots)
    yield money(limits[names.CENTS_PER_MONTH], whole.month_micros, whole.held_micros, slots)
    yield money(limits[names.CENTS_PER_DAY_PER_TOKEN], token.day_micros, token.held_micros, token_slots)
    if wanted.token_minutes_per_day is not None:
        yield _Left(wanted.token_minutes_per_day - token.day_minutes - token.held_minutes, token_slots)


def _least(limit: int, own: int | None) -> int:
    return limit if own is None else min(limit, own)
