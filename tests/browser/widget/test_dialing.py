"""Dialling in the panel: typed and pasted numbers, recent calls, microphones, key tones, languages, colours."""

import asyncio
import json
from typing import Any

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone
from support.browser.product import (
    BUSY,
    ECHO,
    HANGS_UP,
    Customer,
)

pytestmark = pytest.mark.anyio

# Records the frequency and the speaker of each tone.
RECORD_TONES = """() => {
    const tones = window[Symbol.for("epoch.tones")] = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
        tones.push({ frequency: this.frequency.value, speaker: this.context.sinkId });
        return start.apply(this, when);
    };
}"""
# When a headset is unplugged, the browser ends its track.
UNPLUG = """() => {
    const { liveTrack } = window[Symbol.for("epoch.unplug")];
    liveTrack().dispatchEvent(new Event("ended"));
}"""
RECORD_TRACKS = """
    const tracks = [];
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (constraints) => {
        const stream = await ask(constraints);
        tracks.push(...stream.getTracks());
        return stream;
    };
    window[Symbol.for("epoch.unplug")] = {
        liveTrack: () => tracks.findLast(({ readyState }) => readyState === "live"),
        used: () => tracks.filter((track) => track.readyState === "live").map((track) => track.getSettings().deviceId),
    };
"""
STORED = "() => JSON.stringify({ ...localStorage })"


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer)
    await opened.until_event("ready")
    await opened.panel.get_by_role("button", name="Open phone").click()
    await until_dialer_loaded(opened)
    return opened


async def until_dialer_loaded(phone: Phone) -> None:
    """Wait until the lazy dialer is loaded: it names the country to screen readers."""
    await expect(phone.panel.locator("#country")).to_contain_text("+1")
    await expect(phone.panel.locator("#country .sr")).to_have_count(1)


async def read(phone: Phone, script: str) -> Any:
    return json.loads(await phone.page.evaluate(script))


async def test_a_number_is_formatted_while_it_is_typed_and_dialled_unchanged(phone: Phone) -> None:
    field = phone.panel.get_by_role("textbox", name="Phone number")
    await field.press_sequentially("2125550101")
    await expect(field).to_have_value("(212) 555-0101")
    for _ in range(7):
        await field.press("Backspace")
    await expect(field).to_have_value("212")
    await field.press_sequentially("5550101")
    await field.press("Enter")
    assert (await phone.until_event("callStarted"))["number"] == ECHO


async def test_the_caret_stays_between_the_same_digits(phone: Phone) -> None:
    field = phone.panel.get_by_role("textbox", name="Phone number")
    await field.press_sequentially("212550101")
    for _ in range(5):
        await field.press("ArrowLeft")
    await phone.page.keyboard.type("5")
    await expect(field).to_have_value("(212) 555-0101")
    await phone.page.keyboard.press("Backspace")
    await expect(field).to_have_value("(212) 550-101")


async def test_a_pasted_number_is_cleaned_and_its_country_named(phone: Phone) -> None:
    field = phone.panel.get_by_role("textbox", name="Phone number")
    paste = """(input, text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", text);
        input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }"""
    await field.evaluate(paste, "tel:+44\u00a020\u20117946\u20110018")
    await expect(field).to_have_value("+44 20 7946 0018")
    await expect(phone.panel.locator("#country")).to_have_attribute("title", "United Kingdom")
    described = await field.evaluate(
        "(input) => input.getAttribute('aria-describedby').split(' ')"
        ".map((id) => input.getRootNode().getElementById(id)?.innerText).join(' ')"
    )
    assert "United Kingdom +44" in described


