"""How a widget's own call stands: one prepared statement, because open widgets ask for it while they wait."""

from uuid import UUID

from kit.db import Database
from voice.errors import refusal_message
from voice.models import CallStatus
from widget.exchange import CallSummary, FoundCall

_SQL = """
SELECT status, duration, end_reason FROM call WHERE token_id = $1 AND call_id = $2 ORDER BY id LIMIT 1
"""


class CallLookup:
    """Finds calls by the widget's id, only ever together with the widget's token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, token_id: UUID, call_id: UUID) -> FoundCall | None:
        async with self._database.pool.acquire() as connection:
            row = await connection.fetchrow(_SQL, token_id, call_id)
        if row is None:
            return None
        status, duration, end_reason = row
        return FoundCall(
            summary=CallSummary(
                status=status, duration=duration, end_reason=end_reason, message=refusal_message(end_reason)
            ),
            is_over=CallStatus(status).is_final,
        )
