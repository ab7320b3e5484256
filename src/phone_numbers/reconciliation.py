"""The carrier's list and our tables, compared and made equal as far as they explain each other.

Runs over all organizations: the database it is given must see them all.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from carrier.port import Carrier, OwnedNumber
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import DomainError
from phone_numbers import rules
from phone_numbers.models import Discrepancy, keep
from phone_numbers.phone_number_service import NumberDesk
from phone_numbers.purchase_repository import Claim
from phone_numbers.purchases import SETTLE_AFTER
from phone_numbers.releases import give_back
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState
from tenants.services import GRACE

UNEXPLAINED_FOR = timedelta(hours=24)
"""A number of ours that nothing explains is released after this long; others are only reported."""
_BATCH = 500
log = structlog.get_logger("epoch.numbers")


class Report(msgspec.Struct, kw_only=True):
    """What a reconciliation found and did."""

    adopted: int = 0
    given_up: int = 0
    released: int = 0
    put_off: int = 0
    """Left for the next time: in use, or the carrier did not take it."""
    open: list[Discrepancy] = []
    """What a person must look at."""


class Reconciler:
    """Compares and repairs. Every step can be repeated, and two at a time do no harm."""

    def __init__(self, database: Database, carrier: Carrier, desk: NumberDesk) -> None:
        self._database = database
        self._carrier = carrier
        self._desk = desk

    async def finish(self) -> Report:
        """Settle what requests left undone: abandoned purchases, ordered releases. Raises: CarrierError."""
        report = Report()
        for organization_id, claim in await self._requested():
            if self._desk.purchases.is_abandoned(claim):
                number = await self._desk.purchases.settle(organization_id, claim, by=SYSTEM)
                report.adopted += number is not None
                report.given_up += number is None
        for organization_id, number_id in await self._leaving():
            try:
                await self._desk.releases.release(organization_id, number_id, by=SYSTEM)
                report.released += 1
            except DomainError:
                report.put_off += 1
        return report

    async def compare(self) -> Report:
        """``finish``, then go through the carrier's whole list. Raises: CarrierError."""
        report = await self.finish()
        began = utc_now()
        # The carrier first: a number bought after this is in neither list or only in ours, and too young to be missed.
        listed = await self._carrier.owned_numbers()
        held = await self._held()
        by_sid = {number.carrier_sid: number for number in held if number.carrier_sid is not None}
        by_e164 = {number.e164: number for number in held}
        for owned in listed:
            if owned.sid not in by_sid:
                await self._explain(owned, by_e164.get(owned.e164), report)
        there, e164_there = {owned.sid for owned in listed}, {owned.e164 for owned in listed}
        for number in held:
            is_there = number.carrier_sid in there or (number.carrier_sid is None and number.e164 in e164_there)
            if not is_there and number.releasing_at is None and number.created_at < began - SETTLE_AFTER:
                report.open.append(Discrepancy(number.carrier_sid, number.e164, "held here, not at the carrier"))
        async with self._database.sessions() as session, session.begin():
            await keep(session, report.open, began)
        return report

    async def _explain(self, owned: OwnedNumber, row: PhoneNumber | None, report: Report) -> None:
        """Adopt, release or report a number at the carrier whose id is in no row."""
        if row is not None and row.carrier_sid is None:
            await self._fill_in(row.id, owned.sid)
            report.adopted += 1
            return
        purchase_id = rules.purchase_of(owned.friendly_name)
        purchase = None if purchase_id is None else await self._purchase(purchase_id)
        if purchase is not None and purchase.state is PurchaseState.REQUESTED:
            adopted = await self._desk.purchases.adopt(purchase.organization_id, purchase.id, owned, by=SYSTEM)
            report.adopted += adopted is not None
            report.released += adopted is None
        elif await self._is_held(owned.sid):
            return  # completed while we looked
        elif purchase is not None and purchase.state is PurchaseState.FAILED:
            await self._give_back(owned, report)
        elif purchase_id is not None and rules.asked_at(purchase_id) < utc_now() - UNEXPLAINED_FOR:
            log.warning("unexplained_number_released", number_sid=owned.sid)
            await self._give_back(owned, report)
        else:
            log.warning("unexplained_number", number_sid=owned.sid)
            report.open.append(Discrepancy(owned.sid, owned.e164, "at the carrier, not held here"))

    async def _give_back(self, owned: OwnedNumber, report: Report) -> None:
        if await give_back(self._carrier, owned):
            report.released += 1
        else:
            report.put_off += 1

    async def _requested(self) -> Sequence[tuple[UUID, Claim]]:
        query = (
            sa.select(NumberPurchase)
            .where(NumberPurchase.state == PurchaseState.REQUESTED)
            .order_by(NumberPurchase.id)
            .limit(_BATCH)
        )
        async with self._database.sessions() as session:
            rows = await session.scalars(query)
            return [(row.organization_id, Claim(row.id, row.e164, is_ours=False)) for row in rows]

    async def _leaving(self) -> Sequence[tuple[UUID, UUID]]:
        """Numbers whose release was ordered, and those of organizations that are deleted for good."""
        gone = Organization.deleted_at < utc_now() - GRACE
        query = (
            sa.select(PhoneNumber.organization_id, PhoneNumber.id)
            .join(Organization, Organization.id == PhoneNumber.organization_id)
            .where(PhoneNumber.released_at.is_(None), PhoneNumber.releasing_at.is_not(None) | gone)
            .order_by(PhoneNumber.id)
            .limit(_BATCH)
        )
        async with self._database.sessions() as session:
            return [(organization_id, number_id) for organization_id, number_id in await session.execute(query)]

    async def _held(self) -> Sequence[PhoneNumber]:
        async with self._database.sessions() as session:
            rows = await session.scalars(sa.select(PhoneNumber).where(PhoneNumber.released_at.is_(None)))
            held: Sequence[PhoneNumber] = rows.all()
            return held

    async def _is_held(self, carrier_sid: str) -> bool:
        query = sa.select(PhoneNumber.id).where(
            PhoneNumber.carrier_sid == carrier_sid, PhoneNumber.released_at.is_(None)
        )
        async with self._database.sessions() as session:
            return await session.scalar(query) is not None

    async def _purchase(self, purchase_id: UUID) -> NumberPurchase | None:
        async with self._database.sessions() as session:
            return await session.get(NumberPurchase, purchase_id)

    async def _fill_in(self, number_id: UUID, carrier_sid: str) -> None:
        """A row made without the carrier's id, by a seed or an import, gets it."""
        async with self._database.sessions() as session, session.begin():
            await session.execute(
                sa.update(PhoneNumber)
                .where(PhoneNumber.id == number_id, PhoneNumber.carrier_sid.is_(None))
                .values(carrier_sid=carrier_sid)
            )
