"""Steps that tests take in the dashboard: sign in, generate a token, download a kit."""

import io
import zipfile

from anyio import to_thread
from playwright.async_api import Page, expect

from support.browser.product import Customer
from support.browser.sessions import give_session


async def sign_in(page: Page, customer: Customer) -> None:
    """Sign in the organization's owner without the form; ends on the overview page."""
    await give_session(page.context, customer.product, customer.tenant.owner)
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}")
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()


async def generate_token(page: Page, customer: Customer, domains: str) -> str:
    """Generate a token for ``domains`` and return it; ends on the page that shows it once."""
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/settings/widget")
    section = page.get_by_role("region", name="Embed Phone Widget", exact=True)
    await section.get_by_label("Label", exact=True).fill("CRM")
    await section.get_by_label("Allowed domains", exact=True).fill(domains)
    await section.get_by_role("button", name="Generate Embed Token", exact=True).click()
    await expect(page.get_by_role("heading", name="CRM is ready")).to_be_visible()
    return await page.get_by_label("Embed token", exact=True).input_value()


async def download_kit(page: Page, title: str) -> dict[str, bytes]:
    """The files of the kit ``title``, by their paths in the kit's folder."""
    async with page.expect_download() as begun:
        await page.get_by_role("link", name=f"Download the {title} kit").click()
    download = await begun.value
    content = await to_thread.run_sync((await download.path()).read_bytes)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
