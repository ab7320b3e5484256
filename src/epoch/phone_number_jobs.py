"""Makes the purchase, release and periodic reconciliation of phone numbers, with the check for live calls."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

import epoch.models  # noqa: F401 - foreign keys to accounts, whose models the command line does not import
from calls.models import LIVE_STATUSES, Call
from carrier.port import Carrier, CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import PeriodicTask
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.purchases import PURCHASE_ABANDONED_AFTER
from phone_numbers.reconcile_job import PeriodicNumberReconciliation
from phone_numbers.reconciliation import NumberReconciler

TWICE_A_MINUTE = "* * * * * */30"


async def is_in_live_call(session: AsyncSession, organization_id: UUID, e164: str) -> bool:
    """True while a call of the organization from ``e164`` is not over."""
    query = sa.select(Call.id).where(
        Call.owned_by(organization_id), Call.from_number == e164, Call.status.in_(LIVE_STATUSES)
    )
    return await session.scalar(query.limit(1)) is not None


def build_number_provisioning(
    database: Database, carrier: Carrier, *, abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER
) -> NumberProvisioning:
    """Purchase and release of numbers; requests and the reconciliation use different database roles."""
    return NumberProvisioning.create(database, carrier, is_in_use=is_in_live_call, abandoned_after=abandoned_after)


def build_number_reconciler(
    database: Database, carrier: Carrier, *, abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER
) -> NumberReconciler:
    """The reconciler; ``database`` must see all organizations."""
    return NumberReconciler(
        database, carrier, build_number_provisioning(database, carrier, abandoned_after=abandoned_after)
    )


def build_number_reconciliation_jobs(
    settings: Settings, jobs: Database, carrier: Carrier, count: Callable[[str], None]
) -> Sequence[PeriodicTask]:
    """The periodic reconciliation; none without a carrier. ``count`` is called for each comparison."""
    if settings.is_sandbox and settings.sandbox_address is None:
        return ()
    reconciliation = PeriodicNumberReconciliation(build_number_reconciler(jobs, carrier), count)
    return (PeriodicTask(name="numbers", cron=TWICE_A_MINUTE, work=reconciliation.run, expected=(CarrierError,)),)
