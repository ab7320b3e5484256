"""Parses the list of allowed domains of an embed token, and checks the headers of a page against it. Pure functions.

The list excludes other websites, not programs: a program can send any ``Origin``.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address

import idna
from publicsuffixlist import PublicSuffixList

from widget.errors import InvalidDomains

MAX_ALLOWED_DOMAINS = 20
MAX_DOMAIN_LIST_CHARACTERS = 4000
"""Limit of the typed text and of the stored list joined by commas, so that a stored list can be sent back."""
_TOO_LONG = f"List is too long: at most {MAX_DOMAIN_LIST_CHARACTERS:,} characters"

_MAX_QUOTED_CHARACTERS = 80
_MAX_ORIGIN_BYTES = 300  # also limits the memory that one request's header can use in the cache
_MAX_HOST_CHARACTERS = 253
_MAX_PORT = 65_535

# Refused: all customers of these CRMs have subdomains of them. The public suffix list does not contain them.
_CRM_PARENT_DOMAINS = frozenset(
    {
        "force.com",
        "hubspot.com",
        "lightning.force.com",
        "my.salesforce.com",
        "salesforce.com",
        "vf.force.com",
    }
)

# Allowed, because the guide's recipes need it, but the dashboard warns: all customers of the CRM use this host.
_CRM_SHARED_HOST = re.compile(r"app(-[a-z0-9]+)?\.hubspot\.com")

# \x1c-\x1f and \x85 are white space in Unicode, but nobody types them: they are refused as control characters.
_SEPARATORS = re.compile(r"(?:[,;]|(?![\x1c-\x1f\x85])\s)+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.ASCII | re.IGNORECASE)
_EXTENSION = re.compile(r"chrome-extension://[a-p]{32}(?=[/?#]|\Z)", re.ASCII | re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?P<v6>\[[0-9a-f:.]*\]|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*)|(?P<name>[^:@\[\]]+)", re.IGNORECASE
)
_PORT = re.compile(r":([1-9][0-9]{0,4})")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_RANGE = re.compile(r"/[0-9.]+")

# An origin as a browser sends it. Labels may have underscores: nobody can register them, but subdomains have them.
_ORIGIN = re.compile(
    rb"https?://(?:(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*)\.?|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])"
    rb"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_EXTENSION_ORIGIN = re.compile(rb"chrome-extension://[a-p]{32}")
_REFERER = re.compile(rb"(https?://[^/?#]*)(?:[/?#][\x21-\x7e]*)?")

# Browsers read a name whose last label looks like a number as an IPv4 address, and always send that in dotted decimals.
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")


def is_page_allowed(allowed: Sequence[str], origins: Sequence[bytes], referers: Sequence[bytes] = ()) -> bool:
    """True if a page may use a token with this list; called on each exchange.

    ``allowed`` is a stored list; ``origins`` and ``referers`` are the raw values of all header lines of that name.
    An empty list allows every page. ``Referer`` counts only when there is no ``Origin`` line at all.
    """
    if not allowed:
        return True
    if len(origins) == 1:
        page = _page_host(origins[0]) if len(origins[0]) <= _MAX_ORIGIN_BYTES else None
    elif origins:
        page = None
    else:
        page = _referring_host(referers)
    if page is None:
        return False
    host, has_subdomains = page
    if host in allowed:
        return True
    # A matching entry is never an IP address: a host name cannot end in one (see _NUMERIC_END).
    return has_subdomains and any(host.endswith("." + entry) for entry in allowed)


def page_origin(origins: Sequence[bytes], referers: Sequence[bytes] = ()) -> bytes:
    """The origin that ``is_page_allowed`` checks; empty when the headers contain none."""
    if origins:
        origin = origins[0] if len(origins) == 1 else b""
    else:
        found = _REFERER.fullmatch(referers[0]) if len(referers) == 1 else None
        origin = found[1] if found else b""
    return origin if len(origin) <= _MAX_ORIGIN_BYTES else b""


def display_host(origins: Sequence[bytes]) -> str | None:
    """The host of an ``Origin`` as people write it; None for a value that no browser sends."""
    page = _page_host(origins[0]) if len(origins) == 1 and len(origins[0]) <= _MAX_ORIGIN_BYTES else None
    return None if page is None else display_domain(page[0])


def parse_allowed_domains(text: str) -> tuple[str, ...]:
    """Parse the form's text into the list to store: canonical domains in the typed order, without duplicates.

    Raises:
        InvalidDomains: an entry or the list as a whole is not allowed; the text must not be stored in part.
    """
    if len(text) > MAX_DOMAIN_LIST_CHARACTERS:
        raise InvalidDomains(_TOO_LONG)
    if not text:
        return ()
    entries = [entry for entry in _SEPARATORS.split(text) if entry]
    if not entries:
        # Refused, because the empty list would allow every page.
        raise InvalidDomains("No domain found in the list")
    domains = tuple(dict.fromkeys(_parse_entry(entry) for entry in entries))
    if len(domains) > MAX_ALLOWED_DOMAINS:
        raise InvalidDomains(f"At most {MAX_ALLOWED_DOMAINS} domains")
    if len(", ".join(domains)) > MAX_DOMAIN_LIST_CHARACTERS:
        raise InvalidDomains(_TOO_LONG)
    return domains


def display_domain(domain: str) -> str:
    """Return a stored entry as people write it: ``xn--mnchen-3ya.de`` → ``münchen.de``."""
    return ".".join(_display_label(label) for label in domain.split("."))


def is_shared(domain: str) -> bool:
    """True for a stored entry that is the host of many companies, such as ``app.hubspot.com``."""
    return _CRM_SHARED_HOST.fullmatch(domain) is not None


def _parse_entry(entry: str) -> str:
    if _CONTROL.search(entry):
        raise InvalidDomains("Not a valid domain: (control character)")
    quoted = entry[:_MAX_QUOTED_CHARACTERS]
    rest = _without_wildcard(entry, quoted)
    scheme = _SCHEME.match(rest)
    if scheme:
        if extension := _EXTENSION.match(rest):
            return extension[0].lower()
        if scheme[1].lower() not in ("http", "https"):
            raise InvalidDomains(f"Not a web address: {quoted}")
        rest = rest[scheme.end() :]
    else:
        rest = rest.removeprefix("//")
    domain = _canonical_host(rest)
    if domain is None:
        raise InvalidDomains(f"Not a valid domain: {quoted}")
    if not _is_ip_address(domain):
        _ensure_not_too_broad(domain, quoted)
    return domain


def _without_wildcard(entry: str, quoted: str) -> str:
    if entry == "*":
        raise InvalidDomains("Leave the list empty to allow any domain")
    rest = entry.removeprefix("*.") if entry.startswith("*.") else entry.removeprefix(".")
    if "*" in rest:
        raise InvalidDomains(f"Wildcards are not needed: {quoted}")
    return rest


def _ensure_not_too_broad(domain: str, quoted: str) -> None:
    if domain == "localhost" or domain.endswith(".localhost"):
        return
    if "." not in domain:
        raise InvalidDomains(f"Not a full domain: {quoted}")
    if _public_suffixes().is_public(domain):
        raise InvalidDomains(f"Too broad, anyone can register under it: {quoted}")
    if domain in _CRM_PARENT_DOMAINS:
        raise InvalidDomains(f"Shared by many companies, use your own subdomain: {quoted}")


def _canonical_host(rest: str) -> str | None:
    """Return the canonical host of ``host[:port][/path]``; None if the host or the port is not valid."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    found = _AUTHORITY.match(authority)
    if found is None or not _is_port(authority[found.end() :]):
        return None
    host = _canonical_ipv6(found["v6"].strip("[]")) if found["v6"] else _canonical_name(found["name"])
    # A range of IP addresses (10.0.0.0/8) must not be stored as its first address.
    if host is not None and _is_ip_address(host) and _RANGE.fullmatch(rest, found.end()):
        return None
    return host


