"""The back office in a browser: two-step sign-in, search, staff actions and their effects."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pyotp
import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, BrowserContext, Page, expect

from admin.models import StaffRole, StaffSession
from admin.services import STAFF_SESSION_IDLE
from browser.conftest import OpenPhone
from kit.clock import utc_now
from support.browser.axe import AXE, findings
from support.browser.phone import PATIENCE
from support.browser.product import (
    ECHO,
    TONES,
    Customer,
    Product,
)
from support.browser.sessions import give_session, give_staff_session
from support.full_tenant import make_full_tenant
from support.passwords import PASSWORD
from support.staff import make_staff
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
REFRESH_MS = 10_000
"""The interval at which the operations page refreshes itself."""
SHOWN_MS = 1_000
"""The time in which a page shows what a refresh brought. If it is too short, the next refresh is awaited."""


@pytest.fixture
async def context(browser: Browser, product: Product) -> AsyncIterator[BrowserContext]:
    async with await browser.new_context(base_url=product.url) as context:
        await context.add_init_script(path=AXE)
        yield context


async def sign_in_to_back_office(context: BrowserContext, product: Product, role: StaffRole) -> Page:
    """The first page of the back office for somebody of ``role`` who is signed in."""
    await give_staff_session(context, product, await make_staff(product.database, role))
    page = await context.new_page()
    await page.goto("/admin")
    await expect(page.get_by_role("heading", name="Back office", level=1)).to_be_visible()
    return page


async def sign_in(context: BrowserContext, product: Product, role: StaffRole) -> Page:
    """Sign in for the first time, as somebody of ``role`` does."""
    staff, page = await make_staff(product.database, role), await context.new_page()
    await page.goto("/admin")
    await page.get_by_label("Email", exact=True).fill(staff.email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    secret = await page.get_by_label("Or type this key").input_value()
    await page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret.replace(" ", "")).at(int(time.time())))
    await page.get_by_role("button", name="Switch it on and sign in").click()
    await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    await page.get_by_role("link", name="I saved them").click()
    await expect(page.get_by_role("heading", name="Back office", level=1)).to_be_visible()
    return page


async def open_organization(page: Page, customer: Customer) -> None:
    """Search for a customer's organization by its phone number, and open its page."""
    await page.goto("/admin")
    await page.get_by_role("searchbox", name="Find an organization").fill(customer.tenant.number or "")
    await page.get_by_role("button", name="Find", exact=True).click()
    await page.get_by_role("rowheader").get_by_role("link").click()
    await expect(page.get_by_role("heading", name=customer.tenant.organization.name, level=1)).to_be_visible()
    await page.wait_for_load_state()  # the heading is shown before the rest of the page has arrived


async def perform_action(page: Page, label: str, reason: str, **choices: str) -> None:
    """Perform the staff action ``label`` of the open page, with a reason; ``choices`` are the form's other fields."""
    await page.get_by_role("link", name=label, exact=True).click()
    for field, choice in choices.items():
        await page.get_by_label(field.replace("_", " ")).select_option(choice)
    await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("button", name=label, exact=True).click()


