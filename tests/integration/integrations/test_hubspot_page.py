"""The HubSpot calling page over HTTP: the ticket for its embed token, unknown tokens, rate limit, set-up steps."""

import html
import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from crm.models import HubSpotConnection
from integrations.controllers import MAX_LOOKUPS_PER_NETWORK, integrations_router
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.app_key import DATABASE, SETTINGS
from kit.http.rate_limit import MemoryRateLimiter
from support.asgi import headers_without_request_id
from support.factories import Factory
from support.widget_client import browser_at, post_token
from tenants.plans import Plan
from widget.assets import ASSET_MANIFEST
from widget.models import EmbedToken

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


async def test_the_page_knows_the_account_whose_calls_the_server_writes(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    connected, other = await make.tenant(), await make.tenant()
    async with database.sessions() as session, session.begin():
        session.add(
            HubSpotConnection(
                organization_id=connected.organization.id, access_token="sealed", portal_id="77", broken_at=utc_now()
            )
        )
    for tenant, account in ((connected, "77"), (other, "")):
        page = await client.get(PATH, params={"t": str((await make.token(tenant)).id)})
        assert f'data-logged-account="{account}"' in page.text


@pytest.mark.parametrize("domains", [(), ("app.hubspot.com",), ("mysite.com", "app-eu1.hubspot.com")])
async def test_a_token_for_hubspot_gets_a_ticket_that_works_from_our_origin(
    client: httpx.AsyncClient, make: Factory, database: Database, domains: tuple[str, ...]
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=domains)
    page = await client.get(PATH, params={"t": str(token.id)})
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["permissions-policy"] == "microphone=(self)"
    answer = await post_token(client, token.raw, origins=(OWN,), ticket=ticket_of(page))
    assert answer.status_code == 200, answer.text
    other = await make.token(await make.tenant(), allowed_domains=("mysite.com",))
    refused = await post_token(client, other.raw, origins=(OWN,), ticket=ticket_of(page))
    assert refused.json()["code"] == "domain_not_allowed"
    # The ticket remembers HubSpot, and ends with it on the list.
    async with database.sessions() as session, session.begin():
        change = sa.update(EmbedToken).where(EmbedToken.id == token.id).values(allowed_domains=["mysite.com"])
        await session.execute(change)
    refused = await post_token(client, token.raw, origins=(OWN,), ticket=ticket_of(page))
    assert refused.json()["code"] == "domain_not_allowed"


async def test_a_token_for_other_pages_gets_a_frame_there_but_no_ticket(
    client: httpx.AsyncClient, make: Factory
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=("mysite.com",))
    page = await client.get(PATH, params={"t": str(token.id)})
    assert ticket_of(page) == ""
    assert "https://*.mysite.com:*" in ancestors_of(page)


async def test_a_revoked_token_gets_the_page_of_an_unknown_one(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=("app.hubspot.com", "mysite.com"))
    await make.revoke(tenant, token)
    revoked, without = await client.get(PATH, params={"t": str(token.id)}), await client.get(PATH)
    assert revoked.content == without.content
    assert headers_without_request_id(revoked) == headers_without_request_id(without)


@pytest.mark.parametrize(
    "given", [None, "", "nonsense", "'\"><script>", pytest.param(str(uuid4()), id="unknown"), "0" * 5000]
)
async def test_an_unknown_or_invalid_token_gets_a_page_without_a_ticket(
    client: httpx.AsyncClient, given: str | None
) -> None:
    page = await client.get(PATH, params={} if given is None else {"t": given})
    assert page.status_code == 200
    assert ticket_of(page) == ""
    assert all(source.endswith(".hubspot.com") for source in ancestors_of(page))
    assert "<script>" not in page.text


async def test_the_pages_ticket_does_not_bypass_the_plan(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant(plan=Plan.STARTER))
    page = await client.get(PATH, params={"t": str(token.id)})
    answer = await post_token(client, token.raw, origins=(OWN,), ticket=ticket_of(page))
    assert answer.json()["code"] == "plan_not_supported"


async def test_an_unknown_id_gets_the_same_page_as_no_id(client: httpx.AsyncClient) -> None:
    without = await client.get(PATH)
    unknown = await client.get(PATH, params={"t": str(uuid4())})
    assert unknown.content == without.content
    assert headers_without_request_id(unknown) == headers_without_request_id(without)


async def test_lookups_of_many_ids_from_one_network_are_limited(app: Litestar, make: Factory) -> None:
    token = await make.token(await make.tenant(), allowed_domains=("mysite.com",))
    limiter = MemoryRateLimiter(clock=lambda: 30.0)  # in a minute that does not end
    pages = Litestar([integrations_router(SETTINGS.get(app), ASSET_MANIFEST.get(app), DATABASE.get(app), limiter)])
    async with browser_at(pages, "203.0.113.9", OWN) as stranger:
        for _ in range(MAX_LOOKUPS_PER_NETWORK):
            assert (await stranger.get(PATH, params={"t": str(uuid4())})).status_code == 200
        refused = await stranger.get(PATH, params={"t": str(token.id)})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert 'data-problem="Too many requests"' in refused.text
        assert (ticket_of(refused), "mysite.com" in str(refused.headers)) == ("", False)
        # Without an id there is nothing to learn, and nothing is counted.
        assert (await stranger.get(PATH)).status_code == 200
    async with browser_at(pages, "203.0.113.10", OWN) as other:
        assert "https://mysite.com:*" in ancestors_of(await other.get(PATH, params={"t": str(token.id)}))


async def test_the_page_has_the_set_up_steps_for_use_outside_hubspot(client: httpx.AsyncClient) -> None:
    page = html.unescape((await client.get("/integrations/hubspot")).text)
    assert 'id="setup"' in page
    assert "http://localhost:8000/integrations/hubspot</code>" in page
    assert "<code>oauth crm.objects.contacts.read</code>" in page
    link = urlsplit(page.partition("<code>https://app.hubspot.com/oauth/authorize")[2].partition("</code>")[0])
    assert parse_qs(link.query) == {
        "client_id": ["CLIENT_ID"],
        "redirect_uri": ["http://localhost:8000/integrations/hubspot"],
        "scope": ["oauth crm.objects.contacts.read"],
    }


async def test_the_set_up_names_the_secret_and_the_exchange_of_the_code(client: httpx.AsyncClient) -> None:
    page = html.unescape((await client.get("/integrations/hubspot")).text)
    assert "the client secret and the developer API key" in page
    assert "https://api.hubapi.com/oauth/v1/token" in page


async def test_the_page_after_an_installation_says_what_to_do_with_the_code(client: httpx.AsyncClient) -> None:
    answer = await client.get("/integrations/hubspot", params={"code": "c0de-of-hubspot"})
    page = html.unescape(answer.text)
    assert "Complete the installation in HubSpot" in page
    assert "https://api.hubapi.com/oauth/v1/token" in page
    assert "create an app" not in page
    assert "c0de-of-hubspot" not in page + str(answer.headers)
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
