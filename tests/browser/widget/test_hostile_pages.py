"""Pages that overwrite or extend built-in objects; what the phone must not do to a page: shift it, or log secrets."""

import pytest
from playwright.async_api import BrowserContext

from browser.conftest import OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import assert_whole_call
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

OVERWRITTEN = {
    "fetch": "window.fetch = () => { throw new Error('fetch is ours'); };",
    "fetch is gone": "window.fetch = undefined;",
    "fetch answers nonsense": "window.fetch = async () => 'nonsense';",
    "JSON": "window.JSON = { parse: () => null, stringify: () => '' };",
    "JSON is gone": "window.JSON = undefined;",
    "Promise": "window.Promise = function () { this.then = () => this; };",
    "Promise is gone": "window.Promise = undefined;",
    "strings and lists in JSON": """
        Array.prototype.toJSON = String.prototype.toJSON = function () { return `"${this}"`; };
    """,
}
OVERWRITE_LATER = f"<script>{OVERWRITTEN['fetch']}{OVERWRITTEN['JSON']}{OVERWRITTEN['Promise']}</script>"
EXTENDED = """<script>
    Array.prototype.last = function () { return this[this.length - 1]; };
    Array.prototype.remove = function () { return []; };
    Object.prototype.extend = function () { return this; };
    Object.prototype.keys = ["not", "yours"];
    String.prototype.startsLike = function () { return false; };
</script>"""
HARMED = "<script>window.works = document.title; document.title = 'Still running';</script>"
RECORD_SHIFTS = """<script>
    window.shifts = [];
    new PerformanceObserver((list) => shifts.push(...list.getEntries().flatMap(({ sources }) => sources)))
        .observe({ type: "layout-shift", buffered: true });
</script>"""
# The elements that moved; of elements inside the phone's shadow root the page gets no node.
SHIFTED = "() => shifts.map(({ node }) => node?.outerHTML ?? node?.data ?? 'a part of the phone')"
PARAGRAPHS = "<p>A customer's words.</p>" * 60


async def test_a_page_that_overwrites_globals_after_the_phone_has_loaded(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page(widget_tag(customer.product.url, customer.token.raw) + OVERWRITE_LATER)
    await assert_whole_call(await open_page(url, customer.product, customer=customer))


@pytest.mark.parametrize("how", OVERWRITTEN)
async def test_globals_that_were_overwritten_before_are_reported_and_the_page_keeps_running(
    customer: Customer, open_phone: OpenPhone, how: str
) -> None:
    phone = await open_phone(customer, head=f"<script>{OVERWRITTEN[how]}</script>", body=HARMED)
    error = await phone.until_event("error")
    assert (error["code"], error["message"]) == ("page_interferes", "This page stops the phone from working")
    assert await phone.state() == "error"
    await phone.panel.get_by_role("button", name="Open phone").click()
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await alert.get_by_text("Load phone.js before").wait_for()
    assert await phone.page.title() == "Still running"
    # The line about the error is the only one.
    assert [line.partition(".")[0] for line in phone.console] == [f"warning: EpochPhone: {error['message']}"]


async def test_a_page_that_extends_built_in_prototypes(customer: Customer, open_phone: OpenPhone) -> None:
    await assert_whole_call(await open_phone(customer, head=EXTENDED))


async def test_the_phone_causes_no_layout_shift(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=RECORD_SHIFTS, body=PARAGRAPHS)
    size = "() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    assert await phone.page.evaluate("() => shifts") == []
    before = await phone.page.evaluate(size)
    await assert_whole_call(phone)
    assert await phone.page.evaluate(SHIFTED) == []
    assert await phone.page.evaluate(size) == before


async def test_no_number_and_no_token_is_logged(customer: Customer, open_phone: OpenPhone) -> None:
    said: list[str] = []

    async def listen(context: BrowserContext) -> None:
        context.on("console", lambda message: said.append(message.text))

    phone = await open_phone(
        customer,
        prepare=listen,
    )
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.on('callStarted', () => { throw new Error('a mistake of the page'); })")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert any("listener failed" in text for text in said)
    for text in said:
        assert ECHO.lstrip("+") not in text
        assert customer.token.raw not in text
        assert "eyJ" not in text
