"""Compresses HTML, JSON and text responses, except where an attacker could learn secrets from a response's length.

The length of a compressed response depends on how much of the request's text is repeated in it. An attacker who makes a
signed-in person's browser request our pages many times, and sees the length of each response, can guess their contents
(BREACH, https://www.breachattack.com/). Such requests come from another site with the person's cookie, so responses to
them are not compressed (docs/decisions/0235).
"""

from typing import Any

from litestar.config.compression import CompressionConfig
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import Receive, Scope, Send

COMPRESSED_TYPES = (
    "application/json",
    "application/problem+json",
    "application/vnd.oai.openapi+json",
    "text/html",
    "text/markdown",
    "text/plain",
)
MINIMUM_BYTES = 1000
"""Shorter responses fit into one packet anyway."""
_OWN_SITES = frozenset({"same-origin", "none"})
"""Values of ``Sec-Fetch-Site`` for requests of our own pages, and for URLs that a person typed."""


class ResponseCompression(CompressionMiddleware):
    """Litestar's compression, for the types and the requests of this module."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and is_safe_to_compress(Headers.from_scope(scope)):
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def create_compression_send_wrapper(self, send: Send, compression_encoding: Any, scope: Scope) -> Send:
        """A ``send`` that compresses if the response's headers allow it."""
        inner_send = send

        async def send_compressed(message: Any) -> None:
            nonlocal inner_send
            if message["type"] == "http.response.start" and _is_compressible(message["headers"]):
                inner_send = super(ResponseCompression, self).create_compression_send_wrapper(
                    send, compression_encoding, scope
                )
            await inner_send(message)

        return send_compressed


COMPRESSION = CompressionConfig(
    backend="brotli",
    minimum_size=MINIMUM_BYTES,
    # Low levels: responses are made for one person and compressed once.
    brotli_quality=4,
    gzip_compress_level=5,
    middleware_class=ResponseCompression,
)


def is_safe_to_compress(headers: Headers) -> bool:
    """True unless another site may have made a browser send the request with a person's cookie.

    Browsers send ``Sec-Fetch-Site`` over https and to localhost. A request with a cookie but without it is not safe.
    """
    return "cookie" not in headers or headers.get("sec-fetch-site") in _OWN_SITES


def _is_compressible(headers: list[tuple[bytes, bytes]]) -> bool:
    """True for a whole response of a compressible type that is not encoded already."""
    found = {name.lower(): value for name, value in headers}
    content_type = found.get(b"content-type", b"").split(b";")[0].strip().decode("latin-1")
    return content_type in COMPRESSED_TYPES and not found.keys() & {b"content-encoding", b"content-range", b"etag"}
