"""A day of outgoing calls on a new Pro account: every way in which a call ends, and the phone's sentence and advice."""

import datetime as dt
from typing import NamedTuple

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, FAILS, HANGS_UP, NEVER_ANSWERS, Customer, Product
from support.factories import sign_in
from support.local_http import local_client

pytestmark = pytest.mark.anyio

IN_FRANCE = "+33142685300"
BLOCKED = "+12125550177"
PAGES = (
    (ECHO, BUSY, ECHO, FAILS, ECHO, HANGS_UP, ECHO),
    (BUSY, ECHO, NEVER_ANSWERS, ECHO, ECHO, BUSY),
    (ECHO, FAILS, ECHO, ECHO, HANGS_UP, ECHO, ECHO),
)
"""The numbers that are called on each page, one after the other."""
DESTINATION = "This destination is not allowed"


class End(NamedTuple):
    """The end of a call as the panel shows it."""

    status: str
    sentence: str
    help: str


ENDS = {
    ECHO: End("completed", "", ""),
    HANGS_UP: End("completed", "", ""),
    BUSY: End("busy", "The line is busy", "Try again in a few minutes."),
    NEVER_ANSWERS: End("no-answer", "No answer", "Nobody picked up. Try again later."),
    FAILS: End("failed", "The call failed", "Check the number, then try again."),
}


async def change_rules(customer: Customer, **rules: object) -> None:
    """Change the calling rules as the owner."""
    path = f"/api/organizations/{customer.tenant.organization.id}/calling-rules"
    async with local_client(base_url=customer.product.url, timeout=10) as client:
        await sign_in(client, customer.tenant.owner)
        (await client.put(path, json=rules)).raise_for_status()


async def end_of(phone: Phone, calls: int) -> End:
    """Wait for the end of the ``calls``-th call of this page; assert that event and panel agree; press New call."""
    panel = phone.panel
    ended = await phone.until_event("callEnded", calls)
    sentence = advice = ""
    if ended["status"] != "completed":
        alert = panel.get_by_role("alert").filter(visible=True)
        shown, advice = [await alert.locator(part).inner_text() for part in (".message", ".fix")]
        # Advice that begins with the sentence is shown alone.
        sentence = shown or ended["message"]
        assert bool(shown) != advice.startswith(sentence)
    assert (ended.get("message", sentence), ended.get("help", "")) == (sentence, advice)
    await panel.get_by_role("button", name="New call").click()
    await expect(panel.get_by_role("textbox", name="Phone number")).to_have_value("")
    return End(ended["status"], sentence, advice)


async def dial(phone: Phone, number: str) -> None:
    field = phone.panel.get_by_role("textbox", name="Phone number")
    await field.fill(number)
    await field.press("Enter")


async def until_connected(phone: Phone) -> None:
    await expect(phone.panel.locator(".status")).to_contain_text("0:0")


async def open_panel(phone: Phone) -> None:
    """Open the panel on a page that was just loaded."""
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").click()


async def test_a_day_of_calls(product: Product, open_phone: OpenPhone) -> None:
    tenant = await product.make.tenant(age=dt.timedelta())
    customer = Customer(product, tenant, await product.make.token(tenant))
    await change_rules(customer, blocked_numbers=[BLOCKED])
    phone = await open_phone(customer)
    panel, name = phone.panel, tenant.organization.name
    assert sum(map(len, PAGES)) == 20
    for numbers in PAGES:
        await open_panel(phone)
        for calls, number in enumerate(numbers, start=1):
            await dial(phone, number)
            if number == ECHO:
                await until_connected(phone)
                await panel.get_by_role("button", name="Hang up").click()
            assert await end_of(phone, calls) == ENDS[number]
        await phone.page.reload()

    await open_panel(phone)
    await dial(phone, IN_FRANCE)
    abroad = await end_of(phone, 1)
    assert abroad[:2] == ("refused", DESTINATION)
    assert abroad.help.startswith(f"{name} is new: until ")
    assert "it can call numbers in the United States only. After that, calls to France work if" in abroad.help
    await dial(phone, BLOCKED)
    on_the_list = f"This number is on {name}'s block list. An admin can remove it under Calling rules."
    assert await end_of(phone, 2) == End("refused", DESTINATION, on_the_list)

    await dial(phone, ECHO)
    await until_connected(phone)
    await panel.get_by_role("button", name="Minimise").click()
    await panel.get_by_role("group", name="In call").get_by_role("button", name="Hang up").click()
    await phone.until_event("callEnded", 3)
    await panel.get_by_role("button", name="Open phone").click()
    assert await end_of(phone, 3) == ENDS[ECHO]

    await change_rules(customer, limits={"calls_per_day": 10})
    await dial(phone, ECHO)
    today = "Too many calls today. Wait until midnight (UTC), or ask an admin to raise the limit (10 calls a day)."
    assert await end_of(phone, 4) == End("refused", "Too many calls", today)
