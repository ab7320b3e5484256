"""Calculates how long an incoming call may last by what remains of the limits. Pure."""

from collections.abc import Iterator

import msgspec

from calls.errors import CallLimitReached
from calls.incoming.reserved_minutes import UNFORWARDED_MINUTES
from calls.incoming.usage import IncomingSpending
from calls.limits import limit_names
from calls.limits.call_duration import MAX_CALL_MINUTES, MINUTES_WITH_FEW_CALLS, USUAL_CALLS_AT_ONCE, AllowedTime
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.limit_details import limit_details
from calls.limits.prices import MICROS_PER_CENT
from widget.refusals import RefusalDetails


class _Remaining(msgspec.Struct, frozen=True):
    """The rest of one limit that is neither used nor reserved."""

    minutes: int
    """Minutes that a call may last if all its legs use the limit."""
    limit: str
    used: int
    held: int
    is_micros: bool

    def details(self, limits: EffectiveLimits) -> RefusalDetails:
        return limit_details(limits, self.limit, self.used, held=self.held, is_micros=self.is_micros)


def allowed_time(
    limits: EffectiveLimits, used: IncomingSpending, *, is_forwarded: bool, rate_micros: int
) -> AllowedTime:
    """The time that one more call may last, and the limit that shortens it.

    ``is_forwarded``: the call may be forwarded, so that the minutes and costs of two legs count. ``rate_micros`` is the
    highest price per minute of a leg. Raises: CallLimitReached.
    """
    legs = 2 if is_forwarded else 1
    scarcest = min(_remaining(limits, used, legs, rate_micros), key=lambda rest: rest.minutes)
    if scarcest.minutes < 1:
        raise CallLimitReached(scarcest.details(limits))
    longest = MAX_CALL_MINUTES if is_forwarded else UNFORWARDED_MINUTES
    minutes = min(longest, _share(scarcest.minutes, used.live_calls))
    return AllowedTime(minutes, scarcest.details(limits) if minutes < longest else None)


def _share(minutes: int, live: int) -> int:
    """The share of the remaining minutes that one call gets: calls are shortened, so that later ones are not refused.

    A quarter. While few calls are live, more than that, if the same time remains for each of the next calls.
    """
    minutes_with_few_calls = min(minutes // (live + 2), MINUTES_WITH_FEW_CALLS)
    return max(minutes // USUAL_CALLS_AT_ONCE, minutes_with_few_calls, 1)


def _remaining(limits: EffectiveLimits, used: IncomingSpending, legs: int, rate_micros: int) -> Iterator[_Remaining]:
    name = limit_names.INCOMING_MINUTES_PER_DAY
    free = limits[name] - used.day_minutes - used.reserved_minutes
    yield _Remaining(free // legs, name, used.day_minutes, used.reserved_minutes, is_micros=False)
    for name, micros in (
        (limit_names.CENTS_PER_DAY, used.day_micros),
        (limit_names.CENTS_PER_MONTH, used.month_micros),
    ):
        free = limits[name] * MICROS_PER_CENT - micros - used.reserved_micros
        yield _Remaining(free // (legs * rate_micros), name, micros, used.reserved_micros, is_micros=True)
