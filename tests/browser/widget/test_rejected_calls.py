"""Refused tokens and rejected calls of the phone: the reason in the event, the panel, the console and the record."""

from typing import NamedTuple

import pytest

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer, Product
from tenants.plans import Plan

pytestmark = pytest.mark.anyio

LATE_SUBSCRIBER = "() => new Promise((resolve) => EpochPhone.on('error', resolve))"


class Refusal(NamedTuple):
    code: str
    message: str
    fix: str


MALFORMED = Refusal("invalid_embed_token", "Invalid embed token", "Copy it again.")
REVOKED = Refusal("revoked_embed_token", "Invalid or revoked token", "An admin can generate a new one")
WRONG_DOMAIN = Refusal(
    "domain_not_allowed", "Domain not allowed", "127.0.0.1 is not on this token's list. An admin can add it"
)
STARTER = Refusal(
    "plan_not_supported", "Organization plan does not support widgets", "Phones need the Pro plan or above."
)
NO_NUMBER = Refusal("no_phone_number", "No phone number provisioned", "An admin can get one under Phone number.")


async def assert_refused(phone: Phone, refusal: Refusal) -> None:
    error = await phone.until_event("error")
    assert (error["code"], error["message"]) == (refusal.code, refusal.message)
    assert refusal.fix in error["help"]
    link = f"{phone.product.url}/docs/widget-integration#{refusal.code}"
    assert [line for line in phone.console if "EpochPhone: " in line] == [
        f"warning: EpochPhone: {refusal.message}. {error['help']} {link}"
    ]
    assert await phone.state() == "error"
    assert await phone.page.evaluate(LATE_SUBSCRIBER) == error
    assert (await phone.call(ECHO)).is_started is False
    assert await phone.details("ready") == []
    await phone.panel.get_by_role("button", name="Open phone").click()
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await alert.get_by_text(refusal.message, exact=True).wait_for()
    await alert.get_by_text(refusal.fix).wait_for()
    await phone.panel.get_by_role("button", name="Copy details").wait_for()


@pytest.mark.every_browser
async def test_a_malformed_token(customer: Customer, open_phone: OpenPhone) -> None:
    await assert_refused(await open_phone(customer, token="ept_nonsense"), MALFORMED)


@pytest.mark.every_browser
async def test_a_revoked_token(customer: Customer, open_phone: OpenPhone) -> None:
    await customer.revoke()
    await assert_refused(await open_phone(customer), REVOKED)


@pytest.mark.every_browser
async def test_a_page_that_the_token_does_not_allow(product: Product, open_phone: OpenPhone) -> None:
    customer = await product.customer(allowed_domains=("crm.example.com",))
    await assert_refused(await open_phone(customer), WRONG_DOMAIN)


async def test_an_organization_without_a_number(product: Product, open_phone: OpenPhone) -> None:
    await assert_refused(await open_phone(await product.customer(number=False)), NO_NUMBER)


async def test_a_starter_plan_and_the_way_out_of_it(product: Product, open_phone: OpenPhone) -> None:
    customer = await product.customer(plan=Plan.STARTER)
    phone = await open_phone(customer)
    await assert_refused(phone, STARTER)
    await customer.change_plan(Plan.PRO)
    await phone.panel.get_by_role("button", name="Retry").click()
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


async def test_a_token_revoked_after_the_phone_was_ready(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await customer.revoke()
    await assert_refused_at_dial(phone, REVOKED)


async def test_a_plan_lowered_after_the_phone_was_ready(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await customer.change_plan(Plan.STARTER)
    await assert_refused_at_dial(phone, STARTER)


async def assert_refused_at_dial(phone: Phone, refusal: Refusal) -> None:
    begun = await phone.call(ECHO)
    ended = await phone.until_event("callEnded")
    assert ended["message"] == refusal.message
    names = [event["name"] for event in await phone.events("error", "callEnded")]
    assert names[: names.index("callEnded") + 1] == ["error", "callEnded"]
    error = (await phone.details("error"))[0]
    assert (error["code"], error["message"]) == (refusal.code, refusal.message)
    record = await phone.assert_agrees(begun.call_id, ECHO, "refused")
    assert record["end_reason"] == refusal.code
    assert record["duration"] == 0
    await phone.panel.get_by_role("alert").get_by_text(refusal.message, exact=True).wait_for()
