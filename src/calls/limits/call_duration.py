"""Checks whether the limits allow one more outgoing call, and calculates how long it may last. Pure."""

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
"""The remaining minutes are divided by this number of expected calls, plus the number of live calls."""
MINUTES_WITH_FEW_CALLS = 15
"""While fewer calls than ``USUAL_CALLS_AT_ONCE`` are live, a call gets at least these minutes, if they remain."""


class ScopeUsage(msgspec.Struct, frozen=True):
    """The counters of one organization, token or client; those of past windows are 0."""

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
    """A requested call: its price, counts of earlier calls, and its token's own limits."""

    rate_micros: int
    """Price per minute, in millionths of a US dollar."""
    calls_to_number: int
    """Calls to the same number within the hour."""
    is_new_foreign: bool
    """True for a foreign number that was not called within the hour."""
    foreign_numbers: int
    """Distinct foreign numbers that were called within the hour."""
    token_live_calls: int | None = None
    token_minutes_per_day: int | None = None
    """The token's own limits."""


class AllowedTime(msgspec.Struct, frozen=True):
    """The time limit of a call."""

    minutes: int
    shortened_by: RefusalDetails | None
    """The limit that leaves less than the longest time; None when none does."""


class _Remaining(msgspec.Struct, frozen=True):
    """The rest of one limit that is neither used nor reserved."""

    minutes: int
    live: int
    """The number of live calls; their reservations are subtracted from ``minutes``."""
    free: int
    """The number of calls that may still begin, this one included."""
    limit: str
    used: int
    held: int
    """Reserved by live calls; like ``used`` in minutes, or with ``is_micros`` in millionths of a US dollar."""
    is_micros: bool = False
    own_token_limit: int | None = None

    def details(self, limits: EffectiveLimits) -> RefusalDetails:
        """The limit as it is stored with a call that it refuses or shortens."""
        return limit_details(
            limits,
            self.limit,
            self.used,
            held=self.held,
            own_token_limit=self.own_token_limit,
            is_micros=self.is_micros,
        )


def allowed_minutes(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> int:
    """The minutes of ``allowed_time``. Raises: the errors of ``allowed_time``."""
    return allowed_time(limits, usage, request).minutes


def allowed_time(limits: EffectiveLimits, usage: UsageSnapshot, request: CallRequest) -> AllowedTime:
    """The time that the call may last, and the limit that shortens it.

    Each live call reserves what it may still use, so that all of them together stay within the limits. A call gets only
    a share of what remains (``_share``), because other calls are likely to begin before it ends.

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
    if _free_calls(limits, usage) < 1:
        raise TooManyCallsAtOnce(limit_details(limits, limit_names.LIVE_CALLS, usage.organization.live))
    if _free_token_calls(limits, usage, request) < 1:
        token_calls, token_limit = usage.token.live, request.token_live_calls
        name = limit_names.LIVE_CALLS_PER_TOKEN
        raise TooManyCallsAtOnce(limit_details(limits, name, token_calls, own_token_limit=token_limit))
    if usage.client.live >= limits[limit_names.LIVE_CALLS_PER_CLIENT]:
        raise ClientBusy(limit_details(limits, limit_names.LIVE_CALLS_PER_CLIENT, usage.client.live))


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
    """The rest of each limit on minutes and money, in minutes at this call's price."""
    organization, token = usage.organization, usage.token
    free, token_free = _free_calls(limits, usage), _free_token_calls(limits, usage, request)

    def minutes(name: str, limit: int, used: int) -> _Remaining:
        held = organization.reserved_minutes
        return _Remaining(limit - used - held, organization.live, free, name, used, held)

    def money(name: str, used: int, scope: ScopeUsage, free: int) -> _Remaining:
        held = scope.reserved_micros
        rest = (limits[name] * MICROS_PER_CENT - used - held) // request.rate_micros
        return _Remaining(rest, scope.live, free, name, used, held, is_micros=True)

    day, month = limit_names.MINUTES_PER_DAY, limit_names.MINUTES_PER_MONTH
    yield minutes(day, limits[day], organization.day_minutes)
    yield minutes(month, limits[month], organization.month_minutes)
    yield money(limit_names.CENTS_PER_DAY, organization.day_micros, organization, free)
    yield money(limit_names.CENTS_PER_MONTH, organization.month_micros, organization, free)
    yield money(limit_names.CENTS_PER_DAY_PER_TOKEN, token.day_micros, token, token_free)
    if (token_limit := request.token_minutes_per_day) is not None:
        used, held = token.day_minutes, token.reserved_minutes
        rest = token_limit - used - held
        yield _Remaining(rest, token.live, token_free, day, used, held, own_token_limit=token_limit)


def _share(remaining: _Remaining) -> int:
    """The call's share of what remains of one limit, in minutes.

    Rarely as many calls are live as the limits allow: equal shares for all of these would make the usual few calls too
    short. The share shrinks with each live call, so that many calls can begin if they have to.
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
