"""Every language fits the panel at 360 px in every state; the language changes while the phone runs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOCALES = Path(__file__).resolve().parents[3] / "frontend" / "phone" / "i18n" / "locales"
LANGUAGES = sorted(path.stem for path in LOCALES.glob("*.js"))
SMALL = {"width": 360, "height": 740}
# Long names and numbers are cut on purpose; every other text must fit.
CUT_OFF = """() => {
    const { shadowRoot } = document.querySelector("epoch-phone");
    const measure = document.createElement("canvas").getContext("2d");
    const found = [];
    for (const element of shadowRoot.querySelectorAll(".panel, .panel *, .bar, .bar *")) {
        if (!element.checkVisibility() || element.closest(".sr, svg")) continue;
        const { left, right } = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        const text = (element.placeholder ?? element.textContent).trim().slice(0, 60);
        const isOutside = left < -1 || right > innerWidth + 1;
        const isBox = style.display !== "inline" && !element.matches(".name, .bar-title, .who, .sheet, select");
        const isCut = isBox && element.scrollWidth > element.clientWidth + 1;
        if (isOutside || isCut) found.push(`${element.className}: ${text}`);
        if (element.matches(".tool")) {
            measure.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
            const room = element.clientWidth - 8;
            const words = text.split(/\\s+/).filter((word) => measure.measureText(word).width > room);
            found.push(...words.map((word) => `broken word: ${word}`));
        }
        if (!element.matches("input[placeholder]") || element.value) continue;
        measure.font = `${getComputedStyle(element, "::placeholder").fontSize} ${style.fontFamily}`;
        const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        if (measure.measureText(element.placeholder).width > room) found.push(`placeholder: ${text}`);
    }
    return found;
}"""
ROOT = """() => {
    const { lang, dir } = document.querySelector("epoch-phone").shadowRoot.querySelector(".root");
    return [lang, dir];
}"""


async def set_language(phone: Phone, language: str) -> None:
    """Change the language and wait until the panel has it."""
    await phone.page.evaluate("(locale) => EpochPhone.update({ locale })", language)

    async def probe() -> bool | None:
        return await phone.page.evaluate(ROOT) == [language, "rtl" if language == "ar" else "ltr"] or None

    await phone.until(f"panel in {language}", probe)


async def test_every_language_fits_a_small_phone_in_every_state(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, viewport=SMALL, reduced_motion="reduce")
    page, panel = phone.page, phone.panel
    await phone.until_event("ready")
    await page.evaluate("() => EpochPhone.open()")
    await panel.locator("#country .sr").wait_for(state="attached")
    found: dict[str, list[str]] = {}

    async def measure(state: str, show: Callable[[], Awaitable[None]] | None = None) -> None:
        for language in LANGUAGES:
            await set_language(phone, language)
            if show is not None:
                await show()
            found[f"{state} in {language}"] = await page.evaluate(CUT_OFF)
        await set_language(phone, "en")

    async def more() -> None:
        await panel.locator("header button").first.click()
        await panel.locator("select:visible").first.wait_for()

    async def keypad() -> None:
        if await panel.locator(".tool").nth(1).get_attribute("aria-expanded") == "false":
            await panel.locator(".tool").nth(1).click()

    async def devices() -> None:
        await panel.locator(".tool").nth(2).click()
        await panel.locator("select:visible").first.wait_for()

    async def wrong() -> None:
        await panel.locator("#number").fill("12")
        await panel.locator("#number").press("Enter")
        await panel.get_by_role("alert").first.wait_for()

    await measure("ready")
    await measure("a wrong number", wrong)
    await measure("more", more)
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    await page.evaluate("() => EpochPhone.mute()")
    await measure("in a call")
    await measure("with the keypad", keypad)
    await measure("with the devices", devices)
    await page.evaluate("() => EpochPhone.close()")
    await measure("in the bar")
    assert await phone.state() == "in-progress"
    assert (await phone.far_end(call_id))["status"] == "in-progress"
    await page.evaluate("() => { EpochPhone.open(); EpochPhone.hangup(); }")
    await phone.until_event("callEnded")
    await measure("after a call")
    await phone.call(BUSY)
    await phone.until_event("callEnded", 2)
    await measure("after a busy line")
    await customer.revoke()
    await page.evaluate("() => { EpochPhone.destroy(); EpochPhone.init({}); }")
    await phone.until_state("error")
    await page.evaluate("() => EpochPhone.open()")
    await measure("in error")
    assert {state: cut for state, cut in found.items() if cut} == {}
    assert len(await phone.details("callStarted")) == 2
