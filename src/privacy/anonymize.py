"""Anonymizes calls: deletes numbers, names, page, link, metadata, note and tags, and the calls' events and voicemails.

Times, duration, cost and outcome stay.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.models import Voicemail
from calls.models import Call, CallEvent
from calls.outcomes.models import CallChange
from crm.models import HubSpotCall
from events.emit import erase_events

ANONYMIZED_VALUES: dict[str, Any] = {
    "from_number": None,
    "from_number_id": None,
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
    "note": None,
    "tags": None,
    "answered_by": None,
    "price_due_at": None,
    "erased_at": sa.func.now(),
}
"""The carrier's call id stays: a signed callback that is replayed years later finds its call and starts no new one, and
the price stays verifiable."""


class CallAnonymizationService:
    """Anonymizes calls in the transaction of the given session."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def anonymize(self, condition: sa.ColumnElement[bool]) -> int:
        """Anonymize the calls that match ``condition`` and delete the rows that belong to them; return their number."""
        ids = sa.select(Call.id).where(condition, Call.erased_at.is_(None))
        # The audio of voicemails is deleted at the carrier by the job that deletes the calls there.
        for rows in (CallEvent, CallChange, Voicemail, HubSpotCall):
            await self._session.execute(
                sa.delete(rows).where(rows.call_record_id.in_(ids)), execution_options={"synchronize_session": False}
            )
        await erase_events(self._session, ids)
        erased = await self._session.execute(
            sa.update(Call).where(condition, Call.erased_at.is_(None)).values(ANONYMIZED_VALUES),
            execution_options={"synchronize_session": False},
        )
        return erased.rowcount if isinstance(erased, sa.CursorResult) else 0
