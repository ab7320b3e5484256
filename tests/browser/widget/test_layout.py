"""The panel and the call bar keep their position on the screen while the state of a call changes."""

from typing import Any

import pytest

from browser.conftest import OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, Customer

pytestmark = pytest.mark.anyio

# The browser excludes shifts within half a second after a person's input; only scripts act here.
WATCH = """<script>
    window.shifts = [];
    const written = ({ x, y, width, height }) => `${x} ${y} ${width} ${height}`;
    new PerformanceObserver((list) => {
        for (const { hadRecentInput, sources } of list.getEntries()) {
            for (const { previousRect, currentRect } of hadRecentInput ? [] : sources) {
                shifts.push([window.EpochPhone?.getState(), written(previousRect), written(currentRect)]);
            }
        }
    }).observe({ type: "layout-shift", buffered: true });
</script>"""
SHIFTS = "() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(shifts))))"
OPEN_AT_ONCE = "<script>EpochPhone.open();</script>"
BOX = """async () => {
    const { shadowRoot } = document.querySelector("epoch-phone");
    // A panel that opens is still 8 px too low in its first frames.
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame().then(frame);
    const ends = ({ effect }) => Number.isFinite(effect.getComputedTiming().endTime);
    const moving = shadowRoot.getAnimations().filter(ends);
    await Promise.allSettled(moving.map(({ finished }) => finished));
    return Object.fromEntries(["header", ".main"].map((name) => {
        const element = shadowRoot.querySelector(name);
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return [name, [element.closest("[dir=rtl]") ? right : left, top, bottom]];
    }));
}"""
WIDE = {"width": 1280, "height": 900}
SHORT = {"width": 1280, "height": 640}


async def boxes(phone: Phone) -> Any:
    return await phone.page.evaluate(BOX)


@pytest.mark.parametrize(
    ("language", "viewport"), [("en", WIDE), ("en", SHORT), ("es", WIDE), ("ar", WIDE)], ids=["en", "low", "es", "ar"]
)
async def test_an_open_panel_keeps_its_position_through_a_call(
    customer: Customer, open_phone: OpenPhone, language: str, viewport: dict[str, int]
) -> None:
    attributes = f'data-locale="{language}"'
    phone = await open_phone(customer, attributes=attributes, head=WATCH, viewport=viewport, reduced_motion="reduce")
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.panel.locator("#country .sr").wait_for(state="attached")
    ready = await boxes(phone)
    begun = await phone.call(ECHO)
    seen = {"dialing": await boxes(phone)}
    await phone.until_event("callAnswered")
    await phone.panel.locator(".tool").first.wait_for()
    seen["in-progress"] = await boxes(phone)
    await phone.hang_up_at_far_end(begun.call_id)
    await phone.until_event("callEnded")
    seen["completed"] = await boxes(phone)
    await phone.call(BUSY)
    await phone.until_event("callEnded", 2)
    seen["failed"] = await boxes(phone)
    assert seen == dict.fromkeys(seen, ready)
    assert await phone.page.evaluate(SHIFTS) == []


async def test_the_call_bar_keeps_its_position_through_a_call(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=WATCH, reduced_motion="reduce")
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.page.evaluate("() => EpochPhone.close()")
    bar = phone.panel.locator(".bar")
    await phone.until_event("callAnswered")
    await bar.locator(".time").get_by_text("0:0").wait_for()
    await phone.hang_up_at_far_end(begun.call_id)
    await phone.until_event("callEnded")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    assert await phone.page.evaluate(SHIFTS) == []


async def test_a_panel_that_is_opened_while_the_page_loads_keeps_its_position(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    tag = widget_tag(customer.product.url, customer.token.raw)
    url = host_site.page(tag + OPEN_AT_ONCE, head=WATCH)
    phone = await open_page(url, customer.product, customer=customer, reduced_motion="reduce")
    await phone.until_event("ready")
    await phone.panel.locator("#country .sr").wait_for(state="attached")
    assert await phone.page.evaluate(SHIFTS) == []
