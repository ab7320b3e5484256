"""The public pages beside the landing page: plans, terms, privacy notice, contact, and the links to them."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from calls.limits.effective_limits import CEILING_FACTORS
from calls.limits.limit_names import CALLS_PER_DAY, DEFAULT_LIMITS
from epoch.app import create_app
from kit.money import Money
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import Factory, sign_in
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
LINKS = ("/plans", "/terms", "/privacy", "/contact")


@pytest.mark.parametrize("path", ["/", "/signup", "/login", "/forgot-password", "/plans", "/terms", "/no-such-page"])
async def test_every_public_page_links_to_plans_terms_privacy_and_contact(client: httpx.AsyncClient, path: str) -> None:
    page = (await client.get(path)).text
    assert all(f'href="{link}"' in page for link in LINKS)


async def test_the_dashboard_links_to_them_too(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    page = (await client.get(f"/dashboard/{tenant.organization.slug}")).text
    assert all(f'href="{link}"' in page for link in LINKS)


async def test_without_settings_the_pages_say_that_this_is_a_sandbox(client: httpx.AsyncClient) -> None:
    for path, setting in (("/terms", "EPOCH_TERMS_URL"), ("/privacy", "EPOCH_PRIVACY_URL")):
        page = await client.get(path)
        assert page.status_code == 200
        assert "This is a sandbox" in page.text
        assert setting in page.text
    contact = (await client.get("/contact")).text
    assert "This is a sandbox: nobody" in contact


@pytest.fixture(scope="module")
async def operated(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor of an installation whose operator has set the texts, the contact and some prices."""
    application = create_app(
        msgspec.structs.replace(
            settings,
            terms_url="https://www.example.com/terms",
            privacy_url="https://www.example.com/privacy?lang=en",
            contact_email="support@voice.example",
            plan_prices={"pro": Money.parse("29", "USD"), "business": Money.parse("79.50", "EUR")},
        )
    )
    async with application.lifespan():
        transport = asgi_transport(application)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as visitor:
            yield visitor


async def test_terms_and_privacy_lead_to_the_operators_pages(operated: httpx.AsyncClient) -> None:
    for path, address in (
        ("/terms", "https://www.example.com/terms"),
        ("/privacy", "https://www.example.com/privacy?lang=en"),
    ):
        answer = await operated.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, address)


async def test_the_contact_page_names_the_operators_address(operated: httpx.AsyncClient) -> None:
    page = (await operated.get("/contact")).text
    assert 'href="mailto:support@voice.example"' in page
    assert "sandbox: nobody" not in page


async def test_the_plans_page_shows_the_prices_that_are_set_and_asks_for_the_others(
    operated: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    page = (await operated.get("/plans")).text
    assert "<strong>$29</strong>" in page
    assert "<strong>€79.50</strong>" in page
    assert page.count("<strong>Ask us</strong>") == len(Plan) - 2
    assert "support@voice.example" in page
    assert (await client.get("/plans")).text.count("<strong>Ask us</strong>") == len(Plan)


async def test_the_limits_on_the_plans_page_are_those_that_calls_are_held_to(client: httpx.AsyncClient) -> None:
    page = (await client.get("/plans")).text
    for plan in (Plan.PRO, Plan.BUSINESS, Plan.ENTERPRISE):
        assert f"<dd>{DEFAULT_LIMITS[CALLS_PER_DAY] * CEILING_FACTORS[plan]:,}</dd>" in page
