"""Erases fields of audit events: deletes the value and its salt, and keeps the digest, which verification needs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditEvent
from kit.audit_chain import ERASABLE_FIELDS


async def erase_fields(session: AsyncSession, event_ids: Sequence[UUID], *fields: str) -> int:
    """Erase ``fields`` (of ``ERASABLE_FIELDS``) of events, as the jobs' role; return the number of changed events.

    Events without a sequence number are not changed: they belong to a transaction that is not committed.
    """
    table: Any = AuditEvent.__table__
    salts = table.c.field_salts
    positions = {field: ERASABLE_FIELDS.index(field) + 1 for field in fields}
    has_value = sa.or_(*(salts[position].is_not(None) for position in positions.values()))
    values: dict[Any, Any] = {}
    for field, position in positions.items():
        values[table.c[field]] = sa.null() if field == "details" else ""
        values[salts[position]] = None
    is_selected = table.c.id == sa.any_(sa.cast(list(event_ids), ARRAY(sa.Uuid)))
    erase = sa.update(table).where(is_selected, table.c.sequence.is_not(None), has_value).values(values)
    erased = await session.execute(erase)
    return erased.rowcount if isinstance(erased, sa.CursorResult) else 0
