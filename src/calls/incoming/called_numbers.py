"""Finds the organization that holds a phone number, and which of several numbers are held, among all organizations."""

from collections.abc import Collection
from uuid import UUID

from kit.db.database import Database

_HOLDER_SQL = "SELECT organization_id FROM phone_number WHERE e164 = $1 AND released_at IS NULL"
_HELD_NUMBERS_SQL = "SELECT e164 FROM phone_number WHERE e164 = ANY($1) AND released_at IS NULL"


class CalledNumberLookup:
    """Looks up the phone numbers of all organizations. Made once at start."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holder(self, e164: str) -> UUID | None:
        """The id of the organization that holds a number; None when no organization does."""
        found: UUID | None = await self._database.lookup_pool.fetch_value(_HOLDER_SQL, e164)
        return found

    async def held_among(self, numbers: Collection[str]) -> Collection[str]:
        """Those of ``numbers`` that an organization holds."""
        if not numbers:
            return frozenset()
        rows = await self._database.lookup_pool.fetch(_HELD_NUMBERS_SQL, list(numbers))
        return frozenset(row[0] for row in rows)
