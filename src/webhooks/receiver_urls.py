"""Decides to which URLs and IP addresses webhooks may be sent. Pure."""

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
# A host whose last part begins as a number is read as an address, in decimal, octal or hexadecimal, by most programs.
_LOOKS_LIKE_ADDRESS = re.compile(r"(?:^|\.)(?:0x[0-9a-f]*|[0-9]+)\.?$", re.IGNORECASE | re.ASCII)


class Receiver(msgspec.Struct, frozen=True):
    """The parts of a receiver's URL."""

    is_https: bool
    host: str
    """A name in lower case without a final dot, or an address without brackets."""
    port: int
    target: str
    """Path and query."""
    is_loopback: bool = False
    """A receiver on this machine, which only the sandbox allows."""

    @property
    def literal(self) -> IpAddress | None:
        """The IP address, if the host is one."""
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


def is_public(address: IpAddress) -> bool:
    """True for an address that is routed on the whole Internet, as is every address embedded in it."""
    embedded = _embedded_address(address)
    if embedded is not None and not is_public(embedded):
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        # A resolver makes these of IPv4 addresses in a network that has IPv6 only.
        return address in _NAT64
    is_refused = any(address in network for network in _REFUSED_NETWORKS if network.version == address.version)
    return address.is_global and not address.is_multicast and not is_refused


def _embedded_address(address: IpAddress) -> IpAddress | None:
    """The IPv4 address in an IPv6 address of NAT64, 6to4 or ISATAP; the other kinds are not global at all."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    is_isatap = (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if is_isatap or address in _NAT64 else None


def parse_receiver(url: str, *, is_sandbox: bool) -> Receiver:
    """Parse a URL when it is saved; names are resolved in a later step. Raises: UrlRefused."""
    if len(url) > MAX_URL_CHARACTERS:
        raise UrlRefused(f"At most {MAX_URL_CHARACTERS} characters")
    found = _URL.fullmatch(url)
    if found is None:
        raise UrlRefused(
            "Write an address like https://example.com/webhooks: a domain name in plain letters (international names"
            " as xn--…), no user name, no spaces, no # part"
        )
    is_https, written = found["scheme"].lower() == "https", found["host"].lower()
    port = int(found["port"]) if found["port"] else (443 if is_https else 80)
    if not 0 < port <= 65535:
        raise UrlRefused("The port must be from 1 to 65535")
    target = found["target"] if found["target"].startswith("/") else f"/{found['target']}"
    if is_sandbox and not is_https and _is_loopback(written):
        return Receiver(is_https, written.strip("[]"), port, target, is_loopback=True)
    if not is_https:
        raise UrlRefused("Must begin with https://" + (", except for http://localhost" if is_sandbox else ""))
    return Receiver(is_https, _public_host(written), port, target)


def _is_loopback(written: str) -> bool:
    """True for ``localhost`` and addresses of loopback, in their usual spelling alone."""
    if written == "localhost":
        return True
    try:
        address = ipaddress.ip_address(written.strip("[]"))
    except ValueError:
        return False
    is_bracketed = written.startswith("[")
    return is_bracketed == (address.version == 6) and any(address in network for network in _LOOPBACK)


def _public_host(written: str) -> str:
    """The host, if it is a name or an address that may be public. Raises: UrlRefused."""
    host = written.removesuffix(".")
    if host.startswith("[") or _LOOKS_LIKE_ADDRESS.search(host):
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError as error:
            raise UrlRefused("Write the receiver's domain name, or its address as four decimal numbers") from error
        if not is_public(address):
            raise UrlRefused("This address is not reachable from the Internet: use a public one")
        return str(address)
    labels = host.split(".")
    if len(labels) < 2 or not all(0 < len(label) <= 63 for label in labels) or len(host) > 253:
        raise UrlRefused("Write the receiver's full domain name, like example.com")
    if any(host == suffix or host.endswith(f".{suffix}") for suffix in _PRIVATE_SUFFIXES):
        raise UrlRefused("This name is not reachable from the Internet: use a public one")
    return host
