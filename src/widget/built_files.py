"""Reads the built files: ``phone.js``, ``phone.full.js``, types, notices, and everything with a hash in its name."""

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
"""The newest version's script; its address moves to each newer one."""
COMPATIBLE_SCRIPT = f"v1/{SCRIPT}"
"""Path below ``/widget/`` of the newest script with this interface: attributes, methods, events, messages."""
API_BASE_PLACEHOLDER = b"__EPOCH_API_BASE__"
"""The build puts it into phone.js and phone.full.js in place of the product's public URL."""
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
    """A built file as the database keeps it."""

    gzip: bytes
    brotli: bytes | None
    """None for phone.js, which is compressed again with the deployment's address in it."""


class AssetsMissing(Exception):
    """The frontend is not built."""


def load_manifest(dist: Path) -> dict[str, str]:
    """Logical names to built file names. Raises: AssetsMissing."""
    try:
        return msgspec.json.decode((dist / "manifest.json").read_bytes(), type=dict[str, str])
    except FileNotFoundError as error:
        raise AssetsMissing(f"{dist} holds no built frontend: run `make widget`") from error


def load_assets(dist: Path, *, public_url: str) -> dict[str, Asset]:
    """Every built file by its path below ``/widget/``. Files of earlier builds are served too, for pages that are open.

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
    return {**assets, COMPATIBLE_SCRIPT: script, pinned_script(VERSION): _forever(script)}


def load_release(dist: Path, *, version: str = VERSION) -> dict[str, StoredFile]:
    """The files of a version that a page may ask for after a newer version is installed, by path below ``/widget/``.

    They are phone.js under its pinned path, not baked yet, and every file with a hash in its name.

    Raises:
        AssetsMissing: nothing was built.
    """
    manifest = load_manifest(dist)
    unhashed = {manifest[name] for name in _UNHASHED_NAMES}
    hashed = sorted(set(manifest.values()) - unhashed)
    script = StoredFile(gzip=gzip.compress((dist / manifest[SCRIPT]).read_bytes(), mtime=0), brotli=None)
    return {pinned_script(version): script, **{name: _stored(dist / name) for name in hashed}}


def release_asset(path: str, stored: StoredFile, *, public_url: str) -> Asset:
    """A file of an earlier release as it is served here; ``path`` is below ``/widget/``."""
    body = gzip.decompress(stored.gzip)
    if path.endswith(f"/{SCRIPT}"):
        return _forever(_baked_asset(SCRIPT, body, public_url))
    brotli_body = {} if stored.brotli is None else {b"br": stored.brotli}
    return _asset(path, {b"identity": body, b"gzip": stored.gzip, **brotli_body}, _HASHED_CACHE_CONTROL)


def pinned_script(version: str) -> str:
    """The path below ``/widget/`` of one version's phone.js."""
    return f"{version}/{SCRIPT}"


def integrity_of(asset: Asset) -> str:
    """The value of ``integrity`` in a script tag (Subresource Integrity) that loads ``asset``."""
    digest = hashlib.sha384(asset.bodies[b"identity"]).digest()
    return f"sha384-{base64.b64encode(digest).decode()}"


def _stored(path: Path) -> StoredFile:
    packed = {suffix: path.with_name(path.name + suffix) for suffix in (".gz", ".br")}
    return StoredFile(
        gzip=packed[".gz"].read_bytes() if packed[".gz"].exists() else gzip.compress(path.read_bytes(), mtime=0),
        brotli=packed[".br"].read_bytes() if packed[".br"].exists() else None,
    )


def _built_asset(path: Path, public_url: str, *, is_unhashed: bool) -> Asset:
    body = path.read_bytes()
    if is_unhashed:
        return _baked_asset(path.name, body, public_url)
    packed = ((b"br", path.with_name(f"{path.name}.br")), (b"gzip", path.with_name(f"{path.name}.gz")))
    bodies = {name: file.read_bytes() for name, file in packed if file.exists()}
    return _asset(path.name, {b"identity": body, **bodies}, _HASHED_CACHE_CONTROL)


def _baked_asset(name: str, source: bytes, public_url: str) -> Asset:
    """A file with the product's public URL in it."""
    body = source.replace(API_BASE_PLACEHOLDER, public_url.encode())
    return _asset(name, {b"identity": body, **_compressed(body)}, _UNHASHED_CACHE_CONTROL)


# Cached, because the applications of one process serve the same files, and the best quality takes 40 ms.
@functools.lru_cache(maxsize=16)
def _compressed(body: bytes) -> Mapping[bytes, bytes]:
    quality = _BROTLI_BEST_QUALITY if len(body) < _LARGE_FILE_BYTES else _BROTLI_FAST_QUALITY
    return {b"br": brotli.compress(body, quality=quality), b"gzip": gzip.compress(body, mtime=0)}


def _asset(name: str, bodies: Mapping[bytes, bytes], cache_control: bytes) -> Asset:
    # The suffix .ts alone would give a video type.
    kind = "text/plain" if name.endswith(".ts") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    etag = b'"' + hashlib.sha256(bodies[b"identity"]).hexdigest()[:20].encode() + b'"'
    headers = [(b"content-type", media_type.encode()), (b"etag", etag), (CACHE_CONTROL, cache_control), *COMMON_HEADERS]
    return Asset(headers=headers, etag=etag, bodies=bodies)


def _forever(asset: Asset) -> Asset:
    """The same file at an address whose content never changes."""
    headers = [(name, _HASHED_CACHE_CONTROL if name == CACHE_CONTROL else value) for name, value in asset.headers]
    return msgspec.structs.replace(asset, headers=headers)
