"""Anonymizes calls: deletes numbers, names, page, link and metadata; keeps times, duration and cost."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call, CallEvent

ANONYMIZED_VALUES: dict[str, Any] = {
    "from_number": None,
    "to_number": "",
    "identity": "",
    "call_id": None,
    "agent": None,
    "agent_is_member": False,
    "origin": None,
    "details": None,
    "name": None,
    "company": None,
    "url": None,
    "extension": None,
    "price_due_at": None,
    "erased_at": sa.func.now(),
}
"""The carrier's call id stays: a signed callback that is replayed years later finds its call and starts no new one, and
the price stays verifiable."""


class CallAnonymizationService:
    """Anonymizes calls in the caller's transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def anonymize(self, which: sa.ColumnElement[bool]) -> int:
        """Anonymize the calls that match ``which`` and delete their events; return the number of calls."""
        ids = sa.select(Call.id).where(which, Call.erased_at.is_(None))
        await self._session.execute(
            sa.delete(CallEvent).where(CallEvent.call_record_id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
        erased = await self._session.execute(
            sa.update(Call).where(which, Call.erased_at.is_(None)).values(ANONYMIZED_VALUES),
            execution_options={"synchronize_session": False},
        )
        return erased.rowcount if isinstance(erased, sa.CursorResult) else 0
