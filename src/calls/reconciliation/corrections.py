"""Corrects calls of both directions by what the carrier says of them, together with their discrepancies."""

import datetime as dt
from collections.abc import Iterable, Sequence

from calls.call_state import LegEvent
from calls.leg_reports import carriers_price
from calls.limits.alert_mails import AlertMailer
from calls.models import Call, CallStatus
from calls.reconciliation.carrier_calls import store_discrepancy
from calls.reconciliation.discrepancies import CarrierCall, Discrepancy
from calls.reconciliation.models import DiscrepancyKind
from calls.services import CallService
from kit.db.database import Database


class CallCorrector:
    """Each call is corrected in a transaction of its own. Made once at start."""

    def __init__(self, jobs: Database, alert_mailer: AlertMailer | None = None) -> None:
        """``jobs`` must see every organization's calls."""
        self._jobs = jobs
        self._alert_mailer = alert_mailer

    async def report_missing(self, day: dt.date, call: Call, here: str) -> None:
        """Store that the carrier does not know ``call``; ``here`` is our record in words."""
        missing = Discrepancy(DiscrepancyKind.UNKNOWN_THERE, here, "", is_correctable=False)
        async with self._jobs.sessions() as session, session.begin():
            await store_discrepancy(
                session, day, call.carrier_sid, missing, call_record_id=call.id, token_id=call.token_id
            )

    async def correct(
        self,
        day: dt.date,
        call: Call,
        carrier_call: CarrierCall,
        discrepancies: Sequence[Discrepancy],
        ends: Iterable[tuple[str, LegEvent]],
    ) -> None:
        """Correct a call that is over for the carrier, where it differs or has no price of the carrier yet.

        ``ends`` has the carrier's id and the end of each leg, in the order in which they are stored.
        """
        price = None if call.status is CallStatus.REFUSED else carrier_call.price
        if not discrepancies and (price is None or carriers_price(call) is not None):
            return
        correctable = {item.kind for item in discrepancies if item.is_correctable}
        async with self._jobs.sessions() as session, session.begin():
            calls = CallService(session, alert_mailer=self._alert_mailer)
            if correctable - {DiscrepancyKind.PRICE}:
                for leg_sid, end in ends:
                    await calls.correct_end(call.organization_id, call.carrier_sid, leg_sid, end)
            if price is not None:
                await calls.set_price(call.organization_id, call.id, price)
            for item in discrepancies:
                await store_discrepancy(
                    session, day, call.carrier_sid, item, call_record_id=call.id, token_id=call.token_id
                )
