"""The manifest of the Chrome extension kit: it runs on the hosts of each CRM and no others, with few permissions."""

import json
from fnmatch import fnmatch

import pytest

from integrations.hubspot import APP_HOSTS
from integrations.kits import KIT_SOURCES

MANIFEST = json.loads((KIT_SOURCES / "chrome-extension/manifest.json").read_text())
MATCHES: list[str] = MANIFEST["content_scripts"][0]["matches"]


@pytest.mark.parametrize(
    "host",
    [
        *APP_HOSTS,
        "acme.lightning.force.com",
        "acme.my.salesforce.com",
        "acme--c.vf.force.com",
        "acme.my.salesforce-setup.com",
        "acme.zendesk.com",
        "acme.pipedrive.com",
        "crm.zoho.com",
        "crm.zoho.eu",
        "crm.zoho.in",
        "acme.kommo.com",
    ],
)
def test_each_crm_is_matched(host: str) -> None:
    assert any(fnmatch(f"https://{host}/record/1", pattern) for pattern in MATCHES)


@pytest.mark.parametrize(
    "address", ["https://www.hubspot.com/", "https://mail.example.com/", "http://app.hubspot.com/"]
)
def test_other_pages_are_not_matched(address: str) -> None:
    assert not any(fnmatch(address, pattern) for pattern in MATCHES)


def test_the_manifest_has_only_the_needed_permissions() -> None:
    assert MANIFEST["permissions"] == ["contextMenus", "storage"]
    assert "host_permissions" not in MANIFEST
    assert "externally_connectable" not in MANIFEST
    assert "web_accessible_resources" not in MANIFEST
