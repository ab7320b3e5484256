"""The microphone: asked for at the first call, given back after it, and each way it can be missing told apart."""

import asyncio

import pytest

from browser.conftest import NewBrowser, OpenPhone
from browser.phone import Phone
from browser.product import ECHO, HANGS_UP, Customer

pytestmark = pytest.mark.anyio

ALWAYS_GRANTED = "--use-fake-ui-for-media-stream"
RELEASE_SECONDS = 1.0


async def assert_missing(phone: Phone, code: str, message: str, fix: str) -> None:
    await phone.until_event("ready")
    assert (await phone.call(ECHO)).begun is True
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended["message"]) == ("failed", message)
    told = [(event["name"], event["detail"].get("code")) for event in await phone.events("error", "callEnded")]
    assert told == [("error", code), ("callEnded", None)]
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await alert.get_by_text(message, exact=True).wait_for()
    await alert.get_by_text(fix).wait_for()
    assert await phone.state() == "failed"


async def test_a_person_denies_the_microphone(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=(ALWAYS_GRANTED,)))
    await assert_missing(phone, "microphone_denied", "Microphone access was denied", "Allow the microphone")


async def test_the_page_forbids_the_microphone(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, headers={"Permissions-Policy": "microphone=()"})
    await assert_missing(
        phone, "microphone_blocked", "The microphone is blocked by this page's policy", "Permissions-Policy"
    )


async def test_a_denied_microphone_leaves_the_phone_usable(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=(ALWAYS_GRANTED,)))
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callEnded")
    await phone.page.context.grant_permissions(["microphone"])
    await phone.panel.get_by_role("button", name="Try again").click()
    await phone.until_event("callAnswered")
    await phone.hangup()
    assert [detail["status"] for detail in await phone.details("callEnded")] == ["failed", "completed"]


@pytest.mark.parametrize("number", [ECHO, HANGS_UP], ids=["hung up here", "hung up there"])
async def test_the_first_call_of_a_browser_gives_the_microphone_back(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser, number: str
) -> None:
    phone = await open_phone(customer, browser=await new_browser())
    await phone.until_event("ready")
    assert await phone.tracks() == 0
    await phone.call(number)
    await phone.until_event("callAnswered")
    assert await phone.live_tracks() >= 1
    if number == ECHO:
        await phone.hangup()
    await phone.until_event("callEnded")
    # The SDK opens the microphone once more some time after the call, so "none now" is not the end of it.
    await asyncio.sleep(RELEASE_SECONDS)

    async def is_released() -> bool:
        return await phone.live_tracks() == 0

    await phone.until("no live microphone track", is_released, within=2)
