"""The demo page: calls to contacts with an echo, the end of each sandbox number, added contacts, shown events."""

import re

import pytest
from playwright.async_api import Locator, expect

from browser.conftest import OpenPage
from support.browser.phone import Phone
from support.browser.product import Product

pytestmark = pytest.mark.anyio

OUTCOMES = {
    "Echo": "Answered",
    "Busy": "Busy",
    "No answer": "No answer",
    "Fails": "Failed",
    "Hangs up": "Answered",
    "Tones": "Answered",
}


@pytest.fixture
async def demo(product: Product, open_page: OpenPage) -> Phone:
    opened = await open_page(f"{product.url}/demo", product)
    await opened.until_event("ready")
    return opened


async def hang_up(demo: Phone) -> None:
    await demo.panel.get_by_role("button", name="Hang up").click()


def activity(demo: Phone) -> Locator:
    """The entries of the activity list, newest first."""
    return demo.page.get_by_role("list", name="Activity").or_(demo.page.locator("#activity")).get_by_role("listitem")


async def test_a_click_on_a_contact_is_a_call_with_an_echo(demo: Phone) -> None:
    await demo.page.get_by_role("row", name="Maya Okafor").get_by_role("button").click()
    started = await demo.until_event("callStarted")
    assert started["number"] == "+14155550137"
    await demo.until_event("callAnswered")
    before, after = await demo.hear(started["callId"])
    assert after.browser["heard"] > before.browser["heard"]
    assert after.far_end["energy_in"] > before.far_end["energy_in"]
    await hang_up(demo)
    entry = activity(demo).first
    await entry.get_by_text("Maya Okafor").wait_for()
    await entry.get_by_text("Answered").wait_for()
    await demo.page.get_by_role("row", name="Maya Okafor").get_by_text("Call, just now").wait_for()
    log = await demo.page.locator("#events .event").all_inner_texts()
    assert log.count("callStarted") == log.count("callAnswered") == log.count("callEnded") == 1
    assert demo.console == []
    ours = (demo.product.url, demo.product.carrier.replace("http:", "ws:"), "data:")
    assert [url for url in demo.requests if not url.startswith(ours)] == []


async def test_every_scripted_number_ends_as_it_says(demo: Phone) -> None:
    for count, (name, outcome) in enumerate(OUTCOMES.items(), start=1):
        await demo.page.locator(f".far[data-phone-name='{name}']").click()
        await demo.until_event("callStarted", count)
        if name in ("Echo", "Tones"):
            await demo.until_state("in-progress")
            await hang_up(demo)
        await demo.until_event("callEnded", count)
        entry = activity(demo).first
        await entry.get_by_text(name, exact=True).first.wait_for()
        await expect(entry.locator(".outcome")).to_have_text(re.compile(f"^{outcome}"))
    await expect(activity(demo)).to_have_count(len(OUTCOMES))
    # "Fails" is the one error among them.
    [line] = demo.console
    assert line.startswith("warning: EpochPhone: ")
    assert line.endswith("#call_failed")


async def test_an_added_contact_can_be_called_at_once(demo: Phone) -> None:
    page = demo.page
    await page.get_by_role("button", name="Add contact").click()
    dialog = page.get_by_role("dialog", name="Add contact")
    await dialog.get_by_label("Name").fill("Nora Newcomer")
    await dialog.get_by_label("Phone").fill("(212) 555-0171")
    await dialog.get_by_role("button", name="Add contact").click()
    await page.get_by_role("row", name="Nora Newcomer").get_by_role("button").click()
    assert (await demo.until_event("callStarted"))["number"] == "+12125550171"
    await demo.until_event("callAnswered")
    await hang_up(demo)
    await activity(demo).first.get_by_text("Nora Newcomer").wait_for()
    assert demo.console == []


async def test_the_demo_says_that_it_is_a_sandbox(demo: Phone) -> None:
    await expect(demo.page.get_by_text("Calls go to a simulated carrier and reach nobody.")).to_be_visible()
    await demo.panel.get_by_role("button", name="Open phone").click()
    await expect(demo.panel.get_by_text("Sandbox", exact=True)).to_be_visible()
