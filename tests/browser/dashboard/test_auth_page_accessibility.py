"""Accessibility of account pages behind a mailed link, with a second factor or with a new secret, by axe-core."""

import secrets

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from support.browser.axe import AXE, findings
from support.browser.product import Product
from support.factories import Tenant
from support.mailbox import Mailbox, text_of
from support.passwords import PASSWORD

pytestmark = pytest.mark.anyio


async def visitor(browser: Browser, product: Product) -> Page:
    """A page of somebody new."""
    context = await browser.new_context(base_url=product.url)
    await context.add_init_script(path=AXE)
    return await context.new_page()


async def member(browser: Browser, product: Product) -> tuple[Page, Tenant]:
    """The page of a new organization's owner, signed in."""
    tenant = await product.make.tenant()
    page = await visitor(browser, product)
    await page.goto("/login")
    await page.get_by_label("Email", exact=True).fill(tenant.owner.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page, tenant


async def test_confirming_an_address(browser: Browser, product: Product) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    page = await visitor(browser, product)
    await page.goto("/signup")
    await page.get_by_label("Email", exact=True).fill(email)
    await page.get_by_label("Password", exact=True).fill(f"{secrets.token_hex(12)} word")
    await page.get_by_role("button", name="Create account", exact=True).click()
    await expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    link = await Mailbox(product.settings, email).link()
    # The page confirms by itself; what it shows until then is looked at with the form held back.
    await page.add_init_script("HTMLFormElement.prototype.requestSubmit = HTMLFormElement.prototype.submit = () => {}")
    await page.goto(link)
    await expect(page.get_by_role("button", name="Confirm e-mail address")).to_be_visible()
    assert await findings(page) == []
    await page.context.close()


async def test_a_new_password(browser: Browser, product: Product) -> None:
    tenant = await product.make.tenant()
    page = await visitor(browser, product)
    await page.goto("/forgot-password")
    await page.get_by_label("Email", exact=True).fill(tenant.owner.email)
    await page.locator("main").get_by_role("button").click()
    await page.goto(await Mailbox(product.settings, tenant.owner.email).link())
    await expect(page.locator("input[type=password]")).to_be_visible()
    assert await findings(page) == []
    await page.context.close()


async def test_an_invitation(browser: Browser, product: Product) -> None:
    page, tenant = await member(browser, product)
    email = f"{secrets.token_hex(6)}@example.com"
    await page.goto(f"/dashboard/{tenant.organization.slug}/settings/team")
    team = page.get_by_role("region", name="Team", exact=True)
    await team.get_by_label("Email", exact=True).fill(email)
    await team.get_by_role("button", name="Send invitation").click()
    invited = await visitor(browser, product)
    await invited.goto(await Mailbox(product.settings, email).link())
    await expect(invited.get_by_role("heading", level=1)).to_contain_text(tenant.organization.name)
    found = await findings(invited)
    text = text_of((await Mailbox(product.settings, email).all())[-1])
    await invited.goto(text[text.index("/invitations/report/") :].strip())
    found += await findings(invited)
    await invited.get_by_role("button", name="Report and stop mails").click()
    await expect(invited.get_by_role("heading", name="Reported")).to_be_visible()
    assert found + await findings(invited) == []
    await invited.context.close()
    await page.context.close()


async def test_a_second_factor_and_its_recovery_codes(browser: Browser, product: Product) -> None:
    page, tenant = await member(browser, product)
    await page.goto("/account")
    form = page.locator("form", has=page.get_by_role("button", name="Set up two-step sign-in"))
    await form.locator("input[type=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Set up two-step sign-in").click()
    await expect(page.get_by_role("heading", name="Set up two-step sign-in")).to_be_visible()
    found = await findings(page)
    secret = await page.get_by_label("Or type this key").input_value()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret.replace(" ", "")).now())
    await page.get_by_role("button", name="Switch two-step sign-in on").click()
    await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    found += await findings(page)
    await page.goto("/account")
    found += await findings(page)
    await page.context.close()

    page = await visitor(browser, product)
    await page.goto("/login")
    await page.get_by_label("Email", exact=True).fill(tenant.owner.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("Code", exact=True)).to_be_visible()
    found += await findings(page)
    await page.context.close()
    assert found == []


async def test_a_key_that_is_shown_once(browser: Browser, product: Product) -> None:
    page, tenant = await member(browser, product)
    await page.goto(f"/dashboard/{tenant.organization.slug}/settings/api-keys")
    await page.get_by_label("Key name").fill("CRM sync")
    await page.get_by_role("button", name="Create API key").click()
    await expect(page.get_by_role("heading", name="CRM sync is ready")).to_be_visible()
    assert await findings(page) == []
    await page.context.close()
