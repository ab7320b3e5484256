"""The HubSpot calling page: its URL, the hosts that may frame it, and the settings to register it in HubSpot. Pure."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from widget import domains

CALLING_PAGE_PATH = "/integrations/hubspot"
APP_HOSTS = (
    "app.hubspot.com",
    "app-eu1.hubspot.com",
    "app-na2.hubspot.com",
    "app-na3.hubspot.com",
    "app-ca1.hubspot.com",
    "app-ap1.hubspot.com",
)
"""Hosts of HubSpot's application, one per region."""
APP_SCOPES = ("oauth", "crm.objects.contacts.read")
"""Scopes of a customer's own app. HubSpot installs no app without scopes; the calling page itself uses none."""
FRAME_WIDTH_PX, FRAME_HEIGHT_PX = 400, 650
"""Size of the frame, in px."""
_LOOPBACK = ("localhost", "127.0.0.1")


def frame_hosts(allowed_domains: Sequence[str]) -> tuple[str, ...]:
    """Return the allowed domains of a token that may frame the calling page, in addition to HubSpot's hosts.

    IPv6 addresses are left out, because a policy (CSP) cannot name them; so are extensions, which use another page.
    """
    return tuple(domain for domain in allowed_domains if domain[0] != "[" and ":" not in domain)


def frame_ancestors(hosts: Sequence[str]) -> str:
    """Return the CSP directive for HubSpot's hosts and ``hosts`` with their subdomains.

    Only https, because a frame in an insecure page has no microphone; loopback hosts count as secure.
    """
    sources = [f"https://{host}" for host in APP_HOSTS]
    for host in hosts:
        schemes = ("https", "http") if host in _LOOPBACK else ("https",)
        sources += [f"{scheme}://{name}:*" for scheme in schemes for name in _host_patterns(host)]
    return "frame-ancestors " + " ".join(sources)


def allowed_origin(allowed_domains: Sequence[str]) -> bytes | None:
    """The first of HubSpot's origins that a token's allowed domains include; an empty list allows all origins."""
    origins = (f"https://{host}".encode() for host in APP_HOSTS)
    return next((origin for origin in origins if domains.is_page_allowed(allowed_domains, [origin])), None)


def page_url(public_url: str, token_id: UUID, raw_token: str) -> str:
    """Return the calling page's URL for a token; the raw token is in the fragment, which browsers send to no server."""
    return f"{public_url}{CALLING_PAGE_PATH}?t={token_id}#{raw_token}"


def install_link(public_url: str) -> str:
    """Return the URL that installs a customer's own app; the customer replaces ``CLIENT_ID`` in it."""
    query = urlencode(
        {"redirect_uri": f"{public_url}{CALLING_PAGE_PATH}", "scope": " ".join(APP_SCOPES)}, quote_via=quote
    )
    return f"https://app.hubspot.com/oauth/authorize?client_id=CLIENT_ID&{query}"


def app_settings(name: str, url: str) -> dict[str, Any]:
    """Return the request body for HubSpot's calling settings endpoint, which registers ``url`` as a calling app."""
    return {
        "name": name,
        "url": url,
        "width": FRAME_WIDTH_PX,
        "height": FRAME_HEIGHT_PX,
        "isReady": True,
        "supportsCustomObjects": True,
        "supportsInboundCalling": False,
        "usesCallingWindow": False,
        "usesRemote": False,
    }


def _host_patterns(host: str) -> tuple[str, ...]:
    is_ip_address = host.replace(".", "").isdigit()
    return (host,) if is_ip_address else (host, f"*.{host}")
