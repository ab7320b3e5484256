"""The Salesforce kit: its component under Lightning Web Security, and its Visualforce page, call and log the call."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from browser.conftest import OpenPage
from support.browser.dashboard import download_kit, generate_token, sign_in
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, Customer
from support.browser.salesforce import (
    LIGHTNING,
    PHONE,
    Lightning,
    show_visualforce,
)

pytestmark = pytest.mark.anyio
CONTACT = "003000000000001AAA"
RECORD = {"Contact.Phone": ECHO, "Contact.MobilePhone": BUSY}
ON_CONTACT = {"recordId": CONTACT, "objectApiName": "Contact"}


@pytest.fixture
async def kit(customer: Customer, open_page: OpenPage) -> dict[str, bytes]:
    """The files of the kit, downloaded from the page that shows the new token."""
    dashboard = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    await generate_token(dashboard.page, customer, "acme.lightning.force.com, acme--c.vf.force.com")
    return await download_kit(dashboard.page, "Salesforce")


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(permissions=["local-network-access", "microphone"])
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def lightning(page: Page, kit: dict[str, bytes], tmp_path: Path) -> Lightning:
    return Lightning(page, kit, tmp_path)


async def test_a_record_is_called_and_the_call_logged_once(lightning: Lightning, customer: Customer) -> None:
    await lightning.show(RECORD)
    await lightning.place(**ON_CONTACT)
    dialer = lightning.dialer()
    await expect(dialer.locator("[data-state]")).to_have_text("Ready")
    # The phone's script runs in the component's sandbox; its panel is an element of the shared page.
    assert await lightning.page.evaluate("() => window.EpochPhone") is None
    await expect(lightning.panel).to_be_attached()
    # A second dialer uses the running phone and logs nothing twice.
    await lightning.place(**ON_CONTACT)
    await expect(lightning.dialer(1).locator("[data-state]")).to_have_text("Ready")

    await expect(dialer.get_by_role("button")).to_have_text([f"Call {ECHO}", f"Call {BUSY}", "Call"])
    await dialer.get_by_role("button", name=f"Call {ECHO}").click()
    await expect(dialer.locator("[data-state]")).to_have_text("In a call")
    await expect(dialer.get_by_role("button", name=f"Call {BUSY}")).to_be_disabled()
    await lightning.panel.get_by_role("button", name="Hang up").click()
    await expect(lightning.status(1)).to_have_text("Call logged")

    [call] = await customer.calls()
    [task] = await lightning.page.evaluate("() => logged")
    assert task == {
        "callId": call["call_id"],
        "phoneNumber": ECHO,
        "direction": "outbound",
        "status": "completed",
        "seconds": task["seconds"],
        "recordId": CONTACT,
    }
    assert call["origin"] == LIGHTNING
    # The browser's warning about the sandboxed frame is expected.
    assert [line for line in lightning.console if "allow-same-origin" not in line] == []


async def test_a_call_outlives_its_component_and_is_still_logged(lightning: Lightning) -> None:
    await lightning.show(RECORD)
    await lightning.place(**ON_CONTACT)
    await lightning.dialer().get_by_role("button", name=f"Call {ECHO}").click()
    await expect(lightning.dialer().locator("[data-state]")).to_have_text("In a call")
    await lightning.page.evaluate("() => document.querySelector('c-epoch-dialer').remove()")
    # The person opens another page of the Salesforce console, which shows no record.
    await lightning.place()
    await expect(lightning.dialer().locator("[data-state]")).to_have_text("In a call")
    await lightning.page.evaluate("() => { window.refusal = 'The call was not logged: no access' }")
    await lightning.panel.get_by_role("button", name="Hang up").click()
    await expect(lightning.status()).to_have_text("The call was not logged: no access")

    await lightning.page.evaluate("() => { window.refusal = '' }")
    await lightning.dialer().get_by_label("Number").fill(BUSY)
    await lightning.dialer().get_by_role("button", name="Call", exact=True).click()
    await expect(lightning.status()).to_have_text("Call logged")
    [task] = await lightning.page.evaluate("() => logged")
    assert (task["phoneNumber"], task["status"], task["recordId"]) == (BUSY, "busy", None)
    await lightning.dialer().get_by_label("Number").fill("Front desk")
    await lightning.dialer().get_by_role("button", name="Call", exact=True).click()
    await expect(lightning.status()).to_have_text("Invalid phone number")


async def test_a_missing_or_revoked_token_is_reported(
    kit: dict[str, bytes], lightning: Lightning, customer: Customer
) -> None:
    await lightning.show(resource=False)
    await lightning.place()
    missing = "The phone did not load. Check the static resource EpochWidget"
    await expect(lightning.status()).to_have_text(missing)
    assert await lightning.page.evaluate("() => toasts") == [missing]

    await customer.revoke()
    await lightning.page.unroute_all()
    await lightning.show()
    await lightning.place(embedToken=customer.token.raw)
    await expect(lightning.status()).to_have_text("Invalid or revoked token")
    await expect(lightning.dialer().locator("[data-state]")).to_have_text("Not available")
    assert customer.token.raw.encode() not in b"".join(kit.values())


async def test_a_kit_without_its_token_asks_for_one(
    customer: Customer, open_page: OpenPage, page: Page, tmp_path: Path
) -> None:
    dashboard = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    await dashboard.page.goto(
        f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/settings/embed-tokens/{customer.token.id}"
    )
    lightning = Lightning(page, await download_kit(dashboard.page, "Salesforce"), tmp_path)
    await lightning.show()
    await lightning.place()
    await expect(lightning.status()).to_have_text("No embed token. Set one in the component's properties")
    await lightning.place(embedToken=customer.token.raw)
    await expect(lightning.dialer(1).locator("[data-state]")).to_have_text("Ready")


async def test_the_visualforce_page_calls_and_logs_by_remoting(
    kit: dict[str, bytes], customer: Customer, open_page: OpenPage
) -> None:
    source = kit["force-app/main/default/pages/EpochPhone.page"].decode()
    opened: Phone = await open_page("about:blank", customer.product, permissions=["local-network-access", "microphone"])
    await show_visualforce(opened.page, source, kit[PHONE])
    await opened.until_event("ready")
    await opened.page.locator("#form #number").fill("Front desk")
    await opened.page.locator("#form").get_by_role("button", name="Call").click()
    await expect(opened.page.locator("#note")).to_have_text("Invalid phone number")
    await opened.page.locator("#form #number").fill(ECHO)
    await opened.page.locator("#form").get_by_role("button", name="Call").click()
    await opened.until_event("callAnswered")
    await opened.hangup()
    await expect(opened.page.locator("#note")).to_have_text("Call logged")
    [call] = await customer.calls()
    [sent] = json.loads(await opened.page.evaluate("() => JSON.stringify(logged)"))
    assert sent[:5] == ["EpochCallController.logCall", call["call_id"], ECHO, "outbound", "completed"]
    assert len(sent) == len(("name", "id", "number", "direction", "status", "seconds"))

    await opened.page.evaluate("() => { refusal = 'The call was not logged: its status is not valid' }")
    await opened.page.locator("#form #number").fill(BUSY)
    await opened.page.locator("#form").get_by_role("button", name="Call").click()
    await expect(opened.page.locator("#note")).to_have_text("The call was not logged: its status is not valid")
