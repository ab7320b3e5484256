"""The dashboard's API key pages: create, show once, revoke, without scripts."""

import re

import httpx
import pytest

from conftest import NewClient
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, post_form
from tenants.models import Role

pytestmark = pytest.mark.anyio


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def create(client: httpx.AsyncClient, tenant: Tenant, label: str, scope: str) -> httpx.Response:
    path = settings_of(tenant)
    return await post_form(client, f"{path}/api-keys", f"{path}/api-keys", {"label": label, "scope": scope})


async def test_a_key_is_shown_once_works_and_is_revoked_from_the_page(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    api = f"/api/organizations/{tenant.organization.id}/calls"

    posted = await create(client, tenant, "CRM <sync>", "read")
    assert posted.status_code == 303
    shown = await client.get(posted.headers["location"])
    again = await client.get(posted.headers["location"])

    found = re.search(r'value="(epk_[0-9A-Za-z]{38})"', shown.text)
    assert found is not None
    assert shown.headers["cache-control"] == "no-store"
    assert "<bdi>CRM &lt;sync&gt;</bdi> is ready" in shown.text
    assert again.status_code == 303
    bearer = {"authorization": f"Bearer {found[1]}"}
    assert (await new_client().get(api, headers=bearer)).status_code == 200
    listed = (await client.get(f"{settings_of(tenant)}/api-keys")).text
    assert found[1] not in listed
    assert f"{found[1][:8]}…" in listed
    assert 'aria-label="Revoke CRM &lt;sync&gt;"' in listed

    action = re.search(r'action="([^"]+/api-keys/[0-9a-f-]+/revoke)"', listed)
    assert action is not None
    question = await client.get(action[1])
    revoked = await post_form(client, action[1], action[1], {})
    assert "Revoke key" in question.text
    assert (revoked.status_code, revoked.headers["location"]) == (303, f"{settings_of(tenant)}/api-keys")
    assert (await new_client().get(api, headers=bearer)).status_code == 401
    assert found[1][:8] not in (await client.get(f"{settings_of(tenant)}/api-keys")).text


async def test_a_bad_form_comes_back_with_its_input_and_a_sentence_beside_the_field(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    too_long = await create(client, tenant, "x" * 65, "write")
    no_scope = await create(client, tenant, "Fine", "everything")

    assert too_long.status_code == 400
    assert errors_of(too_long.text) == {"label": "At most 64 characters"}
    assert f'value="{"x" * 65}"' in too_long.text
    assert '<option value="write" selected>' in too_long.text
    assert errors_of(no_scope.text) == {"scope": "Choose what the key may do"}


async def test_members_see_no_section_and_may_do_nothing_there(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    page = await client.get(f"{settings_of(tenant)}/team")
    refused = await client.get(f"{settings_of(tenant)}/api-keys")
    fields = {"label": "Mine", "scope": "write"}
    posted = await post_form(client, f"{settings_of(tenant)}/team", f"{settings_of(tenant)}/api-keys", fields)

    assert page.status_code == 200
    assert "/settings/api-keys" not in page.text
    assert refused.status_code == 403
    assert posted.status_code == 403
