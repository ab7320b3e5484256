"""Missed calls: counts, lists and marks those that a member has not seen, and finds the calls that returned them.

Also counts the voicemails that nobody has marked as heard.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.call_state import BLOCKED
from calls.incoming.models import Voicemail
from calls.models import MISSED_STATUSES, UNRETURNED_SQL, Call, CallStatus, Direction, is_inbound
from kit.db.raw import CompiledStatement, RawConnection
from tenants.models import Membership

MAX_COUNTED = 100
"""The highest count: a flood of calls must not make pages slow."""


class NavigationCounts(msgspec.Struct, frozen=True):
    """The counts beside links in the navigation, each at most ``MAX_COUNTED``."""

    missed: int = 0
    """Missed calls that were recorded since the member last saw the list, and that were not returned."""
    unheard: int = 0
    """Voicemails that nobody has marked as heard."""


async def navigation_counts(reader: RawConnection, organization_id: UUID, user_id: UUID) -> NavigationCounts:
    """Count missed calls and voicemails that are new to the member, in one statement."""
    row = await reader.fetch_row(_COUNT_NEW, organization_id=organization_id, user_id=user_id)
    return NavigationCounts(missed=int(row[0]), unheard=int(row[1]))


_UNSEEN = (
    Call.organization_id == sa.bindparam("organization_id"),
    # Exactly the condition of the partial index, without parameters, so that every plan can use the index.
    sa.text(UNRETURNED_SQL),
    Call.missed_at
    > sa.select(sa.func.coalesce(Membership.missed_seen_at, Membership.created_at))
    .where(
        Membership.organization_id == sa.bindparam("organization_id"),
        Membership.user_id == sa.bindparam("user_id"),
    )
    .scalar_subquery(),
)
"""The conditions of missed calls that the member ``user_id`` of ``organization_id`` has not seen."""
_COUNT_UNSEEN_QUERY = sa.select(sa.func.count()).select_from(
    sa.select(sa.literal_column("1")).where(*_UNSEEN).limit(sa.literal_column(str(MAX_COUNTED))).subquery()
)
_COUNT_UNHEARD_QUERY = sa.select(sa.func.count()).select_from(
    sa.select(sa.literal_column("1"))
    .where(Voicemail.organization_id == sa.bindparam("organization_id"), Voicemail.heard_at.is_(None))
    .limit(sa.literal_column(str(MAX_COUNTED)))
    .subquery()
)
_COUNT_NEW = CompiledStatement(sa.select(_COUNT_UNSEEN_QUERY.scalar_subquery(), _COUNT_UNHEARD_QUERY.scalar_subquery()))


class UnseenCalls(msgspec.Struct, frozen=True):
    """The missed calls that a member has not seen and that were not returned."""

    count: int
    """At most ``MAX_COUNTED``."""
    newest: Sequence[Call]
    """The newest of them whose callers can be called back, newest first."""


class LaterCall(msgspec.Struct, frozen=True):
    """A call that connected the caller of a missed call with somebody."""

    direction: Direction
    by: str | None
    """The agent who called back, or the forwarded phone that took the caller's later call (E.164); None if unknown."""
    call_id: UUID
    at: dt.datetime | None
    """The time at which it was answered."""


class MissedCallService:
    """Missed calls of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def mark_seen(self, organization_id: UUID, user_id: UUID, now: dt.datetime) -> dt.datetime:
        """Store that the member saw all calls missed until ``now``; return the time since which calls were unseen."""
        query = sa.select(Membership).where(Membership.owned_by(organization_id), Membership.user_id == user_id)
        membership: Membership = (await self._session.scalars(query)).one()
        since = membership.missed_seen_at or membership.created_at
        membership.missed_seen_at = max(since, now)
        return since

    async def unseen(self, organization_id: UUID, user_id: UUID, *, limit: int) -> UnseenCalls:
        """The missed calls that the member has not seen: their count, and at most ``limit`` of them."""
        parameters = {"organization_id": organization_id, "user_id": user_id}
        count = await self._session.scalar(_COUNT_UNSEEN_QUERY, parameters) or 0
        callable_ = Call.from_number.is_not(None), Call.end_reason.is_distinct_from(BLOCKED)
        query = sa.select(Call).where(*_UNSEEN, *callable_).order_by(Call.missed_at.desc()).limit(limit)
        newest = (await self._session.scalars(query, parameters)).all() if count else ()
        return UnseenCalls(count, newest)

    async def later_calls(self, organization_id: UUID, calls: Sequence[Call]) -> Mapping[UUID, LaterCall]:
        """For each returned call of ``calls``, by its id: the later call that connected its caller."""
        later = {call.id: call.returned_call_id for call in calls if call.returned_call_id is not None}
        if not later:
            return {}
        by = sa.case((is_inbound(), Call.answered_by), else_=Call.agent)
        query = sa.select(Call.id, Call.direction, by, Call.answered_at).where(
            Call.owned_by(organization_id), Call.id.in_(set(later.values()))
        )
        found = {
            call_id: LaterCall(Direction(direction), name, call_id, at)
            for call_id, direction, name, at in await self._session.execute(query)
        }
        return {missed: found[call_id] for missed, call_id in later.items() if call_id in found}

    async def calls_after_refusals(self, organization_id: UUID, calls: Sequence[Call]) -> Mapping[UUID, LaterCall]:
        """For each refused call of ``calls``, by its id: the later call that connected its caller.

        Searched in the calls, because ``returned_call_id`` is stored for missed calls only.
        """
        found = {}
        for call in calls:
            if call.status is not CallStatus.REFUSED or not may_call_back(call):
                continue
            later = (await self._session.execute(_first_answered_after(call))).one_or_none()
            if later is not None:
                call_id, at, direction, name = later
                found[call.id] = LaterCall(Direction(direction), name, call_id, at)
        return found

    async def find_return(self, call: Call) -> None:
        """Mark a call that was just recorded as missed as returned, if a later call has connected its caller already.

        The trigger marks calls that are on record as missed before the later call; here the end was reported late.
        """
        if call.from_number is None:
            return
        found = (await self._session.execute(_first_answered_after(call))).one_or_none()
        if found is not None:
            call.returned_call_id, call.returned_at = found[0], found[1]


def _first_answered_after(call: Call) -> sa.Select[UUID, dt.datetime | None, Direction, str | None]:
    """The first call after ``call`` that connected its caller: id, time of the answer, direction, agent or phone."""
    is_party = sa.or_(Call.to_number == call.from_number, sa.and_(is_inbound(), Call.from_number == call.from_number))
    later = Call.owned_by(call.organization_id), Call.id > call.id, Call.answered_at.is_not(None), is_party
    by = sa.case((is_inbound(), Call.answered_by), else_=Call.agent)
    return sa.select(Call.id, Call.answered_at, Call.direction, by).where(*later).order_by(Call.id).limit(1)


def may_call_back(call: Call) -> bool:
    """True for a missed or refused call that can be returned: its number is known, and its caller did not press 9."""
    is_missed = call.direction == Direction.INBOUND and call.status in (*MISSED_STATUSES, CallStatus.REFUSED)
    return is_missed and call.from_number is not None and not has_objected(call)


def has_objected(call: Call) -> bool:
    """True for an incoming call whose caller pressed 9: they asked not to be called."""
    return call.direction == Direction.INBOUND and call.end_reason == BLOCKED
