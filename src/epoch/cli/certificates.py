"""The check of ``epoch doctor`` for TLS certificates that expire soon: of the public URL and of the database."""

import asyncio
import datetime as dt
import ssl
import struct
from urllib.parse import urlsplit

from cryptography import x509

from epoch.cli.check_results import CheckFailed, CheckWarned
from kit.clock import utc_now
from kit.db.connector import DEFAULT_PORT
from kit.db.url import parse_database_url
from kit.settings import Settings

WARN_BEFORE = dt.timedelta(days=14)
"""The time before the expiry in which the check warns. Automatic renewal should have happened earlier."""
FAIL_BEFORE = dt.timedelta(days=3)
"""The time before the expiry in which the check fails."""
TIMEOUT_SECONDS = 10.0
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
"""PostgreSQL's first message of a client that wants TLS; the server answers S or N."""


async def check_certificates(settings: Settings) -> str:
    """Say when each certificate expires. Raises: CheckFailed, CheckWarned."""
    expiries = [(f"{host}:{port}", await _read_expiry(host, port)) for host, port in _public_servers(settings)]
    expiries += [
        (f"{host}:{port}", await _read_expiry_of_database(host, port)) for host, port in _database_servers(settings)
    ]
    certificates = sorted((expiry - utc_now(), server) for server, expiry in expiries if expiry is not None)
    if not certificates:
        return "none in use"
    texts = [f"{server} {_describe_time_left(left)}" for left, server in certificates]
    advice = "renew it, and find out why it was not renewed automatically"
    shortest, _ = certificates[0]
    if shortest < FAIL_BEFORE:
        raise CheckFailed(f"{texts[0]}: {advice}")
    if shortest < WARN_BEFORE:
        raise CheckWarned(f"{texts[0]}: {advice}")
    return ", ".join(texts)


def _describe_time_left(left: dt.timedelta) -> str:
    return f"expires in {left.days} days" if left > dt.timedelta() else "has expired"


def _public_servers(settings: Settings) -> list[tuple[str, int]]:
    """Host and port of the public URL; nothing without https."""
    url = urlsplit(settings.public_url)
    return [(url.hostname or "", url.port or 443)] if url.scheme == "https" else []


def _database_servers(settings: Settings) -> list[tuple[str, int]]:
    """Hosts and ports of both database URLs, without Unix sockets and servers that are used without TLS."""
    found: dict[tuple[str, int], None] = {}
    for url in (settings.database_url, settings.database_direct_url):
        target = None if url is None else parse_database_url(url)
        if target is not None and target.tls.get("sslmode") != "disable":
            found |= {(host, port or DEFAULT_PORT): None for host, port in target.addresses if host and host[0] != "/"}
    return list(found)


async def _read_expiry(host: str, port: int) -> dt.datetime | None:
    """The expiry of a server's certificate; None when the server does not answer, which another check reports."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=_context(), server_hostname=host)
    except (OSError, TimeoutError):
        return None
    return _read_peer_expiry(writer)


async def _read_expiry_of_database(host: str, port: int) -> dt.datetime | None:
    """The expiry of a database server's certificate; None when the server does not answer or has no TLS."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(_SSL_REQUEST)
            if await reader.readexactly(1) != b"S":
                writer.close()
                return None
            await writer.start_tls(_context(), server_hostname=host)
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return None
    return _read_peer_expiry(writer)


def _read_peer_expiry(writer: asyncio.StreamWriter) -> dt.datetime | None:
    """Read the expiry of the server's certificate, and close the connection."""
    encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(encoded).not_valid_after_utc if encoded else None


def _context() -> ssl.SSLContext:
    """A context that accepts every certificate, so that an expired one can be read too. No data is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
