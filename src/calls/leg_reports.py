"""Reads the end and the price of a call from the carrier's reports of its legs. Pure."""

from collections.abc import Iterable

from calls.call_state import STATUS_BY_CARRIER_STATUS
from calls.models import CallStatus
from carrier.port import LegReport


def is_leg_over(leg: LegReport) -> bool:
    """True when the leg's status is final."""
    status = STATUS_BY_CARRIER_STATUS.get(leg.status)
    return status is not None and status.is_final


def undialled_status(caller: LegReport, error_code: int | None = None) -> CallStatus:
    """The status of an admitted call that is over and dialled nobody, from the caller's leg alone.

    Only a caller who hung up cancels a call. ``error_code`` is an error that the carrier recorded about the call: then
    the dial failed. A leg that ends as busy was rejected by a document that is not our answer to an admitted call.
    """
    is_failed = error_code is not None or caller.status in ("failed", "busy")
    return CallStatus.FAILED if is_failed else CallStatus.CANCELED


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
