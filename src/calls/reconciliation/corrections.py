"""Corrects our records of calls, outgoing and incoming, by the carrier's data, and stores their discrepancies."""

import datetime as dt
from collections.abc import Iterable, Sequence

from calls.call_state import LegEvent
from calls.leg_reports import carrier_price
from calls.limits.alert_mails import AlertMailer
from calls.models import Call, CallStatus
from calls.reconciliation.carrier_calls import store_discrepancy
from calls.reconciliation.discrepancies import CarrierCall, Discrepancy
from calls.reconciliation.models import DiscrepancyKind
from calls.services import CallService
from kit.db.database import Database


class CallCorrector:
    """Corrects each call in its own transaction. Made once at start."""

    def __init__(self, job_database: Database, alert_mailer: AlertMailer | None = None) -> None:
        """``job_database`` must see every organization's calls."""
        self._job_database = job_database
        self._alert_mailer = alert_mailer

    async def report_missing(self, day: dt.date, call: Call, our_value: str) -> None:
        """Store the discrepancy that the carrier has no record of ``call``; ``our_value`` describes ours for staff."""
        missing = Discrepancy(DiscrepancyKind.UNKNOWN_TO_CARRIER, our_value, "", is_correctable=False)
        async with self._job_database.sessions() as session, session.begin():
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
        """Correct a call that is over at the carrier, if it has discrepancies or no price of the carrier yet.

        ``ends`` are the ends of its legs, each with the carrier's id of the leg, in the order in which they are stored.
        """
        price = None if call.status is CallStatus.REFUSED else carrier_call.price
        if not discrepancies and (price is None or carrier_price(call) is not None):
            return
        correctable = {discrepancy.kind for discrepancy in discrepancies if discrepancy.is_correctable}
        async with self._job_database.sessions() as session, session.begin():
            calls = CallService(session, alert_mailer=self._alert_mailer)
            if correctable - {DiscrepancyKind.PRICE}:
                for leg_sid, end in ends:
                    await calls.correct_end(call.organization_id, call.carrier_sid, leg_sid, end)
            if price is not None:
                await calls.set_price(call.organization_id, call.id, price)
            for discrepancy in discrepancies:
                await store_discrepancy(
                    session, day, call.carrier_sid, discrepancy, call_record_id=call.id, token_id=call.token_id
                )
