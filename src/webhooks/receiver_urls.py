"""Parses webhook receivers' URLs, and decides to which URLs and IP addresses webhooks may be sent. Pure."""

import ipaddress
import re

import msgspec

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_URL_CHARACTERS = 2000
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments, parts of which count as global
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The first half of an interface identifier whose second half is an IPv4 address."""
_LOOPBACK = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
_PRIVATE_SUFFIXES = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "corp",
    "home",
    "private",
    "home.arpa",
    "onion",
)
_URL = re.compile(
    r"""(?P<scheme>https?)://
        (?P<host>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<target>(?:/[!"$-~]*)?(?:\?[!"$-~]*)?)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# Most programs read a host whose last part begins like a number as an IP address in decimal, octal or hexadecimal.
_LOOKS_LIKE_IP_ADDRESS = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\.?$", re.IGNORECASE | re.ASCII)


class Receiver(msgspec.Struct, frozen=True):
    """The parts of a receiver's URL."""

    is_https: bool
    host: str
    """A name in lower case without a final dot, or an IP address without brackets."""
    port: int
    target: str
    """Path and query."""
    is_loopback: bool = False
    """A receiver on this machine, which only the sandbox allows."""

    @property
    def ip_address(self) -> IpAddress | None:
        """The IP address, if the host is one; None for a name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """The value of the header ``Host``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


class UrlRefused(ValueError):
    """Webhooks may not be sent to this URL; the message says what to do."""


def is_public(ip_address: IpAddress) -> bool:
    """True for an IP address that is routed on the whole Internet; an IPv4 address embedded in it must be, too."""
    embedded = _embedded_ipv4_address(ip_address)
    if embedded is not None and not is_public(embedded):
        return False
    if isinstance(ip_address, ipaddress.IPv6Address) and ip_address not in _GLOBAL_UNICAST:
        # In a network with IPv6 only, a resolver converts IPv4 addresses to NAT64 addresses.
        return ip_address in _NAT64
    is_refused = any(ip_address in network for network in _REFUSED_NETWORKS if network.version == ip_address.version)
    return ip_address.is_global and not ip_address.is_multicast and not is_refused


def _embedded_ipv4_address(ip_address: IpAddress) -> IpAddress | None:
    """The IPv4 address in an IPv6 address of NAT64, 6to4 or ISATAP; other addresses with one are not global."""
    if isinstance(ip_address, ipaddress.IPv4Address):
        return None
    if ip_address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address(int(ip_address) >> 80 & 0xFFFF_FFFF)
    is_isatap = (int(ip_address) >> 32) & 0xFFFF_FFFF in _ISATAP
    return ipaddress.IPv4Address(int(ip_address) & 0xFFFF_FFFF) if is_isatap or ip_address in _NAT64 else None


def parse_receiver(url: str, *, is_sandbox: bool) -> Receiver:
    """Parse a URL and check its form; ``resolver`` checks the IP addresses of its name. Raises: UrlRefused."""
    if len(url) > MAX_URL_CHARACTERS:
        raise UrlRefused(f"At most {MAX_URL_CHARACTERS} characters")
    found = _URL.fullmatch(url)
    if found is None:
        raise UrlRefused(
            "Write a URL like https://example.com/webhooks: a domain name in plain letters (international names"
            " as xn--…), no user name, no spaces, no # part"
        )
    is_https, host = found["scheme"].lower() == "https", found["host"].lower()
    port = int(found["port"]) if found["port"] else (443 if is_https else 80)
    if not 0 < port <= 65535:
        raise UrlRefused("The port must be from 1 to 65535")
    target = found["target"] if found["target"].startswith("/") else f"/{found['target']}"
    if is_sandbox and not is_https and _is_loopback(host):
        return Receiver(is_https, host.strip("[]"), port, target, is_loopback=True)
    if not is_https:
        raise UrlRefused("Must begin with https://" + (", except for http://localhost" if is_sandbox else ""))
    return Receiver(is_https, _public_host(host), port, target)


def _is_loopback(host: str) -> bool:
    """True for ``localhost`` and loopback addresses in their usual spelling."""
    if host == "localhost":
        return True
    try:
        ip_address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    is_bracketed = host.startswith("[")
    return is_bracketed == (ip_address.version == 6) and any(ip_address in network for network in _LOOPBACK)


def _public_host(host: str) -> str:
    """The host without a final dot, if it is a public IP address or a name that may be public. Raises: UrlRefused."""
    host = host.removesuffix(".")
    if host.startswith("[") or _LOOKS_LIKE_IP_ADDRESS.search(host):
        try:
            ip_address = ipaddress.ip_address(host.strip("[]"))
        except ValueError as error:
            raise UrlRefused("Write the receiver's domain name, or its IP address as four decimal numbers") from error
        if not is_public(ip_address):
            raise UrlRefused("This address is not reachable from the Internet: use a public one")
        return str(ip_address)
    labels = host.split(".")
    if len(labels) < 2 or not all(0 < len(label) <= 63 for label in labels) or len(host) > 253:
        raise UrlRefused("Write the receiver's full domain name, like example.com")
    if any(host == suffix or host.endswith(f".{suffix}") for suffix in _PRIVATE_SUFFIXES):
        raise UrlRefused("This name is not reachable from the Internet: use a public one")
    return host
