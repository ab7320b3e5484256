"""Finds the discrepancies between our record of an outgoing call and the carrier's, in status, duration, end and price.

The discrepancy of the price is found for incoming calls too. Pure.
"""

import datetime as dt
import re
from uuid import UUID

import msgspec

from calls.call_state import (
    FIRST_CORRECTION_SEQUENCE,
    STATUS_BY_CARRIER_STATUS,
    VOICEMAIL_DROPPED_REASON,
    LegEvent,
    undialled_status,
)
from calls.leg_reports import carrier_price, is_leg_over, total_price
from calls.models import Call, CallStatus
from calls.reconciliation.models import DiscrepancyKind
from carrier.port import LegReport, Price
from kit.rounding import divide_up
from kit.schemas import rfc3339

_END_TOLERANCE = dt.timedelta(seconds=2)
"""Ends in callbacks and ends in the carrier's list are rounded differently."""
_WIDGET_IDENTITY = re.compile(r"client:w_([0-9a-f]{32})_[0-9a-f]{16}")


class CarrierCall(msgspec.Struct, frozen=True):
    """A call as the carrier lists it."""

    parent_leg: LegReport
    child_legs: tuple[LegReport, ...] = ()

    @property
    def is_over(self) -> bool:
        return all(is_leg_over(leg) for leg in (self.parent_leg, *self.child_legs))

    @property
    def seconds(self) -> int:
        """The connected seconds of all child legs."""
        return sum(leg.duration or 0 for leg in self.child_legs)

    @property
    def price(self) -> Price | None:
        """The price of all legs; None until every price is known."""
        return total_price((self.parent_leg, *self.child_legs))

    @property
    def dollar_micros(self) -> int:
        """The price in millionths of a US dollar; 0 until it is known, and in another currency."""
        return self.price.micros if self.price is not None and self.price.is_in_dollars else 0

    @property
    def is_billable(self) -> bool:
        """True for a call that cost something or dialled somebody; not for a rejected one."""
        return bool(self.child_legs or (self.price and self.price.micros))

    @property
    def status(self) -> CallStatus:
        """The status that our record of the ended outgoing call should have."""
        return (
            STATUS_BY_CARRIER_STATUS[self.child_legs[0].status]
            if self.child_legs
            else undialled_status(self.parent_leg.status)
        )

    @property
    def end(self) -> tuple[str, LegEvent]:
        """The id of the leg whose end is the outgoing call's end, and the event of that end."""
        leg = self.child_legs[0] if self.child_legs else self.parent_leg
        event = LegEvent(
            is_child=True,
            kind=self.status.value,
            sequence=FIRST_CORRECTION_SEQUENCE,
            occurred_at=leg.ended_at or leg.started_at or dt.datetime.now(dt.UTC),
            duration=leg.duration,
        )
        return leg.sid, event


class Discrepancy(msgspec.Struct, frozen=True):
    """One difference between our record of a call and the carrier's; values are texts for staff."""

    kind: DiscrepancyKind
    our_value: str
    carrier_value: str
    is_correctable: bool = True


def placing_token(leg: LegReport) -> UUID | None:
    """The embed token of the widget that placed the call; None when no widget of ours did."""
    found = _WIDGET_IDENTITY.fullmatch(leg.caller)
    return None if found is None else UUID(found[1])


def find_discrepancies(call: Call, carrier_call: CarrierCall) -> list[Discrepancy]:
    """The discrepancies of an outgoing call that is over at the carrier."""
    if call.status is CallStatus.REFUSED:
        carrier_value = f"{carrier_call.status.value}, {carrier_call.seconds} s"
        dialled = Discrepancy(DiscrepancyKind.DIALLED_THOUGH_REFUSED, "refused", carrier_value, is_correctable=False)
        return [dialled] if carrier_call.child_legs else []
    found = []
    # A failed dial may have made no child leg.
    is_undialled = call.status is CallStatus.FAILED and not carrier_call.child_legs
    if call.status is not carrier_call.status and not is_undialled:
        # Without a child leg in the carrier's list, an end of a child leg that was reported to us is right.
        is_correctable = bool(carrier_call.child_legs) or not call.status.is_final
        found.append(Discrepancy(DiscrepancyKind.STATUS, call.status.value, carrier_call.status.value, is_correctable))
    if call.end_reason == VOICEMAIL_DROPPED_REASON:
        # The child leg goes on after the call's end: the minutes are the leg's, the duration is not.
        if call.billed_minutes != divide_up(carrier_call.seconds, 60):
            our_value = str(60 * call.billed_minutes)
            found.append(Discrepancy(DiscrepancyKind.DURATION, our_value, str(carrier_call.seconds)))
    elif carrier_call.child_legs:
        seconds = carrier_call.seconds if carrier_call.status is CallStatus.COMPLETED else 0
        if call.duration != seconds:
            found.append(Discrepancy(DiscrepancyKind.DURATION, str(call.duration), str(seconds)))
        ended_at = carrier_call.child_legs[0].ended_at
        if ended_at is not None and (call.ended_at is None or abs(call.ended_at - ended_at) > _END_TOLERANCE):
            found.append(Discrepancy(DiscrepancyKind.END, rfc3339(call.ended_at) or "", rfc3339(ended_at) or ""))
    return [*found, *price_discrepancies(call, carrier_call)]


def price_discrepancies(call: Call, carrier_call: CarrierCall) -> list[Discrepancy]:
    """The discrepancy of a price that the carrier has changed; empty if it has not."""
    stored, listed = carrier_price(call), carrier_call.price
    if stored is None or listed is None or stored == listed:
        return []
    return [Discrepancy(DiscrepancyKind.PRICE, _amount(stored), _amount(listed))]


def _amount(price: Price) -> str:
    return str(price.micros) if price.is_in_dollars else f"{price.micros} {price.currency}"
