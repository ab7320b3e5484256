"""Exports an organization's calls that match filters as CSV."""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

import msgspec

from calls.listing import CallFilters, CallListService
from calls.models import Call
from calls.schemas import agent_source
from kit.csv_export import CSV_BATCH_ROWS, Cell, csv_of
from kit.db.reading_session import ReadingSessionFactory
from kit.schemas import rfc3339

CALL_COLUMNS = (
    "id",
    "started_at",
    "answered_at",
    "ended_at",
    "direction",
    "from",
    "to",
    "status",
    "duration",
    "end_reason",
    "token_id",
    "agent",
    "agent_source",
    "origin",
    "call_id",
    "metadata",
    "name",
    "company",
    "url",
    "billed_minutes",
    "extension",
    "outcome",
    "note",
    "tags",
    "from_number_id",
    "answered_by",
    "returned_at",
    "returned_call_id",
)


def calls_csv(
    reading: ReadingSessionFactory, organization_id: UUID, filters: CallFilters
) -> AsyncGenerator[bytes, None]:
    """Every call that matches ``filters``, newest first."""

    async def read(after: UUID | None) -> Sequence[Call]:
        async with reading.tenant_session(organization_id) as session:
            return await CallListService(session).page(organization_id, filters, after=after, limit=CSV_BATCH_ROWS)

    return csv_of(CALL_COLUMNS, read, call_cells)


def call_cells(call: Call) -> Sequence[Cell]:
    """The cells of one call in the order of ``CALL_COLUMNS``."""
    return (
        str(call.id),
        rfc3339(call.started_at),
        rfc3339(call.answered_at),
        rfc3339(call.ended_at),
        call.direction,
        call.from_number,
        call.to_number,
        call.status.value,
        call.duration,
        call.end_reason,
        None if call.token_id is None else str(call.token_id),
        call.agent,
        agent_source(call.agent, is_member=call.agent_is_member),
        call.origin,
        None if call.call_id is None else str(call.call_id),
        None if call.details is None else msgspec.json.encode(call.details).decode(),
        call.name,
        call.company,
        call.url,
        call.billed_minutes,
        call.extension,
        call.outcome,
        call.note,
        None if call.tags is None else "; ".join(call.tags),
        None if call.from_number_id is None else str(call.from_number_id),
        call.answered_by,
        rfc3339(call.returned_at),
        None if call.returned_call_id is None else str(call.returned_call_id),
    )