async def test_recent_calls_are_kept_in_the_tab_and_a_press_on_one_does_not_call(phone: Phone) -> None:
    panel = phone.panel
    field = panel.get_by_role("textbox", name="Phone number")
    recent = panel.get_by_role("list", name="Recent calls").get_by_role("button")
    await phone.page.evaluate("(number) => EpochPhone.call(number, { name: 'Grace Hopper' })", BUSY)
    await phone.until_event("callEnded", 1)
    await phone.call(HANGS_UP)
    await phone.until_event("callEnded", 2)

    await phone.page.reload()
    await phone.until_event("ready")
    await panel.get_by_role("button", name="Open phone").click()
    await expect(recent).to_have_count(2)
    for text in ("Grace Hopper", "+1 212-555-0102", "Busy"):
        await expect(recent.nth(1)).to_contain_text(text)
    await recent.nth(1).focus()
    # The phone ignores a key right after the click that opened it.
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await phone.page.keyboard.press("Enter")
    await expect(field).to_have_value("+1 212-555-0102")
    await expect(field).to_be_focused()
    assert await phone.details("callStarted") == []
    await panel.get_by_role("button", name="Call", exact=True).click()
    started = await phone.until_event("callStarted")
    assert (started["number"], started["name"]) == (BUSY, "Grace Hopper")
    await phone.until_event("callEnded")

    # With an empty field, Call shows the last number first.
    await panel.get_by_role("button", name="New call").click()
    await panel.get_by_role("button", name="Call", exact=True).click()
    await expect(field).to_have_value("+1 212-555-0102")
    assert len(await phone.details("callStarted")) == 1
    # The name does not belong to another number.
    await field.fill(HANGS_UP)
    await panel.get_by_role("button", name="Call", exact=True).click()
    assert "name" not in await phone.until_event("callStarted", 2)
    await phone.until_event("callEnded", 2)

    await panel.get_by_role("button", name="New call").click()
    await expect(recent).to_have_count(4)
    await panel.get_by_role("button", name="Clear").click()
    await expect(recent).to_have_count(0)
    await expect(field).to_be_focused()
    assert await phone.page.evaluate("() => sessionStorage.length") == 0
    assert await read(phone, STORED) == {}


async def test_the_panel_says_that_the_other_side_ended_the_call(phone: Phone) -> None:
    await phone.call(HANGS_UP)
    await phone.until_event("callEnded")
    await expect(phone.panel.locator(".status")).to_contain_text("Call ended · 0:0")
    await expect(phone.panel.locator(".call-note")).to_have_text("Ended by the other side")


async def test_keys_play_their_two_tones_unless_sounds_are_switched_off(phone: Phone) -> None:
    await phone.page.evaluate(RECORD_TONES)
    panel = phone.panel
    await panel.get_by_role("button", name="5 JKL", exact=True).click()

    async def heard() -> list[float]:
        tones = await phone.page.evaluate("() => window[Symbol.for('epoch.tones')]")
        return [tone["frequency"] for tone in tones]

    assert await phone.until("two tones", heard) == [770, 1336]
    await panel.get_by_role("button", name="More").click()
    await panel.get_by_role("checkbox", name="Keypad sounds").uncheck()
    assert await read(phone, STORED) == {"epochphone": '{"sounds":false}'}
    await panel.get_by_role("button", name="Back").click()
    await panel.get_by_role("button", name="5 JKL", exact=True).click()
    await expect(panel.get_by_role("textbox", name="Phone number")).to_have_value("55")
    assert await heard() == [770, 1336]


@pytest.mark.every_browser
async def test_the_chosen_microphone_is_used_at_once_and_remembered(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=f"<script>{RECORD_TRACKS}</script>")
    await phone.until_event("ready")
    first = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    panel = phone.panel
    await panel.get_by_role("button", name="Devices").click()
    microphone = panel.get_by_role("combobox", name="Microphone")
    await expect(microphone.get_by_role("option")).not_to_have_count(1)
    wanted = await microphone.get_by_role("option").last.get_attribute("value")
    await microphone.select_option(wanted)

    async def stored() -> bool:
        return bool(await read(phone, STORED) == {"epochphone": f'{{"microphone":"{wanted}"}}'})

    await phone.until("the choice is stored", stored)
    before, after = await phone.hear(first.call_id)
    assert after.far_end["energy_in"] > before.far_end["energy_in"]
    used = "() => window[Symbol.for('epoch.unplug')].used()"
    assert await phone.page.evaluate(used) == [wanted]
    await panel.get_by_role("button", name="Hang up").click()
    await phone.until_event("callEnded")

    await phone.page.reload()
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    assert set(await phone.page.evaluate(used)) == {wanted}


