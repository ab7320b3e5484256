"""Lists an organization's calls, narrowed by filters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call, CallStatus
from calls.number_search import NumberSearch, NumberSearchService, matches


class CallFilters(msgspec.Struct, frozen=True):
    """The filters of a list of calls."""

    status: CallStatus | None = None
    number: NumberSearch | None = None
    name: str | None = None
    """Text that the called person's name or company contains, or with ``@`` the agent; in upper or lower case."""
    token_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    end_reason: str | None = None

    @property
    def only_number(self) -> NumberSearch | None:
        """The number, when nothing else is asked for and no index finds it by its beginning; else None."""
        is_alone = self == CallFilters(number=self.number) and self.number is not None and self.number.prefix is None
        return self.number if is_alone else None


class CallListService:
    """Lists of calls."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, organization_id: UUID, filters: CallFilters, *, after: UUID | None, limit: int
    ) -> Sequence[Call]:
        """``limit`` + 1 calls of the organization, newest first."""
        mine = [Call.owned_by(organization_id), *([] if after is None else [Call.id < after])]
        newest = Call.id.desc()
        if (number := filters.only_number) is not None:
            ids = await NumberSearchService(self._session).newest_matching(mine, number, limit=limit + 1)
            mine = [Call.owned_by(organization_id), Call.id.in_(ids)]
        elif conditions := _conditions(filters):
            # The inner query reads only the index, which has every filtered column; the outer one the shown calls.
            found = sa.select(Call.id).where(*mine, *conditions).order_by(newest).limit(limit + 1)
            mine = [Call.owned_by(organization_id), Call.id.in_(found)]
        query = sa.select(Call).where(*mine).order_by(newest).limit(limit + 1)
        rows: Sequence[Call] = (await self._session.scalars(query)).all()
        return rows


def _conditions(filters: CallFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(Call.status == filters.status)
    if filters.number is not None:
        conditions += _number_conditions(filters.number)
    if filters.name is not None and "@" in filters.name:
        # Agents are in the index that lists use; names are not, and a search for both would read every call.
        conditions.append(_contains(Call.agent, filters.name))
    elif filters.name is not None:
        # The index on names has these calls only; the planner uses it because the condition repeats the index's own.
        conditions.append(sa.or_(Call.name.is_not(None), Call.company.is_not(None)))
        conditions.append(sa.or_(_contains(Call.name, filters.name), _contains(Call.company, filters.name)))
    if filters.token_id is not None:
        conditions.append(Call.token_id == filters.token_id)
    if filters.end_reason is not None:
        conditions.append(Call.end_reason == filters.end_reason)
    if filters.since is not None:
        conditions.append(Call.started_at >= filters.since)
    if filters.until is not None:
        conditions.append(Call.started_at < filters.until)
    return conditions


def _contains(column: sa.SQLColumnExpression[str | None], text: str) -> sa.ColumnElement[bool]:
    return sa.func.strpos(sa.func.lower(column), sa.func.lower(text)) > 0


def _number_conditions(search: NumberSearch) -> list[sa.ColumnElement[bool]]:
    number = search.prefix
    if number is None:
        return [matches(Call.to_number, search)]
    # No LIKE: under row-level security PostgreSQL uses an index only for operators that are marked as leakproof.
    next_number = number[:-1] + chr(ord(number[-1]) + 1)
    return [Call.to_number.bool_op("~>=~")(number), Call.to_number.bool_op("~<~")(next_number)]
