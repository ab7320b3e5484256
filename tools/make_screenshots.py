"""Takes the documentation's pictures from the running product: ``make screenshots``.

Starts the product with the sandbox carrier and the demo, adds four weeks of calls to the demo's organization, and
writes PNG files of at most 200 kB each to ``docs/images``. Numbers, names and random choices are the same in each run.
"""

import asyncio
import datetime as dt
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import pyotp
import sqlalchemy as sa
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from browser.conftest import launch_options
from calls.models import Call, CallStatus
from demo.contacts import CONTACTS, DEMO_NUMBER
from epoch.cli.seed import DEMO_OWNER_EMAIL, DEMO_PASSWORD, DEMO_SLUG, DEMO_STAFF_EMAIL
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.clock import utc_now
from kit.db.database import Database
from kit.e164 import parse_dialled
from support.browser.firefox import start_firefox
from support.browser.first_call import take_first_call
from support.browser.product import Product, running_product
from support.browser.support_pictures import take_support_pictures
from tenants.models import Organization
from widget.models import EmbedToken

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 200_000
CALL_HISTORY_DAYS = 27
SIZE: ViewportSize = {"width": 1280, "height": 800}
PHONE_SIZE: ViewportSize = {"width": 1280, "height": 700}
"""So low that the picture ends above the demo page's snippet, which shows a token."""
OUTCOMES = (
    *[CallStatus.COMPLETED] * 14,
    *[CallStatus.NO_ANSWER] * 4,
    *[CallStatus.BUSY] * 2,
    CallStatus.FAILED,
    CallStatus.CANCELED,
)


async def main() -> int:
    """Take all pictures; return 1 when one is too large, else 0."""
    name = f"screenshots_{os.getpid()}"
    with (
        EmbeddedPostgres(ROOT / ".cache" / "test-postgres", durable=False) as postgres,
        tempfile.TemporaryDirectory() as folder,
    ):
        url = postgres.create_database(name)
        try:
            async with (
                running_product(url, Path(folder), EPOCH_PLAN_PRICES="pro=29 USD, business=79 USD") as product,
                async_playwright() as playwright,
            ):
                await add_calls(product.database)
                browser = await playwright.chromium.launch(**launch_options())
                IMAGES.mkdir(parents=True, exist_ok=True)
                await take_phone(browser, product)
                await take_pop_out(browser, product)
                await take_dashboard(browser, product)
                staff = await sign_in_staff(browser, product)
                await take_back_office(staff)
                await take_first_call(browser, product, staff, IMAGES)
                firefox = await start_firefox(playwright, Path(folder))
                await take_support_pictures(browser, firefox, product, IMAGES)
                await firefox.close()
                await browser.close()
        finally:
            postgres.drop_database(name)
    too_large = [path.name for path in sorted(IMAGES.glob("*.png")) if path.stat().st_size > MAX_BYTES]
    for path in sorted(IMAGES.glob("*.png")):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB\n")
    return int(bool(too_large))


async def add_calls(database: Database) -> None:
    """Add four weeks of calls from the demo's organization to its contacts: more each week, fewer at weekends."""
    chance = random.Random(1)
    numbers = [parse_dialled(contact.phone, "US") for contact in CONTACTS]
    async with database.sessions() as session, session.begin():
        found = sa.select(Organization.id, EmbedToken.id).join(EmbedToken).where(Organization.slug == DEMO_SLUG)
        organization, token = (await session.execute(found)).one()
        now = utc_now()
        for day in range(CALL_HISTORY_DAYS, -1, -1):
            morning = (now - dt.timedelta(days=day)).replace(hour=8, minute=0, second=0, microsecond=0)
            count = chance.randint(3, 6) if morning.weekday() >= 5 else chance.randint(24, 32) - day // 2
            began = sorted(morning + dt.timedelta(seconds=chance.randint(0, 32_000)) for _ in range(count))
            for at in (moment for moment in began if moment < now - dt.timedelta(minutes=10)):
                session.add(call_at(at, organization, token, chance.choice(numbers), chance))


