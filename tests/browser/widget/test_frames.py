"""The phone in frames: of another origin, sandboxed, and with an opaque origin."""

import pytest
from playwright.async_api import Frame

from browser.conftest import OpenPage
from support.browser.host_site import HostSite, widget_tag
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

IS = "(state) => window.EpochPhone?.getState() === state"


async def frame_of(
    customer: Customer, open_page: OpenPage, host_site: HostSite, attributes: str, *, other_origin: bool = False
) -> Frame:
    """The frame of a page that contains the phone."""
    inside = host_site.page(widget_tag(customer.product.url, customer.token.raw))
    if other_origin:
        inside = inside.replace("127.0.0.1", "localhost")
    phone = await open_page(host_site.page(f'<iframe src="{inside}" {attributes}></iframe>'), customer.product)
    frame = phone.page.frames[1]
    await frame.wait_for_function(IS, arg="ready")
    return frame


async def assert_calls(frame: Frame) -> None:
    assert await frame.evaluate("(number) => EpochPhone.call(number)", ECHO) is True
    await frame.wait_for_function(IS, arg="in-progress")
    await frame.locator("epoch-phone").get_by_role("button", name="Hang up").click()
    await frame.wait_for_function(IS, arg="completed")


async def test_a_frame_of_another_origin(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    frame = await frame_of(customer, open_page, host_site, 'allow="microphone"', other_origin=True)
    await assert_calls(frame)


async def test_a_sandboxed_frame_of_the_pages_own_origin(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    await assert_calls(await frame_of(customer, open_page, host_site, 'sandbox="allow-scripts allow-same-origin"'))


async def test_a_frame_without_an_origin_says_that_it_cannot_use_the_microphone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    attributes = 'sandbox="allow-scripts" allow="microphone *" width=600 height=700'
    frame = await frame_of(customer, open_page, host_site, attributes)
    assert await frame.evaluate("() => origin") == "null"
    await frame.evaluate("(number) => EpochPhone.call(number)", ECHO)
    await frame.wait_for_function(IS, arg="failed")
    alert = frame.locator("epoch-phone").get_by_role("alert").filter(visible=True)
    await alert.get_by_text("The microphone is blocked by this page's policy", exact=True).wait_for()
    await alert.get_by_text("allow-same-origin").wait_for()
