"""Printed pages do not show the phone."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.mouse import button, hang_up, press
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("print", threads="sunshine-conversations#401")]


async def test_neither_button_nor_panel_nor_bar_are_printed(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    shown = phone.panel.locator("button").filter(visible=True)

    async def assert_not_printed() -> None:
        await phone.page.emulate_media(media="print")
        await expect(shown).to_have_count(0)
        await phone.page.emulate_media(media="screen")
        await expect(shown).not_to_have_count(0)

    await assert_not_printed()
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    await assert_not_printed()
    await press(phone, "Close phone")
    await button(phone, "Hang up").wait_for()
    await assert_not_printed()
    await hang_up(phone, call_id, ECHO)


COUNT_MODALS = """() => {
    window.modals = 0;
    const { showModal } = HTMLDialogElement.prototype;
    HTMLDialogElement.prototype.showModal = function () {
        window.modals += 1;
        showModal.call(this);
    };
}"""
# The time of three checks of the phone; after two failed ones it would show itself in a modal dialog.
THREE_CHECKS = """() => new Promise((resolve) => {
    let left = 3;
    const timer = setInterval(() => {
        left -= 1;
        if (left) return;
        clearInterval(timer);
        resolve();
    }, 1_100);
})"""


async def test_a_page_printed_in_a_call_is_not_dimmed(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    await phone.page.evaluate(COUNT_MODALS)
    await phone.page.emulate_media(media="print")
    await phone.page.evaluate(THREE_CHECKS)
    assert await phone.page.evaluate("() => modals") == 0, "a modal dialog dims the page"
    await phone.page.emulate_media(media="screen")
    await hang_up(phone, call_id, ECHO)
