"""Finds calls by digits anywhere in the called number."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call

RECENT_CALLS_SEARCHED = 2000
"""The newest calls are searched first, newest to oldest."""


def contains_digits(number: sa.SQLColumnExpression[str], digits: str) -> sa.ColumnElement[bool]:
    """``number`` contains ``digits``. Faster than LIKE; neither can use an index for this."""
    return sa.func.strpos(number, digits) > 0


class NumberSearchService:
    """Searches calls by digits of their number."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest_with_digits(
        self, mine: Sequence[sa.ColumnElement[bool]], digits: str, *, limit: int
    ) -> Sequence[UUID]:
        """Ids of the newest ``limit`` calls among ``mine`` whose number contains ``digits``.

        Digits that many calls have are found among the newest. Only when those are too few, all calls are searched in
        the index on numbers: its rows are short, which takes half as long as the index that lists use.
        """
        latest = (
            sa.select(Call.id, Call.to_number)
            .where(*mine)
            .order_by(Call.id.desc())
            .limit(RECENT_CALLS_SEARCHED)
            .subquery()
        )
        near = (
            sa.select(latest.c.id)
            .where(contains_digits(latest.c.to_number, digits))
            .order_by(latest.c.id.desc())
            .limit(limit)
        )
        found = list(await self._session.scalars(near))
        if len(found) == limit:
            return found
        # Materialized, or the planner would read all calls in the order of time to serve the LIMIT.
        everywhere = sa.select(Call.id).where(*mine, contains_digits(Call.to_number, digits)).cte("found")
        everywhere = everywhere.prefix_with("MATERIALIZED")
        newest = sa.select(everywhere.c.id).order_by(everywhere.c.id.desc()).limit(limit)
        return list(await self._session.scalars(newest))
