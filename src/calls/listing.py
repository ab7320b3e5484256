"""Lists an organization's calls that match filters."""

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
    """True for incoming calls that ended without being accepted, False for all other calls."""
    with_refused: bool = False
    """With ``missed``: also incoming calls that were refused."""
    from_number_id: UUID | None = None
    """The id of the number that the call showed; the organization may have released it since."""

    @property
    def only_number(self) -> NumberSearch | None:
        """The number if it is the only filter and not a beginning, which an index would find; else None."""
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
        own_conditions = [Call.owned_by(organization_id), *([] if after is None else [Call.id < after])]
        newest = Call.id.desc()
        if (number := filters.only_number) is not None:
            ids = await NumberSearchService(self._session).newest_matching(own_conditions, number, limit=limit + 1)
            own_conditions = [Call.owned_by(organization_id), Call.id.in_(ids)]
        elif (
            conditions := [*_conditions(filters), *_from_number_conditions(organization_id, filters.from_number_id)]
        ) or filters.number is not None:
            # The inner queries read only an index, which has most filtered columns; the outer query reads the calls.
            own_conditions = [
                Call.owned_by(organization_id),
                Call.id.in_(_newest_matching_ids([*own_conditions, *conditions], filters, limit + 1)),
            ]
        query = sa.select(Call).where(*own_conditions).order_by(newest).limit(limit + 1)
        rows: Sequence[Call] = (await self._session.scalars(query)).all()
        return rows


def _conditions(filters: CallFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(Call.status == filters.status)
    if filters.name is not None and "@" in filters.name:
        # The index that lists use contains agents, but no names; a search for both would read every call.
        conditions.append(_contains(Call.agent, filters.name))
    elif filters.name is not None:
        # The first condition repeats that of the partial index on names, so that the planner uses it.
        conditions.append(sa.or_(Call.name.is_not(None), Call.company.is_not(None)))
        conditions.append(sa.or_(_contains(Call.name, filters.name), _contains(Call.company, filters.name)))
    if filters.token_id is not None:
        conditions.append(Call.token_id == filters.token_id)
    if filters.end_reason is not None:
        conditions.append(Call.end_reason == filters.end_reason)
    if filters.outcome is not None:
        conditions.append(Call.outcome == filters.outcome)
    if filters.tag is not None:
        # "IS NOT NULL" repeats the condition of the partial index on tagged calls, so that the planner uses it.
        conditions += [Call.tags.is_not(None), sa.literal(filters.tag) == sa.any_(Call.tags)]
    if filters.missed is not None:
        conditions.append(_is_missed(filters) if filters.missed else _is_not_missed())
    if filters.direction is Direction.INBOUND:
        conditions.append(is_inbound())
    elif filters.direction is Direction.OUTBOUND:
        # Only outgoing calls have a token; the index that lists use contains the token, but not the direction.
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
    # Outgoing calls are selected by their token, because the index that lists use does not contain the direction.
    return sa.or_(Call.token_id.is_not(None), Call.status.not_in(MISSED_STATUSES))


def _contains(column: sa.SQLColumnExpression[str | None], text: str) -> sa.ColumnElement[bool]:
    return sa.func.strpos(sa.func.lower(column), sa.func.lower(text)) > 0


def _from_number_conditions(organization_id: UUID, number_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    if number_id is None:
        return []
    # Compares the numbers, because older calls have no id of the number.
    shown = (
        sa.select(table.e164).where(table.owned_by(organization_id), table.id == number_id).scalar_subquery()
        for table in (PhoneNumber, VerifiedNumber)
    )
    return [Call.from_number == sa.func.coalesce(*shown)]


def _newest_matching_ids(conditions: list[sa.ColumnElement[bool]], filters: CallFilters, limit: int) -> sa.Select[UUID]:
    """The ids of the newest matching calls; calls to and from a searched number are each found by their own index."""
    newest = sa.select(Call.id).where(*conditions).order_by(Call.id.desc()).limit(limit)
    if filters.number is None:
        return newest
    to_number, from_caller = newest.where(_is_to_number(filters.number)), newest.where(is_from_caller(filters.number))
    matching_ids = sa.union(sa.select(to_number.subquery().c.id), sa.select(from_caller.subquery().c.id)).subquery()
    return sa.select(matching_ids.c.id).order_by(matching_ids.c.id.desc()).limit(limit)


def _is_to_number(search: NumberSearch) -> sa.ColumnElement[bool]:
    number = search.prefix
    if number is None:
        return matches(Call.to_number, search)
    # No LIKE: under row-level security PostgreSQL uses an index only for operators that are marked as leakproof.
    next_number = number[:-1] + chr(ord(number[-1]) + 1)
    return sa.and_(Call.to_number.bool_op("~>=~")(number), Call.to_number.bool_op("~<~")(next_number))
