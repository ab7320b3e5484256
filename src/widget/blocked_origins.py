"""Pages that were turned away: collected in memory, written together, never on a request's path.

Anybody can send any ``Origin``, so both the memory and the rows of a token are bounded: the newest stay.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.buffered_writer import BufferedWriter
from kit.clock import utc_now
from kit.db.database import Database, is_outage
from kit.http.app_key import AppKey
from widget import domains
from widget.models import EmbedToken, RefusedOrigin

KEPT = 20
"""Origins per token, in the table and on the page."""
MAX_PENDING = 500
ORIGIN_CHARACTERS = 100
_COUNT = """
UPDATE refused_origin SET times = least(times::bigint + $3::integer, 2147483647)::integer, last_seen_at = $4
WHERE token_id = $1 AND origin = $2
"""
# The look-up role may not delete: the row seen longest ago is written over.
_REPLACE = """
UPDATE refused_origin SET origin = $2, times = $3, last_seen_at = $4, created_at = $4
WHERE id = (SELECT id FROM refused_origin WHERE token_id = $1 ORDER BY last_seen_at LIMIT 1)
  AND (SELECT count(*) FROM refused_origin WHERE token_id = $1) >= $5
"""
_ADD = """
INSERT INTO refused_origin (id, organization_id, token_id, origin, times, last_seen_at)
SELECT $5::uuid, t.organization_id, t.id, $2::text, $3::integer, $4::timestamptz FROM embed_token t WHERE t.id = $1
ON CONFLICT (token_id, origin) DO NOTHING
"""
log = structlog.get_logger("epoch.widget")


class _Seen(msgspec.Struct):
    times: int
    last: datetime


class RefusedOrigins(BufferedWriter):
    """Collects refused pages and writes them every few seconds."""

    def __init__(self, database: Database) -> None:
        super().__init__(of="refused_origin")
        self._database = database
        self._pending: dict[tuple[UUID, str], _Seen] = {}

    def note(self, token_id: UUID, origins: Sequence[bytes]) -> None:
        """Remember that a page with these ``Origin`` lines was refused; what no browser sends is not worth a row."""
        if len(origins) != 1 or not origins[0]:
            return
        key = (token_id, readable(origins[0]))
        seen = self._pending.get(key)
        if seen is not None:
            seen.times, seen.last = seen.times + 1, utc_now()
        elif len(self._pending) < MAX_PENDING:
            self._pending[key] = _Seen(1, utc_now())

    async def flush(self) -> None:
        """Write what is pending; what a lost database does not take is dropped, it is only a help."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            async with self._database.pool.acquire() as connection:
                for (token_id, origin), seen in pending.items():
                    await _write(connection, token_id, origin, seen)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("refused_origins_not_written", error=type(error).__name__, origins=len(pending))


BLOCKED_ORIGINS: AppKey[RefusedOrigins] = AppKey("blocked_origins")


async def _write(connection: Any, token_id: UUID, origin: str, seen: _Seen) -> None:
    # Several workers may write the same origin: each statement holds by itself, the worst is one row too many.
    if await connection.execute(_COUNT, token_id, origin, seen.times, seen.last) != "UPDATE 0":
        return
    if await connection.execute(_REPLACE, token_id, origin, seen.times, seen.last, KEPT) == "UPDATE 0":
        await connection.execute(_ADD, token_id, origin, seen.times, seen.last, uuid7())


def readable(origin: bytes) -> str:
    """An origin as it may be stored and shown: printable, at most ``ORIGIN_CHARACTERS`` long."""
    text = origin[:ORIGIN_CHARACTERS].decode("ascii", "replace")
    return "".join(character if character.isprintable() else "�" for character in text)


async def refused_of(session: AsyncSession, organization_id: UUID, token: EmbedToken) -> Sequence[RefusedOrigin]:
    """The last pages that this token refused and its list of now would refuse too, newest first."""
    query = (
        sa.select(RefusedOrigin)
        .where(RefusedOrigin.owned_by(organization_id), RefusedOrigin.token_id == token.id)
        .order_by(RefusedOrigin.last_seen_at.desc(), RefusedOrigin.id)
        .limit(KEPT)
    )
    rows: Sequence[RefusedOrigin] = (await session.scalars(query)).all()
    return [row for row in rows if is_refused(token.allowed_domains, row.origin)]


def is_refused(allowed_domains: Sequence[str], origin: str) -> bool:
    """Whether a page that was noted as refused would still be: its domain may have been listed since."""
    return not domains.admits(allowed_domains, [origin.encode()])
