"""Loads a host page in a browser, with and without the phone, and measures its times and its main thread.

``host_page.py`` uses all of it, ``first_paint.py`` the page and its observers.
"""

from collections.abc import Awaitable, Callable, Mapping

from playwright.async_api import Browser, BrowserContext, Page

from main_thread import TRACED, Tasks, tasks_of
from support.browser.host_site import HostSite, widget_tag
from support.browser.product import ECHO, Customer

LOAD, OPEN, FIRST_CALL, SECOND_CALL = "load until idle", "press and open", "first call", "second call"
PHASES = (LOAD, OPEN, FIRST_CALL, SECOND_CALL)
READY, BUTTON = "tag to ready (target 150 at 1x)", "tag to button painted"
FIRST_OFFER, SECOND_OFFER = "first call() to its offer (target 150)", "second call() to its offer (target 50)"
BODY = "".join(
    f"<section><h2>Contact {index}</h2><p>{'A customer with a story. ' * 12}</p></section>" for index in range(60)
)
# The page observes itself from its start. It also announces when it has settled: polling it from outside would cost
# its main thread more than the phone does.
OBSERVE_TIMES = """(() => {
    const seen = { lcp: 0, cls: 0, tbt: 0, painted: NaN, ready: NaN };
    window[Symbol.for("bench")] = seen;
    const watch = (type, each) =>
        new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
    watch("largest-contentful-paint", ({ startTime }) => { seen.lcp = startTime; });
    watch("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.cls += value; });
    watch("longtask", ({ duration }) => { seen.tbt += duration - 50; });
    window.addEventListener("epochphone:ready", () => { seen.ready = performance.now(); });
    new MutationObserver((_, observer) => {
        if (!document.querySelector("epoch-phone")) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { seen.painted = performance.now(); }));
    }).observe(document, { childList: true, subtree: true });
    const loaded = new Promise((resolve) => window.addEventListener("load", resolve));
    const ready = new Promise((resolve) => window.addEventListener("epochphone:ready", resolve));
    const idle = () => new Promise((resolve) => requestIdleCallback(() => setTimeout(resolve, 300)));
    loaded
        .then(() => document.querySelector("script[data-token]") && ready)
        .then(idle)
        .then(() => console.info("settled"));
})();"""
SETTLED = "settled"
READ_TIMES = """() => {
    const resources = performance.getEntriesByType("resource");
    const requested = resources.find(({ name }) => name.endsWith("/phone.js"))?.startTime ?? NaN;
    return { ...window[Symbol.for("bench")], requested };
}"""
# The page itself reads offers at its socket: a tool outside the page would see them later.
OBSERVE_CALLS = """(() => {
    const calls = (window[Symbol.for("bench.calls")] = { offers: [], begun: [], connected: 0 });
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (data) {
        if (/"type":"listen"/.test(data)) {
            const onMessage = ({ data }) => { calls.connected += /"type":\\s*"connected"/.test(data); };
            this.addEventListener("message", onMessage);
        }
        if (/"type":"invite"/.test(data)) calls.offers.push(performance.now());
        return send.call(this, data);
    };
})();"""
# Playwright's own ways to find and wait for elements load a large script into the page, whose tasks would count.
BUTTON_PLACE = """() => {
    const { x, y, width, height } =
        document.querySelector("epoch-phone").shadowRoot.querySelector(".fab").getBoundingClientRect();
    return [x + width / 2, y + height / 2];
}"""
WAIT_UNTIL_OPEN = """() => new Promise((resolve) => {
    const timer = setInterval(() => {
        const panel = document.querySelector("epoch-phone").shadowRoot.querySelector("#panel:not([hidden])");
        if (!panel || !window[Symbol.for("bench.calls")].connected) return;
        clearInterval(timer);
        setTimeout(resolve, 500);
    }, 50);
})"""
PLACE_CALL = """(number) => new Promise((resolve) => {
    EpochPhone.on("callAnswered", () => setTimeout(EpochPhone.hangup, 500));
    EpochPhone.on("callEnded", () => setTimeout(resolve, 500));
    window[Symbol.for("bench.calls")].begun.push(performance.now());
    EpochPhone.call(number);
})"""
READ_CALLS = """() => window[Symbol.for("bench.calls")]"""
# People hold a button down about as long. Without a delay pointer and click come in one task.
PRESS_MS = 80
Row = dict[str, float]


def body_with(tag: str, is_first: bool) -> str:
    """Return the page's content with ``tag`` before or after it."""
    return tag + BODY if is_first else BODY + tag


class Visits:
    """Visits of the page in ``browser``, each with a profile of its own."""

    def __init__(self, browser: Browser, site: HostSite, is_first: bool) -> None:
        self._browser = browser
        self._site = site
        self._is_first = is_first

    async def times(self, customer: Customer | None, slowdown: int) -> Row:
        """The page's times and, with a phone, those of the phone and of two calls. Not traced."""
        async with await self._browser.new_context() as context:
            page = await self._load(context, customer, slowdown)
            seen = await page.evaluate(READ_TIMES)
            row = {"LCP": seen["lcp"], "CLS": seen["cls"], "TBT": seen["tbt"]}
            if customer is None:
                return row
            await open_panel(page)
            await call(page)
            await call(page)
            calls = await page.evaluate(READ_CALLS)
        first, second = (offer - begun for offer, begun in zip(calls["offers"], calls["begun"], strict=True))
        return row | {
            BUTTON: seen["painted"] - seen["requested"],
            READY: seen["ready"] - seen["requested"],
            FIRST_OFFER: first,
            SECOND_OFFER: second,
        }

    async def phases(self, customer: Customer | None, slowdown: int) -> Mapping[str, Tasks]:
        """The page's main thread, by phase."""
        ours = customer.product.url if customer else None
        async with await self._browser.new_context() as context:
            await self._browser.start_tracing(categories=TRACED)
            page = await self._load(context, customer, slowdown)
            phases = {LOAD: tasks_of(await self._browser.stop_tracing(), self._site.origin, ours)}
            if customer is None:
                return phases
            steps: Mapping[str, Callable[[Page], Awaitable[None]]] = {
                OPEN: open_panel,
                FIRST_CALL: call,
                SECOND_CALL: call,
            }
            for phase, step in steps.items():
                await self._browser.start_tracing(page=page, categories=TRACED)
                await step(page)
                phases[phase] = tasks_of(await self._browser.stop_tracing(), self._site.origin, ours)
            return phases

    async def _load(self, context: BrowserContext, customer: Customer | None, slowdown: int) -> Page:
        await context.add_init_script(OBSERVE_TIMES)
        await context.add_init_script(OBSERVE_CALLS)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        tag = widget_tag(customer.product.url, customer.token.raw) if customer else ""
        async with page.expect_console_message(lambda message: message.text == SETTLED):
            await page.goto(self._site.page(body_with(tag, self._is_first)))
        return page


async def open_panel(page: Page) -> None:
    """Press the phone's button, and wait for the panel and the connection to the carrier."""
    await page.mouse.click(*await page.evaluate(BUTTON_PLACE), delay=PRESS_MS)
    await page.evaluate(WAIT_UNTIL_OPEN)


async def call(page: Page) -> None:
    """Call, and hang up half a second after the answer."""
    await page.evaluate(PLACE_CALL, ECHO)
