"""Calculates whether one more call fits into the limits, and how many minutes it may last. Pure."""

from collections.abc import Iterator

import msgspec

from calls.errors import (
    CallLimitReached,
    ClientBusy,
    TooManyCalls,
    TooManyCallsAtOnce,
)
from calls.limits import limit_names
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.prices import MICROS_PER_CENT

MAX_CALL_MINUTES = 60
"""The longest time limit of any call."""
RING_SECONDS = 30
_MINUTES_BEFORE_SHARING = 15
"""A call gets this much, if it remains, even where the calls that may follow would then get less."""


class ScopeUsage(msgspec.Struct, frozen=True):
    """The counters of one organization, token or client; those of past windows are zero."""

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
    """The counters that one call is checked against."""

    organization: ScopeUsage
    token: ScopeUsage
    client: ScopeUsage


class CallRequest(msgspec.Struct, frozen=True):
    """A requested call, and how often its destination was called."""

    rate_micros: int
    """Price of a minute, in millionths of a US dollar."""
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
    """The rest of one limit."""

    minutes: int
    calls: int
    """Calls that may still begin and share the minutes, this one included."""


def allowed_minutes(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    """The number of minutes that the call may last.

    Each live call reserves what it may still use, so all of them together stay within the minutes and the money. What
    remains is shared among the calls that may still begin, so that no single call reserves everything.

    Raises:
        TooManyCallsAtOnce, ClientBusy, TooManyCalls, CallLimitReached: checked in this order.
    """
    _ensure_live_calls(limits, usage, request)
    _ensure_call_rate(limits, usage, request)
    if request.is_new_foreign and request.foreign_numbers >= limits[limit_names.FOREIGN_NUMBERS_PER_HOUR]:
        raise CallLimitReached
    shares = (_share(remaining) for remaining in _remaining(limits, usage, request))
    minutes = min(MAX_CALL_MINUTES, *shares)
    if minutes < 1:
        raise CallLimitReached
    return minutes


def _ensure_live_calls(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> None:
    if _free_calls(limits, usage) < 1 or _free_token_calls(limits, usage, request) < 1:
        raise TooManyCallsAtOnce
    if usage.client.live >= limits[limit_names.LIVE_CALLS_PER_CLIENT]:
        raise ClientBusy


def _ensure_call_rate(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> None:
    counted = (
        (usage.client.minute_attempts, limit_names.CALLS_PER_MINUTE_PER_CLIENT),
        (usage.token.minute_attempts, limit_names.CALLS_PER_MINUTE_PER_TOKEN),
        (usage.organization.minute_attempts, limit_names.CALLS_PER_MINUTE),
        (usage.organization.day_attempts, limit_names.CALLS_PER_DAY),
        (request.calls_to_number, limit_names.CALLS_TO_NUMBER_PER_HOUR),
    )
    if any(attempts >= limits[name] for attempts, name in counted):
        raise TooManyCalls


def _remaining(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> Iterator[_Remaining]:
    """The rest of each limit of minutes and money, in minutes at this call's price."""
    whole, token = usage.organization, usage.token
    calls, token_calls = _free_calls(limits, usage), _free_token_calls(limits, usage, request)

    def money(name: str, used: int, reserved: int, shared_by: int) -> _Remaining:
        return _Remaining((limits[name] * MICROS_PER_CENT - used - reserved) // request.rate_micros, shared_by)

    yield _Remaining(limits[limit_names.MINUTES_PER_DAY] - whole.day_minutes - whole.reserved_minutes, calls)
    yield _Remaining(limits[limit_names.MINUTES_PER_MONTH] - whole.month_minutes - whole.reserved_minutes, calls)
    yield money(limit_names.CENTS_PER_DAY, whole.day_micros, whole.reserved_micros, calls)
    yield money(limit_names.CENTS_PER_MONTH, whole.month_micros, whole.reserved_micros, calls)
    yield money(limit_names.CENTS_PER_DAY_PER_TOKEN, token.day_micros, token.reserved_micros, token_calls)
    if request.token_minutes_per_day is not None:
        yield _Remaining(request.token_minutes_per_day - token.day_minutes - token.reserved_minutes, token_calls)


def _share(remaining: _Remaining) -> int:
    return max(remaining.minutes // remaining.calls, min(remaining.minutes, _MINUTES_BEFORE_SHARING))


def _free_calls(limits: EffectiveLimits, usage: UsageSnapshot) -> int:
    return limits[limit_names.LIVE_CALLS] - usage.organization.live


def _free_token_calls(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    limit = limits[limit_names.LIVE_CALLS_PER_TOKEN]
    if request.token_live_calls is not None:
        limit = min(limit, request.token_live_calls)
    return limit - usage.token.live
