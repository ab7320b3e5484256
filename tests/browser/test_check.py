"""The check before a call: each step really tried, each fault named with its fix; nothing rings, no secret is told."""

from typing import Any

import pytest

from browser.conftest import NewBrowser, OpenPhone
from browser.phone import Phone
from browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

TEST = """async () => {
    const steps = [];
    const progress = (name, result) => steps.push([name, result && result.ok]);
    return { report: await EpochPhone.test({ progress }), steps };
}"""
STEPS = ("microphone", "token", "signaling", "media")


async def check(phone: Phone) -> dict[str, Any]:
    report: dict[str, Any] = (await phone.page.evaluate(TEST))["report"]
    return report


def codes(report: dict[str, Any]) -> dict[str, Any]:
    return {name: report[name]["code"] for name in STEPS if not report[name]["ok"]}


async def test_everything_works_and_nothing_rings(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    answer = await phone.page.evaluate(TEST)
    report = answer["report"]
    assert report["ok"] is True, report["text"]
    assert codes(report) == {}
    assert answer["steps"] == [pair for name in STEPS for pair in ([name, None], [name, True])]
    assert report["signaling"]["edge"] == "sandbox"
    assert report["microphone"]["level"] > 0
    assert (report["page"], report["framed"]) == (phone.page.url.rpartition("/")[0], False)
    assert await phone.live_tracks() == 0
    assert await phone.records() == []
    assert await phone.events("callStarted") == []
    for secret in (customer.token.raw, "eyJ", "+1415", "w_"):
        assert secret not in str(report)
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    assert codes(await check(phone)) == dict.fromkeys(("microphone", "signaling", "media"), "in_call")
    assert await phone.state() == "in-progress"


async def test_a_missing_microphone_leaves_the_other_steps(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=("--use-fake-device-for-media-stream",)))
    await phone.until_event("ready")
    report = await check(phone)
    assert codes(report) == {"microphone": "microphone_not_found"}
    assert "microphone: FAILED, No microphone was found (microphone_not_found)" in report["text"]
    assert "Connect a microphone" in report["text"]


async def test_a_revoked_token_is_named(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await customer.revoke()
    report = await check(phone)
    assert codes(report) == {"token": "revoked_embed_token", "signaling": "not_tried", "media": "not_tried"}
    assert report["token"]["message"] == "Invalid or revoked token"


async def test_a_policy_that_blocks_the_carrier_is_named_with_the_entry_to_add(
    customer: Customer, open_phone: OpenPhone
) -> None:
    policy = f"default-src 'none'; script-src {customer.product.url}; connect-src {customer.product.url}"
    phone = await open_phone(customer, headers={"Content-Security-Policy": policy})
    await phone.until_event("ready")
    report = await check(phone)
    assert codes(report) == {"signaling": "signaling_failed"}
    assert f"Add {customer.product.carrier.replace('http:', 'ws:')} to connect-src" in report["signaling"]["fix"]
