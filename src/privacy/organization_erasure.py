"""Erases deleted organizations after their restore period, in steps that can be repeated after a crash.

Before that, the reconciliation of phone numbers releases the numbers, and deletes addresses and verified numbers at the
carrier. This module then marks the organization, so that nobody restores a part of it, and records its usage by month
in the audit log. It deletes all rows of the organization in batches, and finally the organization itself.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
import structlog

from kit.actor import SYSTEM
from kit.audit import AuditChain, AuditEvent, record
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base
from kit.db.purge import delete_in_batches
from kit.schemas import rfc3339
from phone_numbers.models import RegisteredAddress
from privacy.usage_summary import UsageSummaryService
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState, VerifiedNumber
from tenants.services import RESTORE_PERIOD

_ORGANIZATIONS_PER_RUN = 100
log = structlog.get_logger("epoch.tenants")


class OrganizationErasure:
    """Erases organizations; ``database`` must see all rows. Made once at start."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> int:
        """Erase the organizations that are due; return how many."""
        due = await self._find_due()
        for organization_id in due:
            await self._mark(organization_id)
            await self._delete_rows(organization_id)
            await self._delete_organization(organization_id)
            log.info("organization_erased", organization=str(organization_id))
        return len(due)

    async def _find_due(self) -> Sequence[UUID]:
        """Deleted organizations after their restore period, without anything at the carrier or a running purchase."""
        holds = sa.exists().where(PhoneNumber.organization_id == Organization.id, PhoneNumber.released_at.is_(None))
        buys = sa.exists().where(
            NumberPurchase.organization_id == Organization.id, NumberPurchase.state == PurchaseState.REQUESTED
        )
        is_registered = sa.exists().where(RegisteredAddress.organization_id == Organization.id)
        has_verified = sa.exists().where(VerifiedNumber.organization_id == Organization.id)
        query = (
            sa.select(Organization.id)
            .where(Organization.deleted_at < utc_now() - RESTORE_PERIOD, ~holds, ~buys, ~is_registered, ~has_verified)
            .order_by(Organization.deleted_at, Organization.id)
            .limit(_ORGANIZATIONS_PER_RUN)
        )
        async with self._database.sessions() as session:
            return list(await session.scalars(query))

    async def _mark(self, organization_id: UUID) -> None:
        """Mark the organization and record its usage; does nothing when it is already marked."""
        unmarked = sa.select(Organization).where(
            Organization.id == organization_id,
            Organization.deleted_at < utc_now() - RESTORE_PERIOD,
            Organization.erasing_at.is_(None),
        )
        async with self._database.sessions() as session, session.begin():
            organization = await session.scalar(unmarked.with_for_update())
            if organization is None:
                return
            organization.erasing_at = utc_now()
            details = {
                "plan": organization.plan.value,
                "founded_at": rfc3339(organization.created_at),
                "deleted_at": rfc3339(organization.deleted_at),
                "use_by_month": await UsageSummaryService(session).by_month(organization_id),
            }
            # Without organization_id: the organization's own audit log is erased with it.
            await record(session, SYSTEM, "organization.erasure_begun", subject_id=organization_id, details=details)

    async def _delete_rows(self, organization_id: UUID) -> None:
        """Delete the organization's rows from all tables, referring tables first."""
        for table in reversed(Base.metadata.sorted_tables):
            if "organization_id" in table.c:
                await delete_in_batches(self._database, table, table.c.organization_id == organization_id)

    async def _delete_organization(self, organization_id: UUID) -> None:
        marked = Organization.id == organization_id, Organization.erasing_at.is_not(None)
        async with self._database.sessions() as session, session.begin():
            # Deletes events that were recorded meanwhile; the audit log has no foreign key that would delete them.
            await session.execute(sa.delete(AuditEvent).where(AuditEvent.organization_id == organization_id))
            # Deleting the organization deletes the chain's end; the platform's chain keeps it.
            end = await session.get(AuditChain, organization_id)
            deleted_id = await session.scalar(sa.delete(Organization).where(*marked).returning(Organization.id))
            if deleted_id is not None:
                chain = None if end is None or end.digest is None else {"length": end.length, "end": end.digest.hex()}
                details = None if chain is None else {"audit_log": chain}
                await record(session, SYSTEM, "organization.erased", subject_id=organization_id, details=details)
