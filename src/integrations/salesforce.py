"""The Salesforce kit: the path of the phone's file in its Salesforce project, and the phone's Trusted URLs. Pure."""

import re
from pathlib import Path

from kit.settings import Settings
from kit.templates import create_templates
from widget import csp

WIDGET_FILE = "force-app/main/default/staticresources/EpochWidget.js"
_TRUSTED_SITES_FOLDER = "force-app/main/default/cspTrustedSites"
_TEMPLATE = create_templates(
    Path(__file__).parent / "templates", trim_blocks=False, lstrip_blocks=False, keep_trailing_newline=True
).get_template("trusted_site.xml")


def trusted_sites(settings: Settings) -> dict[str, bytes]:
    """Return the Trusted URL metadata files by path: one for each origin that the phone connects to."""
    return {
        f"{_TRUSTED_SITES_FOLDER}/{_site_name(origin)}.cspTrustedSite-meta.xml": _render(origin)
        for origin in csp.phone_connect_sources(settings)
    }


def _render(origin: str) -> bytes:
    return _TEMPLATE.render(origin=origin).encode()


def _site_name(origin: str) -> str:
    """Return a Salesforce API name for an origin: letters, digits and single underscores."""
    return "Epoch_" + re.sub(r"[^0-9A-Za-z]+", "_", origin).strip("_")
