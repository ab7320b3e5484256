"""Finds calls that mention a phone number in texts of pages or members, and rejected calls to it in another format.

The erasure of a phone number uses both.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from calls.models import Call, CallStatus
from privacy.number_matcher import NumberMatcher

CALLS_PER_BATCH = 5000
"""Calls that one statement searches."""
PAGE_TEXTS: Mapping[str, InstrumentedAttribute[Any]] = {
    "details": Call.details,
    "name": Call.name,
    "company": Call.company,
    "url": Call.url,
    "extension": Call.extension,
    "note": Call.note,
    "tags": Call.tags,
    "agent": Call.agent,
    "origin": Call.origin,
}
"""Columns with text from a page or a person: each can contain another number than the one that was called."""


class SearchBatch(NamedTuple):
    """The ids of the calls in one batch that contain the number."""

    rejected: list[tuple[UUID, str]]
    """Rejected calls to the number in another format, each with the carrier's id."""
    mentions: dict[str, list[UUID]]
    """For each of ``PAGE_TEXTS``, the calls to other numbers whose column mentions the number."""
    last: UUID | None
    """The oldest call of the batch; None when there are no older ones."""

    @property
    def mentioning_calls(self) -> int:
        """The number of calls to other numbers that contain the number."""
        return len({call_id for ids in self.mentions.values() for call_id in ids})


async def search_batches(
    session: AsyncSession, organization_id: UUID, matcher: NumberMatcher, *, number: str, before: UUID | None
) -> AsyncIterator[SearchBatch]:
    """Search all calls older than ``before``, newest first, in batches of ``CALLS_PER_BATCH``."""
    while True:
        batch = await _search_batch(session, organization_id, matcher, number, before)
        yield batch
        if batch.last is None:
            return
        before = batch.last


async def _search_batch(
    session: AsyncSession, organization_id: UUID, matcher: NumberMatcher, number: str, before: UUID | None
) -> SearchBatch:
    conditions = [Call.owned_by(organization_id)]
    if before is not None:
        conditions.append(Call.id < before)
    end = sa.select(Call.id).where(*conditions).order_by(Call.id.desc()).offset(CALLS_PER_BATCH - 1).limit(1)
    last: UUID | None = await session.scalar(end)
    if last is not None:
        conditions.append(Call.id >= last)
    query = sa.select(
        Call.id,
        Call.carrier_sid,
        Call.to_number,
        Call.status,
        Call.agent_is_member,
        *PAGE_TEXTS.values(),
    ).where(*conditions, Call.erased_at.is_(None), Call.to_number != number, _prefilter(matcher))
    rows = (await session.execute(query)).all()
    # Matching is slow and needs no database; in a thread it does not block other requests.
    return await anyio.to_thread.run_sync(_classify, rows, matcher, last)


def _prefilter(matcher: NumberMatcher) -> sa.ColumnElement[bool]:
    """A condition for all calls that may contain the number, and few others."""
    was_dialled = sa.and_(Call.status == CallStatus.REFUSED, Call.to_number.regexp_match(matcher.sql_pattern))
    texts = (sa.cast(column, sa.Text).regexp_match(matcher.sql_pattern) for column in PAGE_TEXTS.values())
    return sa.or_(was_dialled, *texts)


def _classify(rows: Sequence[Any], matcher: NumberMatcher, last: UUID | None) -> SearchBatch:
    batch = SearchBatch([], {name: [] for name in PAGE_TEXTS}, last)
    for row in rows:
        if row.status is CallStatus.REFUSED and matcher.matches_text(row.to_number):
            batch.rejected.append((row.id, row.carrier_sid))
            continue
        for name, found in batch.mentions.items():
            # A member's e-mail address is not erased, whatever digits it contains.
            if name == "agent" and row.agent_is_member:
                continue
            # matches_value treats a text like a JSON value.
            if matcher.matches_value(getattr(row, name)):
                found.append(row.id)
    return batch


def call_id_in(ids: list[UUID]) -> sa.ColumnElement[bool]:
    """The condition for calls with these ids, with one array parameter instead of one parameter for each id."""
    return Call.id == sa.any_(sa.cast(ids, ARRAY(sa.Uuid)))
