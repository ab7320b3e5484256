"""Reads and changes the retention period of an organization's call data."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.errors import NotFound
from privacy.rules import ensure_retention_months
from tenants.audit_log.organization_events import record_organization_event
from tenants.models import Organization


class RetentionPeriod(msgspec.Struct, frozen=True):
    """The retention period of an organization's call data."""

    months: int
    is_default: bool


class RetentionService:
    """Reads and changes the retention period of an organization's call data."""

    def __init__(self, session: AsyncSession, *, default_months: int) -> None:
        self._session = session
        self._default = default_months

    async def get(self, organization_id: UUID) -> RetentionPeriod:
        """Return the retention period. Raises: NotFound."""
        return self._period((await self._organization(organization_id)).retention_months)

    async def update(self, organization_id: UUID, months: int | None, *, by: Actor) -> RetentionPeriod:
        """Set the retention period to ``months``, or to the product's default for None.

        Raises: NotFound, ValidationFailed.
        """
        ensure_retention_months(months)
        organization = await self._organization(organization_id, locked=True)
        before, organization.retention_months = organization.retention_months, months
        if months != before:
            details = {"before": self._period(before).months, "after": self._period(months).months}
            await record_organization_event(self._session, by, "call_data.retention_changed", organization, details)
        return self._period(months)

    async def _organization(self, organization_id: UUID, *, locked: bool = False) -> Organization:
        found: Organization | None = await self._session.get(
            Organization, organization_id, with_for_update={"key_share": True} if locked else None
        )
        if found is None or found.deleted_at is not None:
            raise NotFound
        return found

    def _period(self, months: int | None) -> RetentionPeriod:
        return RetentionPeriod(self._default if months is None else months, is_default=months is None)
