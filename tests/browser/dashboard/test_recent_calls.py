"""The phone on the dashboard's pages lists the signed-in person's recent calls, also those from other pages."""

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from support.browser.dashboard import generate_token, sign_in
from support.browser.product import Product
from support.call_factory import add_call
from support.factories import Token
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio


async def test_a_person_finds_the_calls_that_they_placed_elsewhere(browser: Browser, product: Product) -> None:
    customer = await product.customer()
    owner, database = customer.tenant.owner, product.database
    page = await browser.new_page()
    await sign_in(page, customer)
    raw = await generate_token(page, customer, "mysite.com")
    async with database.sessions() as session, session.begin():
        switched_on = sa.update(EmbedToken).where(EmbedToken.organization_id == customer.tenant.organization.id)
        only_new = EmbedToken.allowed_domains == ["mysite.com"]
        query = switched_on.where(only_new).values(recent_calls=True).returning(EmbedToken.id)
        token = Token((await session.scalars(query)).one(), raw)
    mine: dict[str, Any] = {"agent": owner.email, "agent_is_member": True}
    await add_call(database, customer.tenant, token, name="Grace Hopper", duration=75, **mine)
    await add_call(database, customer.tenant, token, to_number="+12125550199", agent="Somebody else")

    # The phone of this page began before; as after an hour, it exchanges again.
    await page.wait_for_function("() => globalThis.EpochPhone")
    await page.evaluate("() => { EpochPhone.destroy(); EpochPhone.init({}); }")
    await page.wait_for_function("() => EpochPhone.isReady()")
    await page.evaluate("() => EpochPhone.open()")
    recent = page.get_by_role("list", name="Recent calls").get_by_role("button")
    await expect(recent).to_have_count(1)
    for text in ("Grace Hopper", "+1 212-555-0101", "1:15"):
        await expect(recent).to_contain_text(text)
    await page.get_by_role("button", name="Clear").click()
    await expect(recent).to_have_count(0)
    await page.evaluate("() => { EpochPhone.destroy(); EpochPhone.init({}); }")
    await page.wait_for_function("() => EpochPhone.isReady()")
    async with page.expect_response("**/widget/recent"):
        await page.evaluate("() => EpochPhone.open()")
    await expect(recent).to_have_count(0)