async def refreshing_until(page: Page, check: Callable[[], Awaitable[None]]) -> None:
    """Advance the page's installed clock by one refresh interval after another until ``check`` passes."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await page.clock.fast_forward(REFRESH_MS)
            with contextlib.suppress(AssertionError):
                return await check()


async def test_an_operator_upgrades_suspends_revokes_and_reads_the_audit_log(
    context: BrowserContext, browser: Browser, product: Product, open_phone: OpenPhone
) -> None:
    customer = await product.customer(plan=Plan.STARTER)
    slug = customer.tenant.organization.slug
    page = await sign_in(context, product, StaffRole.OPERATOR)
    async with await browser.new_context(base_url=product.url) as owner_context:
        await give_session(owner_context, product, customer.tenant.owner)
        owner = await owner_context.new_page()
        await owner.goto(f"/dashboard/{slug}/settings/phone-numbers")
        await expect(owner.get_by_text("Organization plan does not support widgets").first).to_be_visible()

        await open_organization(page, customer)
        await perform_action(page, "Change plan", "Paid by invoice", New_plan="pro")
        await expect(page.get_by_text("is on the Pro plan now. Its phones can call now.")).to_be_visible()
        await owner.reload()
        await expect(owner.get_by_text("Organization plan does not support widgets")).to_have_count(0)

        phone = await open_phone(customer)
        await phone.until_event("ready")
        await perform_action(page, "Suspend", "Fraud is suspected")
        await expect(page.get_by_text("is suspended. Its phones cannot call.")).to_be_visible()
        await phone.page.reload()
        refused = await phone.until_event("error")
        assert refused["code"] == "organization_suspended"
        await perform_action(page, "Unsuspend", "It was none")
        await expect(page.get_by_text("is not suspended any more.")).to_be_visible()
        await phone.page.reload()
        await phone.until_event("ready")

        await page.get_by_role("link", name="Main Website").click()
        await perform_action(page, "Revoke", "Leaked in a forum")
        await expect(page.get_by_text("is revoked: no phone can use it.")).to_be_visible()
        await phone.page.reload()
        assert (await phone.until_event("error"))["code"] == "revoked_embed_token"

    await open_organization(page, customer)
    await page.get_by_role("link", name="All: Audit log").click()
    for words in ("Organization plan changed", "Organization suspended", "Embed token revoked"):
        await expect(page.get_by_role("cell", name=words, exact=True)).to_be_visible()
    await page.get_by_role("row", name="Organization suspended").get_by_role("rowheader").get_by_role("link").click()
    await expect(page.get_by_text("Reason: Fraud is suspected")).to_be_visible()


async def test_support_revokes_reads_the_audit_log_and_does_no_more(
    context: BrowserContext, customer: Customer, product: Product, open_phone: OpenPhone
) -> None:
    page = await sign_in_to_back_office(context, product, StaffRole.SUPPORT)
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await open_organization(page, customer)
    details = page.url
    for label in ("Change plan", "Suspend", "Override a limit", "Adopt a number"):
        await expect(page.get_by_role("link", name=label, exact=True)).to_have_count(0)
    await page.get_by_role("link", name="Main Website").click()
    await perform_action(page, "Revoke", "Leaked in a forum")
    await expect(page.get_by_text("is revoked: no phone can use it.")).to_be_visible()
    await phone.page.reload()
    assert (await phone.until_event("error"))["code"] == "revoked_embed_token"

    await page.goto(details)
    await page.get_by_role("link", name="All: Audit log").click()
    await expect(page.get_by_role("cell", name="Embed token revoked", exact=True)).to_be_visible()
    for path in (details.replace("details/", "") + "/do/suspend", "/admin/operations/pause", "/admin/staff/list"):
        await page.goto(path)
        await expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()


async def test_a_call_that_begins_is_seen_and_ended_from_the_page_that_stays_open(
    context: BrowserContext, customer: Customer, product: Product, open_phone: OpenPhone
) -> None:
    page = await sign_in_to_back_office(context, product, StaffRole.OPERATOR)
    await page.clock.install()
    await page.goto("/admin/operations")
    name = customer.tenant.organization.name
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(TONES)
    await phone.until_event("callAnswered")
    live = page.get_by_role("table", name="Live calls").get_by_role("row", name=f"+1 212-555-0106 {name}")
    # The page refreshes itself: nobody uses it until the call is shown.
    await refreshing_until(page, lambda: expect(live.get_by_text("In progress")).to_be_visible(timeout=SHOWN_MS))
    await live.get_by_role("link", name="End call").click()
    await expect(page.get_by_text("Both sides are cut off within seconds")).to_be_visible()
    await page.get_by_label("Reason").fill("Fraud is suspected")
    await page.get_by_role("button", name="End call", exact=True).click()
    await expect(page.get_by_text("The carrier is being asked to end this call.")).to_be_visible()
    await phone.until_event("callEnded")
    record = await phone.record(begun.call_id)
    assert record["status"] == "completed"
    await expect(page.get_by_role("heading", name="Operations", level=1)).to_be_visible()
    await refreshing_until(page, lambda: expect(live).to_have_count(0, timeout=SHOWN_MS))


async def test_a_page_left_open_says_when_its_session_is_over(context: BrowserContext, product: Product) -> None:
    page = await sign_in_to_back_office(context, product, StaffRole.SUPPORT)
    await page.clock.install()
    await page.goto("/admin/operations")
    await expect(page.get_by_text("Refreshes every 10 seconds")).to_be_visible()
    async with product.database.sessions() as session, session.begin():
        await session.execute(sa.update(StaffSession).values(last_seen_at=utc_now() - STAFF_SESSION_IDLE))
    said = page.get_by_role("status").get_by_text("Refreshing has stopped: you are signed out")
    await refreshing_until(page, lambda: expect(said).to_be_visible(timeout=SHOWN_MS))
    assert await findings(page) == []
    await page.get_by_role("link", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Staff sign-in")).to_be_visible()
    assert page.url.endswith("next=/admin/operations")


async def test_all_calls_are_paused_and_a_page_that_is_open_shows_it(
    browser: Browser, product: Product, customer: Customer, open_phone: OpenPhone
) -> None:
    async with (
        await browser.new_context(base_url=product.url) as one,
        await browser.new_context(base_url=product.url) as two,
    ):
        watching, page = [await sign_in_to_back_office(own, product, StaffRole.OPERATOR) for own in (one, two)]
        await watching.clock.install()
        for tab in (watching, page):
            await tab.goto("/admin/operations")
        await perform_action(page, "Pause all calls", "Drill")
        await expect(page.get_by_text("Calls are paused for everybody")).to_be_visible()
        try:
            paused = watching.get_by_text("Calls are paused for everybody")
            await refreshing_until(watching, lambda: expect(paused).to_be_visible(timeout=SHOWN_MS))
            await expect(watching.get_by_role("link", name="Resume calls")).to_be_visible()
            phone = await open_phone(customer)
            await phone.until_event("ready")
            await phone.call(ECHO)
            assert (await phone.until_event("callEnded"))["status"] == "refused"
        finally:
            await page.goto("/admin/operations")
            await perform_action(page, "Resume calls", "The drill is over")
        await expect(page.get_by_text("Calls are not paused any more")).to_be_visible()
        await phone.call(ECHO)
        await phone.until_event("callAnswered")


async def test_rows_are_picked_in_their_list(context: BrowserContext, product: Product) -> None:
    customers = [await product.customer() for _ in range(2)]
    page = await sign_in_to_back_office(context, product, StaffRole.OPERATOR)
    for customer in customers:
        await page.goto(f"/admin/embed-token/list?organization_id={customer.tenant.organization.id}")
        await page.get_by_role("checkbox", name="Select Main Website").check()
        await page.get_by_role("button", name="Revoke", exact=True).click()
        await expect(page.get_by_role("heading", name="Revoke: 1 of 1")).to_be_visible()
        await page.get_by_label("Reason").fill("Leaked in a forum")
        await page.get_by_role("button", name="Revoke", exact=True).click()
        await expect(page.get_by_text("1 of 1 is revoked now.")).to_be_visible()


async def test_roles_see_what_is_theirs_to_do(browser: Browser, product: Product, customer: Customer) -> None:
    seen = {}
    for role in StaffRole:
        async with await browser.new_context(base_url=product.url) as own:
            page = await sign_in_to_back_office(own, product, role)
            await open_organization(page, customer)
            seen[role] = (
                await page.get_by_role("link", name="Suspend", exact=True).count(),
                await page.get_by_role("link", name="Staff", exact=True).count(),
            )
    assert seen == {StaffRole.SUPPORT: (0, 0), StaffRole.OPERATOR: (1, 0), StaffRole.ADMIN: (1, 1)}


async def test_the_main_views_are_for_everybody(context: BrowserContext, product: Product) -> None:
    full_tenant = await make_full_tenant(product.database, product.make)
    page = await context.new_page()
    await page.goto("/admin/login")
    assert await findings(page) == []
    await page.close()
    page = await sign_in_to_back_office(context, product, StaffRole.ADMIN)
    organization = full_tenant.ids["organization_id"]
    for path in (
        "/admin",
        "/admin/account",
        "/admin/operations",
        "/admin/operations/pause",
        f"/admin/organization/{organization}/do/raise-limit",
        f"/admin/call/list?organization_id={organization}",
        f"/admin/embed-token/many/revoke?row={full_tenant.ids['token_id']}",
        "/admin/alert/list",
        "/admin/limit-override/list",
        "/admin/outbox-item/list",
        "/admin/carrier-day/list",
        "/admin/carrier-difference/list",
        "/admin/number-difference/list",
        "/admin/organization/list",
        f"/admin/organization/details/{organization}",
        f"/admin/organization/{organization}/do/change-plan",
        f"/admin/call/details/{full_tenant.ids['call_id']}",
        f"/admin/audit-event/list?organization_id={organization}",
        "/admin/embed-token/list",
        "/admin/user/list?search=nobody",
        "/admin/staff/list",
        f"/admin/refusals?organization={organization}",
        "/admin/nothing/list",
    ):
        await page.goto(path)
        assert await findings(page) == [], path
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto("/admin/alert/list")
    await page.get_by_role("button", name="Menu").click()
    money = page.get_by_role("group", name="Money and limits")
    await expect(money.get_by_role("link", name="Alerts")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("searchbox", name="Why was this refused?")).to_be_visible()
    assert await findings(page) == []
