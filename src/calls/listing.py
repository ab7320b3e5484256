"""Lists an organization's calls, narrowed by filters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import MISSED_STATUSES, Call, CallStatus, Direction, is_inbound
from calls.number_search import NumberSearch, NumberSearchService, is_from_caller, matches
from tenants.models import PhoneNumber, VerifiedNumber


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
    outcome: str | None = None
    tag: str | None = None
    direction: Direction | None = None
    missed: bool | None = None
    """True for incoming calls that are over and that nobody accepted, False for all other calls."""
    with_refused: bool = False
    """With ``missed``: also incoming calls that were refused."""
    from_number_id: UUID | None = None
    """The id of the number that was shown, held or released."""

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
        elif (
            conditions := [*_conditions(filters), *_shown_number(organization_id, filters.from_number_id)]
        ) or filters.number is not None:
            # The inner queries read only an index, which has most filtered columns; the outer one the shown calls.
            mine = [Call.owned_by(organization_id), Call.id.in_(_found([*mine, *conditions], filters, limit + 1))]
        query = sa.select(Call).where(*mine).order_by(newest).limit(limit + 1)
        rows: Sequence[Call] = (await self._session.scalars(query)).all()
        return rows


def _conditions(filters: CallFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(Call.status == filters.status)
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
    if filters.outcome is not None:
        conditions.append(Call.outcome == filters.outcome)
    if filters.tag is not None:
        # The index on tagged calls has these calls only; the planner uses it because the condition repeats its own.
        conditions += [Call.tags.is_not(None), sa.literal(filters.tag) == sa.any_(Call.tags)]
    if filters.missed is not None:
        conditions.append(_is_missed(filters) if filters.missed else _is_not_missed())
    if filters.direction is Direction.INBOUND:
        conditions.append(is_inbound())
    elif filters.direction is Direction.OUTBOUND:
        # Only outgoing calls have a token; the index that lists use has that column, but not the direction.
        conditions.append(Call.token_id.is_not(None))
    if filters.since is not None:
        conditions.append(Call.started_at >= filters.since)
    if filters.until is not None:
        conditions.append(Call.started_at < filters.until)
    return conditions


def _is_missed(filters: CallFilters) -> sa.ColumnElement[bool]:
    refused = [CallStatus.REFUSED] if filters.with_refused else []
    return sa.and_(is_inbound(), Call.status.in_((*MISSED_STATUSES, *refused)))


def _is_not_missed() -> sa.ColumnElement[bool]:
    # By the token, not the direction, as for outgoing calls: the index that lists use has both columns.
    return sa.or_(Call.token_id.is_not(None), Call.status.not_in(MISSED_STATUSES))


def _contains(column: sa.SQLColumnExpression[str | None], text: str) -> sa.ColumnElement[bool]:
    return sa.func.strpos(sa.func.lower(column), sa.func.lower(text)) > 0


def _shown_number(organization_id: UUID, number_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    if number_id is None:
        return []
    # By the number itself, because older calls have no id.
    shown = (
        sa.select(table.e164).where(table.owned_by(organization_id), table.id == number_id).scalar_subquery()
        for table in (PhoneNumber, VerifiedNumber)
    )
    return [Call.from_number == sa.func.coalesce(*shown)]


def _found(conditions: list[sa.ColumnElement[bool]], filters: CallFilters, limit: int) -> sa.Select[UUID]:
    """The ids of the newest calls that match; of a number those to it and those from it, each by its own index."""
    newest = sa.select(Call.id).where(*conditions).order_by(Call.id.desc()).limit(limit)
    if filters.number is None:
        return newest
    called, calling = newest.where(_is_called(filters.number)), newest.where(is_from_caller(filters.number))
    either = sa.union(sa.select(called.subquery().c.id), sa.select(calling.subquery().c.id)).subquery()
    return sa.select(either.c.id).order_by(either.c.id.desc()).limit(limit)


def _is_called(search: NumberSearch) -> sa.ColumnElement[bool]:
    number = search.prefix
    if number is None:
        return matches(Call.to_number, search)
    # No LIKE: under row-level security PostgreSQL uses an index only for operators that are marked as leakproof.
    next_number = number[:-1] + chr(ord(number[-1]) + 1)
    return sa.and_(Call.to_number.bool_op("~>=~")(number), Call.to_number.bool_op("~<~")(next_number))
