"""Loading the phone: with a blocked voice SDK, in the head, twice, as a single file, and started by a script."""

import re

import pytest
from playwright.async_api import BrowserContext, Route

from browser.conftest import OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

SDK = re.compile(r"/widget/sdk-")


async def without_sdk(context: BrowserContext) -> None:
    async def refuse(route: Route) -> None:
        await route.abort("blockedbyclient")

    await context.route(SDK, refuse)


async def assert_calls(phone: Phone) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    assert (await phone.record(begun.call_id))["status"] == "completed"


@pytest.mark.every_browser
async def test_a_blocked_sdk_is_reported_and_retry_loads_it(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, prepare=without_sdk)
    error = await phone.until_event("error")
    assert error["message"] == "Failed to load phone SDK"
    assert await phone.state() == "error"
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.panel.get_by_role("alert").get_by_text(error["message"], exact=True).wait_for()
    await phone.page.context.unroute(SDK)
    await phone.panel.get_by_role("button", name="Retry").click()
    await phone.until_state("ready")
    await assert_calls(phone)


async def test_a_call_after_a_blocked_sdk_tries_again(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, prepare=without_sdk)
    await phone.until_state("error")
    await phone.page.context.unroute(SDK)
    await assert_calls(phone)


@pytest.mark.every_browser
async def test_a_script_in_the_head(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    url = host_site.page("", head=widget_tag(customer.product.url, customer.token.raw))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    await assert_calls(phone)


async def test_a_second_script_changes_nothing(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body=widget_tag(customer.product.url, customer.token.raw))
    await phone.until_event("ready")
    await assert_calls(phone)
    assert len(await phone.details("ready")) == 1
    assert await phone.panel.count() == 1
    assert phone.console == []


async def test_the_single_file_phone_requests_no_other_script(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    product = customer.product
    carrier = product.carrier.replace("http:", "ws:")
    policy = (
        f"default-src 'none'; script-src 'nonce-r4nd0m'; connect-src {product.url} {carrier}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    tag = f'<script nonce="r4nd0m" src="{product.url}/widget/phone.full.js" data-token="{customer.token.raw}"></script>'
    url = host_site.page(tag, headers={"Content-Security-Policy": policy})
    phone = await open_page(url, product, customer=customer)
    await phone.until_event("ready")
    await assert_calls(phone)
    scripts = [url for url in phone.requests if url.startswith(product.url) and url.endswith(".js")]
    assert scripts == [f"{product.url}/widget/phone.full.js"]
    assert phone.console == []


async def test_a_call_works_without_the_ringback_tone(customer: Customer, open_phone: OpenPhone) -> None:
    async def without_parts(context: BrowserContext) -> None:
        await context.route(re.compile(r"/widget/ringback-"), lambda route: route.abort("blockedbyclient"))

    phone = await open_phone(customer, prepare=without_parts)
    await phone.until_event("ready")
    await assert_calls(phone)
    assert any("/widget/ringback-" in url for url in phone.requests)
    assert await phone.details("error") == []


async def test_a_phone_that_a_script_starts(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    url = host_site.page(f'<script src="{customer.product.url}/widget/phone.js"></script>')
    phone = await open_page(url, customer.product, customer=customer)
    assert await phone.state() == "loading"
    await phone.page.evaluate("token => EpochPhone.init({ token })", customer.token.raw)
    await phone.until_event("ready")
    await assert_calls(phone)


async def test_a_destroyed_phone_does_nothing_until_it_is_started_again(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.destroy()")
    assert await phone.panel.count() == 0
    assert (await phone.call(ECHO)).is_started is False
    await phone.page.evaluate("token => EpochPhone.init({ token })", customer.token.raw)
    await phone.until_event("ready", 2)
    await assert_calls(phone)
