"""GET /integrations/hubspot as HubSpot's frame gets it."""

import re
from uuid import uuid4

import httpx
import pytest

from factories import Factory
from phones import ask
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
PATH = "/integrations/hubspot"
OWN = "http://localhost:8000"


def ticket_of(page: httpx.Response) -> str:
    found = re.search(r'data-ticket="([^"]*)"', page.text)
    assert found is not None
    return found[1]


def ancestors_of(page: httpx.Response) -> list[str]:
    directives = page.headers["content-security-policy"].split("; ")
    return next(part.split()[1:] for part in directives if part.startswith("frame-ancestors "))


@pytest.mark.parametrize("domains", [(), ("app.hubspot.com",), ("mysite.com", "app-eu1.hubspot.com")])
async def test_a_token_for_hubspot_gets_a_ticket_that_works_from_our_origin(
    client: httpx.AsyncClient, make: Factory, domains: tuple[str, ...]
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=domains)
    page = await client.get(PATH, params={"t": str(token.id)})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["permissions-policy"] == "microphone=(self)"
    answer = await ask(client, token.raw, origins=(OWN,), ticket=ticket_of(page))
    assert answer.status_code == 200, answer.text
    other = await make.token(await make.tenant(), allowed_domains=("mysite.com",))
    refused = await ask(client, other.raw, origins=(OWN,), ticket=ticket_of(page))
    assert refused.json()["code"] == "domain_not_allowed"


async def test_a_token_for_other_pages_gets_a_frame_there_but_no_ticket(
    client: httpx.AsyncClient, make: Factory
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=("mysite.com",))
    page = await client.get(PATH, params={"t": str(token.id)})
    assert ticket_of(page) == ""
    assert "https://*.mysite.com:*" in ancestors_of(page)


async def test_a_revoked_token_keeps_its_frame_and_gets_no_ticket(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=("app.hubspot.com", "mysite.com"))
    await make.revoke(tenant, token)
    page = await client.get(PATH, params={"t": str(token.id)})
    assert ticket_of(page) == ""
    assert "https://mysite.com:*" in ancestors_of(page)


@pytest.mark.parametrize("given", [None, "", "nonsense", "'\"><script>", str(uuid4()), "0" * 5000])
async def test_an_unknown_token_is_as_good_as_none(client: httpx.AsyncClient, given: str | None) -> None:
    page = await client.get(PATH, params={} if given is None else {"t": given})
    assert page.status_code == 200
    assert ticket_of(page) == ""
    assert all(source.endswith(".hubspot.com") for source in ancestors_of(page))
    assert "<script>" not in page.text


async def test_the_page_opens_no_door_that_a_plan_closes(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant(plan=Plan.STARTER))
    page = await client.get(PATH, params={"t": str(token.id)})
    answer = await ask(client, token.raw, origins=(OWN,), ticket=ticket_of(page))
    assert answer.json()["code"] == "plan_not_supported"
