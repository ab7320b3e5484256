"""Accessibility of the phone's pop-out window in every state: light, dark, forced colours, Arabic, 320 px."""

import pytest
from playwright.async_api import BrowserContext

from browser.conftest import OpenPhone
from support.browser.axe import AXE
from support.browser.host_site import HostSite
from support.browser.panel_accessibility import RULES, THEMES, findings
from support.browser.pop_out import call_in_window
from support.browser.product import (
    BUSY,
    ECHO,
    NEVER_ANSWERS,
    Customer,
)

pytestmark = pytest.mark.anyio

SIZE = {"width": 360, "height": 660}


async def with_axe(context: BrowserContext) -> None:
    await context.add_init_script(path=AXE)


@pytest.mark.parametrize("theme", THEMES)
async def test_every_state_of_the_pop_out_is_accessible(
    customer: Customer, open_phone: OpenPhone, host_site: HostSite, theme: str
) -> None:
    locale = ' data-locale="ar"' if theme == "ar" else ""
    options = {"reduced_motion": "reduce", **THEMES[theme]}
    phone = await open_phone(customer, attributes=f'data-pop-out="on"{locale}', prepare=with_axe, **options)
    await phone.until_event("ready")
    _, window = await call_in_window(phone, ECHO)
    await window.page.set_viewport_size(options.get("viewport", SIZE))
    panel = window.panel
    found: dict[str, list[str]] = {}

    async def note(state: str) -> None:
        found[state] = await findings(window.page, theme)

    await note("in-progress")
    await panel.locator(".tool").nth(1).click()
    await note("keypad")
    await phone.hangup()
    await window.until_state("completed")
    await note("completed")
    await panel.locator(".second").first.click()
    await panel.locator(".recent").wait_for()
    await note("ready")
    await panel.locator("header .icon").first.click()
    await panel.locator(".sheet select").first.wait_for()
    await note("more")
    await window.page.keyboard.press("Escape")
    await window.call(NEVER_ANSWERS)
    await window.until_state("ringing")
    await note("ringing")
    await window.hangup()
    await window.call(BUSY)
    await window.until_state("failed")
    await note("failed")
    await customer.revoke()
    await window.page.evaluate(f"() => EpochPhone.call({ECHO!r})")
    await window.until_state("error")
    await panel.locator(".notice .fix").wait_for()
    await note("error")
    assert {state: problems for state, problems in found.items() if problems} == {}


async def test_a_pop_out_without_an_opener_says_so_in_the_language_of_its_url(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, prepare=with_axe)
    await phone.page.goto(f"{customer.product.url}/widget/window#origin=https%3A%2F%2Fcrm.example&locale=es-MX")
    await phone.page.get_by_text("Se ha perdido la conexión con la página").wait_for()
    assert await phone.page.locator("html").get_attribute("lang") == "es"
    run = "async (rules) => (await axe.run({ runOnly: rules })).violations.map(({ id }) => id)"
    assert await phone.page.evaluate(run, RULES) == []
    assert phone.console == []
