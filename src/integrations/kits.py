"""Builds kits: ZIP downloads that put the phone into a website or a CRM, made from the repository's ``integrations/``.

A kit contains ``TOKEN_PLACEHOLDER`` in place of the token, because the server does not store tokens: the page that
shows a new token replaces the placeholder in the browser. The same kit always has the same bytes.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec

from integrations import extension, hubspot, salesforce
from integrations.sample_numbers import sample_numbers
from kit.errors import NotFound
from kit.http.app_key import AppKey
from kit.product_files import PRODUCT_FILES
from kit.settings import Settings
from kit.version import VERSION
from widget.built_files import API_BASE_PLACEHOLDER, load_manifest
from widget.models import TOKEN_PLACEHOLDER

KIT_NAMES = ("html", "hubspot", "salesforce", "chrome-extension")
KIT_SOURCES = PRODUCT_FILES / "integrations"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""Modification time of every file in a kit: the earliest that a ZIP can store."""
_FILE_MODE = 0o100644 << 16


class Kit(msgspec.Struct, frozen=True):
    """One kit as a file."""

    file_name: str
    content: bytes


class KitToken(msgspec.Struct, frozen=True):
    """The embed token for which a kit is built."""

    id: UUID
    page_path: str
    """The path of the token's page in the dashboard."""
    country: str
    """The home country (ISO 3166) of the token's organization, for sample numbers."""


class KitBuilder:
    """Builds kits for tokens, with the files of the phone that this server serves."""

    def __init__(self, settings: Settings, dist: Path) -> None:
        """Raises: AssetsMissing."""
        self._public_url = public_url = settings.public_url
        self._trusted_sites = salesforce.trusted_sites(settings)
        phone = (dist / load_manifest(dist)["phone.full.js"]).read_bytes()
        self._phone = phone.replace(API_BASE_PLACEHOLDER, public_url.encode())
        self.widget_version = f"{VERSION}+{hashlib.sha256(phone).hexdigest()[:12]}"

    def build(self, name: str, token: KitToken, app_name: str) -> Kit:
        """Build the kit ``name`` for a token; ``app_name`` is its visible name. Raises: NotFound."""
        if name not in KIT_NAMES:
            raise NotFound
        folder = f"epoch-{name}-kit"
        files = {**self._filled_sources(name, token), **self._generated_files(name, token.id, app_name)}
        files["VERSION.txt"] = f"Epoch Voice kit {name} {VERSION}\nWidget {self.widget_version}\n".encode()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted(files):
                info = zipfile.ZipInfo(f"{folder}/{path}", _ZIP_TIME)
                info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _FILE_MODE, 3
                archive.writestr(info, files[path], compresslevel=9)
        return Kit(f"{folder}-{VERSION}.zip", packed.getvalue())

    def _filled_sources(self, name: str, token: KitToken) -> dict[str, bytes]:
        """Return the source files of a kit by path, with their placeholders replaced."""
        root = KIT_SOURCES / name
        values = {
            b"{{ public_url }}": self._public_url.encode(),
            b"{{ version }}": VERSION.encode(),
            b"{{ extension_id }}": extension.extension_id(token.id).encode(),
            b"{{ extension_key }}": extension.extension_key(token.id).encode(),
            b"{{ hubspot_install_link }}": hubspot.install_link(self._public_url).encode(),
            b"{{ token_page }}": f"{self._public_url}{token.page_path}".encode(),
        }
        for index, number in enumerate(sample_numbers(token.country), 1):
            values[b"{{ sample_number_%d }}" % index] = number.e164.encode()
            values[b"{{ sample_written_%d }}" % index] = number.national_format.encode()
        return {
            path.relative_to(root).as_posix(): _fill(path.read_bytes(), values)
            for path in root.rglob("*")
            if path.is_file()
        }

    def _generated_files(self, name: str, token_id: UUID, app_name: str) -> dict[str, bytes]:
        """Return the generated files of a kit by path."""
        match name:
            case "hubspot":
                url = hubspot.page_url(self._public_url, token_id, TOKEN_PLACEHOLDER)
                settings = json.dumps(hubspot.app_settings(app_name, url), indent=2, ensure_ascii=False)
                return {"calling-settings.json": f"{settings}\n".encode()}
            case "salesforce":
                return {salesforce.WIDGET_FILE: self._phone, **self._trusted_sites}
            case "chrome-extension":
                return {"phone.full.js": self._phone}
            case _:
                return {}


INTEGRATION_KITS: AppKey[KitBuilder] = AppKey("integration_kits")


def _fill(text: bytes, values: Mapping[bytes, bytes]) -> bytes:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
