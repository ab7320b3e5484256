"""Pages that hide, move, copy, disable or remove the phone in a call: a person can always mute and hang up."""

import pytest
from playwright.async_api import Page, expect

from browser.conftest import OpenPhone
from support.browser.mouse import assert_can_mute, button, hang_up, press
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("top layer", threads="")]

STYLES = (
    "html { transform: rotate(180deg) scale(.5) }",
    "html { filter: blur(9px); opacity: 0; clip-path: inset(50%) }",
    "html { contain: strict; height: 1px; overflow: hidden }",
    "html { will-change: transform; perspective: 10px; translate: 0 -300vh }",
    "html { zoom: 1.5 }",
    "html { pointer-events: none; user-select: none; visibility: hidden }",
    "body { visibility: hidden; pointer-events: none; content-visibility: hidden }",
    "body { display: none !important }",
    "* { all: unset }",
    "* { all: unset !important }",
    "body, body *, epoch-phone { display: none !important }",
    "epoch-phone { display: none !important; visibility: hidden !important }",
    "epoch-phone { transform: scale(0); opacity: 0; contain: strict; position: absolute; left: -9999px }",
    "epoch-phone { content-visibility: hidden; pointer-events: none; width: 0; height: 0; overflow: hidden }",
    "body::after { content: ''; position: fixed; inset: 0; z-index: 2147483647; background: white }",
)
PICTURE = "<svg width=10 height=10><foreignObject width=10 height=10></foreignObject></svg>"
HOST = 'const host = document.querySelector("epoch-phone");'
ACTIONS = (
    "host.remove()",
    "host.hidden = true",
    "host.style.setProperty('display', 'none', 'important')",
    "host.inert = true; host.setAttribute('aria-hidden', 'true')",
    "for (const element of document.documentElement.children) element.inert = true",
    "document.body.inert = true",
    "document.documentElement.inert = true",
    "document.documentElement.inert = false",
    "host.popover = 'auto'",
    "Object.freeze(host); Object.freeze(host.shadowRoot); Object.freeze(EpochPhone)",
    "const box = document.createElement('p'); box.style.display = 'none'; document.body.append(box); box.append(host)",
    "document.createElement('div').append(host)",
    "const box = document.createElement('details'); document.body.append(box); box.append(host)",
    "const box = document.createElement('canvas'); document.body.append(box); box.append(host)",
    f"document.body.innerHTML = '{PICTURE}'; document.querySelector('foreignObject').append(host)",
    "document.body.append(host); document.body.replaceChildren()",
    "host.shadowRoot.replaceChildren()",
    "document.body.innerHTML = document.body.innerHTML",
    "document.body.replaceWith(document.body.cloneNode(true))",
    "document.body.append(host.cloneNode(true))",
    "document.documentElement.innerHTML = document.documentElement.innerHTML",
    "document.replaceChild(document.documentElement.cloneNode(true), document.documentElement)",
)


async def test_styles_of_the_page_do_not_hide_the_phone(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body="<p>A customer's words.</p>" * 60)
    await phone.until_event("ready")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    for text in STYLES:
        style = await phone.page.add_style_tag(content=text)
        await assert_can_mute(phone)
        await style.evaluate("(style) => style.remove()")
    # The same with the call bar, which a closed panel leaves.
    await press(phone, "Close phone")
    await button(phone, "Hang up").wait_for()
    for text in STYLES:
        style = await phone.page.add_style_tag(content=text)
        await assert_can_mute(phone)
        await style.evaluate("(style) => style.remove()")
    await hang_up(phone, call_id, ECHO)
    assert phone.console == []


async def test_changes_of_the_page_to_the_element_are_repaired(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body="<p>A customer's words.</p>")
    await phone.until_event("ready")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    for action in ACTIONS:
        await do(phone.page, action)
        await assert_can_mute(phone)
    await hang_up(phone, call_id, ECHO)
    assert phone.console == []


COVER = """() => document.body.insertAdjacentHTML(
    "beforeend", "<div style='position:fixed;inset:0;z-index:2147483647;background:white'></div>"
)"""
HIDE_CONTAINER = ("() => place.style.display = 'none'", "() => place.style.cssText = 'height:0;overflow:hidden'", COVER)


@pytest.mark.parametrize("action", HIDE_CONTAINER)
async def test_a_phone_whose_container_cannot_be_pressed_floats(
    customer: Customer, open_phone: OpenPhone, action: str
) -> None:
    body = '<p>A customer\'s words.</p><aside id="place" style="width:320px"></aside>'
    phone = await open_phone(customer, attributes='data-container="#place"', body=body)
    await phone.until_event("ready")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    await expect(phone.page.locator("#place > epoch-phone .panel")).to_be_visible()
    await phone.page.evaluate(action)
    await assert_can_mute(phone)
    await expect(phone.page.locator("html > epoch-phone .panel")).to_be_visible()
    await hang_up(phone, call_id, ECHO)
    await expect(phone.page.locator("#place > epoch-phone [data-inline]:not([popover])")).to_be_attached()
    assert phone.console == []


async def do(page: Page, action: str) -> None:
    await page.evaluate(f"() => {{ {HOST} {action}; }}")
