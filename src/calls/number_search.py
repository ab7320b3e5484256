"""Finds calls by digits of the called number, or of the caller's, as people write them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call, is_inbound

RECENT_CALLS_SEARCHED = 2000
"""The newest calls are searched first, newest to oldest."""


class NumberSearch(msgspec.Struct, frozen=True):
    """The digits that a search looks for in called numbers."""

    typed: str
    """As somebody typed it."""
    patterns: tuple[str, ...]
    """The number contains one of these; one with ``+`` is its beginning."""

    @property
    def prefix(self) -> str | None:
        """The beginning of the number, when nothing else is looked for: an index finds it."""
        return self.patterns[0] if len(self.patterns) == 1 and self.patterns[0].startswith("+") else None


def matches(number: sa.SQLColumnExpression[str], search: NumberSearch) -> sa.ColumnElement[bool]:
    """``number`` is one of those that ``search`` looks for. Faster than LIKE; neither can use an index for this."""
    return sa.or_(*(sa.func.strpos(number, pattern) > 0 for pattern in search.patterns))


def is_from_caller(search: NumberSearch) -> sa.ColumnElement[bool]:
    """An incoming call whose caller ``search`` looks for: a search is for the other party, whoever called."""
    return sa.and_(is_inbound(), matches(sa.func.coalesce(Call.from_number, ""), search))


def _caller() -> sa.Label[str]:
    """The caller's number of an incoming call; empty for all others."""
    return sa.case((is_inbound(), sa.func.coalesce(Call.from_number, "")), else_="").label("caller")


class NumberSearchService:
    """Searches calls by digits of their number."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest_matching(
        self, mine: Sequence[sa.ColumnElement[bool]], search: NumberSearch, *, limit: int
    ) -> Sequence[UUID]:
        """Ids of the newest ``limit`` calls among ``mine`` whose number ``search`` looks for.

        Digits that many calls have are found among the newest. Only when those are too few, all calls are searched in
        the index on numbers: its rows are short, which takes half as long as the index that lists use.
        """
        latest = (
            sa.select(Call.id, Call.to_number, _caller())
            .where(*mine)
            .order_by(Call.id.desc())
            .limit(RECENT_CALLS_SEARCHED)
            .subquery()
        )
        is_near = sa.or_(matches(latest.c.to_number, search), matches(latest.c.caller, search))
        near = sa.select(latest.c.id).where(is_near).order_by(latest.c.id.desc()).limit(limit)
        found = list(await self._session.scalars(near))
        if len(found) == limit:
            return found
        # Materialized, or the planner would read all calls in the order of time to serve the LIMIT.
        called = sa.select(Call.id).where(*mine, matches(Call.to_number, search))
        everywhere = called.union(sa.select(Call.id).where(*mine, is_from_caller(search))).cte("found")
        everywhere = everywhere.prefix_with("MATERIALIZED")
        newest = sa.select(everywhere.c.id).order_by(everywhere.c.id.desc()).limit(limit)
        return list(await self._session.scalars(newest))
