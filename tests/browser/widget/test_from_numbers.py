"""The caller id of an outgoing call: picked in the panel, requested by the page, chosen by the server, or refused."""

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.axe import AXE
from support.browser.panel_accessibility import findings
from support.browser.product import ECHO, HANGS_UP, Customer
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio


async def test_a_call_shows_the_number_that_was_picked_or_requested(customer: Customer, open_phone: OpenPhone) -> None:
    first = str(customer.tenant.number)
    second = f"+1415557{first[-4:]}"
    async with customer.product.database.sessions() as session, session.begin():
        session.add(
            PhoneNumber(
                organization_id=customer.tenant.organization.id, e164=second, carrier_sid=None, name="San Francisco"
            )
        )
        named = PhoneNumber.organization_id == customer.tenant.organization.id, PhoneNumber.e164 == first
        await session.execute(sa.update(PhoneNumber).where(*named).values(name="Head office"))
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").click()
    picker = phone.panel.get_by_label("From", exact=True)
    await expect(picker.locator("option")).to_have_count(3)
    await expect(picker).to_have_value("")
    await picker.focus()
    await picker.press("S")
    await expect(picker).to_have_value(second)
    await phone.page.evaluate(AXE.read_text())
    assert await findings(phone.page, "light") == []

    begun = await phone.call(HANGS_UP)
    assert (await phone.until_event("callStarted"))["from"] == second
    await phone.until_event("callEnded")
    record = await phone.record(begun.call_id)
    assert (record["from"], (await phone.far_end(begun.call_id))["params"]["FromNumber"]) == (second, second)

    # The number that the page requests takes precedence; a number that the token may not show is refused at once.
    begun = await phone.call(ECHO, {"from": first})
    assert (await phone.until_event("callStarted", 2))["from"] == first
    await expect(picker).to_be_hidden()
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.until_event("callEnded", 2)
    refused = await phone.call("+12125550109", {"from": "+14155550199"})
    assert refused.is_started is False
    error = await phone.until_event("error")
    assert (error["message"], error["code"]) == ("This number cannot be used", "from_not_allowed")
    assert await phone.state() == "ready"

    # Automatic: the server chooses the number that was shown to this contact last.
    await phone.panel.get_by_label("From", exact=True).select_option("")
    begun = await phone.call(HANGS_UP)
    await phone.until_event("callAnswered", 2)
    await phone.until_event("callEnded", 3)
    assert (await phone.record(begun.call_id))["from"] == second
