"""What is kept of an erased organization's calls: how many and how long, by month, and neither numbers nor names."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.aggregates import totals_columns
from calls.models import Call, CallStatus


async def usage_by_month(session: AsyncSession, organization_id: UUID) -> list[dict[str, Any]]:
    """Calls, answered calls and connected seconds of each month (UTC) that had any, the first month first."""
    month = sa.func.to_char(sa.func.timezone("UTC", Call.started_at), "YYYY-MM")
    query = (
        sa.select(month, *totals_columns())
        .where(Call.owned_by(organization_id), Call.status != CallStatus.REFUSED)
        .group_by(month)
        .order_by(month)
    )
    return [
        {"month": name, "calls": calls, "answered": answered, "seconds": seconds}
        for name, calls, answered, seconds in await session.execute(query)
    ]
