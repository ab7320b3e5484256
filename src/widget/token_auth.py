"""Who may use a token: the checks that every public widget endpoint makes, in the contract's order."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import msgspec
from litestar.types import HTTPScope

from kit import secrets
from kit.clock import utc_now
from kit.db.database import CONNECT_SECONDS, Database, is_outage
from kit.errors import MalformedRequest, TooMany, Unavailable, UnsupportedMediaType
from kit.http.asgi import Headers
from kit.http.rate_limit import RateLimiter
from kit.settings import Settings
from tenants import rules
from widget import domains, limits
from widget.errors import DomainNotAllowed, InvalidEmbedToken, RevokedEmbedToken
from widget.models import TOKEN_PREFIX
from widget.tickets import Tickets

_ORIGIN_CHARACTERS = 300
# Everything that an exchange needs to know, in one round trip. The oldest active number is the one calls come from.
ADMISSION_SQL = """
SELECT t.id, t.allowed_domains, t.last_used_at, o.id AS organization_id, o.name, o.plan, o.country,
       o.suspended_at IS NOT NULL AS suspended,
       (SELECT n.e164 FROM phone_number n
        WHERE n.organization_id = o.id AND n.released_at IS NULL AND n.releasing_at IS NULL
        ORDER BY n.id LIMIT 1) AS e164
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.digest = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""


class WidgetRequest(msgspec.Struct, frozen=True):
    """What a widget sends; fields that we do not know are ignored."""

    token: str
    ticket: str | None = None
    call_id: str | None = None


class Admitted(msgspec.Struct, frozen=True):
    """A token that passed every check, with what an answer needs of its organization."""

    token_id: UUID
    organization_id: UUID
    organization: str
    country: str
    caller_id: str
    """E.164."""
    last_used_at: datetime | None
    origin: str | None
    phone: str | None
    """Who the widget was before, when it brought a ticket of ours."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks, as far as the connection tells."""

    address: str
    content_type: bytes
    origins: tuple[bytes, ...]
    referers: tuple[bytes, ...]


def caller_of(scope: HTTPScope) -> Caller:
    """Read the headers that the checks need, in one pass; of ``Origin`` and ``Referer`` every line counts."""
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
    client = scope["client"]
    return Caller(client[0] if client else "", content_type, origins, referers)


_decode = msgspec.json.Decoder(WidgetRequest).decode


def parse(caller: Caller, body: bytes) -> WidgetRequest:
    """The request in ``body``.

    Raises:
        UnsupportedMediaType: neither ``application/json`` nor ``text/plain``.
        MalformedRequest: not a JSON object with a text ``token``.
    """
    media_type = caller.content_type.split(b";", 1)[0].strip().lower()
    if media_type not in (b"text/plain", b"application/json"):
        raise UnsupportedMediaType("Send JSON as application/json or text/plain")
    try:
        # As text: msgspec does not look at the bytes of fields that it skips.
        return _decode(body.decode())
    except msgspec.ValidationError as error:
        raise MalformedRequest('The body must be a JSON object with a text field "token"') from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON in UTF-8") from error


class Admission:
    """Checks a widget's request against the limits, the token, its domains and its organization."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        limiter: RateLimiter,
        tickets: Tickets,
        *,
        note_refused: Callable[[UUID, Sequence[bytes]], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._note_refused = note_refused
        self._limiter = limiter
        self._tickets = tickets
        self._clock = clock
        self._own_origin = settings.public_url.encode()
        self._spares_loopback = settings.is_sandbox

    async def admit(self, caller: Caller, request: WidgetRequest, *, purpose: str) -> Admitted:
        """Let ``request`` through, or say why not. ``purpose`` names the endpoint whose uses are counted.

        Raises:
            TooMany, InvalidEmbedToken, RevokedEmbedToken, DomainNotAllowed, OrganizationSuspended, PlanTooLow,
            NoPhoneNumber, Unavailable: checked in this order.
        """
        spared = self._spares_loopback and is_loopback(caller.address)
        try:
            row = await self._token(caller, request.token, purpose, spared)
        except (InvalidEmbedToken, RevokedEmbedToken):
            if not spared:
                await self._limiter.hit(f"bad:{caller.address}", limits.BAD_TOKENS_PER_ADDRESS)
            raise
        phone = self._phone(request.ticket, row["id"])
        if not self._page_is_allowed(caller, phone, row):
            if self._note_refused is not None:
                self._note_refused(row["id"], caller.origins)
            raise DomainNotAllowed
        rules.ensure_not_suspended(row["suspended"])
        rules.ensure_widget_plan(row["plan"])
        return Admitted(
            token_id=row["id"],
            organization_id=row["organization_id"],
            organization=row["name"],
            country=row["country"],
            caller_id=rules.ensure_phone_number(row["e164"]),
            last_used_at=row["last_used_at"],
            origin=_shown_origin(caller),
            phone=phone,
        )

    async def _token(self, caller: Caller, raw: str, purpose: str, spared: bool) -> Any:
        """The token's row; ``spared`` callers are not counted by their address."""
        if not spared:
            self._refuse(await self._limiter.peek(f"bad:{caller.address}", limits.BAD_TOKENS_PER_ADDRESS))
        if not secrets.is_well_formed(raw, TOKEN_PREFIX):
            raise InvalidEmbedToken
        digest = secrets.digest(raw)
        key = f"{purpose}:{digest.hex()}"
        if not spared:
            by_address = f"{key}:{caller.address}"
            self._refuse(await self._limiter.hit(by_address, limits.EXCHANGES_PER_TOKEN_AND_ADDRESS))
        self._refuse(await self._limiter.hit(key, limits.EXCHANGES_PER_TOKEN))
        row = await self._find(digest)
        if row is None:
            raise RevokedEmbedToken
        return row

    @staticmethod
    def _refuse(wait: int) -> None:
        if wait:
            raise TooMany(retry_after=wait)

    async def _find(self, digest: bytes) -> Any:
        statements = self._database.statements
        end = asyncio.get_running_loop().time() + CONNECT_SECONDS
        try:
            return await statements.fetch_row(ADMISSION_SQL, digest)
        except Exception as error:
            if not is_outage(error):
                raise
            if isinstance(error, TimeoutError):
                raise Unavailable from error
        # The connection may have died with the last server: a fresh one decides.
        statements.reset()
        try:
            async with asyncio.timeout_at(end):
                return await statements.fetch_row(ADMISSION_SQL, digest)
        except Exception as error:
            if is_outage(error):
                raise Unavailable from error
            raise

    def _phone(self, ticket: str | None, token_id: UUID) -> str | None:
        return None if ticket is None else self._tickets.read(ticket, token_id, int(self._clock().timestamp()))

    def _page_is_allowed(self, caller: Caller, phone: str | None, row: Any) -> bool:
        if domains.admits(row["allowed_domains"], caller.origins, caller.referers):
            return True
        return phone is not None and caller.origins == (self._own_origin,)


def _shown_origin(caller: Caller) -> str | None:
    """Where the page says it is, as people are shown it later; None where it says nothing that can be shown."""
    origin = caller.origins[0][:_ORIGIN_CHARACTERS].decode("ascii", "replace") if caller.origins else ""
    return origin if origin.isprintable() and origin else None


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this machine's own; the sandbox does not count those."""
    if address == "127.0.0.1":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
