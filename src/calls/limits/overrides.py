"""Sets and ends overrides: limits that staff set for an organization until a date."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.limit_names import is_overridable
from calls.limits.models import LimitOverride
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from kit.schemas import rfc3339


class LimitOverrideService:
    """Limits that staff set for an organization until a date."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def set(
        self,
        organization_id: UUID,
        name: str,
        value: int,
        *,
        ends_at: dt.datetime,
        reason: str,
        by: Actor,
    ) -> None:
        """Set an organization's limit to ``value`` until ``ends_at``. Raises: ValidationFailed."""
        if not is_overridable(name, value):
            raise ValidationFailed([("name", "There is no such limit, or the value is not allowed")])
        values = {"value": value, "ends_at": ends_at, "reason": reason, "set_by": by.name}
        row = {"id": uuid7(), "organization_id": organization_id, "name": name, **values}
        statement = insert(LimitOverride).values(row)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["organization_id", "name"], set_=values)
        )
        details = {"limit": name, "value": value, "until": rfc3339(ends_at), "reason": reason}
        await record(self._session, by, "calling_limit.overridden", organization_id=organization_id, details=details)

    async def end(self, override_id: UUID, *, by: Actor) -> None:
        """End an override, so that the plan's limit holds again. Raises: NotFound, also when it has ended already."""
        now = utc_now()
        running = LimitOverride.id == override_id, LimitOverride.ends_at > now
        ended = (
            sa.update(LimitOverride)
            .where(*running)
            .values(ends_at=now)
            .returning(LimitOverride.organization_id, LimitOverride.name, LimitOverride.value)
        )
        row = (await self._session.execute(ended)).one_or_none()
        if row is None:
            raise NotFound
        details = {"limit": row.name, "value": row.value}
        await record(
            self._session, by, "calling_limit.override_ended", organization_id=row.organization_id, details=details
        )
