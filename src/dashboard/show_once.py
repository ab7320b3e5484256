"""Secrets on their way to the one page that shows them.

The page must be a GET, so that a reload neither repeats the POST nor shows the secret again; and the secret may be
stored nowhere. It travels in a sealed cookie that only that page's path receives and that its answer takes away.
"""

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from kit.encryption import Encryptor
from kit.http.app_key import SETTINGS
from kit.settings import Settings

SHOW_ONCE_SECONDS = 120
"""How long the browser may take from the POST's answer to the page."""
_COOKIE = "issued"


def secret_cookie(request: Request[Any, Any, Any], path: str, secret: bytes) -> Cookie:
    """The cookie that brings ``secret`` to the page at ``path`` for the person who is signed in."""
    settings = SETTINGS.get(request.app)
    return _cookie(settings, path, _encryptor(request).encrypt(secret), SHOW_ONCE_SECONDS)


def read_secret(request: Request[Any, Any, Any]) -> bytes | None:
    """What was handed over to this page; None when it was shown before, came too late or is another person's."""
    sealed = request.cookies.get(_COOKIE)
    return _encryptor(request).decrypt(sealed, seconds=SHOW_ONCE_SECONDS) if sealed else None


def clear_cookie(request: Request[Any, Any, Any]) -> Cookie:
    """The cookie that takes the secret away: the page's answer must carry it."""
    return _cookie(SETTINGS.get(request.app), request.scope["path"].rstrip("/"), "", 0)


def _encryptor(request: Request[Any, Any, Any]) -> Encryptor:
    # Bound to the sign-in: on a shared computer the next person's page shows nothing.
    return Encryptor(SETTINGS.get(request.app).secret_key, f"issued:{request.scope['user'].session_id}")


def _cookie(settings: Settings, path: str, value: str, max_age: int) -> Cookie:
    return Cookie(
        key=_COOKIE,
        value=value,
        max_age=max_age,
        path=path,
        httponly=True,
        secure=settings.public_is_https,
        samesite="strict",
    )
