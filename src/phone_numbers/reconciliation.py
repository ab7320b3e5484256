"""Reconciles numbers with the carrier: finishes pending changes, and compares the carrier's list with the database.

Numbers that match a purchase of this deployment are adopted or released, and wrong callback URLs are corrected; all
other differences are stored as discrepancies for staff. It covers all organizations, so that its database role must see
all rows.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from carrier.port import Carrier, CarrierError, NumberUrls, OwnedNumber
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from kit.errors import DomainError
from phone_numbers import number_routing, rules
from phone_numbers.models import MISSING, OF_ANOTHER_DEPLOYMENT, UNEXPLAINED, NumberDiscrepancy
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.purchase_service import PurchaseClaim
from phone_numbers.purchases import PURCHASE_ABANDONED_AFTER
from phone_numbers.releases import release_unowned
from phone_numbers.services import NumberDiscrepancyService
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState
from tenants.services import RESTORE_PERIOD

_BATCH_ROWS = 500
log = structlog.get_logger("epoch.numbers")


class ReconciliationReport(msgspec.Struct, kw_only=True):
    """The result of a reconciliation."""

    adopted: int = 0
    failed: int = 0
    released: int = 0
    postponed: int = 0
    """Releases postponed to the next run: the number is in use, or the carrier did not answer."""
    discrepancies: list[NumberDiscrepancy] = []
    """Differences that a person must decide."""
    routed: int = 0
    """Numbers whose callback URLs were set to those of this deployment."""
    is_paused: bool = False
    """True when nothing was changed, because this database is a copy that nobody has confirmed."""


class NumberReconciler:
    """Runs the reconciliation. Each step is idempotent, so that two runs at the same time do no harm."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        provisioning: NumberProvisioning,
        *,
        urls: NumberUrls | None = None,
    ) -> None:
        """``urls`` are the callback URLs that held numbers must have; without them URLs are not checked."""
        self._urls = urls
        self._database = database
        self._carrier = carrier
        self._provisioning = provisioning

    async def finish_pending(self) -> ReconciliationReport:
        """Finish pending purchases, releases, and changes of addresses and verified numbers. Raises: CarrierError."""
        deployment = await self._read_deployment()
        report = ReconciliationReport(is_paused=deployment.is_copy)
        if deployment.is_copy:
            log.warning("number_repairs_paused", reason="this database is a copy; see `epoch deployment`")
            return report
        for organization_id, claim in await self._list_pending_purchases():
            if self._provisioning.purchaser.is_abandoned(claim):
                number = await self._provisioning.purchaser.resolve(organization_id, claim, by=SYSTEM)
                report.adopted += number is not None
                report.failed += number is None
        for organization_id, number_id in await self._list_pending_releases():
            try:
                await self._provisioning.releaser.release(organization_id, number_id, by=SYSTEM)
                report.released += 1
            except DomainError:
                report.postponed += 1
        await self._provisioning.addresses.finish_changes()
        await self._provisioning.verifier.finish_changes(is_full=False)
        return report

    async def compare(self) -> ReconciliationReport:
        """Run ``finish_pending``, then compare the carrier's whole list.

        Numbers that this deployment does not provably own are reported and never changed: another deployment on the
        same account may use them.

        Raises: CarrierError.
        """
        deployment = await self._read_deployment()
        report = await self.finish_pending()
        if not deployment.is_copy:
            await self._provisioning.verifier.finish_changes(is_full=True)
        began = utc_now()
        # The carrier's list is read first. A number that is bought afterwards is in the database only, and too new to
        # be reported as missing.
        listed = await self._carrier.owned_numbers()
        held = await self._list_held()
        by_sid = {number.carrier_sid: number for number in held if number.carrier_sid is not None}
        by_e164 = {number.e164: number for number in held}
        for owned in listed:
            if owned.sid not in by_sid:
                await self._handle_unmatched(owned, by_e164.get(owned.e164), deployment, report)
            elif not deployment.is_copy and number_routing.needs_new_urls(owned, self._urls, deployment.name):
                await self._route(owned, report)
        sids, e164s = {owned.sid for owned in listed}, {owned.e164 for owned in listed}
        for number in held:
            is_listed = number.carrier_sid in sids or (number.carrier_sid is None and number.e164 in e164s)
            if not is_listed and number.releasing_at is None and number.created_at < began - PURCHASE_ABANDONED_AFTER:
                report.discrepancies.append(_discrepancy(number.carrier_sid, number.e164, MISSING))
        async with self._database.sessions() as session, session.begin():
            await NumberDiscrepancyService(session).replace_all(report.discrepancies, began)
        return report

    async def _handle_unmatched(
        self, owned: OwnedNumber, row: PhoneNumber | None, deployment: Deployment, report: ReconciliationReport
    ) -> None:
        """Adopt, release or report a number at the carrier whose id is in no row; ``row`` has the same number."""
        name = rules.parse_friendly_name(owned.friendly_name)
        if deployment.is_copy:
            report.discrepancies.append(_discrepancy(owned.sid, owned.e164, UNEXPLAINED))
        elif name is None:
            await self._handle_unnamed(owned, row, report)
        elif name.deployment not in (None, deployment.name):
            report.discrepancies.append(_discrepancy(owned.sid, owned.e164, OF_ANOTHER_DEPLOYMENT))
        else:
            await self._handle_named(owned, name, row, deployment, report)

    async def _handle_unnamed(self, owned: OwnedNumber, row: PhoneNumber | None, report: ReconciliationReport) -> None:
        """Complete the row of a number that a person bought at the carrier; report numbers without a row."""
        if row is not None and row.carrier_sid is None:
            await self._set_carrier_sid(row.id, owned.sid)
            report.adopted += 1
        else:
            self._report_unexplained(owned, report)

    async def _handle_named(
        self,
        owned: OwnedNumber,
        name: rules.PurchaseName,
        row: PhoneNumber | None,
        deployment: Deployment,
        report: ReconciliationReport,
    ) -> None:
        """Adopt the number of a pending purchase, release that of a failed one, report numbers without a purchase."""
        purchase = await self._find_purchase(name.purchase_id)
        if purchase is not None and purchase.state is PurchaseState.REQUESTED:
            adopted = await self._provisioning.purchaser.adopt(purchase.organization_id, purchase.id, owned, by=SYSTEM)
            report.adopted += adopted is not None
            report.released += adopted is None
        elif await self._is_held(owned.sid):
            return  # another process completed the purchase
        elif (
            purchase is not None
            and purchase.state is PurchaseState.FAILED
            and row is None
            and deployment.is_own(name.deployment, purchase.created_at)
        ):
            await self._release(owned, report)
        else:
            self._report_unexplained(owned, report)

    async def _route(self, owned: OwnedNumber, report: ReconciliationReport) -> None:
        """Set the callback URLs of a held number to this deployment's; after a failure the next run repeats it."""
        if self._urls is None:
            return
        try:
            await self._carrier.set_number_urls(owned.sid, self._urls, has_application=bool(owned.application_sid))
            report.routed += 1
        except CarrierError as error:
            log.warning("number_not_routed", number_sid=owned.sid, error=type(error).__name__)

    def _report_unexplained(self, owned: OwnedNumber, report: ReconciliationReport) -> None:
        log.warning("unexplained_number", number_sid=owned.sid)
        report.discrepancies.append(_discrepancy(owned.sid, owned.e164, UNEXPLAINED))

    async def _read_deployment(self) -> Deployment:
        async with self._database.sessions() as session:
            return await DeploymentService(session).read()

    async def _release(self, owned: OwnedNumber, report: ReconciliationReport) -> None:
        if await release_unowned(self._carrier, owned.sid):
            report.released += 1
        else:
            report.postponed += 1

    async def _list_pending_purchases(self) -> Sequence[tuple[UUID, PurchaseClaim]]:
        query = (
            sa.select(NumberPurchase)
            .where(NumberPurchase.state == PurchaseState.REQUESTED)
            .order_by(NumberPurchase.id)
            .limit(_BATCH_ROWS)
        )
        async with self._database.sessions() as session:
            rows = await session.scalars(query)
            return [(row.organization_id, PurchaseClaim(row.id, row.e164, is_new=False)) for row in rows]

    async def _list_pending_releases(self) -> Sequence[tuple[UUID, UUID]]:
        """Numbers whose release has begun, and those of organizations past their restore period."""
        is_past = Organization.deleted_at < utc_now() - RESTORE_PERIOD
        query = (
            sa.select(PhoneNumber.organization_id, PhoneNumber.id)
            .join(Organization, Organization.id == PhoneNumber.organization_id)
            .where(PhoneNumber.released_at.is_(None), PhoneNumber.releasing_at.is_not(None) | is_past)
            .order_by(PhoneNumber.id)
            .limit(_BATCH_ROWS)
        )
        async with self._database.sessions() as session:
            return [(organization_id, number_id) for organization_id, number_id in await session.execute(query)]

    async def _list_held(self) -> Sequence[PhoneNumber]:
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

    async def _find_purchase(self, purchase_id: UUID) -> NumberPurchase | None:
        async with self._database.sessions() as session:
            return await session.get(NumberPurchase, purchase_id)

    async def _set_carrier_sid(self, number_id: UUID, carrier_sid: str) -> None:
        """Complete a row that a seed or an import made without the carrier's id."""
        async with self._database.sessions() as session, session.begin():
            await session.execute(
                sa.update(PhoneNumber)
                .where(PhoneNumber.id == number_id, PhoneNumber.carrier_sid.is_(None))
                .values(carrier_sid=carrier_sid)
            )


def _discrepancy(carrier_sid: str | None, e164: str, reason: str) -> NumberDiscrepancy:
    return NumberDiscrepancy(carrier_sid=carrier_sid, e164=e164, reason=reason)
