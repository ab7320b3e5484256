"""Tells if a leg that the carrier reports is over, sums legs' prices, and reads the price of a stored call. Pure."""

from collections.abc import Iterable

from calls.call_row import CallRow
from calls.call_state import STATUS_BY_CARRIER_STATUS
from calls.models import Call
from carrier.port import LegReport, Price


def is_leg_over(leg: LegReport) -> bool:
    """True when the leg's status is final."""
    status = STATUS_BY_CARRIER_STATUS.get(leg.status)
    return status is not None and status.is_final


def carrier_price(call: Call | CallRow) -> Price | None:
    """The price of a stored call as the carrier gave it; None while only an estimate is stored."""
    if call.foreign_currency is not None:
        return Price(call.foreign_price_micros or 0, call.foreign_currency)
    return Price(call.cost_micros) if call.is_priced else None


def total_price(legs: Iterable[LegReport]) -> Price | None:
    """The sum of the prices of ``legs``; None until every leg has a price, and for prices in several currencies.

    The carrier never gives a price for a leg that was not connected: that leg costs nothing.
    """
    total: Price | None = None
    for leg in legs:
        if leg.price is None:
            if leg.duration or not is_leg_over(leg):
                return None
            continue
        if total is not None and total.currency != leg.price.currency:
            return None
        total = Price(leg.price.micros + (0 if total is None else total.micros), leg.price.currency)
    return total or Price(0)
