"""Lists in the dashboard's settings: the newest rows first, the rest by links without scripts."""

import re
from html import unescape
from uuid import UUID

import httpx
import pytest

from dashboard.page_slice import FIRST_SLICE_ROWS, FULL_SLICE_ROWS
from support.factories import Factory, Tenant, sign_in
from tenants.models import Role

pytestmark = pytest.mark.anyio


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


def tokens_on(page: str) -> list[UUID]:
    return [UUID(found) for found in re.findall(r'action="[^"]+/embed-tokens/([0-9a-f-]{36})/revoke"', page)]


def link_on(page: str, text: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>{text}<', page)
    assert found is not None, text
    return unescape(found[1])


async def test_a_list_shows_its_newest_rows_then_all_and_pages_beyond(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(limits={"active_tokens": 100})
    made = [(await make.token(tenant)).id for _ in range(FULL_SLICE_ROWS + 2)][::-1]
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/widget"
    few = (await client.get(path)).text
    assert tokens_on(few) == made[:FIRST_SLICE_ROWS]
    many = (await client.get(link_on(few, "Show all tokens"))).text
    assert tokens_on(many) == made[:FULL_SLICE_ROWS]
    assert "Show all tokens" not in many
    rest = (await client.get(link_on(many, "Older"))).text
    assert tokens_on(rest) == made[FULL_SLICE_ROWS:]
    assert tokens_on((await client.get(link_on(rest, "Newest"))).text) == made[:FULL_SLICE_ROWS]


async def test_a_list_that_fits_has_no_links_and_one_list_asked_for_leaves_the_others_short(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    for _ in range(FIRST_SLICE_ROWS):
        await make.token(tenant)
    for _ in range(FIRST_SLICE_ROWS):  # and the owner
        await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, tenant.owner)
    page = (await client.get(f"{settings_of(tenant)}/widget?all=tokens")).text
    assert len(tokens_on(page)) == FIRST_SLICE_ROWS
    assert "Show all tokens" not in page
    team = (await client.get(f"{settings_of(tenant)}/team?all=tokens")).text
    assert ">Show all members<" in team
    everybody = (await client.get(f"{settings_of(tenant)}/team?all=members")).text
    assert "Show all members" not in everybody
    assert everybody.count('data-label="Joined"') == FIRST_SLICE_ROWS + 1
