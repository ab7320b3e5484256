"""Benchmark of a host page with and without the phone, in a real browser: ``make bench-widget``.

``PYTHONPATH=src:tests python bench/host_page.py [ROUNDS] [first]``: with ``first`` the tag stands before the content.

A page with text, pictures and a script of its own is loaded in turn with and without the phone, each time by a new
profile with nothing cached, so that the machine's load reaches both alike; then the phone's button is pressed and two
calls are made. Each speed of the processor, full and a quarter, is measured. Times and traces come from separate loads,
because tracing takes time. Everything is on loopback.
"""

import asyncio
import gzip
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import async_playwright

from browser.conftest import launch_options
from epoch.server.embedded_postgres import EmbeddedPostgres
from main_thread import Tasks
from page_visits import BUTTON, FIRST_OFFER, LOAD, PHASES, READY, SECOND_OFFER, Row, Visits
from support.browser.host_site import serving_pages
from support.browser.product import running_product

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
SLOWDOWNS = (1, 4)
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


class Measured(NamedTuple):
    """One page at one speed: its times, and its main thread in each phase."""

    times: Row
    phases: Mapping[str, Tasks]


async def main() -> None:
    rounds, is_first = parse_arguments(ROUNDS)
    load = os.getloadavg()[0]
    with EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as postgres:
        url = postgres.create_database("host_page")
        try:
            results = await measure(url, rounds, is_first)
        finally:
            postgres.drop_database("host_page")
    print_conditions(rounds, is_first, load)
    for slowdown in SLOWDOWNS:
        print_speed(slowdown, results[slowdown, False], results[slowdown, True])
    print("| file | bytes | gzip |\n|---|---:|---:|")
    for name, raw, packed in sizes():
        print(f"| {name} | {raw:,} | {packed:,} |")


def print_speed(slowdown: int, without: Sequence[Measured], carrying: Sequence[Measured]) -> None:
    """Print the medians of one speed: the page, its main thread by phase, and the phone's times."""
    print(f"| processor slowed {slowdown}x: the page, ms (CLS: score) | without | with | difference |")
    print("|---|---:|---:|---:|")
    for name in ("LCP", "CLS", "TBT"):
        one, other = (statistics.median(row.times[name] for row in rows) for rows in (without, carrying))
        digits = 3 if name == "CLS" else 0
        print(f"| {name} | {one:.{digits}f} | {other:.{digits}f} | {other - one:+.{digits}f} |")
    print(
        f"\n| {slowdown}x: the page's whole main thread, ms | longest task | TBT | busy | longest task with our code |"
    )
    print("|---|---:|---:|---:|---:|")
    print_tasks(f"{LOAD}, without the phone", [row.phases[LOAD] for row in without])
    for phase in PHASES:
        print_tasks(f"{phase}, with the phone", [row.phases[phase] for row in carrying])
    print(f"\n| {slowdown}x: the phone, ms | median | fastest | slowest |\n|---|---:|---:|---:|")
    for name in (BUTTON, READY, FIRST_OFFER, SECOND_OFFER):
        times = [row.times[name] for row in carrying]
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} | {max(times):.0f} |")
    print()


def print_tasks(name: str, rows: Sequence[Tasks]) -> None:
    """Print the medians of one phase."""
    columns = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"| {name} | {' | '.join(f'{value:.0f}' for value in columns)} |")


def parse_arguments(rounds: int) -> tuple[int, bool]:
    """Parse the command line: number of rounds (default ``rounds``), and whether the tag is before the content."""
    return next((int(given) for given in sys.argv[1:] if given.isdecimal()), rounds), "first" in sys.argv[1:]


def print_conditions(rounds: int, is_first: bool, load: float) -> None:
    """Print what was measured and the load average ``load`` at the start."""
    place = "before" if is_first else "after"
    print(f"the tag {place} the content, {rounds} rounds, load {load:.1f} before and {os.getloadavg()[0]:.1f} after\n")


def sizes() -> Iterable[tuple[str, int, int]]:
    """Return name, bytes and gzip bytes of the files that pages load."""
    manifest: Mapping[str, str] = json.loads((DIST / "manifest.json").read_text())
    for name in FILES:
        raw = (DIST / manifest[name]).read_bytes()
        yield name, len(raw), len(gzip.compress(raw, 9))


async def measure(database_url: str, rounds: int, is_first: bool) -> Mapping[tuple[int, bool], Sequence[Measured]]:
    """Measure each speed without the phone and with it, in turn; by slowdown and presence of the phone."""
    results: dict[tuple[int, bool], list[Measured]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, serving_pages() as site:
        async with running_product(database_url, Path(folder)) as product, async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options())
            visits = Visits(browser, site, is_first)
            try:
                await visits.times(None, 1)  # the browser's own first time is nobody's
                for _ in range(rounds):
                    for slowdown in SLOWDOWNS:
                        for customer in (None, await product.customer()):  # each may call one number a few times only
                            times = await visits.times(customer, slowdown)
                            phases = await visits.phases(customer, slowdown)
                            results[slowdown, customer is not None].append(Measured(times, phases))
            finally:
                await browser.close()
    return results


if __name__ == "__main__":
    asyncio.run(main())
