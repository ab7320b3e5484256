"""Pages that the browser kept whole while the visitor was elsewhere, and shows again as they were."""

import contextlib
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Error as PlaywrightError

from browser.conftest import NewBrowser, OpenPage
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

KEPT = "--disable-back-forward-cache"
"""Playwright switches the cache off; its own argument is what a test leaves out."""
REMEMBER = """<script>
    addEventListener("pageshow", (event) => { window.restored = event.persisted; });
</script>"""


@pytest.fixture
async def phone(new_browser: NewBrowser, open_page: OpenPage, customer: Customer, host_site: HostSite) -> Phone:
    """A phone in a browser that keeps pages; the browser first, as it must outlive the page."""
    url = host_site.page(REMEMBER + widget_tag(customer.product.url, customer.token.raw))
    opened = await open_page(url, customer.product, customer=customer, browser=await new_browser(without=(KEPT,)))
    await opened.until_event("ready")
    return opened


async def leave_and_come_back(
    phone: Phone, host_site: HostSite, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> None:
    await phone.page.goto(host_site.page("<p>Elsewhere</p>"))
    if meanwhile is not None:
        await meanwhile()
    # Playwright's own way back waits for a load that a kept page does not have.
    session = await phone.page.context.new_cdp_session(phone.page)
    reasons: list[object] = []
    session.on("Page.backForwardCacheNotUsed", lambda event: reasons.append(event["notRestoredExplanations"]))
    await session.send("Page.enable")
    history = await session.send("Page.getNavigationHistory")
    entry = history["entries"][history["currentIndex"] - 1]["id"]
    await session.send("Page.navigateToHistoryEntry", {"entryId": entry})

    async def is_restored() -> bool:
        with contextlib.suppress(PlaywrightError):  # between two pages there is none to ask
            return bool(reasons) or bool(await phone.page.evaluate("() => window.restored === true"))
        return False

    await phone.until("the kept page is shown again", is_restored)
    assert reasons == []


async def assert_calls(phone: Phone, count: int) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered", count)
    await phone.hear(begun.call_id)
    await phone.panel.get_by_role("button", name="Hang up").click()
    assert (await phone.record(begun.call_id))["status"] == "completed"


async def test_an_idle_phone_calls_after_it_was_kept(phone: Phone, host_site: HostSite) -> None:
    await leave_and_come_back(phone, host_site)
    assert await phone.state() == "ready"
    await assert_calls(phone, 1)


async def test_a_phone_with_a_connection_calls_after_it_was_kept(phone: Phone, host_site: HostSite) -> None:
    await assert_calls(phone, 1)
    await leave_and_come_back(phone, host_site)
    assert await phone.state() == "completed"
    await assert_calls(phone, 2)


async def test_a_call_ends_once_with_its_page_and_the_next_one_works(phone: Phone, host_site: HostSite) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    await leave_and_come_back(phone, host_site)
    assert await phone.until_state("completed", "failed") == "completed"
    assert (await phone.record(begun.call_id))["status"] == "completed"
    assert len(await phone.details("callEnded")) == 1
    await phone.panel.get_by_role("button", name="Call again").wait_for()
    await assert_calls(phone, 2)
    assert await phone.details("error") == []
