"""Calls in a window of their own: they outlive the page, and every page of the site that comes after follows them."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from browser.host_site import HostSite, widget_tag
from browser.pop_out import call_in_window
from browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

ON = 'data-pop-out="on"'


async def test_a_call_in_a_window_outlives_its_page_and_the_next_page_hangs_it_up(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    phone = await open_phone(customer, attributes=ON)
    await phone.until_event("ready")
    begun, window = await call_in_window(phone, ECHO)
    assert await phone.details("callStarted") == [begun.events[1]["detail"]]
    assert (await window.until_event("callAnswered"))["callId"] == begun.call_id
    await window.hear(begun.call_id)
    assert await phone.tracks() == 0

    next_page = host_site.page(widget_tag(customer.product.url, customer.token.raw))
    await phone.page.goto(next_page)
    assert (await phone.until_event("callStarted"))["callId"] == begun.call_id
    assert (await phone.until_event("callAnswered"))["callId"] == begun.call_id
    assert await phone.state() == "in-progress"
    await window.hear(begun.call_id)
    await expect(phone.panel.locator(".bar")).to_be_visible()
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert len(await window.details("callEnded")) == 1
    assert not window.console
