"""The check of ``epoch doctor`` that the certificates of the public URL and of the database do not end soon."""

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

SOON = dt.timedelta(days=14)
"""Authorities whose certificates are renewed by programs renew them earlier, so something is broken."""
URGENT = dt.timedelta(days=3)
TIMEOUT_SECONDS = 10.0
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
"""PostgreSQL's first message of a client that wants TLS; the server answers S or N."""


async def check_certificates(settings: Settings) -> str:
    """Name the days that each certificate is still valid. Raises: CheckFailed, CheckWarned."""
    ends = [(f"{host}:{port}", await _read_end(host, port)) for host, port in _public_servers(settings)]
    ends += [(f"{host}:{port}", await _read_end_of_database(host, port)) for host, port in _database_servers(settings)]
    found = sorted((end - utc_now(), server) for server, end in ends if end is not None)
    if not found:
        return "none in use"
    texts = [f"{server} {_days(left)}" for left, server in found]
    advice = "renew it, and look why that was not done by itself"
    if found[0][0] < URGENT:
        raise CheckFailed(f"{texts[0]}: {advice}")
    if found[0][0] < SOON:
        raise CheckWarned(f"{texts[0]}: {advice}")
    return ", ".join(texts)


def _days(left: dt.timedelta) -> str:
    return f"ends in {left.days} days" if left > dt.timedelta() else "has ended"


def _public_servers(settings: Settings) -> list[tuple[str, int]]:
    address = urlsplit(settings.public_url)
    return [(address.hostname or "", address.port or 443)] if address.scheme == "https" else []


def _database_servers(settings: Settings) -> list[tuple[str, int]]:
    """The servers of both database URLs, without Unix sockets and those that are used without TLS."""
    found: dict[tuple[str, int], None] = {}
    for url in (settings.database_url, settings.database_direct_url):
        target = None if url is None else parse_database_url(url)
        if target is not None and target.tls.get("sslmode") != "disable":
            found |= {(host, port or DEFAULT_PORT): None for host, port in target.addresses if host and host[0] != "/"}
    return list(found)


async def _read_end(host: str, port: int) -> dt.datetime | None:
    """The end of the certificate of a server with TLS; None when it does not answer, which another check says."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=_context(), server_hostname=host)
    except (OSError, TimeoutError):
        return None
    return _end_of(writer)


async def _read_end_of_database(host: str, port: int) -> dt.datetime | None:
    """The end of a database server's certificate; None when it does not answer or has no TLS."""
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
    return _end_of(writer)


def _end_of(writer: asyncio.StreamWriter) -> dt.datetime | None:
    encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(encoded).not_valid_after_utc if encoded else None


def _context() -> ssl.SSLContext:
    """A context that accepts every certificate: one that has ended is read too, and connections check it themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
