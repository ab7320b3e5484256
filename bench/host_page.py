"""Benchmark of a host page's load with and without the phone, in a real browser: ``make bench-widget``.

``PYTHONPATH=src:tests python bench/host_page.py [ROUNDS] [first]``: with ``first`` the tag stands before the content.

A page with text, pictures and a script of its own is loaded in turn with and without the phone, each time by a new
profile with nothing cached, so that the machine's load reaches both alike. Everything is on loopback.
"""

import asyncio
import gzip
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from browser.conftest import launch_options
from epoch.server.embedded_postgres import EmbeddedPostgres
from support.browser.host_site import HostSite, serving_pages, widget_tag
from support.browser.product import ECHO, Customer, running_product

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 10
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline", "v8.execute"]
DIST = ROOT / "frontend" / "dist"
FILES = (
    "phone.js",
    "sdk.js",
    "panel.js",
    "dialer.js",
    "settings-sheet.js",
    "diagnostics.js",
    "diagnostics-view.js",
    "click-to-call.js",
    "locale-es.js",
)
MEASURES = ("LCP", "CLS", "TBT")
OF_THE_PHONE = ("tag to button painted", "tag to ready", "longest task of ours", "longest task of ours, first call")
BODY = "".join(
    f"<section><h2>Contact {index}</h2><p>{'A customer with a story. ' * 12}</p></section>" for index in range(60)
)
# The page observes itself from its start. It also announces when it has settled: polling it from outside would cost
# its main thread more than the phone does.
WATCH = """(() => {
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
SEEN = """() => {
    const resources = performance.getEntriesByType("resource");
    const requested = resources.find(({ name }) => name.endsWith("/phone.js"))?.startTime ?? NaN;
    return { ...window[Symbol.for("bench")], requested };
}"""


async def main() -> None:
    rounds, is_first = parse_arguments(ROUNDS)
    load = os.getloadavg()[0]
    with EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as postgres:
        url = postgres.create_database("host_page")
        try:
            without, carrying = await measure(url, rounds, is_first)
        finally:
            postgres.drop_database("host_page")
    print_conditions(rounds, is_first, load)
    print("| the host page, ms (CLS: score) | without | with | difference |\n|---|---:|---:|---:|")
    for name in MEASURES:
        one, other = (statistics.median(row[name] for row in rows) for rows in (without, carrying))
        digits = 3 if name == "CLS" else 0
        print(f"| {name} | {one:.{digits}f} | {other:.{digits}f} | {other - one:+.{digits}f} |")
    print("\n| the phone, ms | median | fastest | slowest |\n|---|---:|---:|---:|")
    for name in OF_THE_PHONE:
        times = [row[name] for row in carrying]
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} | {max(times):.0f} |")
    print("\n| file | bytes | gzip |\n|---|---:|---:|")
    for name, raw, packed in sizes():
        print(f"| {name} | {raw:,} | {packed:,} |")


def parse_arguments(rounds: int) -> tuple[int, bool]:
    """Parse the command line: number of rounds (default ``rounds``), and whether the tag is before the content."""
    return next((int(given) for given in sys.argv[1:] if given.isdecimal()), rounds), "first" in sys.argv[1:]


def print_conditions(rounds: int, is_first: bool, load: float) -> None:
    """Print what was measured and the load average ``load`` at the start."""
    place = "before" if is_first else "after"
    print(f"the tag {place} the content, {rounds} rounds, load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n")


def body_with(tag: str, is_first: bool) -> str:
    """Return the page's content with ``tag`` before or after it."""
    return tag + BODY if is_first else BODY + tag


def sizes() -> Iterable[tuple[str, int, int]]:
    """Return name, bytes and gzip bytes of the files that pages load."""
    manifest: Mapping[str, str] = json.loads((DIST / "manifest.json").read_text())
    for name in FILES:
        raw = (DIST / manifest[name]).read_bytes()
        yield name, len(raw), len(gzip.compress(raw, 9))


async def measure(
    database_url: str, rounds: int, is_first: bool
) -> tuple[Sequence[dict[str, float]], Sequence[dict[str, float]]]:
    """Measure one load without the phone and one with it per round."""
    without, carrying = [], []
    with tempfile.TemporaryDirectory() as folder, serving_pages() as site:
        async with running_product(database_url, Path(folder)) as product, async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options())
            try:
                await one_load(browser, site, None, is_first)  # the browser's own first time is nobody's
                for _ in range(rounds):
                    customer = await product.customer()  # each may call one number a few times only
                    without.append(await one_load(browser, site, None, is_first))
                    carrying.append(await one_load(browser, site, customer, is_first))
            finally:
                await browser.close()
    return without, carrying


async def one_load(browser: Browser, site: HostSite, customer: Customer | None, is_first: bool) -> dict[str, float]:
    """Measure one load: the page's figures and, with a phone, the phone's. Not traced, because tracing takes time."""
    async with await browser.new_context() as context:
        page = await _opened(context, site, customer, is_first)
        seen = await page.evaluate(SEEN)
    row = {"LCP": seen["lcp"], "CLS": seen["cls"], "TBT": seen["tbt"]}
    if customer:
        row |= {
            "tag to button painted": seen["painted"] - seen["requested"],
            "tag to ready": seen["ready"] - seen["requested"],
            **await traced_load(browser, site, customer, is_first),
        }
    return row


async def traced_load(browser: Browser, site: HostSite, customer: Customer, is_first: bool) -> dict[str, float]:
    """Return the longest task in which our code ran: until idle, and during the first call."""
    async with await browser.new_context() as context:
        await browser.start_tracing(categories=TRACED)
        page = await _opened(context, site, customer, is_first)
        until_idle = longest_task(await browser.stop_tracing(), customer.product.url)
        await browser.start_tracing(page=page, categories=TRACED)
        await page.evaluate("(number) => void EpochPhone.call(number)", ECHO)
        await page.wait_for_function('() => EpochPhone.getState() === "in-progress"')
        in_call = longest_task(await browser.stop_tracing(), customer.product.url)
        await page.evaluate("() => EpochPhone.hangup()")
    return {"longest task of ours": until_idle, "longest task of ours, first call": in_call}


async def _opened(context: BrowserContext, site: HostSite, customer: Customer | None, is_first: bool) -> Page:
    await context.add_init_script(WATCH)
    page = await context.new_page()
    tag = widget_tag(customer.product.url, customer.token.raw) if customer else ""
    async with page.expect_console_message(lambda message: message.text == SETTLED):
        await page.goto(site.page(body_with(tag, is_first)))
    return page


def longest_task(trace: bytes, origin: str) -> float:
    """Milliseconds of the longest task in which a script of ``origin`` ran; 0 where none did."""
    events: list[dict[str, Any]] = [
        event for event in json.loads(trace)["traceEvents"] if event.get("ph") == "X" and "dur" in event
    ]
    ours = [event for event in events if _script_of(event).startswith(origin)]
    tasks = (event for event in events if event["name"] == "RunTask")
    return max((task["dur"] / 1000 for task in tasks if any(_holds(task, event) for event in ours)), default=0.0)


def _script_of(event: Mapping[str, Any]) -> str:
    data = event.get("args", {}).get("data")
    return str(data.get("url", "")) if isinstance(data, dict) else ""


def _holds(task: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    same_thread = (task["pid"], task["tid"]) == (event["pid"], event["tid"])
    return same_thread and task["ts"] <= event["ts"] < task["ts"] + task["dur"]


if __name__ == "__main__":
    asyncio.run(main())
