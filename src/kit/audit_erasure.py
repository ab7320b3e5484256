"""Erases fields of audit events: the value goes with its salt, so that the chains of digests stay verifiable."""

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

    Events that have no place in their chain yet are left alone: they belong to a transaction that is not committed.
    """
    table: Any = AuditEvent.__table__
    salts = table.c.field_salts
    positions = {field: ERASABLE_FIELDS.index(field) + 1 for field in fields}
    is_left = sa.or_(*(salts[position].is_not(None) for position in positions.values()))
    values: dict[Any, Any] = {}
    for field, position in positions.items():
        values[table.c[field]] = sa.null() if field == "details" else ""
        values[salts[position]] = None
    is_one = table.c.id == sa.any_(sa.cast(list(event_ids), ARRAY(sa.Uuid)))
    erase = sa.update(table).where(is_one, table.c.sequence.is_not(None), is_left).values(values)
    done = await session.execute(erase)
    return done.rowcount if isinstance(done, sa.CursorResult) else 0
