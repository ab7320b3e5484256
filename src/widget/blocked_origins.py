"""Buffers the origins of blocked pages and writes them to the database every few seconds.

A page is blocked when the token's list of domains does not allow it. Anybody can send any ``Origin``, so the buffer and
the rows of a token are limited; a new origin replaces the row that was seen longest ago.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from uuid_utils.compat import uuid7

from kit.buffered_writer import BufferedWriter
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.outage import is_outage
from kit.db.statement_pool import StatementPool
from kit.http.app_key import AppKey
from widget.models import MAX_BLOCKED_ORIGINS

MAX_PENDING_ORIGINS = 500
MAX_ORIGIN_CHARACTERS = 100
_INCREMENT_SQL = """
UPDATE blocked_origin SET times = least(times::bigint + $3::integer, 2147483647)::integer, last_seen_at = $4
WHERE token_id = $1 AND origin = $2
"""
# The lookup role may not delete, so the row seen longest ago is overwritten.
_REPLACE_OLDEST_SQL = """
UPDATE blocked_origin SET origin = $2, times = $3, last_seen_at = $4, created_at = $4
WHERE id = (SELECT id FROM blocked_origin WHERE token_id = $1 ORDER BY last_seen_at LIMIT 1)
  AND (SELECT count(*) FROM blocked_origin WHERE token_id = $1) >= $5
"""
_INSERT_SQL = """
INSERT INTO blocked_origin (id, organization_id, token_id, origin, times, last_seen_at)
SELECT $5::uuid, t.organization_id, t.id, $2::text, $3::integer, $4::timestamptz FROM embed_token t WHERE t.id = $1
ON CONFLICT (token_id, origin) DO NOTHING
"""
log = structlog.get_logger("epoch.widget")


class _PendingOrigin(msgspec.Struct):
    times: int
    last_seen_at: datetime


class BlockedOriginWriter(BufferedWriter):
    """Collects blocked origins in memory, so that no request waits until they are written."""

    def __init__(self, database: Database) -> None:
        super().__init__(name="blocked_origin")
        self._database = database
        self._pending: dict[tuple[UUID, str], _PendingOrigin] = {}

    def add(self, token_id: UUID, origins: Sequence[bytes]) -> None:
        """Count a blocked page with these ``Origin`` lines. Only a single line is counted: browsers send no other."""
        if len(origins) != 1 or not origins[0]:
            return
        key = (token_id, printable_origin(origins[0]))
        pending = self._pending.get(key)
        if pending is not None:
            pending.times, pending.last_seen_at = pending.times + 1, utc_now()
        elif len(self._pending) < MAX_PENDING_ORIGINS:
            self._pending[key] = _PendingOrigin(1, utc_now())

    async def flush(self) -> None:
        """Write the pending origins. They are dropped when the database is down, because the list is only advice."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            for (token_id, origin), counted in pending.items():
                await _write(self._database.lookup_pool, token_id, origin, counted)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("blocked_origins_not_written", error=type(error).__name__, origins=len(pending))


BLOCKED_ORIGINS: AppKey[BlockedOriginWriter] = AppKey("blocked_origins")


async def _write(lookups: StatementPool, token_id: UUID, origin: str, counted: _PendingOrigin) -> None:
    # Several workers may write the same origin. Each statement is atomic; at worst there is one row too many.
    values = token_id, origin, counted.times, counted.last_seen_at
    if await lookups.execute(_INCREMENT_SQL, *values) != "UPDATE 0":
        return
    if await lookups.execute(_REPLACE_OLDEST_SQL, *values, MAX_BLOCKED_ORIGINS) == "UPDATE 0":
        await lookups.execute(_INSERT_SQL, *values, uuid7())


def printable_origin(origin: bytes) -> str:
    """The origin as it is stored and shown: without unprintable characters, at most ``MAX_ORIGIN_CHARACTERS`` long."""
    text = origin[:MAX_ORIGIN_CHARACTERS].decode("ascii", "replace")
    return "".join(character if character.isprintable() else "�" for character in text)
