"""Benchmark of the times that the phone takes to start on a page and to place a call, in a real browser.

Run it by ``PYTHONPATH=src:tests python bench/widget_timing.py [RUNS]``.

Everything is on loopback. Each run has a new browser context with nothing cached, on a page of another origin.
"""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from browser.conftest import launch_options
from epoch.server.embedded_postgres import EmbeddedPostgres
from support.browser.host_site import HostSite, serving_pages, widget_tag
from support.browser.phone import WATCH, Phone
from support.browser.product import ECHO, Customer, running_product

ROOT = Path(__file__).resolve().parents[1]
RUNS = 10
SCRIPT_START = """() => {
    const resources = performance.getEntriesByType("resource");
    return resources.find(({ name }) => name.endsWith("/phone.js")).startTime;
}"""
CALL = """(number) => {
    let startedAt = NaN;
    EpochPhone.on("callStarted", () => { startedAt = performance.now(); });
    const calledAt = performance.now();
    EpochPhone.call(number);
    return startedAt - calledAt;
}"""
MEASURES = ("script start to ready", "call() to callStarted", "dialing to ringing, microphone and SDK included")


async def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as postgres:
        url = postgres.create_database("widget_timing")
        try:
            rows = await measure(url, runs)
        finally:
            postgres.drop_database("widget_timing")
    print(f"| {runs} runs, ms | median | fastest | slowest |\n|---|---|---|---|")
    for name, times in zip(MEASURES, zip(*rows, strict=True), strict=True):
        print(f"| {name} | {statistics.median(times):.1f} | {min(times):.1f} | {max(times):.1f} |")


async def measure(database_url: str, runs: int) -> Sequence[tuple[float, ...]]:
    """One tuple of ``MEASURES`` for each run."""
    with tempfile.TemporaryDirectory() as folder, serving_pages() as site:
        async with running_product(database_url, Path(folder)) as product, async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options())
            customer = await product.customer()
            try:
                return [await one_run(browser, site, customer) for _ in range(runs)]
            finally:
                await browser.close()


async def one_run(browser: Browser, site: HostSite, customer: Customer) -> tuple[float, ...]:
    context = await browser.new_context()
    await context.add_init_script(path=WATCH)
    phone = Phone(await context.new_page(), customer.product, customer)
    await phone.page.goto(site.page(widget_tag(customer.product.url, customer.token.raw)))
    await phone.until_event("ready")
    ready = (await phone.events("ready"))[0]["at"] - await phone.page.evaluate(SCRIPT_START)
    started: float = await phone.page.evaluate(CALL, ECHO)
    await phone.until_state("ringing", "in-progress")
    moves = {event["detail"]["state"]: event["at"] for event in await phone.events("stateChanged")}
    await phone.hangup()
    await context.close()
    return ready, started, moves["ringing"] - moves["dialing"]


if __name__ == "__main__":
    asyncio.run(main())