async def test_an_unplugged_microphone_is_reported(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=f"<script>{RECORD_TRACKS}</script>")
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.page.evaluate(UNPLUG)
    words = "The microphone was unplugged. Another one is used now."
    await expect(phone.panel.locator(".call-note")).to_have_text(words)
    await expect(phone.panel.get_by_role("status").first).to_have_text(words)
    assert await phone.state() == "in-progress"


@pytest.mark.parametrize(
    ("locale", "call", "message", "direction"),
    [
        ("es-MX", "Llamar", "El número de teléfono no es válido", "ltr"),
        ("ar", "اتصال", "رقم الهاتف غير صالح", "rtl"),
    ],
)
async def test_the_panel_is_in_the_language_and_events_are_in_english(
    customer: Customer, open_phone: OpenPhone, locale: str, call: str, message: str, direction: str
) -> None:
    phone = await open_phone(customer, attributes=f'data-locale="{locale}"')
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    main = phone.panel.get_by_role("button", name=call, exact=True)
    await main.wait_for()
    field = phone.panel.locator("#number")
    await field.fill("12")
    await main.click()
    await phone.panel.get_by_role("alert").get_by_text(message, exact=True).wait_for()
    assert (await phone.until_event("error"))["message"] == "Invalid phone number"
    look = "(element) => getComputedStyle(element).direction"
    assert await phone.panel.locator(".root").evaluate(look) == direction
    assert [await phone.panel.locator(part).evaluate(look) for part in ("#number", ".keys")] == ["ltr", "ltr"]


async def test_the_phone_follows_the_page_from_light_to_dark(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head="<meta name=color-scheme content=dark>", color_scheme="light")
    await phone.until_event("ready")
    root = phone.panel.locator(".root")
    await expect(root).to_have_attribute("data-theme", "dark")
    await phone.page.evaluate("() => { document.documentElement.style.colorScheme = 'light' }")
    await expect(root).to_have_attribute("data-theme", "light")
    await phone.page.evaluate("() => { document.documentElement.style.colorScheme = 'light dark' }")
    await expect(root).to_have_attribute("data-theme", "auto")
    await phone.page.emulate_media(color_scheme="dark")
    await expect(root).to_have_css("color-scheme", "dark")


async def test_the_phone_follows_a_body_that_replaced_the_former_one(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, color_scheme="light")
    await phone.until_event("ready")
    root = phone.panel.locator(".root")
    await expect(root).to_have_attribute("data-theme", "auto")
    await phone.page.evaluate(
        """() => {
            const body = document.createElement("body");
            body.style.colorScheme = "dark";
            document.body.replaceWith(body);
        }"""
    )
    await expect(root).to_have_attribute("data-theme", "dark")
    await phone.page.evaluate("() => { document.body.style.colorScheme = 'light' }")
    await expect(root).to_have_attribute("data-theme", "light")
    await phone.page.evaluate("() => document.documentElement.replaceWith(document.documentElement.cloneNode(true))")
    await phone.page.evaluate("() => { document.body.style.colorScheme = 'dark' }")
    await expect(root).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize(
    ("attributes", "head", "accent", "ink"),
    [
        ('data-color="#ffcc00"', "", "rgb(255, 204, 0)", [0, 0, 0]),
        ('data-color="rebeccapurple"', "", "rgb(102, 51, 153)", [1, 1, 1]),
        ("", "<style>epoch-phone{--epoch-accent:hsl(210 100% 90%)}</style>", "rgb(204, 230, 255)", [0, 0, 0]),
        ("", "<style>epoch-phone::part(fab){background:rgb(1, 2, 3)}</style>", "rgb(1, 2, 3)", [1, 1, 1]),
    ],
)
async def test_a_page_chooses_the_accent_colour_and_the_icon_stays_readable(
    customer: Customer, open_phone: OpenPhone, attributes: str, head: str, accent: str, ink: list[int]
) -> None:
    phone = await open_phone(customer, attributes=attributes, head=head)
    await phone.until_event("ready")
    button = phone.panel.get_by_role("button", name="Open phone")
    await expect(button).to_have_css("background-color", accent)
    colour = await button.evaluate(
        "(button) => getComputedStyle(button).color.match(/[\\d.]+/g).slice(0, 3).map(Number)"
    )
    assert [round(level) for level in colour] in (ink, [level * 255 for level in ink])
