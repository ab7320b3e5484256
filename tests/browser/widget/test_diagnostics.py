"""The phone's self-test, ``EpochPhone.test()``: each step runs, and each fault is reported with its fix."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Route, expect

from browser.conftest import NewBrowser, OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from support.browser.silent_recording import silent_file
from support.browser.stun_server import answering_stun

NO_NAME_RESOLUTION = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
# As extensions do that hide IP addresses: without a relay server no connection is possible.
RELAYS_ONLY = """window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(settings) { super({ ...settings, iceTransportPolicy: "relay" }); }
};"""
# Replaces the carrier's STUN server by one on loopback, because WebRTC cannot resolve names here.
REPLACE_STUN_SERVER = """window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(settings) {
        const replaced = (urls) => urls.replace("global.stun.twilio.com:3478", "%s");
        const iceServers = settings?.iceServers?.map(({ urls }) => ({ urls: replaced(urls) }));
        super({ ...settings, ...(iceServers && { iceServers }) });
    }
};"""
WITHOUT_WEBRTC = "delete window.RTCPeerConnection"

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]

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


@pytest.mark.every_browser
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


async def test_a_silent_microphone_is_not_reported_as_working(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser, tmp_path: Path
) -> None:
    silence = f"--use-file-for-fake-audio-capture={silent_file(tmp_path)}"
    phone = await open_phone(customer, browser=await new_browser(more=(silence,)))
    await phone.until_event("ready")
    answer = await phone.page.evaluate(TEST)
    report = answer["report"]
    assert codes(report) == {"microphone": "microphone_silent"}, report["text"]
    assert report["microphone"]["level"] == 0
    assert "Unmute the microphone" in report["microphone"]["fix"]
    expected_steps = [pair for name in STEPS for pair in ([name, None], [name, name != "microphone"])]
    assert answer["steps"] == expected_steps
    assert await phone.live_tracks() == 0


async def test_a_browser_without_webrtc_is_named(customer: Customer, open_phone: OpenPhone) -> None:
    async def remove_webrtc(context: BrowserContext) -> None:
        await context.add_init_script(WITHOUT_WEBRTC)

    phone = await open_phone(customer, prepare=remove_webrtc)
    await phone.until_event("error")
    report = await check(phone)
    assert codes(report) == {
        "microphone": "browser_not_supported",
        "token": "browser_not_supported",
        "signaling": "not_tried",
        "media": "not_tried",
    }
    assert await phone.tracks() == 0


async def test_blocked_audio_is_not_reported_as_a_fault_of_the_microphone(
    customer: Customer, open_phone: OpenPhone
) -> None:
    async def hide_addresses(context: BrowserContext) -> None:
        await context.add_init_script(RELAYS_ONLY)

    phone = await open_phone(customer, prepare=hide_addresses)
    await phone.until_event("ready")
    report = await check(phone)
    assert codes(report) == {"media": "media_failed"}, report["text"]
    assert "Allow WebRTC" in report["media"]["fix"]


async def hide_sandbox_signaling(context: BrowserContext) -> None:
    """Remove the sandbox's signalling from the exchange, so that the diagnostics use the real carrier's hosts."""

    async def fulfill_without_signaling(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "signaling": None})

    await context.route("**/widget/exchange", fulfill_without_signaling)


async def test_a_network_that_lets_audio_out_passes(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    async with answering_stun() as (stun_server, requests):

        async def prepare(context: BrowserContext) -> None:
            await hide_sandbox_signaling(context)
            await context.add_init_script(REPLACE_STUN_SERVER % stun_server)

        phone = await open_phone(customer, browser=await new_browser(more=(NO_NAME_RESOLUTION,)), prepare=prepare)
        await phone.until_event("ready")
        report = await check(phone)
    # The real carrier's signalling cannot be reached in a test; UDP can leave the network.
    assert codes(report) == {"signaling": "signaling_failed"}, report["text"]
    assert report["media"]["message"] == "Audio flows"
    assert len(requests) > 0


async def test_a_network_that_lets_no_audio_out_is_named(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    browser = await new_browser(more=(NO_NAME_RESOLUTION,))
    phone = await open_phone(customer, browser=browser, prepare=hide_sandbox_signaling)
    await phone.until_event("ready")
    report = await check(phone)
    assert codes(report) == {"signaling": "signaling_failed", "media": "media_blocked"}, report["text"]
    assert "wss://*.twilio.com" in report["signaling"]["fix"]


async def test_people_check_in_the_panel_and_copy_the_report(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, permissions=["microphone", "clipboard-read", "clipboard-write"])
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    panel = phone.panel
    await panel.get_by_role("button", name="More").click()
    await panel.get_by_role("button", name="Check my phone").click()
    await expect(panel.get_by_role("heading", name="Check my phone")).to_be_visible()
    await expect(panel.get_by_role("listitem")).to_have_count(len(STEPS))
    await expect(panel.get_by_role("status").filter(has_text="Everything works.")).to_be_attached()
    await expect(panel.get_by_role("button", name="Check again")).to_be_focused()
    await panel.get_by_role("button", name="Copy report").click()
    await expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    text = await phone.page.evaluate("() => navigator.clipboard.readText()")
    assert [line.partition(":")[0] for line in text.splitlines()[: len(STEPS)]] == list(STEPS)
    await customer.revoke()
    await panel.get_by_role("button", name="Check again").click()
    refused = panel.get_by_role("listitem").filter(has_text="Invalid or revoked token")
    await expect(refused.get_by_text("Generate a new one")).to_be_visible()
    await expect(panel.get_by_text("Not everything works.").first).to_be_visible()
    await panel.get_by_role("button", name="Back").click()
    await expect(panel.get_by_role("heading", name="More")).to_be_visible()


async def test_the_report_is_shown_if_the_page_forbids_copying(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(
        customer, attributes='data-locale="es"', headers={"Permissions-Policy": "clipboard-write=()"}
    )
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    panel = phone.panel
    await panel.get_by_role("button", name="Más").click()
    await panel.get_by_role("button", name="Comprobar mi teléfono").click()
    await panel.get_by_role("button", name="Copiar el informe").click()
    report = panel.get_by_role("textbox", name="Informe, para seleccionar y copiar")
    await expect(report).to_be_focused()
    await expect(report).to_have_value(re.compile("^microphone: ok"))
