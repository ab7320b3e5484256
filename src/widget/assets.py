"""Serves the phone's files below ``/widget/``: the built files of ``built_files.py``, and files of earlier releases.

Built files are read into memory at start; a request for one is one dictionary lookup. Files of earlier releases come
from the database.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar import Request, Response, Router, asgi, get
from litestar.handlers import ASGIRouteHandler
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from kit.errors import NotFound
from kit.http.app_key import AppKey
from kit.http.asgi import Headers, send_response
from kit.http.problems import MEDIA_TYPE, problem_body
from widget.built_files import COMMON_HEADERS, SCRIPT, Asset, pinned_script
from widget.release_files import ReleaseFiles

_METHODS = b"GET, HEAD, OPTIONS"
ASSET_MANIFEST: AppKey[Mapping[str, str]] = AppKey("asset_manifest")
"""Logical names to built file names, as ``load_manifest`` returns them."""


def asset_handler(assets: Mapping[str, Asset]) -> ASGIRouteHandler:
    """The routes of all built files under ``/widget/``."""

    # One path for each file, because the framework answers 500 on raw ASGI routes with a path parameter.
    @asgi([f"/widget/{name}" for name in assets], copy_scope=False)
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        http: Any = scope
        # The router also takes paths with further slashes.
        asset = assets["/".join(part for part in http["path"].split("/") if part).removeprefix("widget/")]
        if http["method"] == "OPTIONS":
            await send_response(
                send, 204, [*COMMON_HEADERS, (b"allow", _METHODS), (b"access-control-allow-methods", _METHODS)]
            )
        elif http["method"] not in ("GET", "HEAD"):
            await send_response(send, 405, [*COMMON_HEADERS, (b"allow", _METHODS)])
        else:
            await _send_asset(http, send, asset)

    return serve


def release_file_router(files: ReleaseFiles) -> Router:
    """The routes of all other names below ``/widget/``: files of earlier releases, and 404 for unknown names."""

    @get("/widget/{name:str}")
    async def release_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        return _release_response(request, await files.find(name), "This file belongs to no release that is kept here")

    @get(f"/widget/{pinned_script('{version:str}')}")
    async def release_script(request: Request[Any, Any, Any], version: FromPath[str]) -> Response[bytes]:
        not_found_detail = f"This version of {SCRIPT} is not kept here. /widget/{SCRIPT} is the newest one"
        return _release_response(request, await files.find(pinned_script(version)), not_found_detail)

    return Router(path="/", route_handlers=[release_file, release_script], include_in_schema=False)


def _release_response(request: Request[Any, Any, Any], asset: Asset | None, not_found_detail: str) -> Response[bytes]:
    if asset is None:
        body, common = msgspec.json.encode(problem_body(NotFound(not_found_detail))), dict(_decoded(COMMON_HEADERS))
        return Response(body, status_code=404, media_type=MEDIA_TYPE, headers={**common, "cache-control": "no-store"})
    status, headers, content = _select_representation(dict(request.scope["headers"]), asset)
    decoded_headers = dict(_decoded(headers))
    media_type = decoded_headers.pop("content-type").partition(";")[0]  # Litestar adds the charset
    return Response(content, status_code=status, media_type=media_type, headers=decoded_headers)


def _decoded(headers: Headers) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


async def _send_asset(scope: Any, send: Send, asset: Asset) -> None:
    status, headers, body = _select_representation(dict(scope["headers"]), asset)
    if scope["method"] == "HEAD":
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    await send_response(send, status, headers, body)


def _select_representation(
    request_headers: Mapping[bytes, bytes], asset: Asset
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body for the request's ``If-None-Match`` and ``Accept-Encoding``."""
    if asset.etag in request_headers.get(b"if-none-match", b""):
        return 304, asset.headers, b""
    accepted = request_headers.get(b"accept-encoding", b"")
    encoding = next((name for name in (b"br", b"gzip") if name in asset.bodies and name in accepted), None)
    if encoding is None:
        return 200, asset.headers, asset.bodies[b"identity"]
    return 200, [*asset.headers, (b"content-encoding", encoding)], asset.bodies[encoding]
