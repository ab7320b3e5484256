"""Builds the purchase, release and periodic reconciliation of phone numbers, and the URLs of carrier callbacks."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

import epoch.models  # noqa: F401 - foreign keys to accounts, whose models the command line does not import
from calls.limits.verification_rules import ensure_may_verify
from calls.models import LIVE_STATUSES, Call
from carrier.port import Carrier, CarrierError, NumberUrls
from kit.db.database import Database
from kit.jobs.scheduler import PeriodicTask
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.purchases import PURCHASE_ABANDONED_AFTER
from phone_numbers.reconcile_job import PeriodicNumberReconciliation
from phone_numbers.reconciliation import NumberReconciler

TWICE_A_MINUTE = "* * * * * */30"


async def is_in_live_call(session: AsyncSession, organization_id: UUID, e164: str) -> bool:
    """True while a call of the organization from or to ``e164`` is live."""
    has_number = sa.or_(Call.from_number == e164, Call.to_number == e164)
    query = sa.select(Call.id).where(Call.owned_by(organization_id), has_number, Call.status.in_(LIVE_STATUSES))
    return await session.scalar(query.limit(1)) is not None


def incoming_urls(settings: Settings) -> NumberUrls:
    """The URLs to which the carrier sends its callbacks about calls to the deployment's numbers."""
    return NumberUrls(
        voice=f"{settings.public_url}/voice/incoming",
        fallback=settings.carrier_fallback_url or f"{settings.public_url}/voice/unavailable",
        status=f"{settings.public_url}/voice/status",
    )


def verification_url(settings: Settings) -> str:
    """The URL to which the carrier reports the results of validation calls."""
    return f"{settings.public_url}/voice/verification"


def build_number_provisioning(
    database: Database,
    carrier: Carrier,
    *,
    abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER,
    urls: NumberUrls | None = None,
    verification_url: str | None = None,
) -> NumberProvisioning:
    """Build the purchase and release of numbers; requests and the reconciliation use different database roles.

    Bought numbers get the callback URLs ``urls``; without them they keep the carrier's defaults. The carrier reports
    results of validation calls to ``verification_url``; without it the reconciliation finds them.
    """
    return NumberProvisioning.create(
        database,
        carrier,
        is_in_use=is_in_live_call,
        ensure_may_verify=ensure_may_verify,
        abandoned_after=abandoned_after,
        urls=urls,
        verification_url=verification_url,
    )


def build_number_reconciler(
    database: Database,
    carrier: Carrier,
    *,
    abandoned_after: timedelta = PURCHASE_ABANDONED_AFTER,
    urls: NumberUrls | None = None,
) -> NumberReconciler:
    """Build the reconciler; ``database`` must see all organizations."""
    provisioning = build_number_provisioning(database, carrier, abandoned_after=abandoned_after, urls=urls)
    return NumberReconciler(database, carrier, provisioning, urls=urls)


def build_number_reconciliation_jobs(
    settings: Settings, job_database: Database, carrier: Carrier, count: Callable[[str], None]
) -> Sequence[PeriodicTask]:
    """Build the periodic reconciliation; nothing without a carrier. ``count`` is called for each comparison."""
    if settings.is_sandbox and settings.sandbox_address is None:
        return ()
    reconciliation = PeriodicNumberReconciliation(
        build_number_reconciler(job_database, carrier, urls=incoming_urls(settings)), count
    )
    return (PeriodicTask(name="numbers", cron=TWICE_A_MINUTE, work=reconciliation.run, expected=(CarrierError,)),)
