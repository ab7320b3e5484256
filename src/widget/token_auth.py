"""Authenticates a widget by its embed token, for every public widget endpoint: applies the rate limits, then checks the
token, the page and the organization.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar.types import HTTPScope

from kit import secrets
from kit.clock import utc_now
from kit.db.batched_lookup import BatchedLookup
from kit.db.database import Database
from kit.db.outage import is_outage
from kit.errors import MalformedRequest, TooMany, Unavailable, UnsupportedMediaType
from kit.http.asgi import Headers
from kit.http.client_ip_address import client_ip_address, is_loopback, limited_network
from kit.http.rate_limit import RateLimiter
from kit.settings import Settings
from phone_numbers.from_numbers import FromNumber, allowed_numbers
from tenants import rules
from tenants.errors import NoPhoneNumber
from widget.errors import DomainNotAllowed, InvalidEmbedToken, RevokedEmbedToken
from widget.models import TOKEN_PREFIX
from widget.page_admission import ensure_page_allowed
from widget.tickets import Ticket, Tickets

MAX_REQUESTS_PER_TOKEN_AND_IP_ADDRESS = 600
"""Per minute and endpoint, as ``MAX_REQUESTS_PER_TOKEN``."""
MAX_REQUESTS_PER_TOKEN = 1200
MAX_BAD_TOKENS_PER_IP_ADDRESS = 60
"""Per minute; unknown and malformed tokens."""
_MAX_SHOWN_ORIGIN_CHARACTERS = 300
# Reads everything that an exchange needs in one round trip, which concurrent exchanges share.
AUTHENTICATION_SQL = """
SELECT t.digest, t.id, t.allowed_domains, t.recent_calls, t.from_numbers, t.last_used_at, o.id AS organization_id,
       o.name, o.plan, o.country, o.call_outcomes, o.suspended_at IS NOT NULL AS suspended,
       (SELECT json_agg(json_build_object('id', n.id, 'number', n.e164, 'name', n.name)
                        ORDER BY n.is_default DESC, n.id)
        FROM phone_number n
        WHERE n.organization_id = o.id AND n.released_at IS NULL AND n.releasing_at IS NULL) AS numbers,
       (SELECT json_agg(json_build_object('id', v.id, 'number', v.e164, 'name', v.name) ORDER BY v.id)
        FROM verified_number v WHERE v.organization_id = o.id AND v.state = 'verified') AS verified_numbers
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.digest = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""
_MANY_TOKENS_SQL = AUTHENTICATION_SQL.replace("t.digest = $1", "t.digest = ANY($1)")


class WidgetRequest(msgspec.Struct, frozen=True):
    """The body that a widget sends; unknown fields are ignored."""

    token: str
    ticket: str | None = None
    call_id: str | None = None
    wait: bool = True
    """False requests the present state of the call without waiting for its end."""


AnyWidgetRequest = TypeVar("AnyWidgetRequest", bound=WidgetRequest)


class AuthenticatedWidget(msgspec.Struct, frozen=True):
    """A widget whose token passed every check, with the organization's data that an answer needs."""

    token_id: UUID
    organization_id: UUID
    organization_name: str
    country: str
    from_numbers: Sequence[FromNumber]
    """The numbers that its calls may show, the default one first. Never empty."""
    last_used_at: datetime | None
    shows_recent_calls: bool
    """True if a verified person may see their own recent calls with this token."""
    call_outcomes: str
    """The organization's outcomes as JSON, ``[]`` without any."""
    origin: str | None
    """The page's ``Origin`` as the token list shows it."""
    ticket: Ticket
    """The contents of the widget's next ticket; the client id stays the same if the widget sent a valid ticket."""
    authenticated_at: datetime


class RequestMetadata(msgspec.Struct, frozen=True):
    """The client's IP address and the headers that the checks need."""

    client_ip_address: str
    content_type: bytes
    origins: tuple[bytes, ...]
    referers: tuple[bytes, ...]


def read_metadata(scope: HTTPScope) -> RequestMetadata:
    """Read the headers in one pass; returns every line of ``Origin`` and ``Referer``."""
    headers: Headers = scope["headers"]
    content_type = b""
    origins: tuple[bytes, ...] = ()
    referers: tuple[bytes, ...] = ()
    for name, value in headers:
        if name == b"origin":
            origins = (*origins, value)
        elif name == b"content-type":
            content_type = value
        elif name == b"referer":
            referers = (*referers, value)
    return RequestMetadata(client_ip_address(scope), content_type, origins, referers)


_decode_numbers = msgspec.json.Decoder(list[FromNumber]).decode


def parse_widget_request(
    metadata: RequestMetadata, body: bytes, decoder: msgspec.json.Decoder[AnyWidgetRequest]
) -> AnyWidgetRequest:
    """Decode ``body``.

    Raises:
        UnsupportedMediaType: neither ``application/json`` nor ``text/plain``.
        MalformedRequest: not a JSON object with a text ``token``.
    """
    media_type = metadata.content_type.split(b";", 1)[0].strip().lower()
    if media_type not in (b"text/plain", b"application/json"):
        raise UnsupportedMediaType("Send JSON as application/json or text/plain")
    try:
        # Decoded to text first: msgspec does not check the bytes of fields that it skips.
        return decoder.decode(body.decode())
    except msgspec.ValidationError as error:
        raise MalformedRequest('The body must be a JSON object with a text field "token"') from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON in UTF-8") from error


