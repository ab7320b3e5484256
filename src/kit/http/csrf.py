"""Protection against cross-site request forgery: a signed double-submit token, and a check of the request's origin.

Litestar's middleware is not used: it also checks requests with a bearer key (which no other site can send), reads
forms without a size limit, and does not check ``Origin``.
"""

import hmac
import secrets
from collections.abc import Mapping

from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import Forbidden
from kit.http.asgi import read_body, replay_body
from kit.http.forms import FORM_BYTES, is_form, parse_form
from kit.secret_keys import SecretKeys, Signer

COOKIE = "csrftoken"
HEADER = "x-csrftoken"
FIELD = "csrf_token"
"""The hidden field of the product's forms."""
STATE = "csrf_token"
"""The key of the page's token in the scope's state."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(Forbidden):
    """The token is missing or wrong, or another site sent the request."""

    code = "csrf_failed"
    message = "This request could not be confirmed as yours. Reload the page and try again"


class CsrfMiddleware:
    """Sets the ``csrftoken`` cookie on reads and requires its value on writes. Requests with a bearer key need neither.

    A write carries the value in a header or, with ``forms=True``, in a form's hidden field.
    """

    def __init__(self, app: ASGIApp, *, secrets: SecretKeys, public_url: str, forms: bool = False) -> None:
        self._app = app
        self._accepts_forms = forms
        self._signer = Signer(secrets, "csrf")
        self._origin = public_url
        self._secure = public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        cookie = cookie_value(headers.get("cookie", ""), COOKIE)
        token = cookie if cookie is not None and self._signed_nonce(cookie) is not None else None
        if scope["method"] not in SAFE_METHODS:
            if not has_bearer(headers):
                ensure_own_origin(headers, self._origin)
                given = headers.get(HEADER)
                if given is None and self._accepts_forms and is_form(headers):
                    body = await read_body(receive, limit=FORM_BYTES)
                    given, receive = dict(parse_form(body)).get(FIELD), replay_body(body, receive)
                self._check_token(given, token)
        elif token is None or not self._is_current(token):
            # A new secret signs the same nonce: forms of open pages have the nonce with the previous signature.
            nonce = None if token is None else self._signed_nonce(token)
            token = self._sign(nonce or secrets.token_hex(16))
            if not has_bearer(headers):
                send = self._setting_cookie(send, token)
        scope.setdefault("state", {})[STATE] = token
        await self._app(scope, receive, send)

    def _sign(self, nonce: str) -> str:
        return f"{nonce}.{self._signer.sign(nonce.encode()).hex()}"

    def _signed_nonce(self, token: str) -> str | None:
        """The nonce of ``token``; None when its signature is not ours."""
        nonce, _, signature = token.partition(".")
        return nonce if self._signer.verify(nonce.encode(), signature) else None

    def _is_current(self, token: str) -> bool:
        nonce, _, signature = token.partition(".")
        return self._signer.is_current(nonce.encode(), signature)

    def _check_token(self, given: str | None, expected: str | None) -> None:
        """Compare the nonces of two tokens, each of which may be signed with another secret. Raises: CsrfRefused."""
        own = None if expected is None else self._signed_nonce(expected)
        nonce = None if given is None else self._signed_nonce(given)
        if nonce is None or own is None or not hmac.compare_digest(nonce.encode(), own.encode()):
            raise CsrfRefused

    def _setting_cookie(self, send: Send, token: str) -> Send:
        # Without HttpOnly, because scripts of the product's pages send the value in the header.
        cookie = f"{COOKIE}={token}; Path=/; SameSite=Lax" + ("; Secure" if self._secure else "")

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                MutableScopeHeaders.from_message(message).add("set-cookie", cookie)
            await send(message)

        return with_cookie


def ensure_own_origin(headers: Mapping[str, str], own_origin: str, *, is_required: bool = False) -> None:
    """Check the browser's origin headers: the request must come from a page of ``own_origin``.

    A request without these headers is allowed, unless ``is_required``.

    Raises: CsrfRefused.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    # A page with the policy no-referrer (of a mailed link) posts the origin "null"; Sec-Fetch-Site still says
    # "same-origin".
    is_own = origin in (None, own_origin) or (origin == "null" and site == "same-origin")
    is_stated = origin == own_origin or site == "same-origin"
    if not is_own or site not in (None, "same-origin", "none") or (is_required and not is_stated):
        raise CsrfRefused


def has_bearer(headers: Headers) -> bool:
    """True when the request has a bearer key; its session cookie is then ignored."""
    return headers.get("authorization", "").lower().startswith("bearer ")


def cookie_value(header: str, name: str) -> str | None:
    """The value of the cookie ``name`` in a ``Cookie`` header; None when it is missing."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value.strip('"')
    return None
