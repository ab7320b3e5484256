"""Cross-site request forgery: a signed double-submit token, and a look at where the request comes from.

Litestar's own middleware is not used because it also guards requests with a bearer key (which no other site can
send), reads whole forms before any size limit, and does not look at ``Origin``.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import Forbidden
from kit.http.asgi import read_body, replay_body
from kit.http.forms import FORM_BYTES, is_form, parse_form
from kit.secrets import derive_key

COOKIE = "csrftoken"
HEADER = "x-csrftoken"
FIELD = "csrf_token"
"""The hidden field of our forms."""
STATE = "csrf_token"
"""Where the scope's state holds the token for the page that is about to be rendered."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(Forbidden):
    """The token is missing or wrong, or the request comes from another site."""

    code = "csrf_failed"
    message = "This request could not be confirmed as yours. Reload the page and try again"


class CsrfMiddleware:
    """Sets the ``csrftoken`` cookie on reads and asks for it back on writes.

    It comes back in a header or, where ``forms`` are taken, in a form's hidden field.
    """

    def __init__(self, app: ASGIApp, *, secret: str, public_url: str, forms: bool = False) -> None:
        self._app = app
        self._takes_forms = forms
        self._key = derive_key(secret, "csrf")
        self._origin = public_url
        self._secure = public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        cookie = cookie_value(headers.get("cookie", ""), COOKIE)
        token = cookie if cookie is not None and self._is_ours(cookie) else None
        if scope["method"] not in SAFE_METHODS:
            if not has_bearer(headers):
                ensure_own_source(headers, self._origin)
                given = headers.get(HEADER)
                if given is None and self._takes_forms and is_form(headers):
                    body = await read_body(receive, limit=FORM_BYTES)
                    given, receive = dict(parse_form(body)).get(FIELD), replay_body(body, receive)
                _check_token(given, token)
        elif token is None:
            nonce = secrets.token_hex(16)
            token = f"{nonce}.{self._mac(nonce)}"
            send = self._setting_cookie(send, token)
        scope.setdefault("state", {})[STATE] = token
        await self._app(scope, receive, send)

    def _is_ours(self, token: str) -> bool:
        nonce, _, mac = token.partition(".")
        return hmac.compare_digest(mac.encode(), self._mac(nonce).encode())

    def _mac(self, nonce: str) -> str:
        return hmac.new(self._key, nonce.encode(), hashlib.sha256).hexdigest()

    def _setting_cookie(self, send: Send, token: str) -> Send:
        # Readable by our own pages' scripts on purpose: they send it back in the header.
        cookie = f"{COOKIE}={token}; Path=/; SameSite=Lax" + ("; Secure" if self._secure else "")

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                MutableScopeHeaders.from_message(message).add("set-cookie", cookie)
            await send(message)

        return with_cookie


def ensure_own_source(headers: Mapping[str, str], own: str, *, stated: bool = False) -> None:
    """The request comes from a page at ``own``, as far as the browser says; ``stated`` when it must say so.

    Raises: CsrfRefused.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    # A page without referrer (a mailed link's) posts with the origin "null"; the browser still says that it is ours.
    is_ours = origin in (None, own) or (origin == "null" and site == "same-origin")
    is_stated = origin == own or site == "same-origin"
    if not is_ours or site not in (None, "same-origin", "none") or (stated and not is_stated):
        raise CsrfRefused


def _check_token(given: str | None, ours: str | None) -> None:
    if given is None or ours is None or not hmac.compare_digest(given.encode(), ours.encode()):
        raise CsrfRefused


def has_bearer(headers: Headers) -> bool:
    """True when the request carries a bearer key: then its session, if any, is ignored."""
    return headers.get("authorization", "").lower().startswith("bearer ")


def cookie_value(header: str, name: str) -> str | None:
    """One cookie out of a ``Cookie`` header, None when it is not there."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"')
    return None
