"""The phone in browsers without some features: it works or says that it cannot call; it never calls while invisible."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, expect

from browser.conftest import OpenPhone
from support.browser.phone import assert_whole_call
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

feature_detection = pytest.mark.reported_fault("feature detection", threads="swiper#6831")

NO_CONSTRUCTED_SHEETS = """
    delete Document.prototype.adoptedStyleSheets;
    delete ShadowRoot.prototype.adoptedStyleSheets;
    delete CSSStyleSheet.prototype.replaceSync;
    window.CSSStyleSheet = new Proxy(CSSStyleSheet, { construct() { throw new TypeError("Illegal constructor"); } });
"""
"""As in Safari before 16.4 and Firefox before 101."""
NO_OPTIONAL_FEATURES = """
    for (const name of [
        "AudioContext", "webkitAudioContext", "BroadcastChannel", "requestIdleCallback", "structuredClone",
        "ResizeObserver", "visualViewport", "HTMLDialogElement",
    ]) delete window[name];
    for (const name of ["locks", "permissions", "connection", "userActivation", "sendBeacon"]) {
        delete Navigator.prototype[name];
    }
    delete Crypto.prototype.randomUUID;
    delete Intl.PluralRules;
    delete Intl.Segmenter;
    for (const name of ["popover", "showPopover", "hidePopover", "togglePopover", "inert"]) {
        delete HTMLElement.prototype[name];
    }
    for (const name of ["requestFullscreen", "checkVisibility", "getAnimations"]) delete Element.prototype[name];
    delete HTMLMediaElement.prototype.setSinkId;
    delete Array.prototype.findLast;
    delete String.prototype.isWellFormed;
    delete Object.groupBy;
"""
MISSING = {
    "RTCPeerConnection": "delete window.RTCPeerConnection",
    "media devices": "delete Navigator.prototype.mediaDevices",
    "getUserMedia": "delete navigator.mediaDevices.getUserMedia; delete MediaDevices.prototype.getUserMedia",
}


def without(script: str) -> Callable[[BrowserContext], Awaitable[None]]:
    """Run ``script`` before the page's own scripts."""

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(f"(() => {{ {script} }})()")

    return prepare


@feature_detection
@pytest.mark.every_browser
async def test_a_browser_without_optional_features_makes_a_whole_call(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, prepare=without(NO_CONSTRUCTED_SHEETS + NO_OPTIONAL_FEATURES))
    await phone.until_event("ready")
    button = phone.panel.get_by_role("button", name="Open phone")
    box = await button.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (56, 56)
    await button.click()
    await expect(phone.panel.get_by_role("button", name="Call", exact=True)).to_be_visible()
    await assert_whole_call(phone)


@feature_detection
@pytest.mark.parametrize("nonce", ["", "'nonce-abc'"], ids=["no styles", "a nonce"])
async def test_the_phone_is_usable_under_a_policy_against_inline_styles(
    customer: Customer, open_phone: OpenPhone, nonce: str
) -> None:
    """Old browsers need ``<style>``, which such a policy blocks unless it contains the nonce of the script."""
    url, carrier = customer.product.url, customer.product.carrier
    policy = f"default-src 'none'; script-src {url}; connect-src {url} {carrier} {carrier.replace('http', 'ws')}"
    headers = {"Content-Security-Policy": f"{policy}; style-src 'self' {nonce}"}
    phone = await open_phone(
        customer, attributes='nonce="abc"', headers=headers, prepare=without(NO_CONSTRUCTED_SHEETS)
    )
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    assert await phone.page.evaluate("() => getComputedStyle(document.querySelector('epoch-phone')).display") == (
        "contents" if nonce else "block"
    )
    await phone.panel.get_by_role("button", name="Hang up").first.click()  # visible and not covered
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


@feature_detection
@pytest.mark.every_browser
@pytest.mark.parametrize("feature", MISSING)
async def test_a_browser_that_cannot_call_reports_it_at_the_start(
    customer: Customer, open_phone: OpenPhone, feature: str
) -> None:
    attributes = 'data-click-to-call="on"'
    number = f'<span data-phone="{ECHO}">Call us</span>'
    phone = await open_phone(customer, attributes=attributes, body=number, prepare=without(MISSING[feature]))
    error = await phone.until_event("error")
    assert (error["code"], error["message"]) == ("browser_not_supported", "This browser cannot make calls")
    assert await phone.state() == "error"
    assert await phone.page.evaluate("() => EpochPhone.isReady()") is False
    assert (await phone.call(ECHO)).is_started is False
    await phone.page.get_by_role("button", name="Call us").click()
    await expect(phone.panel.get_by_text("This browser cannot make calls")).to_be_visible()
    await expect(phone.panel.get_by_text("Use a current Chrome")).to_be_visible()
    assert await phone.details("callStarted") == []
