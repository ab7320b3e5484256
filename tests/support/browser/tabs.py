"""Opens further tabs of a customer's site, and checks that a tab shows no call of another tab."""

from playwright.async_api import expect

from support.browser.phone import Phone
from support.browser.product import ECHO

CALL_IN_OTHER_TAB = "In a call in another tab"


async def another_tab(phone: Phone, url: str | None = None) -> Phone:
    """Open another tab of the same site and wait for its event ``ready``."""
    tab = Phone(await phone.page.context.new_page(), phone.product, phone.customer)
    await tab.page.goto(url or phone.page.url)
    await tab.until_event("ready")
    return tab


async def assert_can_call(tab: Phone) -> None:
    """Assert that ``tab`` shows no call of another tab and can place a call."""
    await expect(tab.panel.get_by_text(CALL_IN_OTHER_TAB).first).to_be_hidden()
    await expect(tab.panel.get_by_role("button", name="Hang up")).to_have_count(0)
    begun = await tab.call(ECHO)
    await tab.until_event("callAnswered")
    await tab.hangup()
    assert (await tab.record(begun.call_id))["status"] == "completed"
