"""The age of data from the read replica: the greatest age that a request accepts, and the age that its answer states.

People always see their own changes: the answer to a change sets a cookie, and requests with this cookie read the
database itself until every replica that may be read has the change. Programs with an API key read the database itself,
unless they accept older data by ``Cache-Control: max-age=<seconds>``.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kit.clock import utc_now
from kit.db.reading_session import ANY_AGE, ReadingSession
from kit.http.csrf import SAFE_METHODS, cookie_value, has_bearer
from kit.schemas import rfc3339
from kit.secret_keys import SecretKeys, Signer
from kit.settings import Settings

COOKIE = "changed"
"""Holds the time of the person's last change, signed."""
AS_OF_HEADER = "Epoch-As-Of"
SHOWN_AFTER = timedelta(seconds=2)
"""Pages state the age of their data only if the data are older than this."""
_ACCEPTED_STATE = "accepted_age"
_READING_STATE = "reading_session"
Connection = ASGIConnection[Any, Any, Any, Any]


def accepted_age(connection: Connection) -> float:
    """The greatest age of data that the request accepts, in seconds; ``ANY_AGE`` if it sets no limit."""
    accepted: float = connection.scope.get("state", {}).get(_ACCEPTED_STATE, ANY_AGE)
    return accepted


def register_reading_session(connection: Connection, session: ReadingSession) -> None:
    """Store the request's reading session, so that the answer states the age of its data."""
    connection.scope.setdefault("state", {})[_READING_STATE] = session


def shown_as_of(connection: Connection) -> Any:
    """The time up to which the data of a page are complete; None when they are too recent to state it."""
    session = connection.scope.get("state", {}).get(_READING_STATE)
    as_of = None if session is None else session.as_of
    return as_of if as_of is not None and utc_now() - as_of > SHOWN_AFTER else None


def data_age_middleware(settings: Settings) -> Sequence[DefineMiddleware]:
    """The middleware of routers whose handlers read the replica; empty without one."""
    if settings.database_replica_url is None:
        return ()
    return (
        DefineMiddleware(
            DataAgeMiddleware,
            secrets=settings.secret_keys,
            seconds=settings.database_replica_max_lag,
            is_secure=settings.public_is_https,
        ),
    )


class DataAgeMiddleware:
    """Reads the accepted age from each request; states the data's age, and marks changes, in the answer's headers."""

    def __init__(self, app: ASGIApp, *, secrets: SecretKeys, seconds: int, is_secure: bool) -> None:
        """``seconds`` is how far a replica that is read may be behind."""
        self._app = app
        self._signer = Signer(secrets, "changed")
        self._seconds = seconds
        self._attributes = f"; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax" + ("; Secure" if is_secure else "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        headers, state = Headers.from_scope(scope), scope.setdefault("state", {})
        state[_ACCEPTED_STATE] = self._accepted(headers)
        is_change = scope["method"] not in SAFE_METHODS and not has_bearer(headers)

        async def send_with_age(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                added = MutableScopeHeaders.from_message(message)
                session = state.get(_READING_STATE)
                if session is not None and session.as_of is not None and AS_OF_HEADER not in added:
                    added[AS_OF_HEADER] = rfc3339(session.as_of) or ""
                if is_change and message["status"] < 400:
                    added.add("set-cookie", f"{COOKIE}={self._sign()}{self._attributes}")
            await send(message)

        await self._app(scope, receive, send_with_age)

    def _accepted(self, headers: Headers) -> float:
        max_age = _max_age(headers.get("cache-control", ""))
        if has_bearer(headers):
            return 0 if max_age is None else max_age
        if self._has_changed(cookie_value(headers.get("cookie", ""), COOKIE)):
            return 0
        return ANY_AGE if max_age is None else max_age

    def _sign(self) -> str:
        changed_at = f"{utc_now().timestamp():.0f}"
        return f"{changed_at}.{self._signer.sign(changed_at.encode()).hex()}"

    def _has_changed(self, cookie: str | None) -> bool:
        """True when ``cookie`` has the time of a change that a replica may not have yet."""
        changed_at, _, signature = (cookie or "").partition(".")
        if not self._signer.verify(changed_at.encode(), signature):
            return False
        # Two seconds more, because the clocks of machines differ and the time is in whole seconds.
        return utc_now().timestamp() - int(changed_at) <= self._seconds + 2


def _max_age(cache_control: str) -> float | None:
    """The greatest age that the header accepts, in seconds; None when it sets no limit."""
    for directive in cache_control.lower().split(","):
        name, _, value = directive.strip().partition("=")
        if name == "no-cache":
            return 0
        if name == "max-age" and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
    return None
