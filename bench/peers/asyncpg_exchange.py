"""The token exchange for the fast peers of the benchmark, FastAPI and Starlette with asyncpg.

It is written for speed: a prepared statement on a pool without reset, PyJWT and orjson; no ORM, no Pydantic model, no
carrier library for the signature. The checks are those of ``quickstart``. It has no rate limits, checks no
checksum of tokens, limits no time of statements, and stores no last use of a token.
"""

import hashlib
import os
import secrets
from typing import Any

import asyncpg
import jwt
import orjson

from peers import quickstart

CONNECTIONS = 10
SQL = """
SELECT t.id, t.allowed_domains, o.name, o.plan, o.country, o.suspended_at,
       (SELECT n.e164 FROM phone_number n WHERE n.organization_id = o.id AND n.released_at IS NULL
        ORDER BY n.id LIMIT 1) AS e164
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.digest = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""
_KEY, _SECRET = os.environ["TWILIO_API_KEY_SID"], os.environ["TWILIO_API_KEY_SECRET"]
_ACCOUNT, _APPLICATION = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_TWIML_APP_SID"]


class Connection(asyncpg.Connection):
    """Without asyncpg's reset, which would cost a second round trip for each request."""

    def get_reset_query(self) -> str:
        return ""


async def open_pool() -> Any:
    """Return a pool of ten connections."""
    return await asyncpg.create_pool(
        os.environ["EPOCH_DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS, connection_class=Connection
    )


async def answer(pool: Any, body: bytes, origin: str | None) -> bytes:
    """Return the JSON answer to an exchange's JSON body.

    Raises:
        quickstart.Refused: unknown token, wrong domain, suspended, plan too low, no number.
    """
    raw = orjson.loads(body)["token"]
    async with pool.acquire() as connection:
        row = await connection.fetchrow(SQL, hashlib.sha256(raw.encode()).digest())
    if row is None:
        raise quickstart.Refused(401, "Embed token has been revoked")
    return orjson.dumps(
        quickstart.checked_answer(
            token_id=row["id"],
            allowed_domains=row["allowed_domains"],
            organization=row["name"],
            plan=row["plan"],
            country=row["country"],
            suspended_at=row["suspended_at"],
            e164=row["e164"],
            origin=origin,
            sign=_sign,
        )
    )


def _sign(identity: str, now: int) -> str:
    claims = {
        "jti": f"{_KEY}-{secrets.token_hex(8)}",
        "iss": _KEY,
        "sub": _ACCOUNT,
        "nbf": now - 60,
        "exp": now + quickstart.TTL,
        "grants": {"identity": identity, "voice": {"outgoing": {"application_sid": _APPLICATION}}},
    }
    return jwt.encode(claims, _SECRET, algorithm="HS256", headers={"cty": "twilio-fpa;v=1"})
