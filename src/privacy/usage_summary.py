"""Sums an organization's calls by month: for its export, and for the audit event of its erasure."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.aggregates import totals_columns
from calls.models import Call, CallStatus


class UsageSummaryService:
    """Sums calls by month, for the audit log's record of an erased organization and for the export."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def by_month(self, organization_id: UUID) -> list[dict[str, Any]]:
        """Calls, answered calls, talk time and billed minutes of each month (UTC) with calls, oldest first."""
        month = sa.func.to_char(sa.func.timezone("UTC", Call.started_at), "YYYY-MM")
        query = (
            sa.select(month, *totals_columns())
            .where(Call.owned_by(organization_id), Call.status != CallStatus.REFUSED)
            .group_by(month)
            .order_by(month)
        )
        return [
            {"month": name, "calls": calls, "answered": answered, "seconds": seconds, "minutes": minutes}
            for name, calls, answered, seconds, minutes in await self._session.execute(query)
        ]