def _is_port(suffix: str) -> bool:
    if not suffix:
        return True
    port = _PORT.fullmatch(suffix)
    return port is not None and int(port[1]) <= _MAX_PORT


def _canonical_name(name: str) -> str | None:
    try:
        mapped = idna.uts46_remap(name, std3_rules=True)
        labels = [_ascii_label(label) for label in mapped.removesuffix(".").split(".")]
    except UnicodeError:  # IDNAError is one
        return None
    domain = ".".join(labels)
    if len(domain) > _MAX_HOST_CHARACTERS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _NUMERIC_END.fullmatch(domain) and not _IPV4.fullmatch(domain):
        return None
    return domain


def _ascii_label(label: str) -> str:
    # IDNA 2008 refuses "ab--c" (hyphens in third and fourth position), but names of CRM sandboxes have that form.
    if label.isascii() and not label.startswith("xn--"):
        return label
    return idna.alabel(label).decode("ascii")


def _display_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except UnicodeError:
        return label


def _canonical_ipv6(text: str) -> str | None:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return None
    if address.ipv4_mapped:
        # Browsers write the IPv4 part as two hexadecimal groups; Python writes it differently in each version.
        low = int(address.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _is_ip_address(host: str) -> bool:
    return host.startswith("[") or _IPV4.fullmatch(host) is not None


@lru_cache(maxsize=4096)
def _page_host(origin: bytes) -> tuple[str, bool] | None:
    """Return an origin's canonical host, and True if it can have subdomains; None for a value that no browser sends."""
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return (origin.decode("ascii"), False) if _EXTENSION_ORIGIN.fullmatch(origin) else None
    if found["port"] and int(found["port"]) > _MAX_PORT:
        return None
    if found["v6"]:
        address = _canonical_ipv6(found["v6"].decode("ascii"))
        return (address, False) if address else None
    host = found["name"].decode("ascii").lower()
    if _NUMERIC_END.fullmatch(host):
        return (host, False) if _IPV4.fullmatch(host) else None
    return (host, True) if len(host) <= _MAX_HOST_CHARACTERS else None


def _referring_host(referers: Sequence[bytes]) -> tuple[str, bool] | None:
    found = _REFERER.fullmatch(referers[0]) if len(referers) == 1 else None
    return _page_host(found[1]) if found and len(found[1]) <= _MAX_ORIGIN_BYTES else None


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    """The public suffix list of the package, with its private section; read at first use (0.1 s), never downloaded."""
    return PublicSuffixList()
