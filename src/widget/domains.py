"""The allowed domains of an embed token: parses the list and checks a page against it. Pure.

The list keeps other websites out, not programs: only browsers send a true ``Origin``.
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
"""Of the text as typed and of the stored list written with commas, so that a stored list can be sent back."""
_TOO_LONG = f"List is too long: at most {MAX_DOMAIN_LIST_CHARACTERS:,} characters"

_MAX_QUOTED_CHARACTERS = 80
_MAX_ORIGIN_BYTES = 300  # also bounds what one stranger's header can leave in the cache
_MAX_HOST_CHARACTERS = 253
_MAX_PORT = 65_535

# Every customer of these CRMs works on a subdomain of them; the public suffix list does not know it.
_SHARED_BY_CUSTOMERS = frozenset(
    {
        "force.com",
        "hubspot.com",
        "lightning.force.com",
        "my.salesforce.com",
        "salesforce.com",
        "vf.force.com",
    }
)

# Hosts that all customers of a CRM share: allowed, because the guide's recipes need them, but the dashboard warns.
_OPEN_TO_ALL_CUSTOMERS = re.compile(r"app(-[a-z0-9]+)?\.hubspot\.com")

# \x1c-\x1f and \x85 are white space in Unicode, but nobody types them: they are refused.
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

# A host as a browser sends it. Labels are wider than what can be registered: subdomains with an underscore exist.
_ORIGIN = re.compile(
    rb"https?://(?:(?P<name>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*)\.?|\[(?P<v6>[0-9A-Fa-f:.]{2,45})\])"
    rb"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_EXTENSION_ORIGIN = re.compile(rb"chrome-extension://[a-p]{32}")
_REFERER = re.compile(rb"(https?://[^/?#]*)(?:[/?#][\x21-\x7e]*)?")

# A name whose last label looks like a number is an address to browsers, and they always write it in this one way.
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
    # No entry that matches here is an IP address: a name cannot end in one (see _NUMERIC_END).
    return has_subdomains and any(host.endswith("." + entry) for entry in allowed)


def page_origin(origins: Sequence[bytes], referers: Sequence[bytes] = ()) -> bytes:
    """The origin that ``is_page_allowed`` judges; empty when the headers name none."""
    if origins:
        origin = origins[0] if len(origins) == 1 else b""
    else:
        found = _REFERER.fullmatch(referers[0]) if len(referers) == 1 else None
        origin = found[1] if found else b""
    return origin if len(origin) <= _MAX_ORIGIN_BYTES else b""


def named_host(origins: Sequence[bytes]) -> str | None:
    """The host that an ``Origin`` names, as people write it; None when it is no origin that a browser sends."""
    page = _page_host(origins[0]) if len(origins) == 1 and len(origins[0]) <= _MAX_ORIGIN_BYTES else None
    return None if page is None else display_domain(page[0])


def parse_allowed_domains(text: str) -> tuple[str, ...]:
    """Parse the form's text into the list to store: canonical, in the order given, without duplicates.

    Raises:
        InvalidDomains: one entry cannot be listed, or the list as a whole; nothing of it may be stored.
    """
    if len(text) > MAX_DOMAIN_LIST_CHARACTERS:
        raise InvalidDomains(_TOO_LONG)
    if not text:
        return ()
    entries = [entry for entry in _SEPARATORS.split(text) if entry]
    if not entries:
        # Not the empty list: it would allow every page.
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
    """True for a stored entry that other companies use too, such as ``app.hubspot.com``."""
    return _OPEN_TO_ALL_CUSTOMERS.fullmatch(domain) is not None


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
    if not _is_address(domain):
        _ensure_not_too_wide(domain, quoted)
    return domain


def _without_wildcard(entry: str, quoted: str) -> str:
    if entry == "*":
        raise InvalidDomains("Leave the list empty to allow any domain")
    rest = entry.removeprefix("*.") if entry.startswith("*.") else entry.removeprefix(".")
    if "*" in rest:
        raise InvalidDomains(f"Wildcards are not needed: {quoted}")
    return rest


def _ensure_not_too_wide(domain: str, quoted: str) -> None:
    if domain == "localhost" or domain.endswith(".localhost"):
        return
    if "." not in domain:
        raise InvalidDomains(f"Not a full domain: {quoted}")
    if _public_suffixes().is_public(domain):
        raise InvalidDomains(f"Too broad, anyone can register under it: {quoted}")
    if domain in _SHARED_BY_CUSTOMERS:
        raise InvalidDomains(f"Shared by many companies, use your own subdomain: {quoted}")


def _canonical_host(rest: str) -> str | None:
    """Return the host of ``host[:port][/path]`` as stored; None if there is something wrong with any of it."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    found = _AUTHORITY.match(authority)
    if found is None or not _is_port(authority[found.end() :]):
        return None
    host = _canonical_ipv6(found["v6"].strip("[]")) if found["v6"] else _canonical_name(found["name"])
    # A range of addresses (10.0.0.0/8) would silently become its first address.
    if host is not None and _is_address(host) and _RANGE.fullmatch(rest, found.end()):
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
    # IDNA 2008 refuses "ab--c" (dashes in third and fourth place), but the names of CRM sandboxes look like that.
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
        # Browsers write both halves in hexadecimal; how Python writes them depends on its version.
        low = int(address.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _is_address(host: str) -> bool:
    return host.startswith("[") or _IPV4.fullmatch(host) is not None


@lru_cache(maxsize=4096)
def _page_host(origin: bytes) -> tuple[str, bool] | None:
    """Return an origin's canonical host and whether that can have subdomains; None if no browser sends such a value."""
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
    """The packaged list with its private section; read at first use (0.1 s), never downloaded."""
    return PublicSuffixList()
