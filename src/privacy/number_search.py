"""Looks through an organization's calls for a number that stands elsewhere than where a call went."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call, CallStatus
from privacy.number_matcher import NumberMatcher

CALLS_PER_BATCH = 5000
"""Calls that one statement looks at."""


class SearchBatch(NamedTuple):
    """What was found among some calls, each by its id."""

    rejected: list[tuple[UUID, str]]
    """Calls that were refused and dialled the number in some other form, with their carrier's ids."""
    with_metadata: list[UUID]
    """Calls to others whose metadata mention the number."""
    with_agent: list[UUID]
    """Calls to others whose page named the number as who calls."""
    with_origin: list[UUID]
    """Calls to others from a page that has the number for an address."""
    last: UUID | None
    """The oldest call that was looked at; None when there are no older ones."""

    @property
    def mentioning_calls(self) -> int:
        """Calls to others in which the number stands."""
        return len({*self.with_metadata, *self.with_agent, *self.with_origin})


async def search_batches(
    session: AsyncSession, organization_id: UUID, matcher: NumberMatcher, *, number: str, before: UUID | None
) -> AsyncIterator[SearchBatch]:
    """All calls that began before the one called ``before``, newest first, ``BATCH`` at a time."""
    while True:
        batch = await _search_batch(session, organization_id, matcher, number, before)
        yield batch
        if batch.last is None:
            return
        before = batch.last


async def _search_batch(
    session: AsyncSession, organization_id: UUID, matcher: NumberMatcher, number: str, before: UUID | None
) -> SearchBatch:
    place = [Call.owned_by(organization_id)]
    if before is not None:
        place.append(Call.id < before)
    end = sa.select(Call.id).where(*place).order_by(Call.id.desc()).offset(CALLS_PER_BATCH - 1).limit(1)
    last: UUID | None = await session.scalar(end)
    if last is not None:
        place.append(Call.id >= last)
    query = sa.select(
        Call.id,
        Call.carrier_sid,
        Call.to_number,
        Call.status,
        Call.details,
        Call.agent,
        Call.agent_is_member,
        Call.origin,
    ).where(*place, Call.erased_at.is_(None), Call.to_number != number, _prefilter(matcher))
    rows = (await session.execute(query)).all()
    # What takes long is no query: other requests go on meanwhile.
    return await anyio.to_thread.run_sync(_classify, rows, matcher, last)


def _prefilter(matcher: NumberMatcher) -> sa.ColumnElement[bool]:
    """True for the calls in which the number is, and for few others."""
    was_dialled = sa.and_(Call.status == CallStatus.REFUSED, Call.to_number.regexp_match(matcher.sql_pattern))
    texts = (sa.cast(Call.details, sa.Text), Call.agent, Call.origin)
    return sa.or_(was_dialled, *(text.regexp_match(matcher.sql_pattern) for text in texts))


def _classify(rows: Sequence[Any], matcher: NumberMatcher, last: UUID | None) -> SearchBatch:
    batch = SearchBatch([], [], [], [], last)
    for row in rows:
        if row.status is CallStatus.REFUSED and matcher.matches_text(row.to_number):
            batch.rejected.append((row.id, row.carrier_sid))
            continue
        if matcher.matches_value(row.details):
            batch.with_metadata.append(row.id)
        # A member's own address is theirs, whatever digits it has.
        if not row.agent_is_member and matcher.matches_text(row.agent):
            batch.with_agent.append(row.id)
        if matcher.matches_text(row.origin):
            batch.with_origin.append(row.id)
    return batch


def call_id_in(ids: list[UUID]) -> sa.ColumnElement[bool]:
    """One array: a parameter for each of them would be too many."""
    return Call.id == sa.any_(sa.cast(ids, ARRAY(sa.Uuid)))
