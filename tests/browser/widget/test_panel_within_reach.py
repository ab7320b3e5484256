"""The phone's button and panel stay inside the window; the settings close when a person has to choose a number."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

MIN_HEIGHT = 240
"""The least height of a usable panel, in px."""


@pytest.mark.parametrize(
    ("width", "height", "attributes"),
    [
        pytest.param(640, 360, 'data-offset-y="250"', id="low"),
        pytest.param(1280, 700, 'data-offset-x="400" data-offset-y="700"', id="wide"),
        pytest.param(390, 844, 'data-offset-x="400"', id="narrow"),
    ],
)
async def test_an_offset_larger_than_the_window_leaves_the_phone_inside_it(
    customer: Customer, open_phone: OpenPhone, width: int, height: int, attributes: str
) -> None:
    phone = await open_phone(customer, attributes=attributes, viewport={"width": width, "height": height})
    await phone.until_event("ready")
    box = await phone.panel.get_by_role("button", name="Open phone").bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["y"] >= 0, box["x"] + box["width"] <= width, box["y"] + box["height"] <= height) == (
        (True,) * 4
    )
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    panel = await phone.panel.locator("#panel").bounding_box()
    assert panel is None or (panel["height"] > MIN_HEIGHT and panel["y"] + panel["height"] <= height)
    await phone.panel.get_by_role("button", name="Hang up").last.click()
    await phone.until_state("completed")


async def test_the_settings_close_when_a_number_has_to_be_chosen(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.panel.get_by_role("button", name="More", exact=True).click()
    await phone.panel.get_by_role("button", name="Left").wait_for()
    placed = await phone.page.evaluate("() => EpochPhone.call('+1 212 555 0101 or 415 555 2671')")
    assert placed is False
    await phone.panel.get_by_role("button", name="+1 415-555-2671").wait_for()
    await expect(phone.panel.get_by_role("button", name="Left")).to_be_hidden()
