"""The client's address of a request: the connection's peer, or what a trusted proxy says about it.

Everything that limits, admits or records by address reads it with ``client_address``. ``ClientAddressResolver`` runs
first and puts it into the scope.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import structlog

from kit.settings import Settings

UNKNOWN = ""
"""The address of a client that no trusted proxy named. It is in no network, and all such clients share their limits."""
FORWARDING_HEADERS = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)
"""Headers that proxies add to requests."""
_MAX_HOPS = 16
_HEALTH_PATHS = "/health/"
_CACHED_ADDRESSES = 4096
log = structlog.get_logger("epoch.clients")


def client_address(scope: Mapping[str, Any]) -> str:
    """The client's address in its usual spelling; ``UNKNOWN`` when no trusted proxy named it."""
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


@lru_cache(maxsize=_CACHED_ADDRESSES)
def limited_network(address: str) -> str:
    """The network that a limit by address counts: one IPv4 address, or an IPv6 /64, which one household has."""
    parsed = _parse(address)
    if parsed is None:
        return "unknown"
    return str(parsed if parsed.version == 4 else ip_network(f"{parsed}/64", strict=False))


@lru_cache(maxsize=_CACHED_ADDRESSES)
def is_loopback(address: str) -> bool:
    """True if ``address`` is this machine's own. The sandbox does not count such addresses."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=_CACHED_ADDRESSES)
def is_in_networks(address: str, networks: tuple[str, ...]) -> bool:
    """True if ``address`` is in one of ``networks``; an unknown address is in none."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in ip_network(network) for network in networks)


class ClientAddressResolver:
    """Replaces the peer in the scopes of requests that came through a proxy."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = _Proxies(settings.trusted_proxies)
        self._is_sandbox = settings.is_sandbox
        self._warned: set[str] = set()

    def resolve(self, scope: Any) -> None:
        """Set the scope's ``client`` to the client's address, or to None when it is not known."""
        peer = scope["client"]
        if not peer:
            return
        address, is_trusted, is_public = self._proxies.classify(peer[0])
        if is_trusted:
            found = self._named_by_proxy(scope, address)
            scope["client"] = (found, 0) if found else None
        elif not is_public and any(name in FORWARDING_HEADERS for name, _ in scope["headers"]):
            self._warn_once(
                "proxy_not_trusted",
                peer=address,
                hint="name the proxy in EPOCH_TRUSTED_PROXIES: until then its clients share one unknown address",
            )
            scope["client"] = None
        elif address != peer[0]:
            scope["client"] = (address, peer[1])

    def _named_by_proxy(self, scope: Any, peer: str) -> str:
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        found = self._proxies.nearest_client(b",".join(lines).decode("latin-1"))
        if found is not None:
            return found
        if self._is_sandbox:
            # On a developer's machine the proxy's address is also that of requests without the proxy.
            return peer
        if not scope["path"].startswith(_HEALTH_PATHS):
            self._warn_once(
                "proxy_sent_no_client_address",
                peer=peer,
                hint="let the proxy in EPOCH_TRUSTED_PROXIES send X-Forwarded-For",
            )
        return UNKNOWN

    def _warn_once(self, event: str, **details: str) -> None:
        if event not in self._warned:
            self._warned.add(event)
            log.warning(event, **details)


class _Proxies:
    """The trusted proxies' networks, and what they say about their clients."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = trusted
        self.classify = lru_cache(maxsize=_CACHED_ADDRESSES)(self._classify)

    def _classify(self, peer: str) -> tuple[str, bool, bool]:
        """The peer's address in its usual spelling, whether it is trusted, and whether it is a public one."""
        parsed = _parse(peer)
        if parsed is None:
            return UNKNOWN, False, False
        return str(parsed), is_in_networks(peer, self._trusted), parsed.is_global

    def nearest_client(self, header: str) -> str | None:
        """The last address in ``header`` that is no trusted proxy, or the first one when all are.

        Each proxy appends the address that it saw, so only the entries behind the last untrusted one are known to be
        true. Returns None for an empty header, and ``UNKNOWN`` when a trusted proxy wrote something else.
        """
        found: str | None = None
        for entry in reversed(header.rsplit(",", _MAX_HOPS)):
            if not entry.strip():
                continue
            address = parse_forwarded(entry)
            if address is None:
                return UNKNOWN
            found, is_trusted, _ = self.classify(address)
            if not is_trusted:
                break
        return found


def parse_forwarded(entry: str) -> str | None:
    """The address in an entry of ``X-Forwarded-For``, without port, brackets and zone; None when it has none."""
    host, port = entry.strip(), ":0"
    if host.startswith("["):
        host, bracket, behind = host[1:].partition("]")
        port = behind or (port if bracket else "")
    elif host.count(":") == 1:
        host, colon, behind = host.partition(":")
        port = colon + behind
    if not (port.startswith(":") and port.isascii() and port[1:].isdigit()):
        return None
    parsed = _parse(host)
    return None if parsed is None else str(parsed)


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    """The address without its zone; an IPv4 address that a server on IPv6 wrote as an IPv6 one is an IPv4 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
