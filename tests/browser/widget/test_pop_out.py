"""Calls in the pop-out window: they continue when the page is left, and later pages of the site show them."""

import pytest
from playwright.async_api import Dialog, Page, expect

from browser.conftest import SHORT_TOKEN_SECONDS, OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.pop_out import (
    WINDOW,
    call_in_window,
    until_closed,
    until_pop_out_loaded,
    window_of,
)
from support.browser.product import (
    ECHO,
    HANGS_UP,
    NEVER_ANSWERS,
    TONES,
    Customer,
    Product,
)
from support.browser.tabs import CALL_IN_OTHER_TAB, another_tab, assert_can_call

pytestmark = pytest.mark.anyio

ON = 'data-pop-out="on"'
BLOCKED = "The browser blocked the phone's window"
LOST = "The phone's window does not answer"
NO_WINDOWS = {"Content-Security-Policy": "sandbox allow-scripts allow-same-origin"}


@pytest.fixture
async def restricted_customer(product: Product) -> Customer:
    """A customer whose token only pages of the host site may use; the pop-out is admitted by their ticket."""
    return await product.customer(allowed_domains=("127.0.0.1",))


async def ready(open_phone: OpenPhone, customer: Customer, attributes: str = ON) -> Phone:
    phone = await open_phone(customer, attributes=attributes)
    await phone.until_event("ready")
    return phone


def windows(phone: Phone) -> list[Page]:
    return [page for page in phone.page.context.pages if WINDOW in page.url]


async def open_pop_out(phone: Phone) -> Phone:
    """Open the pop-out without a call, by the button in the panel; return its phone."""
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.panel.get_by_role("button", name="More").click()
    await phone.panel.get_by_role("button", name="Call in a window").click()
    window = await window_of(phone)
    await window.until_state("ready")
    return window


async def test_a_call_in_the_pop_out_continues_when_its_page_is_left_and_the_next_page_ends_it(
    open_phone: OpenPhone, restricted_customer: Customer, host_site: HostSite
) -> None:
    next_page = host_site.page(widget_tag(restricted_customer.product.url, restricted_customer.token.raw))
    phone = await open_phone(restricted_customer, attributes=ON, body=f'<a href="{next_page}">Next</a>')
    await phone.until_event("ready")
    begun, window = await call_in_window(phone, ECHO)
    for name in ("callStarted", "callAnswered"):
        for one in (phone, window):
            assert (await one.until_event(name))["callId"] == begun.call_id
    await window.hear(begun.call_id)
    assert await phone.tracks() == 0
    await expect(phone.panel.locator(".call-note")).to_have_text("In a separate window")

    await phone.panel.get_by_role("button", name="Minimise").click()
    await phone.page.get_by_role("link", name="Next").click()
    assert (await phone.until_event("callStarted"))["callId"] == begun.call_id
    assert (await phone.until_event("callAnswered"))["callId"] == begun.call_id
    assert phone.page.url == next_page
    assert await phone.state() == "in-progress"
    await window.hear(begun.call_id)
    await expect(phone.panel.locator(".bar")).to_be_visible()
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert [end["callId"] for end in await window.details("callEnded")] == [begun.call_id]
    assert window.console == []
    assert not any(restricted_customer.token.raw in url for url in (*phone.requests, *window.requests, window.page.url))


async def test_the_page_controls_the_pop_out_and_shows_what_is_done_in_it(
    open_phone: OpenPhone, customer: Customer
) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, TONES)
    await phone.page.evaluate("() => { EpochPhone.mute(); for (const digit of '12#') EpochPhone.sendDtmf(digit); }")
    assert await window.until_event("muted") == {"muted": True}
    await phone.until_digits(begun.call_id, "12#")
    await window.panel.get_by_role("button", name="Mute").first.click()
    assert await phone.until_event("muted", 2) == {"muted": False}
    assert len(await window.details("muted")) == 2
    call = await phone.page.evaluate("() => EpochPhone.getCall()")
    assert (call["callId"], call["muted"]) == (begun.call_id, False)
    await window.panel.get_by_role("button", name="Hang up").first.click()
    await phone.assert_agrees(begun.call_id, TONES, "completed")
    assert await phone.state() == "completed"


async def test_a_call_that_is_placed_in_the_pop_out_is_emitted_by_the_page_too(
    open_phone: OpenPhone, restricted_customer: Customer
) -> None:
    phone = await ready(open_phone, restricted_customer, "")
    window = await open_pop_out(phone)
    await window.page.keyboard.type("2125550105")
    await window.page.keyboard.press("Enter")
    started = await window.until_event("callStarted")
    assert (await phone.until_event("callStarted")) == started
    record = await phone.assert_agrees(started["callId"], HANGS_UP, "completed")
    assert record["origin"] == phone.page.url.rpartition("/")[0]
    assert await window.details("callEnded") == await phone.details("callEnded")

    # While the pop-out is open, it also makes the calls that the page begins.
    begun = await phone.call(ECHO)
    await window.until_event("callAnswered", 2)
    await phone.hangup()
    assert (await phone.record(begun.call_id))["status"] == "completed"
    assert await phone.tracks() == 0
    assert len(windows(phone)) == 1


