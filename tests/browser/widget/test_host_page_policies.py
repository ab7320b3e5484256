"""Customers' pages with strict content security policies and module loaders; no globals are left behind."""

import pytest

from browser.conftest import OpenPhone
from support.browser.phone import assert_whole_call
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

AMD = """<script>
    window.defined = 0;
    window.define = () => { window.defined += 1; };
    window.define.amd = {};
    window.module = { exports: {} };
    window.exports = window.module.exports;
</script>"""
RECORD_GLOBALS = "<script>var known = new Set(Object.getOwnPropertyNames(window));</script>"
NEW_GLOBALS = "() => Object.getOwnPropertyNames(window).filter((name) => !known.has(name) && name !== 'known').sort()"


def policy_for(customer: Customer, *more: str) -> str:
    """The content security policy of the customers' guide, with ``more`` directives."""
    product, carrier = customer.product.url, customer.product.carrier.replace("http:", "ws:")
    return "; ".join(("default-src 'none'", f"script-src {product}", f"connect-src {product} {carrier}", *more))


@pytest.mark.every_browser
async def test_a_strict_content_security_policy(customer: Customer, open_phone: OpenPhone) -> None:
    await assert_whole_call(await open_phone(customer, headers={"Content-Security-Policy": policy_for(customer)}))


@pytest.mark.parametrize("types", ["trusted-types 'none'", "trusted-types other"])
async def test_trusted_types(customer: Customer, open_phone: OpenPhone, types: str) -> None:
    policy = policy_for(customer, "require-trusted-types-for 'script'", types)
    await assert_whole_call(await open_phone(customer, headers={"Content-Security-Policy": policy}))


@pytest.mark.every_browser
async def test_a_policy_of_nonces(customer: Customer, open_phone: OpenPhone) -> None:
    policy = policy_for(customer).replace(f"script-src {customer.product.url}", "script-src 'nonce-r4nd0m'")
    headers = {"Content-Security-Policy": policy}
    await assert_whole_call(await open_phone(customer, attributes='nonce="r4nd0m"', headers=headers))


@pytest.mark.every_browser
async def test_a_policy_that_blocks_the_carrier_is_reported_with_its_fix(
    customer: Customer, open_phone: OpenPhone
) -> None:
    policy = policy_for(customer).replace(f" {customer.product.carrier.replace('http:', 'ws:')}", "")
    phone = await open_phone(customer, headers={"Content-Security-Policy": policy})
    await phone.until_event("ready")
    await phone.call(ECHO)
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended["message"]) == ("failed", "The call could not be connected")
    carrier = customer.product.carrier.replace("http:", "ws:")
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await alert.get_by_text(f"Add {carrier} to connect-src").wait_for()


async def test_a_page_with_an_amd_loader(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=AMD)
    await assert_whole_call(phone)
    assert await phone.page.evaluate("() => [window.defined, Object.keys(window.module.exports)]") == [0, []]


async def test_a_call_leaves_no_globals_and_stores_only_the_tabs_recent_calls(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, head=RECORD_GLOBALS)
    await assert_whole_call(phone)
    assert await phone.page.evaluate(NEW_GLOBALS) == ["EpochPhone", "EpochVoice"]
    assert await phone.page.evaluate("() => EpochPhone === EpochVoice")
    assert await phone.page.evaluate("() => [localStorage.length, document.cookie]") == [0, ""]
    stored = await phone.page.evaluate("() => Object.keys(sessionStorage)")
    assert [key.split(":")[0] for key in stored] == ["epochphone"]


async def test_the_widget_requests_no_other_host(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await assert_whole_call(phone)
    page = phone.page.url.rpartition("/")[0]
    ours = (page, customer.product.url, customer.product.carrier.replace("http:", "ws:"), "data:")
    assert [url for url in phone.requests if not url.startswith(ours)] == []
