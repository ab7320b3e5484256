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
from calls.limits.limit_details import limit_details
from calls.limits.prices import MICROS_PER_CENT
from widget.refusals import RefusalDetails

MAX_CALL_MINUTES = 60
"""The longest time limit of any call."""
RING_SECONDS = 30
USUAL_CALLS_AT_ONCE = 4
"""The remaining minutes are shared with this many expected calls, plus one for each call that is live now."""
MINUTES_WITH_FEW_CALLS = 15
"""A call gets this much, if it remains, while fewer calls than ``USUAL_CALLS_AT_ONCE`` are live."""


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


class AllowedTime(msgspec.Struct, frozen=True):
    """The time that a call is given."""

    minutes: int
    shortened_by: RefusalDetails | None
    """The limit that leaves less than ``MAX_CALL_MINUTES``; None when none does."""


class _Remaining(msgspec.Struct, frozen=True):
    """The rest of one limit."""

    minutes: int
    live: int
    """Calls that are live now; their reservations are not among the minutes."""
    free: int
    """Calls that may still begin, this one included."""
    limit: str
    used: int
    held: int
    """By live calls; as ``used`` in minutes, or with ``is_micros`` in millionths of a US dollar."""
    is_micros: bool = False
    tokens_own: int | None = None

    def details(self, limits: EffectiveLimits) -> RefusalDetails:
        """The limit as it is stored with a call that it refuses or shortens."""
        return limit_details(
            limits, self.limit, self.used, held=self.held, tokens_own=self.tokens_own, is_micros=self.is_micros
        )


def allowed_minutes(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    """The minutes of ``allowed_time``. Raises: its errors."""
    return allowed_time(limits, usage, request).minutes


def allowed_time(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> AllowedTime:
    """The time that the call may last, and the limit that shortens it.

    Each live call reserves what it may still use, so all of them together stay within the minutes and the money. What
    remains is shared with the calls that are likely to begin meanwhile, so that no single call reserves everything:
    ``_share``.

    Raises:
        TooManyCallsAtOnce, ClientBusy, TooManyCalls, CallLimitReached: checked in this order.
    """
    _ensure_live_calls(limits, usage, request)
    _ensure_call_rate(limits, usage, request)
    if request.is_new_foreign and request.foreign_numbers >= limits[limit_names.FOREIGN_NUMBERS_PER_HOUR]:
        raise CallLimitReached(limit_details(limits, limit_names.FOREIGN_NUMBERS_PER_HOUR, request.foreign_numbers))
    scarcest = min(_remaining(limits, usage, request), key=_share)
    minutes = min(MAX_CALL_MINUTES, _share(scarcest))
    if minutes < 1:
        raise CallLimitReached(scarcest.details(limits))
    return AllowedTime(minutes, scarcest.details(limits) if minutes < MAX_CALL_MINUTES else None)


def _ensure_live_calls(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> None:
    whole, token, client = usage.organization.live, usage.token.live, usage.client.live
    if _free_calls(limits, usage) < 1:
        raise TooManyCallsAtOnce(limit_details(limits, limit_names.LIVE_CALLS, whole))
    if _free_token_calls(limits, usage, request) < 1:
        own = request.token_live_calls
        raise TooManyCallsAtOnce(limit_details(limits, limit_names.LIVE_CALLS_PER_TOKEN, token, tokens_own=own))
    if client >= limits[limit_names.LIVE_CALLS_PER_CLIENT]:
        raise ClientBusy(limit_details(limits, limit_names.LIVE_CALLS_PER_CLIENT, client))


def _ensure_call_rate(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> None:
    counted = (
        (usage.client.minute_attempts, limit_names.CALLS_PER_MINUTE_PER_CLIENT),
        (usage.token.minute_attempts, limit_names.CALLS_PER_MINUTE_PER_TOKEN),
        (usage.organization.minute_attempts, limit_names.CALLS_PER_MINUTE),
        (usage.organization.day_attempts, limit_names.CALLS_PER_DAY),
        (request.calls_to_number, limit_names.CALLS_TO_NUMBER_PER_HOUR),
    )
    for attempts, name in counted:
        if attempts >= limits[name]:
            raise TooManyCalls(limit_details(limits, name, attempts))


def _remaining(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> Iterator[_Remaining]:
    """The rest of each limit of minutes and money, in minutes at this call's price."""
    whole, token = usage.organization, usage.token
    free, token_free = _free_calls(limits, usage), _free_token_calls(limits, usage, request)

    def minutes(name: str, limit: int, used: int) -> _Remaining:
        held = whole.reserved_minutes
        return _Remaining(limit - used - held, whole.live, free, name, used, held)

    def money(name: str, used: int, of: ScopeUsage, free: int) -> _Remaining:
        held = of.reserved_micros
        rest = (limits[name] * MICROS_PER_CENT - used - held) // request.rate_micros
        return _Remaining(rest, of.live, free, name, used, held, is_micros=True)

    day, month = limit_names.MINUTES_PER_DAY, limit_names.MINUTES_PER_MONTH
    yield minutes(day, limits[day], whole.day_minutes)
    yield minutes(month, limits[month], whole.month_minutes)
    yield money(limit_names.CENTS_PER_DAY, whole.day_micros, whole, free)
    yield money(limit_names.CENTS_PER_MONTH, whole.month_micros, whole, free)
    yield money(limit_names.CENTS_PER_DAY_PER_TOKEN, token.day_micros, token, token_free)
    if (own := request.token_minutes_per_day) is not None:
        used, held = token.day_minutes, token.reserved_minutes
        yield _Remaining(own - used - held, token.live, token_free, day, used, held, tokens_own=own)


def _share(remaining: _Remaining) -> int:
    """The call's part of one limit's rest, in minutes; never more than the rest.

    All calls that the limits allow at once rarely happen at once, so an equal part for each of them would make the few
    usual calls short. The part becomes smaller with each live call, so that many calls can begin too.
    """
    minutes = remaining.minutes
    share = minutes // min(remaining.free, remaining.live + USUAL_CALLS_AT_ONCE)
    if remaining.live < USUAL_CALLS_AT_ONCE:
        share = max(share, min(minutes, MINUTES_WITH_FEW_CALLS))
    return share


def _free_calls(limits: EffectiveLimits, usage: UsageSnapshot) -> int:
    return limits[limit_names.LIVE_CALLS] - usage.organization.live


def _free_token_calls(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    limit = limits[limit_names.LIVE_CALLS_PER_TOKEN]
    if request.token_live_calls is not None:
        limit = min(limit, request.token_live_calls)
    return limit - usage.token.live
