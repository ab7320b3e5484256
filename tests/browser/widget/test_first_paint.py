"""The page's first paint does not wait for the phone; a page that never paints gets its phone too."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext

from browser.conftest import OpenPage
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

Prepare = Callable[[BrowserContext], Awaitable[None]]
PHONE_STATE = """() => ({
    begun: Boolean(document.querySelector("epoch-phone"))
        || performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/exchange")),
    state: window.EpochPhone?.getState(),
})"""
# The page reads the phone's state right after the tag, at the end of the page, and in its first frame.
SEEN = f"""<script>
const readState = {PHONE_STATE};
const seen = [readState()];
document.addEventListener("DOMContentLoaded", () => {{
    seen.push(readState());
    requestAnimationFrame(() => seen.push(readState()));
}});
</script>"""
# Without the phone's time limit for the first paint: a busy machine may need longer.
ENDLESS_TIMEOUT = """
const { setTimeout: set } = window;
window.setTimeout = (work, milliseconds, ...rest) => set(work, milliseconds === 200 ? 600_000 : milliseconds, ...rest);
"""
NO_FRAMES = "window.requestAnimationFrame = () => 0;"
# The phone's time limit begins when the page is loaded, so that it cannot end while a busy machine parses the page.
TIMEOUT_FROM_LOAD = """
const { setTimeout: set } = window;
window.setTimeout = (work, milliseconds, ...rest) =>
    milliseconds === 200 ? addEventListener("load", () => set(work, milliseconds)) : set(work, milliseconds, ...rest);
"""
HIDDEN = 'Object.defineProperty(Document.prototype, "visibilityState", { get: () => "hidden" });' + NO_FRAMES
OWN_CLOCK = """
const { performance: real } = window;
Object.defineProperty(window, "performance", { value: { now: () => real.now() } });
"""
NOT_BEGUN = {"begun": False, "state": "loading"}


def running(script: str) -> Prepare:
    """Run ``script`` before the page's own scripts."""

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(script)

    return prepare


async def opened(customer: Customer, open_page: OpenPage, host_site: HostSite, body: str, script: str) -> Phone:
    """A page with ``body`` after the phone's tag, in which ``script`` ran first."""
    url = host_site.page(widget_tag(customer.product.url, customer.token.raw) + body)
    return await open_page(url, customer.product, customer=customer, prepare=running(script))


async def test_the_first_frame_is_painted_without_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, ENDLESS_TIMEOUT)
    await phone.until_event("ready")
    assert await phone.page.evaluate("() => seen") == [NOT_BEGUN] * 3
    assert (await phone.page.evaluate(PHONE_STATE)) == {"begun": True, "state": "ready"}


async def test_open_before_the_panel_is_loaded_takes_effect_later(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    body = """<script>
    EpochPhone.open();
    const button = document.querySelector("epoch-phone").shadowRoot.querySelector(".fab");
    const isBusy = button.getAttribute("aria-busy");
    </script>"""
    phone = await opened(customer, open_page, host_site, body, ENDLESS_TIMEOUT)
    assert await phone.page.evaluate("() => isBusy") == "true"
    await phone.panel.get_by_role("dialog").wait_for()
    await phone.until_event("ready")
    assert await phone.panel.count() == 1


async def test_the_phone_starts_in_a_page_without_animation_frames(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, NO_FRAMES + TIMEOUT_FROM_LOAD)
    await phone.until_event("ready")
    assert (await phone.page.evaluate("() => seen"))[:1] == [NOT_BEGUN]
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()


async def test_the_phone_starts_in_a_page_that_replaced_performance(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, "", OWN_CLOCK)
    await phone.until_event("ready")
    assert phone.console == []


async def test_the_phone_of_a_hidden_page_starts_at_its_tag(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, HIDDEN + ENDLESS_TIMEOUT)
    assert (await phone.page.evaluate("() => seen[0].begun")) is True
    await phone.until_event("ready")


async def test_a_tag_that_is_added_to_a_painted_page_starts_at_once(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page("<p>Text of the page.</p>")
    phone = await open_page(url, customer.product, customer=customer, prepare=running(ENDLESS_TIMEOUT))
    await phone.page.wait_for_function('() => performance.getEntriesByName("first-contentful-paint").length > 0')
    begun = await phone.page.evaluate(
        """([src, token]) => new Promise((resolve, reject) => {
            const tag = document.createElement("script");
            Object.assign(tag, { src, onerror: reject });
            tag.dataset.token = token;
            tag.addEventListener("load", () => resolve(Boolean(document.querySelector("epoch-phone"))));
            document.head.append(tag);
        })""",
        [f"{customer.product.url}/widget/phone.js", customer.token.raw],
    )
    assert begun is True
    await phone.until_event("ready")
