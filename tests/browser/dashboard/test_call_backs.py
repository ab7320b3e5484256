"""Calling back a missed call from the dashboard's list or the phone: the caller is reached, and the list shows it."""

from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, expect

from kit.clock import utc_now
from support.browser.contexts import open_context
from support.browser.product import ECHO, Product
from support.callback_client import CallbackClient, new_sid
from support.local_http import local_client

pytestmark = pytest.mark.anyio
OTHER_ECHO = "+12125550188"


async def _miss(callbacks: CallbackClient, number: str, caller: str) -> None:
    """Call ``number`` from ``caller``; nobody answers."""
    sid = new_sid()
    await callbacks.incoming(number, sid, caller=caller)
    await callbacks.event(sid, "completed", utc_now(), CallDuration="4")


async def test_a_missed_call_is_called_back_from_the_dashboard(browser: Browser, product: Product) -> None:
    customer = await product.customer()
    assert customer.tenant.number is not None
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(local_client(base_url=product.url))
        callbacks = CallbackClient(client, product.settings)
        await _miss(callbacks, customer.tenant.number, ECHO)
        context = await stack.enter_async_context(open_context(browser, product, customer.tenant.owner))
        page = await context.new_page()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}")
        await page.get_by_role("link", name="Missed calls 1 new").click()
        await page.get_by_role("button", name="Call back", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="Ready. The phone is in the corner")).to_be_visible()
        await page.get_by_role("main").get_by_role("button", name="Call back", exact=True).click()
        await expect(page.get_by_role("status").filter(has_text="In a call.")).to_be_visible()
        # A second call cannot begin, and the page's own links do not end this one.
        await expect(page.get_by_role("main").get_by_role("button", name="Call back", exact=True)).to_be_disabled()
        async with context.expect_page():
            await page.get_by_role("link", name="See the missed call").click()
        await expect(page.get_by_role("status").filter(has_text="In a call.")).to_be_visible()
        assert await page.evaluate("() => EpochPhone.getCall().from") == customer.tenant.number
        await page.evaluate("() => EpochPhone.hangup()")
        await expect(page.get_by_role("status").filter(has_text="The call ended.")).to_be_visible()

        # The phone's panel also lists newly missed calls, and calls back.
        await _miss(callbacks, customer.tenant.number, OTHER_ECHO)
        await page.get_by_role("button", name="New call").click()
        await expect(page.get_by_role("list", name="Missed calls (1)").get_by_role("listitem")).to_have_count(1)
        await page.get_by_role("button", name="Call back +1 212-555-0188").click()
        await expect(page.get_by_role("status").filter(has_text="In a call.")).to_be_visible()
        call = await page.evaluate("() => EpochPhone.getCall()")
        assert (call["number"], call["from"]) == (OTHER_ECHO, customer.tenant.number)
        await page.evaluate("() => EpochPhone.hangup()")
        await expect(page.get_by_role("status").filter(has_text="The call ended.")).to_be_visible()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/calls?direction=missed")
        returned = page.get_by_role("row").filter(has_text=f"Called back by {customer.tenant.owner.email}")
        await expect(returned).to_have_count(2)
        await expect(page.get_by_role("button", name="Call back", exact=True)).to_have_count(0)
