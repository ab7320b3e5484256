"""Lists an organization's events."""

import datetime as dt
import re
from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events.models import OrganizationEvent
from kit.clock import utc_now
from kit.errors import ValidationFailed
from kit.ids import first_uuid7

EVENT_RETENTION = dt.timedelta(days=30)
"""The time that customers can read an event. Its partition is dropped when this is over for all events of its month."""
_MAX_DIGITS = 18
"""Fits into the column."""


class EventService:
    """Numbered events of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_after(self, organization_id: UUID, after: int, *, limit: int) -> Sequence[OrganizationEvent]:
        """Up to ``limit`` events whose sequence is greater than ``after``, oldest first."""
        query = (
            sa.select(OrganizationEvent)
            .where(
                OrganizationEvent.owned_by(organization_id),
                OrganizationEvent.sequence > after,
                OrganizationEvent.id >= oldest_kept(),
            )
            .order_by(OrganizationEvent.sequence)
            .limit(limit)
        )
        rows: Sequence[OrganizationEvent] = (await self._session.scalars(query)).all()
        return rows


def oldest_kept() -> UUID:
    """The smallest id of an event that is still kept. As a condition it also leaves out partitions."""
    return first_uuid7(utc_now() - EVENT_RETENTION)


def parse_sequence(after: str | None) -> int:
    """The number in ``after``; 0, which is before all events, for None. Raises: ValidationFailed."""
    if after is None:
        return 0
    if re.fullmatch(f"[0-9]{{1,{_MAX_DIGITS}}}", after) is None:
        raise ValidationFailed([("after", "Must be the sequence of an event: use next_cursor of the page before")])
    return int(after)
