"""Look-ups that begin without an organization: whose token, whose call, how a widget's own call stands."""

from uuid import UUID

from calls.errors import refusal_message
from calls.models import CallStatus
from kit.db.database import Database
from widget.status import CallLookupResult, CallSummary

_SQL = """
(SELECT status, duration, end_reason FROM call WHERE token_id = $1 AND call_id = $2 ORDER BY id LIMIT 1)
UNION ALL
(SELECT 'refused', 0, end_reason FROM folded_refusal WHERE token_id = $1 AND call_id = $2 LIMIT 1)
LIMIT 1
"""
_OWNER_SQL = """
SELECT o.id, o.country FROM embed_token t JOIN organization o ON o.id = t.organization_id WHERE t.id = $1
"""
_BY_CALL = """
SELECT organization_id FROM call WHERE carrier_sid = $1
UNION ALL
SELECT organization_id FROM folded_refusal WHERE carrier_sid = $1
LIMIT 1
"""


class Owners:
    """Finds the organization that the carrier means: it knows identities and calls, not our tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_token(self, token_id: UUID) -> tuple[UUID, str] | None:
        """The organization, and the country where it is at home."""
        async with self._database.pool.acquire() as connection:
            row = await connection.fetchrow(_OWNER_SQL, token_id)
        return None if row is None else (row[0], row[1])

    async def of_call(self, carrier_sid: str) -> UUID | None:
        async with self._database.pool.acquire() as connection:
            found: UUID | None = await connection.fetchval(_BY_CALL, carrier_sid)
            return found


class CallLookup:
    """Finds calls by the widget's id, only ever together with the widget's token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, token_id: UUID, call_id: UUID) -> CallLookupResult | None:
        async with self._database.pool.acquire() as connection:
            row = await connection.fetchrow(_SQL, token_id, call_id)
        if row is None:
            return None
        status, duration, end_reason = row
        return CallLookupResult(
            summary=CallSummary(
                status=status, duration=duration, end_reason=end_reason, message=refusal_message(end_reason)
            ),
            is_over=CallStatus(status).is_final,
        )
