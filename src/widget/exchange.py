"""``POST /widget/exchange`` and ``/widget/status``: the public endpoints every phone talks to.

Raw ASGI on purpose: the exchange is the product's hottest path, and nothing of a framework's request cycle (sessions,
dependency injection, response objects) is needed to answer it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
import structlog
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send

from carrier.access_token import AccessTokenSigner
from kit.clock import utc_now
from kit.db.database import is_outage
from kit.e164 import dialing_of
from kit.errors import DomainError, MethodNotAllowed, Unavailable
from kit.http.asgi import read_body, send_response
from kit.http.problems import (
    MEDIA_TYPE,
    problem_body,
    problem_headers,
    status_of,
)
from kit.schemas import ResponseModel
from widget.client_ids import new_phone
from widget.last_used import TokenUsage
from widget.limits import EXCHANGE_BYTES
from widget.tickets import Tickets
from widget.token_auth import (
    Admission,
    Admitted,
    WidgetRequest,
    caller_of,
    parse,
)

OK = "ok"
"""The outcome of a request that was not refused."""
PUBLIC_HEADERS = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store")]
_JSON_HEADERS = [(b"content-type", b"application/json"), *PUBLIC_HEADERS]
_PREFLIGHT_HEADERS = [
    *PUBLIC_HEADERS,
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type"),
    (b"access-control-max-age", b"86400"),
]
_POLLS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25)
"""Seconds between looks at a call that is not over yet; 2 s in all."""
log = structlog.get_logger("epoch.widget")
_encode = msgspec.json.Encoder().encode


class WidgetSettings(ResponseModel, frozen=True, kw_only=True):
    """How the organization wants its phones to look."""

    theme: str = "auto"
    position: str = "bottom-right"


class WidgetSession(ResponseModel, frozen=True, kw_only=True):
    """What a widget gets for its embed token."""

    access_token: str
    token_type: str = "twilio"  # noqa: S105 - the kind of token, not one
    expires_in: int
    """Seconds."""
    expires_at: str
    """RFC 3339, UTC."""
    identity: str
    caller_id: str
    """E.164 number that the called party sees."""
    country: str
    calling_code: str
    trunk_prefix: str
    international_prefix: str
    organization: str
    ticket: str
    signaling: str | None
    """``host:port`` of the sandbox's signalling; None means the carrier's public one."""
    settings: WidgetSettings = WidgetSettings()


class CallSummary(ResponseModel, frozen=True, kw_only=True):
    """How a call stands, for the widget that placed it."""

    status: str
    duration: int
    """Whole seconds connected."""
    end_reason: str | None
    message: str | None
    """The sentence for people, when the call was refused."""


class WidgetStatus(ResponseModel, frozen=True, kw_only=True):
    """The answer of ``/widget/status``."""

    call: CallSummary | None


class FoundCall(msgspec.Struct, frozen=True):
    """A call as the calls' room found it."""

    summary: CallSummary
    is_over: bool


CallLookup = Callable[[UUID, UUID], Awaitable[FoundCall | None]]
"""Token id and the widget's call id to that call's state. The calls' room provides it."""
Answer = Callable[[Admitted, WidgetRequest], Awaitable[bytes]]


class SessionMaker:
    """Turns an admitted request into a widget session."""

    def __init__(
        self,
        signer: AccessTokenSigner,
        tickets: Tickets,
        usage: TokenUsage,
        *,
        signaling: str | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._signer = signer
        self._tickets = tickets
        self._usage = usage
        self._signaling = signaling
        self._clock = clock

    async def __call__(self, admitted: Admitted, _: WidgetRequest) -> bytes:
        now = self._clock()
        issued_at = int(now.timestamp())
        expires_at = issued_at + self._signer.ttl
        phone = admitted.phone or new_phone()
        identity = f"w_{admitted.token_id.hex}_{phone}"
        dialing = dialing_of(admitted.country)
        self._usage.note(admitted.token_id, admitted.last_used_at, now, admitted.origin)
        return _encode(
            WidgetSession(
                access_token=self._signer.sign(identity, issued_at),
                expires_in=self._signer.ttl,
                expires_at=_rfc3339(expires_at),
                identity=identity,
                caller_id=admitted.caller_id,
                country=dialing.country,
                calling_code=dialing.calling_code,
                trunk_prefix=dialing.trunk_prefix,
                international_prefix=dialing.international_prefix,
                organization=admitted.organization,
                ticket=self._tickets.issue(admitted.token_id, expires_at, phone),
                signaling=self._signaling,
            )
        )


class StatusReader:
    """Tells a widget that its token lives, and how its call ended: waits up to 2 s for a final status."""

    def __init__(self, look_up: CallLookup) -> None:
        self._look_up = look_up

    async def __call__(self, admitted: Admitted, request: WidgetRequest) -> bytes:
        found = await self._find(admitted, request.call_id)
        return _encode(WidgetStatus(call=None if found is None else found.summary))

    async def _find(self, admitted: Admitted, given: str | None) -> FoundCall | None:
        try:
            call_id = UUID(given or "")
        except ValueError:
            return None
        found = await self._look_up(admitted.token_id, call_id)
        for pause in _POLLS:
            if found is not None and found.is_over:
                break
            await asyncio.sleep(pause)
            found = await self._look_up(admitted.token_id, call_id)
        return found


def public_endpoint(path: str, admission: Admission, answer: Answer, count: Callable[[str], None]) -> ASGIRouteHandler:
    """A route any page may POST to; every answer, errors included, can be read by that page and is not stored.

    ``count`` is given the purpose and the outcome of each, ``exchange.ok`` or ``exchange.<code of the refusal>``.
    """
    purpose = path.rsplit("/", 1)[-1]
    admitted, failed = f"{purpose}.{OK}", f"{purpose}.{Unavailable.code}"

    async def respond(scope: HTTPScope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise MethodNotAllowed("Use POST")
        body = await read_body(receive, limit=EXCHANGE_BYTES)
        caller = caller_of(scope)
        request = parse(caller, body)
        return await answer(await admission.admit(caller, request, purpose=purpose), request)

    @asgi(path, copy_scope=False)
    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        http: Any = scope
        if http["method"] == "OPTIONS":
            await send_response(send, 204, _PREFLIGHT_HEADERS)
            return
        try:
            body = await respond(http, receive)
        except DomainError as error:
            count(f"{purpose}.{error.code}")
            await _send_problem(send, error)
        except Exception as error:
            if not is_outage(error):
                log.error("exchange_failed", path=path, exc_info=error)
            count(failed)
            await _send_problem(send, Unavailable())
        else:
            count(admitted)
            await send_response(send, 200, _JSON_HEADERS, body)

    return endpoint


async def _send_problem(send: Send, error: DomainError) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in problem_headers(error).items()]
    if headers:
        headers.append((b"access-control-expose-headers", b"retry-after"))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", b"POST, OPTIONS"))
    headers = [(b"content-type", MEDIA_TYPE.encode()), *PUBLIC_HEADERS, *headers]
    await send_response(send, status_of(error), headers, _encode(problem_body(error)))


@lru_cache(maxsize=8)
def _rfc3339(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
