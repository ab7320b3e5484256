"""The caller id of an outgoing call, chosen from five numbers by each rule: at the called phone and in the record."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from support.browser.contexts import open_context
from support.browser.phone import WATCH, Phone
from support.browser.product import HANGS_UP, Customer, Product
from support.factories import sign_in
from support.local_http import local_client
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
CHICAGO = "+13125550147"
AREAS = ("212", "312", "617", "415")


class Agent:
    """A member who calls from the dashboard's phone, and changes the rules of their organization over the API."""

    def __init__(self, phone: Phone, api: httpx.AsyncClient, organization: str) -> None:
        """``organization`` is the path of the organization in the API."""
        self._phone, self._api, self._organization = phone, api, organization
        self._calls = 0
        self.ids: Mapping[str, str] = {}
        """The ids of the organization's numbers, by number."""

    async def change(self, path: str, method: str = "PATCH", **values: Any) -> None:
        """Change the resource at ``path`` of the organization."""
        answer = await self._api.request(method, f"{self._organization}/{path}", json=values)
        assert answer.status_code == 200, answer.text

    async def first_id(self, path: str) -> str:
        """The id of the first item of a list."""
        return str((await self._api.get(f"{self._organization}/{path}")).json()["items"][0]["id"])

    async def read_numbers(self) -> None:
        items = (await self._api.get(f"{self._organization}/phone-numbers")).json()["items"]
        self.ids = {item["number"]: item["id"] for item in items}

    async def number_shown_to(self, to: str, **options: str) -> str:
        """Call ``to`` and end the call; return the number that the telephone showed and the call's record has."""
        self._calls += 1
        begun = await self._phone.call(to, options)
        await self._phone.until_event("callAnswered", self._calls)
        if to != HANGS_UP:
            await self._phone.hangup()
        await self._phone.until_event("callEnded", self._calls)
        record = await self._phone.record(begun.call_id)
        shown = str((await self._phone.far_end(begun.call_id))["from"])
        assert (record["from"], record["from_number_id"]) == (shown, self.ids[shown])
        return shown


async def add_numbers(customer: Customer) -> Mapping[str, str]:
    """Give the organization four more numbers; their area codes lead to them."""
    serial = str(customer.tenant.number)[-4:]
    numbers = {area: f"+1{area}557{serial}" for area in AREAS}
    async with customer.product.database.sessions() as session, session.begin():
        session.add_all(
            PhoneNumber(organization_id=customer.tenant.organization.id, e164=number, carrier_sid=None, name=area)
            for area, number in numbers.items()
        )
    return numbers


async def test_each_rule_chooses_the_right_one_of_five_numbers(browser: Browser, product: Product) -> None:
    customer = await product.customer()
    numbers, default = await add_numbers(customer), customer.tenant.number
    organization = f"/api/organizations/{customer.tenant.organization.id}"
    async with (
        open_context(browser, product, customer.tenant.owner) as context,
        local_client(base_url=product.url, timeout=30) as api,
    ):
        await sign_in(api, customer.tenant.owner)
        # The page after generating a token has the phone of the signed-in member.
        await context.add_init_script(path=WATCH)
        page = await context.new_page()
        phone = Phone(page, product, customer)
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/settings/widget")
        await page.get_by_role("button", name="Generate Embed Token", exact=True).click()
        await expect(page.get_by_role("heading", name="Test call")).to_be_visible()
        await phone.until_event("ready")
        agent = Agent(phone, api, organization)
        await agent.read_numbers()
        token, member = (
            f"embed-tokens/{await agent.first_id('embed-tokens')}",
            f"members/{await agent.first_id('members')}",
        )

        await agent.change("caller-id", "PUT", sticky=False, match_area_code=False)
        assert await agent.number_shown_to(CHICAGO) == default
        await agent.change("caller-id", "PUT", sticky=False, match_area_code=True)
        assert await agent.number_shown_to(CHICAGO) == numbers["312"]
        assert await agent.number_shown_to(HANGS_UP) == numbers["212"]
        # The first number on the token's list takes precedence over the area code.
        await agent.change(token, from_numbers=[agent.ids[numbers["617"]], agent.ids[numbers["212"]]])
        assert await agent.number_shown_to(HANGS_UP) == numbers["617"]
        await agent.change(token, from_numbers=[])
        # The number from which this contact was last called takes precedence over both.
        await agent.change("caller-id", "PUT", sticky=True, match_area_code=True)
        assert await agent.number_shown_to(HANGS_UP) == numbers["617"]
        assert await agent.number_shown_to(CHICAGO) == numbers["312"]
        # The member's own number takes precedence over these, and the requested number over all.
        await agent.change(member, from_number_id=agent.ids[numbers["415"]])
        assert await agent.number_shown_to(HANGS_UP) == numbers["415"]
        assert await agent.number_shown_to(HANGS_UP, **{"from": numbers["212"]}) == numbers["212"]
        # If the member has no number of their own, the contact sees the number that was shown last.
        await agent.change(member, from_number_id=None)
        assert await agent.number_shown_to(HANGS_UP) == numbers["212"]
