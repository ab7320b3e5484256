"""Limits of a worker's HTTP connections: seconds for each part of a request, connections of one client and in all."""

import resource

import msgspec

from kit.http.client_ip_address import is_in_networks
from kit.settings import Settings

RESERVED_FILES = 512
"""Open files that a worker reserves for other uses: database, carrier, assets, refused connections."""
MAX_REFUSED = 256
"""Refused connections that get an answer at a time; further ones are cut without an answer."""
MAX_FILES = 65_536
MAX_CONNECTIONS = 8_000
LOOPBACK = ("127.0.0.0/8", "::1/128")


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The times that a client may take, and the numbers of connections that may be open."""

    header_seconds: float = 10.0
    """From the connection, or the first byte of a later request, to the end of the request's headers."""
    body_seconds: float = 20.0
    """From the end of the headers to the end of the body, for a body without bytes."""
    body_bytes_per_second: float = 1000.0
    """Each received byte of the body extends ``body_seconds`` by this rate."""
    write_seconds: float = 30.0
    """The time that a client may leave a full buffer (64 KiB) unread."""
    idle_seconds: int = 5
    """The time that a client's connection stays open between two requests."""
    proxy_idle_seconds: int = 75
    """The same for a trusted proxy: longer than proxies keep connections open, so that they close first."""
    per_client: int = 256
    """Connections of one IP address, or of one IPv6 /64, at a time in one worker."""
    total: int = MAX_CONNECTIONS
    """Connections in one worker."""
    proxies: tuple[str, ...] = ()
    """IP addresses and networks of trusted proxies: each of their connections serves many clients."""
    unlimited: tuple[str, ...] = ()
    """Further IP addresses and networks to which ``per_client`` does not apply."""

    @classmethod
    def of(cls, settings: Settings, *, open_files: int) -> "ConnectionLimits":
        """The limits of a worker that may have ``open_files`` files open."""
        return cls(
            total=max(1, min(MAX_CONNECTIONS, open_files - RESERVED_FILES)),
            proxies=settings.trusted_proxies,
            # With the sandbox carrier, no limit of an IP address applies to loopback.
            unlimited=LOOPBACK if settings.is_sandbox else (),
        )

    def keep_alive_seconds(self, ip_address: str) -> int:
        """The time that a connection from ``ip_address`` stays open between two requests."""
        return self.proxy_idle_seconds if is_in_networks(ip_address, self.proxies) else self.idle_seconds

    def is_limited(self, ip_address: str) -> bool:
        """True when ``per_client`` applies to ``ip_address``."""
        return not is_in_networks(ip_address, (*self.proxies, *self.unlimited))


def raise_open_files() -> int:
    """Raise this process's limit of open files as far as the system allows; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)