class TokenAuthenticator:
    """Checks a widget's request against the limits, the token, its domains and its organization."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        limiter: RateLimiter,
        tickets: Tickets,
        *,
        on_blocked: Callable[[UUID, Sequence[bytes]], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._lookup = BatchedLookup(
            database.lookup_pool, single_key_sql=AUTHENTICATION_SQL, many_keys_sql=_MANY_TOKENS_SQL, key_column="digest"
        )
        self._on_blocked = on_blocked
        self._limiter = limiter
        self._tickets = tickets
        self._clock = clock
        self._own_origin = settings.public_url.encode()
        self._exempts_loopback = settings.is_sandbox

    async def authenticate(
        self, metadata: RequestMetadata, request: WidgetRequest, *, purpose: str
    ) -> AuthenticatedWidget:
        """Authenticate ``request``. ``purpose`` is the endpoint for which requests are counted.

        Raises:
            TooMany, InvalidEmbedToken, RevokedEmbedToken, DomainNotAllowed, OrganizationSuspended, PlanTooLow,
            NoPhoneNumber, Unavailable: checked in this order.
        """
        is_exempt = self._exempts_loopback and is_loopback(metadata.client_ip_address)
        try:
            row = await self._find_counted(metadata, request.token, purpose, is_exempt)
        except (InvalidEmbedToken, RevokedEmbedToken):
            if not is_exempt:
                await self._limiter.hit(
                    f"bad:{limited_network(metadata.client_ip_address)}", MAX_BAD_TOKENS_PER_IP_ADDRESS
                )
            raise
        now = self._clock()
        ticket = self._ensure_page_allowed(metadata, request.ticket, row, int(now.timestamp()))
        rules.ensure_not_suspended(row["suspended"])
        rules.ensure_widget_plan(row["plan"])
        return AuthenticatedWidget(
            token_id=row["id"],
            organization_id=row["organization_id"],
            organization_name=row["name"],
            country=row["country"],
            from_numbers=_from_numbers(row),
            last_used_at=row["last_used_at"],
            shows_recent_calls=row["recent_calls"],
            call_outcomes=row["call_outcomes"],
            origin=_shown_origin(metadata),
            ticket=ticket,
            authenticated_at=now,
        )

    async def _find_counted(self, metadata: RequestMetadata, raw: str, purpose: str, is_exempt: bool) -> Any:
        """Count the request, then find the token's row. ``is_exempt``: no limit by IP address applies."""
        if not is_exempt:
            bad = f"bad:{limited_network(metadata.client_ip_address)}"
            self._raise_if_limited(await self._limiter.peek(bad, MAX_BAD_TOKENS_PER_IP_ADDRESS))
        if not secrets.is_well_formed(raw, TOKEN_PREFIX):
            raise InvalidEmbedToken
        digest = secrets.digest(raw)
        key = f"{purpose}:{digest.hex()}"
        if not is_exempt:
            key_by_ip_address = f"{key}:{limited_network(metadata.client_ip_address)}"
            self._raise_if_limited(await self._limiter.hit(key_by_ip_address, MAX_REQUESTS_PER_TOKEN_AND_IP_ADDRESS))
        self._raise_if_limited(await self._limiter.hit(key, MAX_REQUESTS_PER_TOKEN))
        row = await self._find(digest)
        if row is None:
            raise RevokedEmbedToken
        return row

    @staticmethod
    def _raise_if_limited(wait: int) -> None:
        if wait:
            raise TooMany(retry_after=wait)

    async def _find(self, digest: bytes) -> Any:
        lookups = self._database.lookup_pool
        deadline = monotonic() + self._database.connect_seconds
        try:
            return await self._lookup.find(digest)
        except Exception as error:
            if not is_outage(error):
                raise
            if isinstance(error, TimeoutError):
                raise Unavailable from error
        # The server may have closed the pooled connection before; try once more on a new one.
        lookups.close_idle()
        try:
            async with asyncio.timeout(deadline - monotonic()):
                return await self._lookup.find(digest)
        except Exception as error:
            if is_outage(error):
                raise Unavailable from error
            raise

    def _ensure_page_allowed(self, metadata: RequestMetadata, ticket: str | None, row: Any, now: int) -> Ticket:
        """The contents of the next ticket. Raises: DomainNotAllowed."""
        try:
            return ensure_page_allowed(
                row["allowed_domains"],
                metadata.origins,
                metadata.referers,
                own_origin=self._own_origin,
                ticket=None if ticket is None else self._tickets.read(ticket, row["id"], now),
                now=now,
            )
        except DomainNotAllowed:
            if self._on_blocked is not None:
                self._on_blocked(row["id"], metadata.origins)
            raise


def _from_numbers(row: Any) -> Sequence[FromNumber]:
    """Raises: NoPhoneNumber."""
    if row["numbers"] is None:
        raise NoPhoneNumber
    numbers = [number for column in ("numbers", "verified_numbers") for number in _decode_numbers(row[column] or "[]")]
    return allowed_numbers(numbers, row["from_numbers"])


def _shown_origin(metadata: RequestMetadata) -> str | None:
    """The page's ``Origin`` as the token list shows it; None without a printable one."""
    origin = metadata.origins[0][:_MAX_SHOWN_ORIGIN_CHARACTERS].decode("ascii", "replace") if metadata.origins else ""
    return origin if origin.isprintable() and origin else None
