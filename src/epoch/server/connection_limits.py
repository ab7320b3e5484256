"""Limits of a worker's HTTP connections: time for each part of a request, connections of one client and of all."""

import functools
import resource
from collections.abc import Mapping
from http import HTTPStatus
from ipaddress import ip_address, ip_network

import msgspec

from kit.errors import DomainError, Invalid, TooMany, Unavailable
from kit.http.problems import MEDIA_TYPE, problem_body
from kit.settings import Settings

RESERVED_FILES = 512
"""Open files that a worker keeps for all but admitted connections: database, carrier, assets, refused connections."""
MAX_REFUSED = 256
"""Refused connections that still get an answer; the next are cut without one."""
MAX_FILES = 65_536
MAX_CONNECTIONS = 8_000
RETRY_SECONDS = 5
LOOPBACK = ("127.0.0.0/8", "::1/128")


class RequestTimeout(Invalid):
    """The client did not send its request in time."""

    code = "request_timeout"
    message = "The request did not arrive in time. Send it again"


def _response(status: HTTPStatus, error: DomainError, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP response, sent without the application."""
    body = msgspec.json.encode(problem_body(error) | {"status": int(status)})
    lines = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        # The widget on a customer's page may read why.
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "retry-after",
        **(headers or {}),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + body


_RETRY = {"retry-after": str(RETRY_SECONDS)}
REQUEST_TIMEOUT = _response(HTTPStatus.REQUEST_TIMEOUT, RequestTimeout())
CLIENT_REFUSED = _response(HTTPStatus.TOO_MANY_REQUESTS, TooMany(), _RETRY)
WORKER_REFUSED = _response(HTTPStatus.SERVICE_UNAVAILABLE, Unavailable(), _RETRY)


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The times that a client may take, and the numbers of connections that may be open."""

    header_seconds: float = 10.0
    """From the connection, or the first byte of a later request, to the end of the request's headers."""
    body_seconds: float = 20.0
    """From the end of the headers to the end of the body, and longer by the time that the next rate gives."""
    body_bytes_per_second: float = 1000.0
    write_seconds: float = 30.0
    """The time that a client may leave a full buffer (64 KiB) unread."""
    idle_seconds: int = 5
    """The time that a client's connection stays open between two requests."""
    proxy_idle_seconds: int = 75
    """The same for a trusted proxy: longer than proxies keep their own, so that they close first."""
    per_client: int = 256
    """Connections of one address, or of one IPv6 /64, at a time in one worker."""
    total: int = MAX_CONNECTIONS
    """Connections in one worker."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of trusted proxies, whose connections are those of many clients."""
    unlimited: tuple[str, ...] = ()
    """Further addresses and networks without a limit of their own."""

    @classmethod
    def of(cls, settings: Settings, *, open_files: int) -> "ConnectionLimits":
        """The limits of a worker that may have ``open_files`` files open."""
        return cls(
            total=max(1, min(MAX_CONNECTIONS, open_files - RESERVED_FILES)),
            proxies=settings.trusted_proxies,
            # The sandbox exempts loopback from every limit of an address.
            unlimited=LOOPBACK if settings.is_sandbox else (),
        )

    def keep_alive_seconds(self, address: str) -> int:
        """The time that a connection from ``address`` stays open between two requests."""
        return self.proxy_idle_seconds if _is_in(address, self.proxies) else self.idle_seconds

    def is_limited(self, address: str) -> bool:
        """True when the connections from ``address`` count as those of one client."""
        return not _is_in(address, (*self.proxies, *self.unlimited))


def client_network(address: str) -> str:
    """The addresses that count as one client: one address, or the /64 of an IPv6 address, which one household has."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address  # a Unix socket has none
    return str(ip_network(f"{ip}/64", strict=False)) if ip.version == 6 and ip.ipv4_mapped is None else str(ip)


def raise_open_files() -> int:
    """Raise this process's limit of open files as far as it may; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


@functools.lru_cache(maxsize=4096)
def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return any(ip in ip_network(network) for network in networks)
