"""Every state of the panel as axe sees it: light, dark, forced colours, Arabic, and on 320 px."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page

from browser.conftest import OpenPhone
from support.browser.axe import AXE
from support.browser.gate import Gate
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, Customer

pytestmark = pytest.mark.anyio

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "ar": {"color_scheme": "light"},
    "small": {"color_scheme": "light", "viewport": {"width": 320, "height": 480}},
}
STATES = {
    *("loading", "closed", "ready", "wrong", "dialing", "ringing", "bar while ringing", "in-progress", "keypad"),
    *("devices", "bar", "completed", "failed", "recent", "more", "check", "bar of another tab", "another tab", "error"),
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LEAST_KEY = 44
LEAST_TARGET = 24
# axe in the panel alone: the page around it is not ours.
RUN = """async ({ rules, least, key }) => {
    const host = document.querySelector("epoch-phone");
    const { violations } = await axe.run(host, { runOnly: rules, resultTypes: ["violations"] });
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
        `${id} at ${target.flat().join(" ")}: ${failureSummary}`));
    for (const control of host.shadowRoot.querySelectorAll("button, input, select")) {
        const { width, height, left, right } = control.getBoundingClientRect();
        if (!width) continue;
        const name = control.getAttribute("aria-label") ?? control.innerText;
        const wanted = control.matches(".key") ? key : control.type === "checkbox" ? 0 : least;
        if (Math.min(width, height) < wanted) found.push(`${name} is ${width} by ${height}`);
        if (left < 0 || right > document.documentElement.clientWidth) found.push(`${name} sticks out`);
    }
    const { scrollWidth, clientWidth } = document.scrollingElement;
    if (scrollWidth > clientWidth) found.push("the page is too wide");
    return found;
}"""


async def findings(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(RUN, {"rules": RULES, "least": LEAST_TARGET, "key": LEAST_KEY})
    return found


@pytest.mark.parametrize("look", LOOKS)
async def test_every_state_is_for_everybody(customer: Customer, open_phone: OpenPhone, look: str) -> None:
    attributes = 'data-locale="ar"' if look == "ar" else ""
    options = {"reduced_motion": "reduce", **LOOKS[look]}
    gate = Gate()

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(path=AXE)
        await gate.prepare(context)

    phone = await open_phone(customer, attributes=attributes, prepare=prepare, **options)
    found: dict[str, list[str]] = {}

    async def note(state: str) -> None:
        found[state] = await findings(phone.page)

    await walk(phone, customer, gate, note)
    assert set(found) == STATES
    assert {state: problems for state, problems in found.items() if problems} == {}


async def walk(phone: Phone, customer: Customer, gate: Gate, note: Callable[[str], Awaitable[None]]) -> None:
    """Bring the panel into each of its states, and ``note`` it there."""
    panel = phone.panel
    await phone.page.evaluate("() => EpochPhone.open()")
    assert await phone.state() == "loading"
    await note("loading")
    await phone.page.evaluate("() => EpochPhone.close()")
    gate.open("exchange")
    await phone.until_event("ready")
    await note("closed")
    await phone.page.evaluate("() => EpochPhone.open()")
    await panel.locator("#country .sr").wait_for(state="attached")
    await note("ready")
    await panel.locator("#number").fill("12")
    await panel.locator("#number").press("Enter")
    await panel.get_by_role("alert").first.wait_for()
    await note("wrong")
    await phone.call(ECHO)
    await note("dialing")
    assert await phone.state() == "dialing"
    gate.open("ringing")
    await phone.until_state("ringing")
    await note("ringing")
    await phone.page.evaluate("() => EpochPhone.close()")
    await note("bar while ringing")
    await phone.page.evaluate("() => EpochPhone.open()")
    assert await phone.state() == "ringing"
    gate.open("answer")
    await phone.until_event("callAnswered")
    await note("in-progress")
    tools = panel.locator(".tool")
    await tools.nth(0).click()
    await tools.nth(1).click()
    await panel.locator(".key").first.click()
    await note("keypad")
    await tools.nth(2).click()
    await panel.locator("select").first.wait_for()
    await note("devices")
    await phone.page.evaluate("() => EpochPhone.close()")
    await note("bar")
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.hangup()
    await note("completed")
    await phone.call(BUSY)
    await phone.until_event("callEnded", 2)
    await note("failed")
    await phone.page.evaluate("() => EpochPhone.reset()")
    await panel.locator(".recent").first.wait_for()
    await note("recent")
    await panel.locator("header button").first.click()
    await panel.locator("select").first.wait_for()
    await note("more")
    await panel.locator(".sheet .second").first.click()
    await panel.locator('.step[data-mark="ok"]').nth(3).wait_for()
    await note("check")
    await phone.page.keyboard.press("Escape")
    await phone.page.evaluate("() => EpochPhone.close()")
    other = await phone.page.context.new_page()
    await other.goto(phone.page.url)
    await other.wait_for_function("() => EpochPhone.isReady()")
    await other.evaluate("(number) => EpochPhone.call(number)", ECHO)
    await other.wait_for_function('() => EpochPhone.getState() === "in-progress"')
    await phone.page.bring_to_front()
    await panel.locator(".bar").wait_for()
    await note("bar of another tab")
    await phone.page.evaluate("() => EpochPhone.open()")
    await note("another tab")
    await other.close()
    await panel.locator("#number").wait_for()
    await customer.revoke()
    await phone.page.evaluate("() => EpochPhone.init({})")
    await phone.until_state("error")
    await phone.page.evaluate("() => EpochPhone.open()")
    await note("error")
