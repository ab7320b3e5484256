"""Whether one more call fits, and how long it may last. Pure."""

from collections.abc import Iterator

import msgspec

from calls.errors import (
    CallLimitReached,
    ClientBusy,
    TooManyCalls,
    TooManyCallsAtOnce,
)
from calls.limits import limit_names as names
from calls.limits.limit_names import EffectiveLimits
from calls.limits.prices import MICROS_PER_CENT

MAX_CALL_MINUTES = 60
"""No call is longer."""
RING_SECONDS = 30
_MINUTES_BEFORE_SHARING = 15
"""What a call gets, as far as it is there, even if the calls that may still follow would then get less."""


class ScopeUsage(msgspec.Struct, frozen=True):
    """A row of the books as it stands, windows rolled."""

    live: int = 0
    reserved_minutes: int = 0
    reserved_micros: int = 0
    minute_attempts: int = 0
    hour_rejected: int = 0
    day_attempts: int = 0
    day_minutes: int = 0
    day_micros: int = 0
    month_minutes: int = 0
    month_micros: int = 0


class UsageSnapshot(msgspec.Struct, frozen=True):
    """What is used by everybody whom a call concerns."""

    organization: ScopeUsage
    token: ScopeUsage
    client: ScopeUsage


class CallRequest(msgspec.Struct, frozen=True):
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


class _Remaining(msgspec.Struct, frozen=True):
    minutes: int
    slots: int


def allowed_minutes(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    """How many minutes the call may last.

    Each live call holds what it may still use, so that however many there are, all of them together stay within the
    minutes and the money. Not to let one call hold everything, what is left is shared among the calls that may follow.

    Raises:
        PhoneBusy, TooManyCallsAtOnce, TooManyCalls, CallLimitReached: checked in this order.
    """
    organization, token, phone = usage.organization, usage.token, usage.client
    token_slots = _lower_limit(limits[names.LIVE_CALLS_PER_TOKEN], request.token_live_calls) - token.live
    slots = limits[names.LIVE_CALLS] - organization.live
    if token_slots < 1 or slots < 1:
        raise TooManyCallsAtOnce
    if phone.live >= limits[names.LIVE_CALLS_PER_CLIENT]:
        raise ClientBusy
    if (
        phone.minute_attempts >= limits[names.CALLS_PER_MINUTE_PER_CLIENT]
        or token.minute_attempts >= limits[names.CALLS_PER_MINUTE_PER_TOKEN]
        or organization.minute_attempts >= limits[names.CALLS_PER_MINUTE]
        or organization.day_attempts >= limits[names.CALLS_PER_DAY]
        or request.calls_to_number >= limits[names.CALLS_TO_NUMBER_PER_HOUR]
    ):
        raise TooManyCalls
    if request.is_new_foreign and request.foreign_numbers >= limits[names.FOREIGN_NUMBERS_PER_HOUR]:
        raise CallLimitReached
    granted = MAX_CALL_MINUTES
    for left in _remaining_budgets(limits, usage, request, slots, token_slots):
        granted = min(granted, max(left.minutes // left.slots, min(left.minutes, _MINUTES_BEFORE_SHARING)))
    if granted < 1:
        raise CallLimitReached
    return granted


def _remaining_budgets(
    limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest, slots: int, token_slots: int
) -> Iterator[_Remaining]:
    """What is left of each, in minutes at this call's price."""
    whole, token, rate = usage.organization, usage.token, request.rate_micros

    def money(cents: int, used: int, held: int, shared: int) -> _Remaining:
        return _Remaining((cents * MICROS_PER_CENT - used - held) // rate, shared)

    yield _Remaining(limits[names.MINUTES_PER_DAY] - whole.day_minutes - whole.reserved_minutes, slots)
    yield _Remaining(limits[names.MINUTES_PER_MONTH] - whole.month_minutes - whole.reserved_minutes, slots)
    yield money(limits[names.CENTS_PER_DAY], whole.day_micros, whole.reserved_micros, slots)
    yield money(limits[names.CENTS_PER_MONTH], whole.month_micros, whole.reserved_micros, slots)
    yield money(limits[names.CENTS_PER_DAY_PER_TOKEN], token.day_micros, token.reserved_micros, token_slots)
    if request.token_minutes_per_day is not None:
        yield _Remaining(request.token_minutes_per_day - token.day_minutes - token.reserved_minutes, token_slots)


def _lower_limit(limit: int, own: int | None) -> int:
    return limit if own is None else min(limit, own)
