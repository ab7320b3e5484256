"""Lists an organization's events, parses the cursor of that list, and sets the time for which events are kept."""

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
"""The time for which customers can read an event. Its partition is dropped when all events of its month are older."""
_MAX_DIGITS = 18
"""Any number with so many digits fits into the column (64 bits)."""


class EventService:
    """Reads the events of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_after(self, organization_id: UUID, after: int, *, limit: int) -> Sequence[OrganizationEvent]:
        """Up to ``limit`` events whose sequence is greater than ``after``, oldest first."""
        query = (
            sa.select(OrganizationEvent)
            .where(
                OrganizationEvent.owned_by(organization_id),
                OrganizationEvent.sequence > after,
                OrganizationEvent.id >= oldest_readable_id(),
            )
            .order_by(OrganizationEvent.sequence)
            .limit(limit)
        )
        rows: Sequence[OrganizationEvent] = (await self._session.scalars(query)).all()
        return rows


def oldest_readable_id() -> UUID:
    """The smallest id of events that are not older than ``EVENT_RETENTION``; in a query it also excludes partitions."""
    return first_uuid7(utc_now() - EVENT_RETENTION)


def parse_sequence(after: str | None) -> int:
    """The sequence number in ``after``; for None 0, which is before all events. Raises: ValidationFailed."""
    if after is None:
        return 0
    if re.fullmatch(f"[0-9]{{1,{_MAX_DIGITS}}}", after) is None:
        raise ValidationFailed([("after", "Must be the sequence of an event: use next_cursor of the page before")])
    return int(after)
