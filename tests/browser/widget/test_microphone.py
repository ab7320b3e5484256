"""The phone's use of the microphone: each reason why a call cannot use it, and its release after the call."""

import pytest

from browser.conftest import NewBrowser, OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, HANGS_UP, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]

ALWAYS_GRANTED = "--use-fake-ui-for-media-stream"
FAKE_DEVICES = "--use-fake-device-for-media-stream"
PLAIN_HOST = "crm.test"
BLOCKED = "The microphone is blocked by this page's policy"
RELEASE_AGAIN_MS = 1_000


async def assert_microphone_problem(phone: Phone, code: str, message: str, fix: str) -> None:
    await phone.until_event("ready")
    assert (await phone.call(ECHO)).is_started is True
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended["message"]) == ("failed", message)
    events = [(event["name"], event["detail"].get("code")) for event in await phone.events("error", "callEnded")]
    assert events == [("error", code), ("callEnded", None)]
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await alert.get_by_text(message, exact=True).wait_for()
    await alert.get_by_text(fix).wait_for()
    assert await phone.state() == "failed"


async def grant(phone: Phone, setting: str) -> None:
    """Set the browser's permission for the microphone: ``granted``, ``denied``, or ``prompt``."""
    browser = phone.page.context.browser
    assert browser is not None
    session = await browser.new_browser_cdp_session()
    contexts = await session.send("Target.getBrowserContexts")
    permission = {"permission": {"name": "microphone"}, "setting": setting}
    await session.send("Browser.setPermission", {**permission, "browserContextId": contexts["browserContextIds"][-1]})


async def test_a_person_denies_the_microphone(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=(ALWAYS_GRANTED,)))
    await grant(phone, "denied")
    await assert_microphone_problem(phone, "microphone_denied", "Microphone access was denied", "Allow the microphone")


async def test_a_person_closes_the_browsers_question(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=(ALWAYS_GRANTED,)))
    await grant(phone, "prompt")
    await assert_microphone_problem(phone, "microphone_dismissed", "The microphone question was closed", "choose Allow")


async def test_the_machine_has_no_microphone(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    phone = await open_phone(customer, browser=await new_browser(without=(FAKE_DEVICES,)))
    await assert_microphone_problem(phone, "microphone_not_found", "No microphone was found", "Connect a microphone")


async def test_another_program_uses_the_microphone(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser
) -> None:
    # With this option of Chromium the device cannot be opened, as if another program used it.
    phone = await open_phone(customer, browser=await new_browser(more=("--fail-audio-stream-creation",)))
    message = "The microphone is in use by another program"
    await assert_microphone_problem(phone, "microphone_in_use", message, "Close the other program")


async def test_the_page_is_not_secure(
    customer: Customer, open_page: OpenPage, host_site: HostSite, new_browser: NewBrowser
) -> None:
    browser = await new_browser(more=(f"--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1",))
    url = host_site.page(widget_tag(customer.product.url, customer.token.raw)).replace("127.0.0.1", PLAIN_HOST)
    phone = await open_page(url, customer.product, customer=customer, browser=browser)
    await assert_microphone_problem(
        phone, "insecure_page", "The microphone needs a secure page", "Open this page over https"
    )


async def test_the_page_forbids_the_microphone(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, headers={"Permissions-Policy": "microphone=()"})
    await assert_microphone_problem(phone, "microphone_blocked", BLOCKED, "This page's own Permissions-Policy header")


@pytest.mark.parametrize(
    ("outer_headers", "allow", "inner_headers", "same_origin", "fix"),
    [
        ({}, "", {}, False, "The page around this frame"),
        ({"Permissions-Policy": "microphone=(self)"}, "microphone", {}, False, "The page around this frame"),
        ({"Permissions-Policy": "microphone=()"}, "", {}, True, "The page around this frame"),
        ({}, "", {"Permissions-Policy": "microphone=()"}, True, "This page's own Permissions-Policy header"),
        ({}, "microphone", {}, False, None),
    ],
    ids=["no allow", "a header in spite of allow", "a header, same origin", "the frame's header", "allowed"],
)
async def test_a_frame_shows_which_page_forbids_the_microphone(
    customer: Customer,
    open_page: OpenPage,
    host_site: HostSite,
    outer_headers: dict[str, str],
    allow: str,
    inner_headers: dict[str, str],
    same_origin: bool,
    fix: str | None,
) -> None:
    inner = host_site.page(widget_tag(customer.product.url, customer.token.raw), headers=inner_headers)
    frame_url = inner if same_origin else inner.replace("127.0.0.1", "localhost")
    url = host_site.page(
        f'<iframe src="{frame_url}" allow="{allow}" width="500" height="700"></iframe>', headers=outer_headers
    )
    phone = await open_page(url, customer.product, customer=customer)
    frame = phone.page.frames[-1]
    await frame.wait_for_function("() => EpochPhone.isReady()")
    await frame.evaluate("(number) => EpochPhone.call(number)", ECHO)
    if fix is None:
        await frame.wait_for_function('() => EpochPhone.getState() === "in-progress"')
        return
    alert = frame.locator("epoch-phone").get_by_role("alert").filter(visible=True)
    await alert.get_by_text(BLOCKED, exact=True).wait_for()
    await alert.get_by_text(fix).wait_for()


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


@pytest.mark.parametrize("number", [ECHO, HANGS_UP], ids=["hung up by the agent", "hung up by the far end"])
async def test_the_microphone_is_released_after_the_first_call_of_a_browser(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser, number: str
) -> None:
    phone = await open_phone(customer, browser=await new_browser())
    await phone.until_event("ready")
    assert await phone.tracks() == 0
    await phone.call(number)
    await phone.until_event("callAnswered")
    assert await phone.tracks() >= 1
    if number == ECHO:
        await phone.hangup()
    await phone.until_event("callEnded")
    # The SDK opens the microphone once more some time after the call, so the phone releases it twice. The browser
    # runs this timer after that of the phone's second release, which is as long and was set before.
    await phone.page.evaluate("(ms) => new Promise((resolve) => setTimeout(resolve, ms))", RELEASE_AGAIN_MS)

    async def is_released() -> bool:
        return await phone.live_tracks() == 0

    await phone.until("no live microphone track", is_released)