async def test_a_call_that_ended_without_a_page_is_emitted_by_the_next_page(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    await phone.page.goto(host_site.page("<p>No phone here</p>"))
    await window.hangup()
    await window.until_event("callEnded")
    await phone.page.goto(host_site.page(widget_tag(customer.product.url, customer.token.raw)))
    ended = await phone.until_event("callEnded")
    assert ended == (await window.details("callEnded"))[0]
    assert [call["callId"] for call in await phone.details("callStarted")] == [begun.call_id]
    await phone.page.reload()
    await phone.until_event("ready")
    # The ended call is emitted once: the next page emits only its new call.
    again = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    assert [call["callId"] for call in await phone.details("callStarted")] == [again.call_id]


async def test_opening_the_pop_out_again_keeps_its_call(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    await phone.page.goto(host_site.page("<p>No phone here</p>"))
    # A page without a connection to the pop-out opens it with another language.
    url = f"{window.page.url}&locale=es"
    name = await window.page.evaluate("() => window.name")
    opened = await phone.page.evaluate("([url, name]) => window.open(url, name) !== null", [url, name])
    assert opened
    await window.page.wait_for_url(url)
    await window.hear(begun.call_id)
    assert len(windows(phone)) == 1
    await window.hangup()
    await window.assert_agrees(begun.call_id, ECHO, "completed")


async def test_the_call_is_placed_in_the_page_if_the_browser_blocks_the_pop_out(
    open_phone: OpenPhone, customer: Customer
) -> None:
    phone = await open_phone(customer, attributes=ON, headers=NO_WINDOWS)
    await phone.until_event("ready")
    await until_pop_out_loaded(phone)
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await expect(phone.panel.locator(".message").get_by_text(BLOCKED)).to_be_visible()
    await expect(phone.panel.locator(".fix").get_by_text("stay on it while you talk")).to_be_visible()
    assert await phone.live_tracks() > 0
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    await phone.panel.get_by_role("button", name="More").click()
    await phone.panel.get_by_role("button", name="Call in a window").click()
    await phone.panel.get_by_role("alert").get_by_text(BLOCKED).wait_for()
    assert windows(phone) == []


async def test_a_page_that_cannot_reach_its_pop_out_says_so_and_places_the_next_call_itself(
    open_phone: OpenPhone, customer: Customer
) -> None:
    phone = await open_phone(customer, attributes=ON, headers={"Cross-Origin-Opener-Policy": "same-origin"})
    await phone.until_event("ready")
    await until_pop_out_loaded(phone)
    begun = await phone.call(ECHO)
    ended = await phone.until_event("callEnded")
    assert (ended["callId"], ended["status"], ended["message"]) == (begun.call_id, "failed", LOST)
    await expect(phone.panel.locator(".fix").get_by_text("same-origin-allow-popups")).to_be_visible()
    (window,) = windows(phone)
    await window.get_by_text("The connection to the page is lost").wait_for()
    again = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    assert (await phone.record(again.call_id))["status"] == "completed"
    assert len(windows(phone)) == 1


async def test_leaving_the_page_does_not_ask_and_closing_the_pop_out_does(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    dialogs: list[str] = []

    async def stay(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.dismiss()

    async def leave(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.accept()

    phone.page.on("dialog", stay)
    await phone.page.mouse.click(5, 5)  # browsers ask only on behalf of a page that was used
    await phone.page.goto(host_site.page(widget_tag(customer.product.url, customer.token.raw)))
    await phone.until_event("callAnswered")
    assert dialogs == []

    window.page.once("dialog", stay)
    await window.page.mouse.click(5, 400)
    await window.page.close(run_before_unload=True)
    await window.until("the question", lambda: _has_dialogs(dialogs, 1))
    await window.hear(begun.call_id)
    assert await phone.state() == "in-progress"

    window.page.once("dialog", leave)
    await window.page.close(run_before_unload=True)
    await until_closed(window)
    assert dialogs == ["beforeunload", "beforeunload"]
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


async def test_revocation_stops_the_pop_out_and_its_page(open_phone: OpenPhone, restricted_customer: Customer) -> None:
    phone = await ready(open_phone, restricted_customer)
    begun, window = await call_in_window(phone, ECHO)
    await window.hear(begun.call_id)
    await restricted_customer.revoke()
    for one in (window, phone):
        assert (await one.until_event("callEnded"))["callId"] == begun.call_id
        assert (await one.until_event("error"))["code"] == "revoked_embed_token"
        assert await one.until_state("error") == "error"
        assert (await one.call(ECHO)).is_started is False
    alert = window.panel.get_by_role("alert")
    await alert.get_by_text("Invalid or revoked token", exact=True).wait_for()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


async def test_the_pop_out_renews_its_ticket_as_long_as_it_is_open(
    short_token_product: Product, open_phone: OpenPhone, host_site: HostSite
) -> None:
    customer = await short_token_product.customer(allowed_domains=("127.0.0.1",))
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    await phone.page.goto(host_site.page("<p>No phone here</p>"))
    # The call and the pop-out continue after the page's own ticket has expired.
    exchanges = [url for url in window.requests if url.endswith("/widget/exchange")]
    await window.until(
        "two more exchanges", lambda: _exchanged(window, len(exchanges) + 2), within=6 * SHORT_TOKEN_SECONDS
    )
    await window.hear(begun.call_id)
    await window.hangup()
    again = await window.call(ECHO)
    await window.until_event("callAnswered", 2)
    await window.hangup()
    assert (await window.record(again.call_id))["status"] == "completed"
    assert await window.details("error") == []


async def test_a_call_in_the_pop_out_blocks_calls_in_other_tabs(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    tab = await another_tab(phone)
    await expect(tab.panel.locator(".bar")).to_be_visible()
    refused = await tab.call(NEVER_ANSWERS)
    ended = await tab.until_event("callEnded")
    assert (ended["callId"], ended["status"]) == (refused.call_id, "failed")
    assert (await tab.until_event("error"))["code"] == "call_elsewhere"
    assert len(windows(phone)) == 1
    await expect(tab.panel.locator(".call-note")).to_have_text(CALL_IN_OTHER_TAB)
    await tab.panel.locator(".main").click()
    assert (await phone.until_event("callEnded"))["callId"] == begun.call_id
    await window.until_event("callEnded")
    await assert_can_call(tab)


async def test_destroying_the_phone_ends_the_call_and_closes_the_pop_out(
    open_phone: OpenPhone, customer: Customer
) -> None:
    phone = await ready(open_phone, customer)
    begun, window = await call_in_window(phone, ECHO)
    await phone.page.evaluate("() => EpochPhone.destroy()")
    await until_closed(window)
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


async def test_a_page_on_our_own_origin_opens_the_pop_out_too(product: Product, open_page: OpenPage) -> None:
    demo = await open_page(f"{product.url}/demo", product)
    await demo.until_event("ready")
    window = await open_pop_out(demo)
    begun = await demo.call(ECHO)
    await demo.until_event("callAnswered")
    await window.hear(begun.call_id)
    assert (await window.page.title()).startswith("In call · ")
    await demo.hangup()
    assert (await demo.until_event("callEnded"))["status"] == "completed"
    await window.until_state("completed")


async def test_messages_of_other_pages_are_ignored_by_the_page_and_the_pop_out(
    open_phone: OpenPhone, customer: Customer, host_site: HostSite
) -> None:
    stranger = host_site.page("<p>A frame</p>").replace("127.0.0.1", "localhost")
    # Frames of the page's own origin, of another one, and of the phone service itself.
    frames = (host_site.page("<p>A frame</p>"), stranger, f"{customer.product.url}/widget/phone.d.ts")
    body = "".join(f'<iframe src="{frame}"></iframe>' for frame in frames)
    phone = await open_phone(customer, body=body, attributes=ON)
    await phone.until_event("ready")
    await phone.page.evaluate(
        """() => {
            const { open } = window;
            window.open = (...given) => (window.opened = open.apply(window, given));
        }"""
    )
    begun, window = await call_in_window(phone, ECHO)

    heard = "() => { window.heard = []; addEventListener('message', ({ data }) => window.heard.push(data)); }"
    for frame in phone.page.frames[1:]:
        await frame.evaluate(heard)
        await frame.evaluate("() => parent.postMessage({ epochphone: 'window', link: null }, '*')")
    # A frame of the page can post to the pop-out, which accepts messages from its opener only.
    await phone.page.frames[1].evaluate(
        """() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => window.heard.push(data);
            const forged = { epochphone: "page", link: "x", token: "ept_forged", ticket: "", settings: {} };
            parent.opened.postMessage(forged, "*", [port2]);
            port1.postMessage({ hangup: parent.EpochPhone.getCall().callId });
        }"""
    )
    await window.hear(begun.call_id)
    for frame in phone.page.frames[1:]:
        assert await frame.evaluate("() => window.heard") == []
    assert await phone.state() == "in-progress"

    # A page of another origin in the opener's tab gets no messages, and cannot control the pop-out by its window name.
    await phone.page.goto(stranger)
    await phone.page.evaluate(
        """([url, name]) => {
            window.heard = [];
            addEventListener("message", ({ data }) => window.heard.push(data));
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => window.heard.push(data);
            const forged = { epochphone: "page", link: "x", token: "ept_forged", ticket: "", settings: {} };
            window.open(url, name).postMessage(forged, "*", [port2]);
            port1.postMessage({ close: true });
        }""",
        [window.page.url, await window.page.evaluate("() => window.name")],
    )
    await window.hear(begun.call_id)
    assert await phone.page.evaluate("() => window.heard") == []
    await window.hangup()
    assert (await window.record(begun.call_id))["status"] == "completed"


async def _has_dialogs(dialogs: list[str], count: int) -> bool:
    return len(dialogs) >= count


async def _exchanged(phone: Phone, count: int) -> bool:
    return sum(url.endswith("/widget/exchange") for url in phone.requests) >= count
