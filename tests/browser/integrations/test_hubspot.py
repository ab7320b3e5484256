"""The HubSpot calling page in a frame of an imitated HubSpot, with HubSpot's calling SDK on both sides."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from support.browser.axe import AXE, SCHEMES, violations
from support.browser.host_site import HostSite
from support.browser.hubspot import HUBSPOT, HubSpot, calling_page_url
from support.browser.product import (
    BUSY,
    ECHO,
    Customer,
    Product,
)

pytestmark = pytest.mark.anyio
OpenHubSpot = Callable[[], Awaitable[HubSpot]]
RECORD = {"portalId": 62515, "objectId": 51, "objectType": "CONTACT", "ownerId": 9}
CALL = ("OUTGOING_CALL_STARTED", "CALL_ANSWERED", "CALL_ENDED", "CALL_COMPLETED")


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    # HubSpot's page is on the Internet, the product under test on this machine: browsers ask people about that.
    entered = await browser.new_context(permissions=["local-network-access", "microphone"])
    yield entered
    await entered.close()


@pytest.fixture
def open_hubspot(context: BrowserContext) -> OpenHubSpot:
    async def open_hubspot() -> HubSpot:
        return HubSpot(await context.new_page())

    return open_hubspot


@pytest.fixture
async def customer(product: Product) -> Customer:
    return await product.customer(allowed_domains=("app.hubspot.com",))


async def test_hubspot_dials_and_is_told_of_the_whole_call(customer: Customer, open_hubspot: OpenHubSpot) -> None:
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    await hubspot.until("LOGGED_IN")
    assert [message["type"] for message in await hubspot.received()] == [
        "READY",
        "INITIALIZED",
        "RESIZE_WIDGET",
        "LOGGED_IN",
    ]
    assert (await hubspot.until("INITIALIZED"))["data"] == {"isLoggedIn": False}
    assert (await hubspot.until("RESIZE_WIDGET"))["data"] == {"width": 400, "height": 650}
    await expect(hubspot.panel.get_by_role("button", name="Call", exact=True)).to_be_visible()

    await hubspot.send("DIAL_NUMBER", {"phoneNumber": "(212) 555-0101", **RECORD})
    started = (await hubspot.until("OUTGOING_CALL_STARTED"))["data"]
    call_id = started["externalCallId"]
    assert (started["toNumber"], started["fromNumber"]) == (ECHO, customer.tenant.number)
    assert started["createEngagement"] is True
    await hubspot.send("CREATE_ENGAGEMENT_SUCCEEDED", {"engagementId": 4711, "externalCallId": call_id})
    assert (await hubspot.until("CALL_ANSWERED"))["data"] == {"externalCallId": call_id}

    await hubspot.send("END_CALL")
    ended = (await hubspot.until("CALL_ENDED"))["data"]
    assert ended == {"externalCallId": call_id, "engagementId": 4711, "callEndStatus": "COMPLETED"}
    completed = (await hubspot.until("CALL_COMPLETED"))["data"]
    reported = completed.pop("engagementProperties")
    assert completed == {"externalCallId": call_id, "engagementId": 4711, "hideWidget": True}
    assert reported.pop("hs_call_duration").isdigit()
    assert reported == {
        "hs_timestamp": started["callStartTime"],
        "hs_call_title": f"Call to {ECHO}",
        "hs_call_direction": "OUTBOUND",
        "hs_call_from_number": customer.tenant.number,
        "hs_call_to_number": ECHO,
        "hs_call_status": "COMPLETED",
    }
    assert [message["type"] for message in await hubspot.received(*CALL)] == list(CALL)
    assert await hubspot.received("ERROR") == []
    record = await hubspot.record(customer, call_id)
    assert (record["status"], record["origin"]) == ("completed", customer.product.url)
    assert record["metadata"] == {"source": "hubspot", **{name: str(value) for name, value in RECORD.items()}}
    assert not [line for line in hubspot.console if ECHO in line]


async def test_a_busy_line_is_told_as_one_and_the_phone_stays_in_sight(
    customer: Customer, open_hubspot: OpenHubSpot
) -> None:
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    await hubspot.until("LOGGED_IN")
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": f"{BUSY} ext. 204"})
    call_id = (await hubspot.until("OUTGOING_CALL_STARTED"))["data"]["externalCallId"]
    assert (await hubspot.until("CALL_ENDED"))["data"] == {"externalCallId": call_id, "callEndStatus": "BUSY"}
    assert await hubspot.received("CALL_ANSWERED", "CALL_COMPLETED") == []

    await hubspot.send("CREATE_ENGAGEMENT_FAILED", {"externalCallId": call_id})
    completed = (await hubspot.until("CALL_COMPLETED"))["data"]
    assert (completed["hideWidget"], "engagementId" in completed) == (False, False)
    assert completed["engagementProperties"]["hs_call_status"] == "BUSY"
    assert [call["extension"] for call in await customer.calls()] == ["204"]
    await expect(hubspot.notice).to_have_text("HubSpot did not log this call on the record")


async def test_what_cannot_be_dialled_is_refused_and_shown(customer: Customer, open_hubspot: OpenHubSpot) -> None:
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    await hubspot.until("LOGGED_IN")
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": "Front desk"})
    assert (await hubspot.until("ERROR"))["data"] == {"message": "Invalid phone number"}
    await expect(hubspot.notice).to_have_text("Invalid phone number: Front desk")

    await hubspot.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await hubspot.until("OUTGOING_CALL_STARTED")
    await expect(hubspot.notice).to_be_hidden()
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": BUSY})
    busy = "A call is under way. Hang up before you call another number"
    assert (await hubspot.until("ERROR", 2))["data"] == {"message": busy}
    await expect(hubspot.notice).to_have_text(f"{busy}: {BUSY}")
    assert len(await hubspot.received("OUTGOING_CALL_STARTED")) == 1


async def test_malformed_messages_change_nothing(customer: Customer, open_hubspot: OpenHubSpot) -> None:
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    await hubspot.until("LOGGED_IN")
    malformed: list[object] = [
        None,
        "DIAL_NUMBER",
        7,
        [],
        {"type": 5},
        {"type": "SYNC", "hostUrl": "https://evil.example"},
    ]
    for message in malformed:
        await hubspot.post(message)
    await hubspot.send("DIAL_NUMBER")
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": {"number": ECHO}})
    assert (await hubspot.until("ERROR", 2))["data"] == {"message": "Invalid phone number"}
    await hubspot.send("CREATE_ENGAGEMENT_SUCCEEDED", {"engagementId": None})
    await hubspot.send("NOT_A_MESSAGE", {})
    assert (await hubspot.until("ERROR", 3))["data"]["type"] == "UNKNOWN_MESSAGE_TYPE"

    await hubspot.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await hubspot.until("CALL_ANSWERED")
    assert not [line for line in hubspot.console if line.startswith("uncaught")]


@pytest.mark.parametrize("with_id", [True, False])
async def test_no_other_website_can_frame_the_page(
    customer: Customer, open_hubspot: OpenHubSpot, with_id: bool
) -> None:
    hubspot = await open_hubspot()
    requests: list[str] = []
    hubspot.page.on("request", lambda request: requests.append(request.url))
    url = calling_page_url(customer) if with_id else f"{customer.product.url}/integrations/hubspot#{customer.token.raw}"
    await hubspot.show(url, origin="https://app.hubspot.com.evil.example")
    await expect(hubspot.page.locator("#frame iframe")).to_be_visible()
    await hubspot.until_blocked()
    assert await hubspot.received() == []
    assert not [one for one in requests if "/widget/" in one]


async def test_the_tokens_own_pages_may_frame_it_too(
    product: Product, open_hubspot: OpenHubSpot, host_site: HostSite
) -> None:
    customer = await product.customer(allowed_domains=("app-eu1.hubspot.com", "127.0.0.1"))
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer), origin=host_site.origin)
    await hubspot.until("LOGGED_IN")
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await hubspot.until("CALL_ANSWERED")


async def test_a_revoked_token_says_so_inside_hubspot(customer: Customer, open_hubspot: OpenHubSpot) -> None:
    await customer.revoke()
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    assert (await hubspot.until("ERROR"))["data"] == {"message": "Invalid or revoked token"}
    await expect(hubspot.panel.get_by_text("Invalid or revoked token")).to_be_visible()
    assert await hubspot.received("LOGGED_IN") == []


async def test_a_token_for_other_pages_gets_no_ticket(product: Product, open_hubspot: OpenHubSpot) -> None:
    customer = await product.customer(allowed_domains=("mysite.com",))
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer))
    assert (await hubspot.until("ERROR"))["data"] == {"message": "Domain not allowed"}
    await expect(hubspot.panel.get_by_text("Domain not allowed")).to_be_visible()


async def test_an_address_without_its_token_says_what_is_missing(customer: Customer, open_hubspot: OpenHubSpot) -> None:
    hubspot = await open_hubspot()
    await hubspot.show(calling_page_url(customer).partition("#")[0])
    reported = (await hubspot.until("ERROR"))["data"]["message"]
    assert reported.startswith("This URL has no embed token.")
    await expect(hubspot.notice).to_have_text(reported)


async def test_a_window_of_its_own_holds_the_call_and_the_navigation_bar_steers_it(
    customer: Customer, open_hubspot: OpenHubSpot
) -> None:
    bar, window = await open_hubspot(), await open_hubspot()
    await bar.show(calling_page_url(customer), context={"usesCallingWindow": True, "iframeLocation": "remote"})
    await window.show(calling_page_url(customer), context={"usesCallingWindow": True, "iframeLocation": "window"})
    await window.until("LOGGED_IN")
    await expect(bar.status).to_have_text("Ready")

    await window.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await window.until("CALL_ANSWERED")
    await expect(bar.frame.locator("#remote-call")).to_have_text(f"In a call: {ECHO}")
    await bar.frame.get_by_role("button", name="Mute", exact=True).click()
    await expect(bar.frame.get_by_role("button", name="Unmute")).to_be_visible()
    assert await window.frame.evaluate("() => EpochPhone.isMuted()") is True
    await bar.frame.get_by_role("button", name="Hang up").click()
    assert (await window.until("CALL_ENDED"))["data"]["callEndStatus"] == "COMPLETED"
    await expect(bar.frame.locator("#remote-call")).to_have_text("No call.")
    assert [message["type"] for message in await bar.received()] == ["READY"]
    assert HUBSPOT in bar.page.url


async def test_the_page_is_for_everybody(customer: Customer, context: BrowserContext) -> None:
    await context.add_init_script(path=AXE)
    hubspot = HubSpot(await context.new_page())
    await hubspot.show(calling_page_url(customer))
    await hubspot.until("LOGGED_IN")
    found = await framed_findings(hubspot)
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": "Front desk"})
    await hubspot.until("ERROR")
    await expect(hubspot.notice).to_be_visible()
    found += await framed_findings(hubspot)
    await hubspot.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await hubspot.until("CALL_ANSWERED")
    found += await framed_findings(hubspot)

    bar = HubSpot(await context.new_page())
    await bar.show(calling_page_url(customer), context={"usesCallingWindow": True, "iframeLocation": "remote"})
    await expect(bar.frame.get_by_role("button", name="Hang up")).to_be_visible()
    assert found + await framed_findings(bar) == []


async def framed_findings(hubspot: HubSpot) -> list[str]:
    """The accessibility violations of our page in HubSpot's frame, light and dark."""
    found: list[str] = []
    for scheme in SCHEMES:
        await hubspot.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += await violations(hubspot.frame, scheme)
    return found
