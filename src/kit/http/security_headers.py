"""Security headers that every answer gets; headers that the answer already has are kept, such as a page's policy."""

from collections.abc import Iterable
from typing import Any

from litestar.types import Send

from kit.settings import Settings

Header = tuple[bytes, bytes]
HSTS_SECONDS = 31_536_000
"""A year."""


class SecurityHeaders:
    """The headers that each answer gets unless it has them."""

    def __init__(self, settings: Settings) -> None:
        headers = [
            (b"x-content-type-options", b"nosniff"),
            # For answers that are no pages: browsers may not load, run or frame anything of them.
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"referrer-policy", b"no-referrer"),
        ]
        if settings.public_is_https:
            headers.append((b"strict-transport-security", b"max-age=%d; includeSubDomains" % HSTS_SECONDS))
        self._headers = tuple(headers)

    def complete(self, headers: Iterable[Header]) -> list[Header]:
        """``headers``, and the security headers that are missing in them."""
        found = list(headers)
        names = {name.lower() for name, _ in found}
        found.extend([header for header in self._headers if header[0] not in names])
        return found

    def wrap(self, send: Send) -> Send:
        """A ``send`` that completes the headers of the response."""

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self.complete(message.get("headers", ()))
            await send(message)

        return send_with_headers
