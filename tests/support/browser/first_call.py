"""Takes the pictures of docs/first-call.md: a new customer from sign-up to the first call; counts clicks and fields."""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from support.browser.product import ECHO, Product
from support.mailbox import Mailbox

SIZE: ViewportSize = {"width": 1280, "height": 760}
HIDE_TOKEN = """() => {
  const hidden = (text) => text.replaceAll(/ept_\\w+/g, "ept_" + "•".repeat(38));
  const [snippet, raw] = ["snippet", "raw-token"].map((id) => document.getElementById(id));
  snippet.textContent = hidden(snippet.textContent);
  raw.value = hidden(raw.value);
}"""
EMAIL, PASSWORD, ORGANIZATION = "pat@harbour.example", "plum riverbed lantern", "Harbour Homes"


@dataclass
class Customer:
    """A new customer in a browser; counts the clicks and the filled-in fields."""

    page: Page
    images: Path
    clicks: int = 0
    fields: int = 0
    began: float = field(default_factory=time.monotonic)

    async def press(self, target: Locator) -> None:
        await target.click()
        self.clicks += 1

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(text)
        self.fields += 1

    async def press_button(self, name: str) -> None:
        await self.press(self.page.get_by_role("button", name=name, exact=True))

    async def press_link(self, name: str) -> None:
        await self.press(self.page.get_by_role("link", name=name, exact=True).first)

    async def shoot(self, name: str) -> None:
        await self.page.wait_for_load_state("networkidle")
        await asyncio.sleep(1)
        await self.page.screenshot(path=self.images / f"first-call-{name}.png", animations="disabled")


async def take_first_call(browser: Browser, product: Product, staff: Page, images: Path) -> None:
    """Take the pictures; ``staff`` is a back office page with a signed-in member of the staff."""
    context = await browser.new_context(viewport=SIZE, base_url=product.url, permissions=["microphone"])
    customer = Customer(await context.new_page(), images)
    page = customer.page
    await page.goto("/")
    await sign_up(customer, product)
    await customer.shoot("2-checklist")
    await customer.press_button("Request upgrade")
    await expect(page.get_by_text("Pro was requested on")).to_be_visible()
    await customer.shoot("3-upgrade")
    await approve(staff, images)
    await get_number(customer)
    await call(customer)
    await context.close()
    seconds = time.monotonic() - customer.began
    sys.stdout.write(
        f"first call: the customer made {customer.clicks} clicks and filled in {customer.fields} fields;"
        f" the script took {seconds:.0f} s\n"
    )


async def sign_up(customer: Customer, product: Product) -> None:
    """Create the account, open the mailed link and create the organization."""
    page = customer.page
    await customer.press_link("Create account")
    await customer.fill("Email", EMAIL)
    await customer.fill("Password", PASSWORD)
    await customer.shoot("1-sign-up")
    await customer.press_button("Create account")
    await expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    await page.goto(product.url + await Mailbox(product.settings, EMAIL).link())
    customer.clicks += 1  # the link in the mail
    confirm = page.get_by_role("button", name="Confirm e-mail address", exact=True)
    name = page.get_by_label("Organization name", exact=True)
    await expect(confirm.or_(name)).to_be_visible()
    if await confirm.is_visible():
        await customer.press(confirm)
    await customer.fill("Organization name", ORGANIZATION)
    await page.get_by_label("Country", exact=True).select_option("US")
    customer.fields += 1
    await customer.press_button("Create organization")
    await expect(page.get_by_role("region", name="Your first call")).to_be_visible()


async def approve(staff: Page, images: Path) -> None:
    """Approve the request in the back office."""
    await staff.goto("/admin")
    await staff.get_by_role("link", name=ORGANIZATION).first.click()
    await staff.wait_for_load_state("networkidle")
    await staff.get_by_role("button", name="Approve").or_(staff.get_by_role("link", name="Approve")).first.click()
    await staff.get_by_label("New plan", exact=True).select_option("pro")
    await staff.get_by_label("Reason", exact=True).fill("Paid by card")
    await staff.wait_for_load_state("networkidle")
    await staff.screenshot(path=images / "first-call-4-approval.png", animations="disabled")
    await staff.get_by_role("button", name="Approve").first.click()
    await expect(staff.get_by_text("Approved for").first).to_be_visible()


async def get_number(customer: Customer) -> None:
    """Search for a number and get it."""
    page = customer.page
    await customer.press_link("Overview")
    await customer.press_link("Get a number")
    await customer.fill("Area code", "415")
    await customer.press_button("Search numbers")
    await customer.press(page.get_by_role("button", name="Get this number", exact=True).first)
    await expect(page.get_by_text("a month")).to_be_visible()
    await customer.shoot("5-number")
    await customer.press_button("Get this number")
    await expect(page.get_by_role("status").get_by_text("is yours")).to_be_visible()


async def call(customer: Customer) -> None:
    """Generate a token, and call from the page that shows the token."""
    page = customer.page
    await customer.press(page.get_by_role("navigation", name="Settings").get_by_role("link", name="Embed Phone Widget"))
    await customer.fill("Label", "Main Website")
    await customer.fill("Allowed domains", "harbour.example")
    await customer.shoot("6-token")
    await customer.press_button("Generate Embed Token")
    await expect(page.get_by_role("heading", name="Main Website is ready")).to_be_visible()
    await page.wait_for_function("() => window.EpochPhone?.getState() === 'ready'")
    # The picture must not show a token.
    await page.evaluate(HIDE_TOKEN)
    await customer.press_button("Open the phone")
    await page.evaluate("() => window.scrollTo(0, 0)")
    await customer.shoot("7-snippet")
    await page.keyboard.type(ECHO)
    customer.fields += 1
    await customer.press(page.locator("epoch-phone").get_by_role("button", name="Call", exact=True))
    await page.wait_for_function("() => EpochPhone.getState() === 'in-progress'")
    await asyncio.sleep(4)
    await customer.shoot("8-call")
    await page.evaluate("() => EpochPhone.hangup()")
