"""Buffers the time and the page's origin of the last use of embed tokens, and writes them every few seconds."""

from kit.db.database import Database
from kit.db.last_used import LastUsedWriter

_SQL = """
UPDATE embed_token SET last_used_at = seen.used_at, last_origin = coalesce(seen.origin, embed_token.last_origin)
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS seen(id, used_at, origin)
WHERE embed_token.id = seen.id
  AND (embed_token.last_used_at IS NULL OR embed_token.last_used_at <= seen.used_at - interval '1 minute')
"""


class EmbedTokenUseWriter(LastUsedWriter):
    """Collects uses of embed tokens, and writes the last one of each token."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, _SQL, name="embed_token")
