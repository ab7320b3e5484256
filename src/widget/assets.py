"""Serves the built files: ``phone.js``, ``phone.full.js``, types, notices, and everything with a hash in its name.

Files are read into memory at start, and compressed where the build has not done so; a request is one dictionary lookup.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import brotli
import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from kit.http.app_key import AppKey
from kit.http.asgi import send_response

API_BASE_PLACEHOLDER = b"__EPOCH_API_BASE__"
"""The build puts it into phone.js and phone.full.js in place of the product's public URL."""
_BROTLI_BEST_QUALITY = 11
_BROTLI_FAST_QUALITY = 5
"""For large files: the best quality would take a third of a second for the voice SDK at every start."""
_LARGE_FILE_BYTES = 100_000
_METHODS = b"GET, HEAD, OPTIONS"
_COMMON_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
    (b"vary", b"accept-encoding"),
]
_UNHASHED_CACHE_CONTROL = b"public, max-age=300, stale-while-revalidate=86400"
_HASHED_CACHE_CONTROL = b"public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True):
    """A file in each encoding that makes it smaller, with its headers."""

    headers: list[tuple[bytes, bytes]]
    etag: bytes
    bodies: Mapping[bytes, bytes]
    """Encoding name to body; always has ``identity``."""


class AssetsMissing(Exception):
    """The frontend is not built."""


ASSET_MANIFEST: AppKey[Mapping[str, str]] = AppKey("asset_manifest")
"""Built file names by logical name, of the running application."""


def load_manifest(dist: Path) -> dict[str, str]:
    """Logical names to built file names. Raises: AssetsMissing."""
    try:
        return msgspec.json.decode((dist / "manifest.json").read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise AssetsMissing(f"{dist} holds no built frontend: run `make widget`") from error


def load_assets(dist: Path, *, public_url: str) -> dict[str, Asset]:
    """Every built file by name. Files of earlier builds are served too, for pages that are already open.

    Raises:
        AssetsMissing: nothing was built.
    """
    manifest = load_manifest(dist)
    unhashed = {manifest[name] for name in ("phone.js", "phone.full.js", "phone.d.ts", "third-party-notices.txt")}
    return {
        path.name: _asset(path, public_url.encode(), is_unhashed=path.name in unhashed)
        for path in sorted(dist.iterdir())
        if path.is_file() and path.suffix in (".js", ".css", ".svg", ".ts", ".txt", ".woff2")
    }


def _asset(path: Path, address: bytes, *, is_unhashed: bool) -> Asset:
    body = path.read_bytes()
    if is_unhashed:
        body = body.replace(API_BASE_PLACEHOLDER, address)
        quality = _BROTLI_BEST_QUALITY if len(body) < _LARGE_FILE_BYTES else _BROTLI_FAST_QUALITY
        bodies = {b"br": brotli.compress(body, quality=quality), b"gzip": gzip.compress(body, mtime=0)}
    else:
        bodies = {
            name: packed.read_bytes()
            for name, suffix in ((b"br", ".br"), (b"gzip", ".gz"))
            if (packed := path.with_name(path.name + suffix)).exists()
        }
    # The suffix .ts alone would give a video type.
    kind = "text/plain" if path.suffix == ".ts" else mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    etag = b'"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
    headers = [
        (b"content-type", media_type.encode()),
        (b"etag", etag),
        (b"cache-control", _UNHASHED_CACHE_CONTROL if is_unhashed else _HASHED_CACHE_CONTROL),
        *_COMMON_HEADERS,
    ]
    return Asset(headers=headers, etag=etag, bodies={b"identity": body, **bodies})


def asset_handler(assets: Mapping[str, Asset]) -> ASGIRouteHandler:
    """The routes of all built files under ``/widget/``."""

    # One path for each file: the framework answers 500 on raw ASGI routes with a path parameter.
    @asgi([f"/widget/{name}" for name in assets], copy_scope=False)
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        http: Any = scope
        asset = assets[http["path"].rstrip("/").rsplit("/", 1)[-1]]
        if http["method"] == "OPTIONS":
            await send_response(
                send, 204, [*_COMMON_HEADERS, (b"allow", _METHODS), (b"access-control-allow-methods", _METHODS)]
            )
        elif http["method"] not in ("GET", "HEAD"):
            await send_response(send, 405, [*_COMMON_HEADERS, (b"allow", _METHODS)])
        else:
            await _send_asset(http, send, asset)

    return serve


async def _send_asset(scope: Any, send: Send, asset: Asset) -> None:
    request_headers = dict(scope["headers"])
    if asset.etag in request_headers.get(b"if-none-match", b""):
        await send_response(send, 304, asset.headers)
        return
    accepted = request_headers.get(b"accept-encoding", b"")
    encoding = next((name for name in (b"br", b"gzip") if name in asset.bodies and name in accepted), b"identity")
    body = asset.bodies[encoding]
    headers = asset.headers if encoding == b"identity" else [*asset.headers, (b"content-encoding", encoding)]
    if scope["method"] == "HEAD":
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [*headers, (b"content-length", b"%d" % len(body))],
            }
        )
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    await send_response(send, 200, headers, body)
