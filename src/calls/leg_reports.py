"""Reads the end and the price of a call from the carrier's reports of its legs. Pure."""

from collections.abc import Iterable

from calls.call_state import STATUS_BY_CARRIER_STATUS
from carrier.port import LegReport


def is_leg_over(leg: LegReport) -> bool:
    """True when the leg's status is final."""
    status = STATUS_BY_CARRIER_STATUS.get(leg.status)
    return status is not None and status.is_final


def total_price(legs: Iterable[LegReport]) -> int | None:
    """The sum of the prices of ``legs``, in millionths of a US dollar; None until every leg has a price.

    The carrier never gives a price for a leg that was not connected: that leg costs nothing.
    """
    total = 0
    for leg in legs:
        if leg.price_micros is None:
            if leg.duration or not is_leg_over(leg):
                return None
            continue
        total += leg.price_micros
    return total
