"""One call at a time in all tabs of a site, which each tab shows; the browser's question before a call is left."""

import asyncio
import contextlib
import re

import pytest
from playwright.async_api import Dialog, expect
from playwright.async_api import Error as PlaywrightError

from browser.conftest import NewBrowser, OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.page_history import CACHE_OFF, leave_and_go_back
from support.browser.product import ECHO, NEVER_ANSWERS, Customer, Product
from support.browser.tabs import CALL_IN_OTHER_TAB, another_tab, assert_can_call

pytestmark = pytest.mark.anyio

CRASH_SECONDS = 2.0
REFUSED = "A call is already in progress in another tab"
TIMER = re.compile(r"^\d:\d\d$")


@pytest.mark.every_browser
async def test_a_second_tab_cannot_call_shows_the_call_and_hangs_it_up(
    open_phone: OpenPhone, customer: Customer
) -> None:
    first = await open_phone(customer)
    await first.until_event("ready")
    second = await another_tab(first)
    begun = await first.call(ECHO)
    await first.until_event("callAnswered")

    refused = await second.call(NEVER_ANSWERS)
    assert refused.is_started
    ended = await second.until_event("callEnded")
    assert (ended["callId"], ended["status"], ended["message"]) == (refused.call_id, "failed", REFUSED)
    assert (await second.until_event("error"))["code"] == "call_elsewhere"
    assert await first.state() == "in-progress"

    await expect(second.panel.locator(".call-note")).to_have_text(CALL_IN_OTHER_TAB)
    await expect(second.panel.locator(".number")).to_have_text("+1 212-555-0101")
    await expect(second.panel.locator(".status")).to_have_text(TIMER)
    await second.panel.locator(".main").click()
    assert (await first.until_event("callEnded"))["callId"] == begun.call_id
    assert [record["call_id"] for record in await first.records()] == [begun.call_id]
    await assert_can_call(second)


async def test_phones_of_another_organization_of_the_same_name_neither_see_nor_stop_a_call(
    open_phone: OpenPhone, customer: Customer, product: Product, host_site: HostSite
) -> None:
    namesake = await product.customer()
    assert namesake.tenant.organization.name == customer.tenant.organization.name
    first = await open_phone(customer)
    await first.until_event("ready")
    stranger = await another_tab(first, host_site.page(widget_tag(product.url, namesake.token.raw)))
    await first.call(ECHO)
    await first.until_event("callAnswered")
    colleague = await another_tab(first)
    await expect(colleague.panel.locator(".bar .time")).to_have_text(TIMER)
    other_browser = await open_phone(customer)  # the same token in another browser context
    await other_browser.until_event("ready")
    for phone in (stranger, other_browser):
        await expect(phone.panel.locator(".bar")).to_be_hidden()
    assert (await stranger.call(ECHO)).is_started
    await stranger.until_event("callAnswered")
    await stranger.hangup()
    assert await first.state() == "in-progress"
    await first.hangup()


@pytest.mark.every_browser
async def test_a_tab_that_opens_during_a_call_shows_it(open_phone: OpenPhone, customer: Customer) -> None:
    first = await open_phone(customer)
    await first.until_event("ready")
    await first.call(ECHO)
    await first.until_event("callAnswered")
    second = await another_tab(first)
    # The bar of the closed panel shows the time; only the tab with the call can mute.
    bar = second.panel.locator(".bar")
    await expect(bar.locator(".time")).to_have_text(TIMER)
    await expect(bar.get_by_role("button", name="Mute")).to_be_hidden()
    await expect(bar).to_have_css("display", "flex")  # its style sheet is loaded
    await first.hangup()
    await expect(bar).to_be_hidden()
    await assert_can_call(second)


async def test_other_tabs_can_call_after_the_tab_with_the_call_crashed(
    open_phone: OpenPhone, customer: Customer
) -> None:
    first = await open_phone(customer)
    await first.until_event("ready")
    holder = await another_tab(first)
    await holder.call(ECHO)
    await holder.until_event("callAnswered")
    await expect(first.panel.locator(".bar .time")).to_have_text(TIMER)
    session = await holder.page.context.new_cdp_session(holder.page)
    with contextlib.suppress(PlaywrightError, TimeoutError):  # nobody is left to answer
        await asyncio.wait_for(session.send("Page.crash"), CRASH_SECONDS)
    await expect(first.panel.locator(".bar")).to_be_hidden()
    await assert_can_call(first)


async def test_leaving_the_page_asks_only_during_a_call(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    dialogs: list[str] = []

    async def stay(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.dismiss()

    phone.page.on("dialog", stay)
    await phone.page.mouse.click(5, 5)  # browsers ask only on behalf of a page that was used
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    with contextlib.suppress(PlaywrightError):  # the navigation that was called off
        await phone.page.goto(host_site.page("<p>Another page</p>"))
    assert dialogs == ["beforeunload"]
    assert await phone.state() == "in-progress"
    await phone.hear(begun.call_id)
    await phone.hangup()
    await phone.page.goto(host_site.page("<p>Another page</p>"))
    assert dialogs == ["beforeunload"]


@pytest.mark.full_chromium
async def test_a_call_in_another_tab_does_not_evict_a_page_from_the_cache(
    new_browser: NewBrowser, open_page: OpenPage, customer: Customer, host_site: HostSite
) -> None:
    remember = '<script>addEventListener("pageshow", (event) => { window.restored = event.persisted; });</script>'
    url = host_site.page(remember + widget_tag(customer.product.url, customer.token.raw))
    first = await open_page(url, customer.product, customer=customer, browser=await new_browser(without=(CACHE_OFF,)))
    await first.until_event("ready")
    second = await another_tab(first)
    await second.call(ECHO)
    await second.until_event("callAnswered")
    await expect(first.panel.locator(".bar .time")).to_have_text(TIMER)

    async def call_ends() -> None:
        await second.hangup()
        await second.until_event("callEnded")

    await leave_and_go_back(first, host_site, meanwhile=call_ends)
    await expect(first.panel.locator(".bar")).to_be_hidden()
    await assert_can_call(first)
