"""The client's IP address of a request: that of the connection's peer, or the one that a trusted proxy names.

All code that limits, admits or records by IP address gets it from ``client_ip_address``. ``ClientIpAddressResolver``
runs first and sets it in the scope.
"""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import structlog

from kit.settings import Settings

UNKNOWN = ""
"""The IP address of a client that no trusted proxy named. It is in no network; all such clients share their limits."""
FORWARDING_HEADERS = frozenset(
    {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"via"}
)
"""Headers that proxies add to requests."""
_MAX_HOPS = 16
_HEALTH_PATHS = "/health/"
_CACHED_ADDRESSES = 4096
log = structlog.get_logger("epoch.clients")


def client_ip_address(scope: Mapping[str, Any]) -> str:
    """The client's IP address in its usual spelling; ``UNKNOWN`` when no trusted proxy named it."""
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


@lru_cache(maxsize=_CACHED_ADDRESSES)
def limited_network(ip_address: str) -> str:
    """The network that a limit by IP address counts: one IPv4 address, or an IPv6 /64, which one household has."""
    parsed = _parse(ip_address)
    if parsed is None:
        return "unknown"
    return str(parsed if parsed.version == 4 else ip_network(f"{parsed}/64", strict=False))


@lru_cache(maxsize=_CACHED_ADDRESSES)
def is_loopback(ip_address: str) -> bool:
    """True for loopback addresses, by which this machine reaches itself. The sandbox does not limit them."""
    parsed = _parse(ip_address)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=_CACHED_ADDRESSES)
def is_in_networks(ip_address: str, networks: tuple[str, ...]) -> bool:
    """True if ``ip_address`` is in one of ``networks``; ``UNKNOWN`` is in none."""
    parsed = _parse(ip_address)
    return parsed is not None and any(parsed in ip_network(network) for network in networks)


class ClientIpAddressResolver:
    """Sets the client's IP address in the scope of each request, also when the request came through a proxy."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = _Proxies(settings.trusted_proxies)
        self._is_sandbox = settings.is_sandbox
        self._warned: set[str] = set()

    def resolve(self, scope: Any) -> None:
        """Set the scope's ``client`` to the client's IP address, or to None when it is not known."""
        peer = scope["client"]
        if not peer:
            return
        peer_address, is_trusted, is_public = self._proxies.classify(peer[0])
        if is_trusted:
            found = self._address_from_proxy(scope, peer_address)
            scope["client"] = (found, 0) if found else None
        elif not is_public and any(name in FORWARDING_HEADERS for name, _ in scope["headers"]):
            self._warn_once(
                "proxy_not_trusted",
                peer=peer_address,
                hint="name the proxy in EPOCH_TRUSTED_PROXIES: until then its clients share one unknown address",
            )
            scope["client"] = None
        elif peer_address != peer[0]:
            scope["client"] = (peer_address, peer[1])

    def _address_from_proxy(self, scope: Any, peer: str) -> str:
        lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        found = self._proxies.nearest_client(b",".join(lines).decode("latin-1"))
        if found is not None:
            return found
        if self._is_sandbox:
            # On a developer's machine, requests without the proxy have the same IP address as the proxy.
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
    """The networks of trusted proxies, and the client addresses in the headers that they send."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = trusted
        self.classify = lru_cache(maxsize=_CACHED_ADDRESSES)(self._classify)

    def _classify(self, peer: str) -> tuple[str, bool, bool]:
        """The peer's IP address in its usual spelling; True if it is a trusted proxy's; True if it is a public one."""
        parsed = _parse(peer)
        if parsed is None:
            return UNKNOWN, False, False
        return str(parsed), is_in_networks(peer, self._trusted), parsed.is_global

    def nearest_client(self, header: str) -> str | None:
        """The last IP address in ``header`` that is no trusted proxy; the first one when all are trusted proxies.

        Each proxy appends the IP address of its client, so entries before an untrusted one may be forged. Returns None
        for an empty header, and ``UNKNOWN`` when a trusted proxy appended something else than an IP address.
        """
        found: str | None = None
        for entry in reversed(header.rsplit(",", _MAX_HOPS)):
            if not entry.strip():
                continue
            forwarded = parse_forwarded(entry)
            if forwarded is None:
                return UNKNOWN
            found, is_trusted, _ = self.classify(forwarded)
            if not is_trusted:
                break
        return found


def parse_forwarded(entry: str) -> str | None:
    """The IP address in an entry of ``X-Forwarded-For``, without port, brackets and zone; None when it has none."""
    host, port = entry.strip(), ":0"
    if host.startswith("["):
        host, bracket, rest = host[1:].partition("]")
        port = rest or (port if bracket else "")
    elif host.count(":") == 1:
        host, colon, rest = host.partition(":")
        port = colon + rest
    if not (port.startswith(":") and port.isascii() and port[1:].isdigit()):
        return None
    parsed = _parse(host)
    return None if parsed is None else str(parsed)


def _parse(ip_address: str) -> IPv4Address | IPv6Address | None:
    """The parsed IP address without its zone; an IPv4-mapped IPv6 address as the IPv4 address."""
    try:
        parsed = ipaddress.ip_address(ip_address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
