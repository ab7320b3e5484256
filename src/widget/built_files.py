"""Reads the phone's built files (scripts, chunks, types, notices), to serve them and to store them with a release."""

import base64
import functools
import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path

import brotli
import msgspec

from kit.version import VERSION

SCRIPT = "phone.js"
"""Path below ``/widget/`` of the newest version's script; each release replaces its content."""
COMPATIBLE_SCRIPT = f"v1/{SCRIPT}"
"""Path below ``/widget/`` of the newest script with this interface: attributes, methods, events, messages."""
API_BASE_PLACEHOLDER = b"__EPOCH_API_BASE__"
"""The build writes it to phone.js and phone.full.js where the product's public URL belongs."""
_BROTLI_BEST_QUALITY = 11
_BROTLI_FAST_QUALITY = 5
"""For large files: the best quality would take a third of a second for the voice SDK at every start."""
_LARGE_FILE_BYTES = 100_000
COMMON_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
    (b"vary", b"accept-encoding"),
]
CACHE_CONTROL = b"cache-control"
_UNHASHED_NAMES = (SCRIPT, "phone.full.js", "phone.d.ts", "third-party-notices.txt")
_UNHASHED_CACHE_CONTROL = b"public, max-age=300, stale-while-revalidate=86400"
_HASHED_CACHE_CONTROL = b"public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True):
    """A file in each encoding that makes it smaller, with its headers."""

    headers: list[tuple[bytes, bytes]]
    etag: bytes
    bodies: Mapping[bytes, bytes]
    """Encoding name to body; always has ``identity``."""


class StoredFile(msgspec.Struct, frozen=True):
    """A built file as it is stored in the database, compressed."""

    gzip: bytes
    brotli: bytes | None
    """None for phone.js, which is compressed again after the public URL is written into it."""


class AssetsMissing(Exception):
    """The frontend is not built."""


def load_manifest(dist: Path) -> dict[str, str]:
    """Logical names to built file names. Raises: AssetsMissing."""
    try:
        return msgspec.json.decode((dist / "manifest.json").read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise AssetsMissing(f"{dist} holds no built frontend: run `make widget`") from error


def load_assets(dist: Path, *, public_url: str) -> dict[str, Asset]:
    """Every built file by its path below ``/widget/``, including files of earlier builds, which open pages may load.

    Raises:
        AssetsMissing: nothing was built.
    """
    manifest = load_manifest(dist)
    unhashed = {manifest[name] for name in _UNHASHED_NAMES}
    assets = {
        path.name: _built_asset(path, public_url, is_unhashed=path.name in unhashed)
        for path in sorted(dist.iterdir())
        if path.is_file() and path.suffix in (".js", ".css", ".svg", ".ts", ".txt", ".woff2")
    }
    script = assets[SCRIPT]
    return {**assets, COMPATIBLE_SCRIPT: script, pinned_script(VERSION): _immutable(script)}


def load_release(dist: Path, *, version: str = VERSION) -> dict[str, StoredFile]:
    """The files of a version to store, by path below ``/widget/``: pages may load them when a newer one is installed.

    They are phone.js under its pinned path, with the placeholder for the public URL, and every file with a hash in its
    name.

    Raises:
        AssetsMissing: nothing was built.
    """
    manifest = load_manifest(dist)
    unhashed = {manifest[name] for name in _UNHASHED_NAMES}
    hashed = sorted(set(manifest.values()) - unhashed)
    script = StoredFile(gzip=gzip.compress((dist / manifest[SCRIPT]).read_bytes(), mtime=0), brotli=None)
    return {pinned_script(version): script, **{name: _stored_file(dist / name) for name in hashed}}


def release_asset(path: str, stored: StoredFile, *, public_url: str) -> Asset:
    """A file of an earlier release as it is served here; ``path`` is below ``/widget/``."""
    body = gzip.decompress(stored.gzip)
    if path.endswith(f"/{SCRIPT}"):
        return _immutable(_asset_with_public_url(SCRIPT, body, public_url))
    brotli_body = {} if stored.brotli is None else {b"br": stored.brotli}
    return _asset(path, {b"identity": body, b"gzip": stored.gzip, **brotli_body}, _HASHED_CACHE_CONTROL)


def pinned_script(version: str) -> str:
    """The path below ``/widget/`` of one version's phone.js."""
    return f"{version}/{SCRIPT}"


def integrity_of(asset: Asset) -> str:
    """The value of ``integrity`` in a script tag (Subresource Integrity) that loads ``asset``."""
    digest = hashlib.sha384(asset.bodies[b"identity"]).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def _stored_file(path: Path) -> StoredFile:
    compressed = {suffix: path.with_name(path.name + suffix) for suffix in (".gz", ".br")}
    return StoredFile(
        gzip=compressed[".gz"].read_bytes()
        if compressed[".gz"].exists()
        else gzip.compress(path.read_bytes(), mtime=0),
        brotli=compressed[".br"].read_bytes() if compressed[".br"].exists() else None,
    )


def _built_asset(path: Path, public_url: str, *, is_unhashed: bool) -> Asset:
    body = path.read_bytes()
    if is_unhashed:
        return _asset_with_public_url(path.name, body, public_url)
    compressed = ((b"br", path.with_name(f"{path.name}.br")), (b"gzip", path.with_name(f"{path.name}.gz")))
    bodies = {name: file.read_bytes() for name, file in compressed if file.exists()}
    return _asset(path.name, {b"identity": body, **bodies}, _HASHED_CACHE_CONTROL)


def _asset_with_public_url(name: str, source: bytes, public_url: str) -> Asset:
    """The file after replacing the placeholder by the product's public URL."""
    body = source.replace(API_BASE_PLACEHOLDER, public_url.encode())
    return _asset(name, {b"identity": body, **_compressed(body)}, _UNHASHED_CACHE_CONTROL)


# Cached, because the applications of one process serve the same files, and the best quality takes 40 ms.
@functools.lru_cache(maxsize=16)
def _compressed(body: bytes) -> Mapping[bytes, bytes]:
    quality = _BROTLI_BEST_QUALITY if len(body) < _LARGE_FILE_BYTES else _BROTLI_FAST_QUALITY
    return {b"br": brotli.compress(body, quality=quality), b"gzip": gzip.compress(body, mtime=0)}


def _asset(name: str, bodies: Mapping[bytes, bytes], cache_control: bytes) -> Asset:
    # By its suffix .ts, phone.d.ts would get a video type.
    kind = "text/plain" if name.endswith(".ts") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    etag = b'"' + hashlib.sha256(bodies[b"identity"]).hexdigest()[:20].encode() + b'"'
    headers = [(b"content-type", media_type.encode()), (b"etag", etag), (CACHE_CONTROL, cache_control), *COMMON_HEADERS]
    return Asset(headers=headers, etag=etag, bodies=bodies)


def _immutable(asset: Asset) -> Asset:
    """The same file with the caching headers of a URL whose content never changes."""
    headers = [(name, _HASHED_CACHE_CONTROL if name == CACHE_CONTROL else value) for name, value in asset.headers]
    return msgspec.structs.replace(asset, headers=headers)
