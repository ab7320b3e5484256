"""Downloads of the integration kits: the same bytes each time, versioned, without a token, for members only."""

import io
import json
import re
import zipfile
from uuid import uuid4

import httpx
import pytest

from conftest import NewClient
from integrations.kits import KIT_NAMES
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from tenants.models import Role
from widget.models import TOKEN_PLACEHOLDER

pytestmark = pytest.mark.anyio


def path_of(tenant: Tenant, token: Token, kit: str) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings/embed-tokens/{token.id}/kits/{kit}"


def files_in(answer: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_a_kit_is_the_same_bytes_each_time_and_names_its_version(
    client: httpx.AsyncClient, make: Factory, kit: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    answer = await client.get(path_of(tenant, token, kit))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(rf'attachment; filename="epoch-{kit}-kit-[\d.]+\.zip"', answer.headers["content-disposition"])
    assert (await client.get(path_of(tenant, token, kit))).content == answer.content

    files = files_in(answer)
    assert list(files) == sorted(files)
    assert all(name.startswith(f"epoch-{kit}-kit/") for name in files)
    version = files[f"epoch-{kit}-kit/VERSION.txt"].decode()
    assert re.search(r"^Widget \d+\.\d+\.\d+\+[0-9a-f]{12}$", version, re.MULTILINE)
    everything = b"".join(files.values())
    assert token.raw.encode() not in everything
    assert TOKEN_PLACEHOLDER.encode() in everything
    assert b"{{ " not in everything.replace(files.get(f"epoch-{kit}-kit/phone.full.js", b""), b"")


async def test_the_hubspot_kit_holds_the_calling_settings(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    files = files_in(await client.get(path_of(tenant, token, "hubspot")))
    settings = json.loads(files["epoch-hubspot-kit/calling-settings.json"])
    assert settings["url"] == f"http://localhost:8000/integrations/hubspot?t={token.id}#{TOKEN_PLACEHOLDER}"
    assert (settings["isReady"], settings["supportsInboundCalling"]) == (True, False)


@pytest.mark.parametrize(
    ("country", "number"), [("US", b"+14155550123"), ("GB", b"+442079460123"), ("DE", b"+493023125123")]
)
async def test_the_sample_has_numbers_of_the_organizations_country(
    client: httpx.AsyncClient, make: Factory, country: str, number: bytes
) -> None:
    tenant = await make.tenant(country=country)
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    page = files_in(await client.get(path_of(tenant, token, "html")))["epoch-html-kit/index.html"]
    assert b'data-phone="%s"' % number in page


async def test_the_extensions_first_page_leads_to_the_form_with_its_origin(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=("mysite.com",))
    await sign_in(client, tenant.owner)
    files = files_in(await client.get(path_of(tenant, token, "chrome-extension")))
    page = f"/dashboard/{tenant.organization.slug}/settings/embed-tokens/{token.id}"
    assert f'TOKEN_PAGE = "http://localhost:8000{page}"'.encode() in files["epoch-chrome-extension-kit/config.js"]
    assert b"allow-page" in files["epoch-chrome-extension-kit/permission.html"]


async def test_every_member_of_the_organization_gets_them_and_nobody_else(new_client: NewClient, make: Factory) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    token = await make.token(tenant)
    member = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    assert (await member.get(path_of(tenant, token, "html"))).status_code == 200
    stranger = await sign_in(new_client(), other.owner)
    for path in (path_of(tenant, token, "html"), path_of(other, token, "html")):
        assert (await stranger.get(path)).status_code == 404
    assert (await new_client().get(path_of(tenant, token, "html"))).status_code == 303

    for missing in (path_of(tenant, token, "nothing"), path_of(tenant, Token(uuid4(), ""), "html")):
        assert (await member.get(missing)).status_code == 404
    await make.revoke(tenant, token)
    assert (await member.get(path_of(tenant, token, "html"))).status_code == 404


async def test_the_pages_offer_every_kit(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=("mysite.com",))
    await sign_in(client, tenant.owner)
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    page = (await client.get(f"{settings}/embed-tokens/{token.id}")).text
    for kit in KIT_NAMES:
        assert f'href="{path_of(tenant, token, kit)}"' in page
    assert "This token does not list HubSpot" in page
    origin = re.search(r"not allowed yet: <code>(chrome-extension://[a-p]{32})</code>", page)
    assert origin is not None
    assert f'name="domain" value="{origin[1]}"' in page
    assert f'href="{settings}/embed-tokens/{token.id}#kits"' in (await client.get(f"{settings}/widget")).text
