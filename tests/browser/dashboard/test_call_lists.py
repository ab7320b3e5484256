"""The dashboard's lists of calls and voicemails: row height, folded filters, remembered playback speed; long notes."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from calls.incoming.models import Voicemail
from calls.models import CallStatus
from support.browser.dashboard import sign_in
from support.browser.product import Customer
from support.call_factory import add_call

pytestmark = pytest.mark.anyio
WIDE, PHONE = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
MAX_ROW_PIXELS = 72
Open = Callable[[str, ViewportSize], Awaitable[Page]]


@pytest.fixture
async def open_list(browser: Browser, customer: Customer) -> AsyncIterator[Open]:
    """Opens a page of an organization with a call and three messages."""
    database, tenant = customer.product.database, customer.tenant
    for caller in ("+12125550161", "+442079460162", None):
        call_id = await add_call(
            database,
            tenant,
            customer.token,
            status=CallStatus.VOICEMAIL,
            duration=0,
            token_id=None,
            identity="",
            direction="inbound",
            from_number=caller,
            to_number=tenant.number or "",
        )
        async with database.sessions() as session, session.begin():
            recording = f"RE{secrets.token_hex(16)}"
            organization_id = tenant.organization.id
            session.add(
                Voicemail(organization_id=organization_id, call_record_id=call_id, recording_sid=recording, seconds=75)
            )
    context = await browser.new_context()

    async def open_page(address: str, size: ViewportSize) -> Page:
        page = await context.new_page()
        await page.set_viewport_size(size)
        if len(context.pages) == 1:
            await sign_in(page, customer)
        await page.goto(f"{customer.product.url}/dashboard/{tenant.organization.slug}/{address}")
        return page

    yield open_page
    await context.close()


async def test_messages_have_low_rows_and_a_speed_that_is_remembered(open_list: Open) -> None:
    page = await open_list("voicemails", WIDE)
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(3)
    heights = await rows.evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) <= MAX_ROW_PIXELS
    card = page.get_by_role("region", name="Messages")
    assert await card.evaluate("card => card.scrollWidth <= card.clientWidth")

    speed = page.get_by_label("Speed: Message from +1 212-555-0161, 75 seconds")
    await speed.focus()
    await page.keyboard.press("End")
    rates = "() => [...document.querySelectorAll('audio')].map(({ playbackRate }) => playbackRate)"
    assert await page.evaluate(rates) == [2, 2, 2]
    await page.keyboard.press("Home")
    assert await page.evaluate(rates) == [0.75, 0.75, 0.75]
    later = await open_list("voicemails", PHONE)
    assert await later.evaluate(rates) == [0.75, 0.75, 0.75]
    await expect(later.get_by_label("Speed: Message from +1 212-555-0161, 75 seconds")).to_have_value("0.75")


async def test_filters_are_folded_on_a_phone_unless_one_is_set(open_list: Open) -> None:
    page = await open_list("calls", PHONE)
    number = page.get_by_label("Number", exact=True)
    await expect(number).to_be_hidden()
    await expect(page.locator("tbody tr").first).to_be_in_viewport(ratio=1)
    await page.locator(".filter-fold summary").click()
    await number.fill("0161")
    await number.press("Enter")
    await page.wait_for_url("**/calls?number=0161*")
    await expect(number).to_be_visible()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect((await open_list("calls?direction=missed", PHONE)).get_by_label("Number", exact=True)).to_be_hidden()
    wide = await open_list("calls", WIDE)
    await expect(wide.get_by_label("Number", exact=True)).to_be_visible()
    await expect(wide.locator(".filter-fold summary")).to_be_hidden()


async def test_a_note_that_the_server_would_not_read_stays_on_the_page(open_list: Open) -> None:
    page = await open_list("calls", WIDE)
    await page.goto(await page.locator("tbody th a").first.evaluate("link => link.href"))
    note = page.get_by_label("Note", exact=True)
    text = "é" * 12_000
    await note.fill(text)
    await page.get_by_role("button", name="Save outcome", exact=True).click()
    await expect(page.get_by_role("alert")).to_have_text("This text is too long to be sent. Shorten it and try again")
    await expect(note).to_be_focused()
    await expect(note).to_have_value(text)
    await note.fill("é" * 5_001)
    await page.get_by_role("button", name="Save outcome", exact=True).click()
    await expect(page.get_by_text("At most 5,000 characters; this has 5,001")).to_be_visible()
    await expect(note).to_have_value("é" * 5_001)
