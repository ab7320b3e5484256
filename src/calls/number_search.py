"""Finds calls by digits of the other party's number: the called number, or the caller's number of an incoming call."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call, is_inbound

RECENT_CALLS_SEARCHED = 2000
"""The number of newest calls that are searched before all others."""


class NumberSearch(msgspec.Struct, frozen=True):
    """The digits that a search looks for."""

    typed: str
    """The text as somebody typed it."""
    patterns: tuple[str, ...]
    """The number contains one of these; a pattern with ``+`` is the beginning of the number."""

    @property
    def prefix(self) -> str | None:
        """The beginning of the number, if it is the only pattern: an index finds it. Else None."""
        return self.patterns[0] if len(self.patterns) == 1 and self.patterns[0].startswith("+") else None


def matches(number: sa.SQLColumnExpression[str], search: NumberSearch) -> sa.ColumnElement[bool]:
    """``number`` contains a pattern of ``search``. Faster than LIKE; no index can serve either of them."""
    return sa.or_(*(sa.func.strpos(number, pattern) > 0 for pattern in search.patterns))


def is_from_caller(search: NumberSearch) -> sa.ColumnElement[bool]:
    """An incoming call whose caller's number matches ``search``."""
    return sa.and_(is_inbound(), matches(sa.func.coalesce(Call.from_number, ""), search))


def _caller() -> sa.Label[str]:
    """The caller's number of an incoming call; empty for all others."""
    return sa.case((is_inbound(), sa.func.coalesce(Call.from_number, "")), else_="").label("caller")


class NumberSearchService:
    """Searches calls by digits of their number."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest_matching(
        self, conditions: Sequence[sa.ColumnElement[bool]], search: NumberSearch, *, limit: int
    ) -> Sequence[UUID]:
        """Ids of the newest ``limit`` calls that meet ``conditions`` and match ``search``.

        Frequent digits are found among the newest calls. Only if these have too few matches, all calls are searched in
        the index on numbers, whose short rows take half as long to read as those of the index that lists use.
        """
        latest = (
            sa.select(Call.id, Call.to_number, _caller())
            .where(*conditions)
            .order_by(Call.id.desc())
            .limit(RECENT_CALLS_SEARCHED)
            .subquery()
        )
        is_recent_match = sa.or_(matches(latest.c.to_number, search), matches(latest.c.caller, search))
        recent_matches = sa.select(latest.c.id).where(is_recent_match).order_by(latest.c.id.desc()).limit(limit)
        found = list(await self._session.scalars(recent_matches))
        if len(found) == limit:
            return found
        # Materialized: otherwise the planner reads all calls in the order of time to serve the LIMIT.
        called = sa.select(Call.id).where(*conditions, matches(Call.to_number, search))
        all_matches = called.union(sa.select(Call.id).where(*conditions, is_from_caller(search))).cte("found")
        all_matches = all_matches.prefix_with("MATERIALIZED")
        newest = sa.select(all_matches.c.id).order_by(all_matches.c.id.desc()).limit(limit)
        return list(await self._session.scalars(newest))
