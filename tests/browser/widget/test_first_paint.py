"""The page's first paint does not wait for the phone; the phone starts without a paint too."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext

from browser.conftest import OpenPage
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

Prepare = Callable[[BrowserContext], Awaitable[None]]
LOOK = """() => ({
    begun: Boolean(document.querySelector("epoch-phone"))
        || performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/exchange")),
    state: window.EpochPhone?.getState(),
})"""
# The page looks at the phone right behind the tag, at its end, and in its first frame.
SEEN = f"""<script>
const look = {LOOK};
const seen = [look()];
document.addEventListener("DOMContentLoaded", () => {{
    seen.push(look());
    requestAnimationFrame(() => seen.push(look()));
}});
</script>"""
# A page that takes longer than the phone's patience to paint, as on a busy machine, would be another test.
ENDLESS_PATIENCE = """
const { setTimeout: set } = window;
window.setTimeout = (work, milliseconds, ...rest) => set(work, milliseconds === 200 ? 600_000 : milliseconds, ...rest);
"""
NO_FRAMES = "window.requestAnimationFrame = () => 0;"
# The phone's patience begins when the page is loaded, so that it cannot end while a busy machine still parses the page.
PATIENCE_FROM_LOAD = """
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
    """Run ``script`` before any of the page's own."""

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(script)

    return prepare


async def opened(customer: Customer, open_page: OpenPage, host_site: HostSite, body: str, script: str) -> Phone:
    """A page with ``body`` behind the phone's tag, in which ``script`` ran first."""
    url = host_site.page(widget_tag(customer.product.url, customer.token.raw) + body)
    return await open_page(url, customer.product, customer=customer, prepare=running(script))


async def test_the_first_frame_is_the_pages_own(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, ENDLESS_PATIENCE)
    await phone.until_event("ready")
    assert await phone.page.evaluate("() => seen") == [NOT_BEGUN] * 3
    assert (await phone.page.evaluate(LOOK)) == {"begun": True, "state": "ready"}


async def test_open_in_the_first_moment_is_kept_until_the_panel_is_there(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    body = """<script>
    EpochPhone.open();
    const button = document.querySelector("epoch-phone").shadowRoot.querySelector(".fab");
    const isBusy = button.getAttribute("aria-busy");
    </script>"""
    phone = await opened(customer, open_page, host_site, body, ENDLESS_PATIENCE)
    assert await phone.page.evaluate("() => isBusy") == "true"
    await phone.panel.get_by_role("dialog").wait_for()
    await phone.until_event("ready")
    assert await phone.panel.count() == 1


async def test_a_page_without_frames_has_its_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, NO_FRAMES + PATIENCE_FROM_LOAD)
    await phone.until_event("ready")
    assert (await phone.page.evaluate("() => seen"))[:1] == [NOT_BEGUN]
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()


async def test_a_page_that_has_a_clock_of_its_own_has_its_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, "", OWN_CLOCK)
    await phone.until_event("ready")
    assert phone.console == []


async def test_a_page_that_nobody_sees_has_its_phone_at_the_tag(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await opened(customer, open_page, host_site, SEEN, HIDDEN + ENDLESS_PATIENCE)
    assert (await phone.page.evaluate("() => seen[0].begun")) is True
    await phone.until_event("ready")


async def test_a_tag_added_to_a_painted_page_begins_at_once(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page("<p>Text of the page.</p>")
    phone = await open_page(url, customer.product, customer=customer, prepare=running(ENDLESS_PATIENCE))
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