def call_at(at: dt.datetime, organization: UUID, token: UUID, number: str, chance: random.Random) -> Call:
    """A call of the time ``at`` with a random outcome and duration."""
    status = chance.choice(OUTCOMES)
    duration = chance.randint(20, 900) if status is CallStatus.COMPLETED else 0
    return Call(
        id=uuid7_at(at, chance),
        organization_id=organization,
        token_id=token,
        carrier_sid=f"CA{chance.getrandbits(128):032x}",
        identity=f"w_{token.hex}_{0:016x}",
        from_number=DEMO_NUMBER,
        to_number=number,
        status=status,
        duration=duration,
        started_at=at,
        answered_at=at + dt.timedelta(seconds=8) if duration else None,
        ended_at=at + dt.timedelta(seconds=8 + duration),
        agent=chance.choice(["Dana Demo", "Jonas Weber", "Aisha Bello"]),
        origin="http://localhost:8000",
        country="US",
    )


def uuid7_at(at: dt.datetime, chance: random.Random) -> UUID:
    """An id with the time ``at``, because lists and counts find calls by the time in their ids."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62))


async def take_phone(browser: Browser, product: Product) -> None:
    """Take the demo's CRM page before and during a call."""
    context = await browser.new_context(viewport=PHONE_SIZE, permissions=["microphone"])
    page = await context.new_page()
    await page.goto(f"{product.url}/demo")
    await page.wait_for_function("() => window.EpochPhone?.getState() === 'ready'")
    await page.evaluate("() => EpochPhone.open()")
    await settle(page)
    await shoot(page, "dialler")
    await page.get_by_role("row", name="Maya Okafor").get_by_role("button").click()
    await page.wait_for_function("() => EpochPhone.getState() === 'in-progress'")
    await asyncio.sleep(4)
    await shoot(page, "phone")
    await page.evaluate("() => EpochPhone.hangup()")
    await context.close()


async def take_pop_out(browser: Browser, product: Product) -> None:
    """Take the pop-out window."""
    context = await browser.new_context(viewport=PHONE_SIZE, permissions=["microphone"])
    page = await context.new_page()
    await page.goto(f"{product.url}/demo")
    await page.wait_for_function("() => window.EpochPhone?.getState() === 'ready'")
    await page.evaluate("() => EpochPhone.open()")
    phone = page.locator("epoch-phone")
    await phone.get_by_role("button", name="More", exact=True).click()
    async with page.expect_popup() as opened:
        await phone.get_by_role("button", name="Call in a window").click()
    window = await opened.value
    await window.locator("epoch-phone .panel").wait_for()
    await window.set_viewport_size({"width": 400, "height": 640})
    await settle(window)
    await shoot(window, "pop-out")
    await context.close()


async def take_dashboard(browser: Browser, product: Product) -> None:
    """Take the overview, the list of calls and the settings of the demo's organization."""
    context = await browser.new_context(viewport=SIZE, base_url=product.url)
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_label("Email", exact=True).fill(DEMO_OWNER_EMAIL)
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    await settle(page)
    await shoot(page, "dashboard")
    await page.goto(f"/dashboard/{DEMO_SLUG}/calls")
    await settle(page)
    await shoot(page, "calls")
    await page.goto(f"/dashboard/{DEMO_SLUG}/settings/phone-numbers")
    await settle(page)
    await shoot(page, "settings")
    await context.close()


async def sign_in_staff(browser: Browser, product: Product) -> Page:
    """Sign the demo's staff member in for the first time; return the page of the back office."""
    context = await browser.new_context(viewport=SIZE, base_url=product.url)
    page = await context.new_page()
    await page.goto("/admin")
    await page.get_by_label("Email", exact=True).fill(DEMO_STAFF_EMAIL)
    await page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    secret = await page.get_by_label("Or type this key").input_value()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret.replace(" ", "")).at(int(time.time())))
    await page.get_by_role("button", name="Switch it on and sign in").click()
    await page.get_by_role("link", name="I saved them").click()
    return page


async def take_back_office(page: Page) -> None:
    """Take the back office's page of the demo's organization and its operations page."""
    await page.get_by_role("searchbox", name="Find an organization").fill(DEMO_NUMBER)
    await page.get_by_role("button", name="Find", exact=True).click()
    await page.get_by_role("rowheader").get_by_role("link").click()
    await expect(page.get_by_role("heading", name="Acme Realty", level=1)).to_be_visible()
    await settle(page)
    await shoot(page, "back-office")
    await page.goto("/admin/operations")
    await settle(page)
    await shoot(page, "operations")


async def settle(page: Page) -> None:
    """Wait until the page's scripts, fonts and animations are finished."""
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(1)


async def shoot(page: Page, name: str) -> None:
    await page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
