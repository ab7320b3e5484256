"""Pages restored from the browser's back/forward cache: the phone still works."""

import pytest

from browser.conftest import NewBrowser, OpenPage
from support.browser.host_site import HostSite, widget_tag
from support.browser.page_history import CACHE_OFF, leave_and_go_back
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]

RECORD_RESTORE = """<script>
    addEventListener("pageshow", (event) => { window.restored = event.persisted; });
</script>"""


@pytest.fixture
async def phone(new_browser: NewBrowser, open_page: OpenPage, customer: Customer, host_site: HostSite) -> Phone:
    """A phone in a browser with the cache. The browser starts before the page, because it must be closed after it."""
    url = host_site.page(RECORD_RESTORE + widget_tag(customer.product.url, customer.token.raw))
    opened = await open_page(url, customer.product, customer=customer, browser=await new_browser(without=(CACHE_OFF,)))
    await opened.until_event("ready")
    return opened


async def assert_calls(phone: Phone, count: int) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered", count)
    await phone.hear(begun.call_id)
    await phone.panel.get_by_role("button", name="Hang up").click()
    assert (await phone.record(begun.call_id))["status"] == "completed"


async def test_an_idle_phone_calls_after_it_was_restored(phone: Phone, host_site: HostSite) -> None:
    await leave_and_go_back(phone, host_site)
    assert await phone.state() == "ready"
    await assert_calls(phone, 1)


async def test_a_phone_with_a_connection_calls_after_it_was_restored(phone: Phone, host_site: HostSite) -> None:
    await assert_calls(phone, 1)
    await leave_and_go_back(phone, host_site)
    assert await phone.state() == "completed"
    await assert_calls(phone, 2)


async def test_a_phone_with_an_unused_connection_calls_after_it_was_restored(phone: Phone, host_site: HostSite) -> None:
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.page.wait_for_function('() => window[Symbol.for("epoch.watch")].openSockets() === 1')
    await leave_and_go_back(phone, host_site)
    assert await phone.state() == "ready"
    await assert_calls(phone, 1)
    assert await phone.details("error") == []


async def test_leaving_the_page_ends_its_call_once_and_the_next_call_works(phone: Phone, host_site: HostSite) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    await leave_and_go_back(phone, host_site)
    assert await phone.until_state("completed", "failed") == "completed"
    assert (await phone.record(begun.call_id))["status"] == "completed"
    assert len(await phone.details("callEnded")) == 1
    await phone.panel.get_by_role("button", name="Call again").wait_for()
    await assert_calls(phone, 2)
    assert await phone.details("error") == []
