"""Authenticates requests of programs by their API key, and records the last use of each key."""

from typing import Any
from uuid import UUID

import msgspec
from litestar.connection import ASGIConnection

from kit import secrets
from kit.actor import Actor, ActorKind
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.last_used import LastUsedWriter
from kit.errors import NotFound
from kit.http.app_key import AppKey
from kit.http.client_ip_address import client_ip_address
from kit.http.csrf import SAFE_METHODS, has_bearer
from kit.time_zones import zone_of
from tenants.api_keys.errors import InvalidApiKey, KeyReadOnly
from tenants.api_keys.services import API_KEY_PREFIX
from tenants.auth import MemberAuth
from tenants.models import KeyScope, Role
from tenants.plans import Plan

_FIND_KEY_SQL = """
SELECT k.id, k.organization_id, k.label, k.scope, k.last_used_at, o.plan, o.country, o.time_zone,
    o.suspended_at IS NOT NULL,
    (SELECT n.e164 FROM phone_number n
     WHERE n.organization_id = o.id AND n.released_at IS NULL AND n.releasing_at IS NULL
     ORDER BY n.is_default DESC, n.id LIMIT 1)
FROM api_key k JOIN organization o ON o.id = k.organization_id
WHERE k.digest = $1 AND k.revoked_at IS NULL AND o.deleted_at IS NULL
"""
_UPDATE_LAST_USED_SQL = """
UPDATE api_key SET last_used_at = seen.used_at FROM unnest($1::uuid[], $2::timestamptz[]) AS seen(id, used_at)
WHERE api_key.id = seen.id
  AND (api_key.last_used_at IS NULL OR api_key.last_used_at <= seen.used_at - interval '1 minute')
"""


class AuthenticatedKey(msgspec.Struct, frozen=True):
    """An active key: the member it acts as, and its scope."""

    member: MemberAuth
    scope: KeyScope


class ApiKeyAuthenticator:
    """Finds active keys and records their use. ``uses`` starts and stops with the application."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.uses = LastUsedWriter(database, _UPDATE_LAST_USED_SQL, name="api_key")

    async def authenticate(self, raw: str, ip_address: str) -> AuthenticatedKey:
        """The active key ``raw``, used by a client with ``ip_address``. Raises: InvalidApiKey."""
        if not secrets.has_checksum(raw, API_KEY_PREFIX):
            raise InvalidApiKey
        row = await self._database.lookup_pool.fetch_row_in_time(_FIND_KEY_SQL, secrets.digest(raw))
        if row is None:
            raise InvalidApiKey
        key_id, organization_id, label, scope, last_used_at, plan, country, time_zone, suspended, e164 = row
        self.uses.record_use(key_id, last_used_at, utc_now())
        member = MemberAuth(
            actor=Actor(ActorKind.API_KEY, key_id, label or raw[:8], ip_address),
            role=Role.ADMIN,
            organization_id=organization_id,
            plan=Plan(plan),
            country=country,
            zone=zone_of(time_zone, country),
            suspended=suspended,
            caller_id=e164,
        )
        return AuthenticatedKey(member, KeyScope(scope))


API_KEYS: AppKey[ApiKeyAuthenticator] = AppKey("api_keys")


def has_api_key(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """True when the request has a bearer key; its session cookie, if any, is then ignored."""
    return has_bearer(connection.headers)


async def authenticate_api_key(
    connection: ASGIConnection[Any, Any, Any, Any], organization_id: UUID | None = None
) -> MemberAuth:
    """Authenticate the request's key and store its member in ``connection.auth``.

    Raises:
        InvalidApiKey: there is no such active key.
        NotFound: the key belongs to another organization than ``organization_id``.
        KeyReadOnly: the request would change something with a read-only key.
    """
    raw = connection.headers["authorization"].split(" ", 1)[1].strip()
    keys = API_KEYS.get(connection.app)
    found = await keys.authenticate(raw, client_ip_address(connection.scope))
    if organization_id is not None and found.member.organization_id != organization_id:
        raise NotFound
    scope: Any = connection.scope
    if found.scope is KeyScope.READ and scope["method"] not in SAFE_METHODS:
        raise KeyReadOnly
    scope["auth"] = found.member
    return found.member
