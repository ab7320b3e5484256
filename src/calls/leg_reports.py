"""What the carrier's reports of legs say of a call. Pure."""

from collections.abc import Iterable

from calls.call_state import STATUS_BY_CARRIER_STATUS
from carrier.port import LegReport


def is_leg_over(leg: LegReport) -> bool:
    """True when nothing more happens to ``leg``."""
    status = STATUS_BY_CARRIER_STATUS.get(leg.status)
    return status is not None and status.is_final


def total_price(legs: Iterable[LegReport]) -> int | None:
    """What ``legs`` cost together, in millionths of a US dollar; None until it is known of all: half a price is none.

    The carrier never tells a price of a leg that was not connected: that one costs nothing.
    """
    total = 0
    for leg in legs:
        if leg.price_micros is None:
            if leg.duration or not is_leg_over(leg):
                return None
            continue
        total += leg.price_micros
    return total
