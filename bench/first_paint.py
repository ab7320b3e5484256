"""Benchmark of a page's first paint with and without a script tag, ours and an idle one: ``make bench-paint``.

``PYTHONPATH=src:tests python bench/first_paint.py [ROUNDS] [first]``: the page of ``host_page.py`` is loaded in turn,
in an order drawn anew each round, without a script, with a script of our size that does nothing, with the phone, and
with the phone's tag made ``async``; with ``first`` the tag stands before the page's content. The idle script separates
the cost of the tag's position from the cost of the phone's work.
"""

import asyncio
import os
import random
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from browser.conftest import launch_options
from epoch.server.embedded_postgres import EmbeddedPostgres
from host_page import DIST, ROOT, parse_arguments, print_conditions
from page_visits import OBSERVE_TIMES, READ_TIMES, SETTLED, body_with
from support.browser.host_site import (
    SCRIPT,
    HostSite,
    serving_pages,
    widget_tag,
)
from support.browser.product import running_product

ROUNDS = 40
RESAMPLED = 2_000
NONE, INERT, PHONE, ASYNC = "no script", "a script that does nothing", "the phone", "the phone, async"


async def main() -> None:
    rounds, is_first = parse_arguments(ROUNDS)
    load = os.getloadavg()[0]
    with EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as postgres:
        url = postgres.create_database("first_paint")
        try:
            paints = await measure(url, rounds, is_first)
        finally:
            postgres.drop_database("first_paint")
    print_conditions(rounds, is_first, load)
    print("| LCP, ms | median | to no script | to the idle script |\n|---|---:|---:|---:|")
    for name, times in paints.items():
        differences = (difference(paints[other], times) for other in (NONE, INERT))
        print(f"| {name} | {statistics.median(times):.0f} | {' | '.join(differences)} |")
    print("\nIn brackets: where 95 of 100 resampled differences of the medians lie.")


async def measure(database_url: str, rounds: int, is_first: bool) -> Mapping[str, Sequence[float]]:
    """LCP of each load in milliseconds, by page variant."""
    with tempfile.TemporaryDirectory() as folder, serving_pages() as site, serving_pages() as elsewhere:
        async with running_product(database_url, Path(folder)) as product, async_playwright() as playwright:
            customer = await product.customer()
            tag = widget_tag(product.url, customer.token.raw)
            tags = {
                NONE: "",
                INERT: f'<script src="{inert_script(elsewhere)}"></script>',
                PHONE: tag,
                ASYNC: tag.replace("<script ", "<script async ", 1),
            }
            pages = {name: site.page(body_with(one, is_first)) for name, one in tags.items()}
            paints: dict[str, list[float]] = {name: [] for name in pages}
            browser = await playwright.chromium.launch(**launch_options())
            try:
                for address in pages.values():
                    await paint_of(browser, address)  # each one's first time is nobody's
                for _ in range(rounds):
                    for name in random.sample(list(pages), len(pages)):
                        paints[name].append(await paint_of(browser, pages[name]))
            finally:
                await browser.close()
    return paints


def inert_script(site: HostSite) -> str:
    """Serve an idle script as long as phone.js from another origin than the page's."""
    size = (DIST / "phone.js").stat().st_size
    text = "".join(f"console.log('nothing {index}');" for index in range(size // 27))
    return site.publish(f"(()=>{{const never=()=>{{{text}}}}})();", kind=SCRIPT).replace("127.0.0.1", "localhost")


async def paint_of(browser: Browser, address: str) -> float:
    """Return the LCP of one load in a new browser profile."""
    async with await browser.new_context() as context:
        await context.add_init_script(OBSERVE_TIMES)
        page = await context.new_page()
        async with page.expect_console_message(lambda message: message.text == SETTLED):
            await page.goto(address)
        seen = await page.evaluate(READ_TIMES)
    return float(seen["lcp"])


def difference(without: Sequence[float], times: Sequence[float]) -> str:
    """Return the difference of the medians and its 95 % bootstrap interval."""

    def again(measured: Sequence[float]) -> float:
        return statistics.median(random.choices(measured, k=len(measured)))

    drawn = sorted(again(times) - again(without) for _ in range(RESAMPLED))
    low, high = drawn[RESAMPLED * 25 // 1000], drawn[RESAMPLED * 975 // 1000]
    return f"{statistics.median(times) - statistics.median(without):+.0f} ({low:+.0f} to {high:+.0f})"


if __name__ == "__main__":
    asyncio.run(main())
