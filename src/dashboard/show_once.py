"""Carries a new secret, in an encrypted cookie, to the one page that shows it.

The page must be a GET, so that a reload neither repeats the POST nor shows the secret again, and the secret may be
stored nowhere. The cookie is sent to that page's path only, and the page's response deletes it.
"""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from kit.encryption import Encryptor
from kit.http.app_key import SETTINGS
from kit.settings import Settings

SHOW_ONCE_SECONDS = 120
"""Lifetime of the cookie between the POST and the page, in seconds."""
_COOKIE = "issued"


class IssuedSecret(msgspec.Struct, frozen=True):
    """A new secret, carried to the page that shows it once."""

    subject_id: UUID
    """Id of the embed token, API key or webhook that the secret belongs to."""
    raw: str

    def __repr__(self) -> str:
        return f"IssuedSecret(subject_id={self.subject_id!r}, …)"


def secret_cookie(request: Request[Any, Any, Any], path: str, issued: IssuedSecret) -> Cookie:
    """Return the cookie that carries ``issued`` to the page at ``path``, for the signed-in person."""
    settings = SETTINGS.get(request.app)
    return _cookie(settings, path, _encryptor(request).encrypt(msgspec.json.encode(issued)), SHOW_ONCE_SECONDS)


def read_secret(request: Request[Any, Any, Any]) -> IssuedSecret | None:
    """Return this page's secret; None when it was shown before, has expired, or is another person's or version's."""
    encrypted = request.cookies.get(_COOKIE)
    content = _encryptor(request).decrypt(encrypted, seconds=SHOW_ONCE_SECONDS) if encrypted else None
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=IssuedSecret)
    except msgspec.ValidationError:  # a worker of another version issued it, in the middle of an upgrade
        return None


def clear_cookie(request: Request[Any, Any, Any]) -> Cookie:
    """Return the cookie that deletes the secret; the page's response must set it."""
    return _cookie(SETTINGS.get(request.app), request.scope["path"].rstrip("/"), "", 0)


def _encryptor(request: Request[Any, Any, Any]) -> Encryptor:
    # Bound to the session: on a shared computer the next person sees nothing.
    return Encryptor(SETTINGS.get(request.app).secret_keys, f"issued:{request.scope['user'].session_id}")


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
