"""Lower bound of the exchange benchmark: the least Python code that answers an exchange, on bare ASGI.

It reads the whole body, decodes JSON, selects the row by digest and signs a JWT with HMAC. No routing, no checks, no
limits, no ticket: the fields that need them are constants of the right length, so that the answer is as long as the
others'.
"""

import base64
import hashlib
import hmac
import os
import secrets
import time
from typing import Any

import asyncpg
import msgspec

SQL = """
SELECT t.id, t.allowed_domains, t.last_used_at, o.id AS organization_id, o.name, o.plan, o.country,
       o.suspended_at IS NOT NULL AS suspended,
       (SELECT n.e164 FROM phone_number n WHERE n.organization_id = o.id AND n.released_at IS NULL
        ORDER BY n.id LIMIT 1) AS e164
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.digest = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""
KEY, ACCOUNT = os.environ["TWILIO_API_KEY_SID"], os.environ["TWILIO_ACCOUNT_SID"]
APPLICATION = os.environ["TWILIO_TWIML_APP_SID"]
CONNECTIONS = 10
MAC = hmac.new(os.environ["TWILIO_API_KEY_SECRET"].encode(), digestmod=hashlib.sha256)
encode = msgspec.json.Encoder().encode


class Request(msgspec.Struct):
    """The body."""

    token: str


decode = msgspec.json.Decoder(Request).decode


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


HEADER = _b64(encode({"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"})) + b"."


class Connection(asyncpg.Connection):
    """Without asyncpg's reset, which would cost a second round trip for each request."""

    def get_reset_query(self) -> str:
        return ""


def sign(identity: str, now: int) -> str:
    """The access token."""
    claims = {
        "jti": f"{KEY}-{secrets.token_hex(8)}",
        "iss": KEY,
        "sub": ACCOUNT,
        "nbf": now - 60,
        "exp": now + 3600,
        "grants": {"identity": identity, "voice": {"outgoing": {"application_sid": APPLICATION}}},
    }
    signed = HEADER + _b64(encode(claims))
    mac = MAC.copy()
    mac.update(signed)
    return (signed + b"." + _b64(mac.digest())).decode()


class Floor:
    """The application."""

    def __init__(self) -> None:
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body", False):
            message = await receive()
            body += message["body"]
        digest = hashlib.sha256(decode(body).token.encode()).digest()
        row = await self.fetch_row(digest)
        now = int(time.time())
        identity = f"w_{row['id'].hex}_{secrets.token_hex(8)}"
        answer = encode(
            {
                "access_token": sign(identity, now),
                "token_type": "twilio",
                "expires_in": 3600,
                "expires_at": "2026-01-01T00:00:00Z",
                "identity": identity,
                "caller_id": row["e164"],
                "country": row["country"],
                "calling_code": "1",
                "trunk_prefix": "1",
                "international_prefix": "011",
                "organization": row["name"],
                "ticket": "00000000.000000000000000000000000",
                "signaling": None,
                "settings": {"theme": "auto", "position": "bottom-right"},
            }
        )
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def open_pool(self) -> None:
        """Open ten connections."""
        self._pool = await asyncpg.create_pool(
            os.environ["EPOCH_DATABASE_URL"], min_size=CONNECTIONS, max_size=CONNECTIONS, connection_class=Connection
        )

    async def fetch_row(self, digest: bytes) -> Any:
        """Return the row of the token with ``digest``."""
        async with self._pool.acquire() as connection:
            return await connection.fetchrow(SQL, digest)

    async def close_pool(self) -> None:
        await self._pool.close()

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        await self.open_pool()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close_pool()
        await send({"type": "lifespan.shutdown.complete"})


app = Floor()
