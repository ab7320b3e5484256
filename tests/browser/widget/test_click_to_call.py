"""Click-to-call on customers' pages: which links call, by mouse and keyboard, before and after the phone is ready."""

from urllib.parse import unquote

import pytest
from playwright.async_api import BrowserContext, Locator, Route

from browser.conftest import OpenPhone
from support.browser.click_to_call import until_click_to_call_loaded
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

ON = 'data-click-to-call="on"'
ICON = '<svg id="icon" width="20" height="20" viewBox="0 0 20 20"><rect width="20" height="20"/></svg>'
SHADOW = """<contact-card></contact-card><script>
    document.querySelector("contact-card").attachShadow({ mode: "open" }).innerHTML =
        '<p><b id="in-shadow" data-phone="%s">Ada</b></p>';
</script>"""
ROW = """<table><tr data-phone="%s"><td id="cell">Ada</td>
    <td><button id="own" type="button">Delete</button></td></tr></table>"""
FORMATS_NUMBERS = """() => window.EpochPhone?.isReady?.() &&
    performance.getEntriesByType("resource").some((entry) => /phone-numbers-.*js$/.test(entry.name))"""
IDLE_TWICE = "() => new Promise((done) => requestIdleCallback(() => requestIdleCallback(done)))"
CALLING = {
    "an element": '<span id="it" data-phone="%s">Ada</span>',
    "an icon in a link": f'<a href="tel:%s">{ICON}</a>',
    "a link in national form": '<a id="it" href="tel:(212)%%20555-0101">Ada</a>',
    "a link's data-phone before its href": '<a id="it" href="/contacts/1" data-phone="%s">Ada</a>',
    "the text of a bare attribute": '<span id="it" data-phone>%s</span>',
    "an element in a shadow root": SHADOW,
    "a row": ROW,
}
NOT_CALLING = {
    "a button of its own in a row": (ROW % ECHO, "#own"),
    "a field": (f'<input id="it" data-phone="{ECHO}">', "#it"),
    "an editor": (f'<div contenteditable="true"><p><a id="it" href="tel:{ECHO}">Ada</a></p></div>', "#it"),
    "what the page has handled": (
        f'<p onclick="event.preventDefault()"><span id="it" data-phone="{ECHO}">Ada</span></p>',
        "#it",
    ),
}


def target(phone: Phone, markup: str) -> Locator:
    ids = ("icon", "in-shadow", "cell", "it")
    return phone.page.locator(next(f"#{one}" for one in ids if f'id="{one}"' in markup))


async def called_number(phone: Phone) -> str:
    number: str = (await phone.until_event("callStarted"))["number"]
    return number


@pytest.mark.parametrize("name", CALLING)
async def test_a_click_calls(customer: Customer, open_phone: OpenPhone, name: str) -> None:
    markup = CALLING[name].replace("%s", ECHO).replace("%%", "%")
    phone = await open_phone(customer, attributes=ON, body=markup)
    await until_click_to_call_loaded(phone)
    url = phone.page.url
    await target(phone, markup).click()
    assert await called_number(phone) == ECHO
    assert phone.page.url == url
    await phone.panel.get_by_role("button", name="Hang up").click()


@pytest.mark.parametrize("name", NOT_CALLING)
async def test_a_click_on_another_control_does_not_call(customer: Customer, open_phone: OpenPhone, name: str) -> None:
    markup, selector = NOT_CALLING[name]
    body = markup + f'<span id="last" data-phone="{ECHO}">Last</span>'
    phone = await open_phone(customer, attributes=ON, body=body)
    await until_click_to_call_loaded(phone)
    await phone.page.click(selector)
    assert await phone.events("callStarted", "open") == []
    await phone.page.click("#last")
    assert await called_number(phone) == ECHO


async def test_a_click_with_a_modifier_and_a_selected_number_do_not_call(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, attributes=ON, body=f'<p><span id="it" data-phone="{ECHO}">{ECHO}</span></p>')
    await until_click_to_call_loaded(phone)
    it = phone.page.locator("#it")
    await it.click(modifiers=["Shift"])
    await phone.page.evaluate("() => getSelection().empty()")
    box = await it.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await phone.page.mouse.move(box["x"] + 2, middle)
    await phone.page.mouse.down()
    await phone.page.mouse.move(box["x"] + box["width"] - 2, middle, steps=4)
    await phone.page.mouse.up()
    assert await phone.page.evaluate("() => getSelection().toString().length > 5")
    assert await phone.events("callStarted") == []
    await phone.page.evaluate("() => getSelection().empty()")
    await it.click()
    assert await called_number(phone) == ECHO


@pytest.mark.parametrize("key", ["Enter", "Space"])
async def test_a_key_calls_a_row_that_was_added_later(customer: Customer, open_phone: OpenPhone, key: str) -> None:
    phone = await open_phone(customer, attributes=ON)
    await until_click_to_call_loaded(phone)
    later = f"""() => document.body.insertAdjacentHTML("beforeend", '<p><i data-phone="{ECHO}">Later</i></p>')"""
    await phone.page.evaluate(later)
    row = phone.page.get_by_role("button", name="Later")
    await row.wait_for()
    await row.press(key)
    assert await called_number(phone) == ECHO
    await phone.hangup()
    await phone.page.evaluate("() => EpochPhone.destroy()")
    assert await phone.page.locator("i").evaluate("(row) => [row.tabIndex, row.getAttribute('role')]") == [-1, None]


async def test_an_empty_element_shows_its_number_as_the_organization_writes_it(
    customer: Customer, open_phone: OpenPhone
) -> None:
    body = """<p><b id="own" data-phone="+12125550101"></b> <b id="abroad" data-phone="+442079460018"></b>
        <b id="text" data-phone="+12125550101">Ada</b> <b id="wrong" data-phone="ask the office"></b></p>"""
    phone = await open_phone(customer, attributes=ON, body=body)
    await phone.page.get_by_text("(212) 555-0101", exact=True).wait_for()
    texts = await phone.page.locator("p b").all_text_contents()
    assert texts == ["(212) 555-0101", "+44 20 7946 0018", "Ada", ""]
    await phone.page.evaluate('() => { document.getElementById("own").dataset.phone = "+12125550102"; }')
    await phone.page.get_by_text("(212) 555-0102", exact=True).wait_for()
    await phone.page.evaluate("() => EpochPhone.destroy()")
    assert await phone.page.locator("p b").all_text_contents() == ["", "", "Ada", ""]


APPEARANCE = """() => Object.fromEntries([...document.querySelectorAll("main [id]")].map((element) => {
    const { cursor, textDecorationLine } = getComputedStyle(element);
    return [element.id, [cursor, textDecorationLine, element.title]];
}))"""


async def test_numbers_look_clickable_unless_the_page_says_otherwise(customer: Customer, open_phone: OpenPhone) -> None:
    head = "<style>.own { cursor: help; text-decoration: none }</style>"
    body = f"""<main><span id="plain" data-phone="{ECHO}">Ada</span> <a id="link" href="tel:(212)%20555-0101">Ada</a>
        <span id="styled" class="own" data-phone="{ECHO}" title="Office">Ada</span>
        <p data-phone-style="off"><span id="off" data-phone="{ECHO}">Ada</span></p>
        <div id="card" data-phone="{ECHO}"><b>Ada</b></div> <input id="field" data-phone="{ECHO}"></main>"""
    phone = await open_phone(customer, attributes=ON, body=body, head=head)
    await phone.page.locator("#plain[title]").wait_for()
    title = "Call +1 212-555-0101"
    assert await phone.page.evaluate(APPEARANCE) == {
        "plain": ["pointer", "underline", title],
        "link": ["pointer", "underline", title],
        "styled": ["help", "none", "Office"],
        "off": ["auto", "none", title],
        "card": ["pointer", "none", title],
        "field": ["text", "none", ""],
    }
    later = f'<i id="later" data-phone="{ECHO}">B</i>'
    await phone.page.evaluate('(row) => document.querySelector("main").insertAdjacentHTML("beforeend", row)', later)
    await phone.page.locator("#later[title]").wait_for()
    assert (await phone.page.evaluate(APPEARANCE))["later"] == ["pointer", "underline", title]
    await phone.page.evaluate("() => { EpochPhone.destroy(); document.getElementById('later').remove(); }")
    assert await phone.page.evaluate(APPEARANCE) == {
        "plain": ["auto", "none", ""],
        "link": ["pointer", "underline", ""],
        "styled": ["help", "none", "Office"],
        "off": ["auto", "none", ""],
        "card": ["auto", "none", ""],
        "field": ["text", "none", ""],
    }


async def test_a_label_that_is_no_number_is_refused_where_people_see_it(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, attributes=ON, body='<span id="it" data-phone="Ask the office">Ada</span>')
    await until_click_to_call_loaded(phone)
    await phone.page.click("#it")
    assert (await phone.until_event("error"))["code"] == "invalid_number"
    await phone.panel.get_by_role("alert").get_by_text("Invalid phone number").wait_for()
    assert await phone.events("callStarted") == []


@pytest.mark.parametrize("uri", ["tel:12", "tel:ask%20the%20office"])
async def test_a_link_whose_number_is_refused_shows_its_text_and_the_reason(
    customer: Customer, open_phone: OpenPhone, uri: str
) -> None:
    phone = await open_phone(customer, attributes=ON, body=f'<a id="it" href="{uri}">Ada</a>')
    await until_click_to_call_loaded(phone)
    await phone.page.click("#it")
    await phone.panel.get_by_role("alert").get_by_text("Invalid phone number").wait_for()
    shown = phone.panel.get_by_role("textbox", name="Phone number")
    assert await shown.input_value() == unquote(uri.removeprefix("tel:"))
    assert await phone.events("callStarted") == []


async def test_a_click_before_the_phone_is_ready_shows_the_reason(customer: Customer, open_phone: OpenPhone) -> None:
    await customer.revoke()
    phone = await open_phone(customer, attributes=ON, body=f'<span id="it" data-phone="{ECHO}">Ada</span>')
    await phone.until_event("error")
    await phone.page.get_by_role("button", name="Ada").click()
    await phone.panel.get_by_role("alert").get_by_text("Invalid or revoked token").wait_for()


async def test_elements_are_not_changed_until_the_page_is_loaded(customer: Customer, open_phone: OpenPhone) -> None:
    async def hold_picture(context: BrowserContext) -> None:
        """Hold the page's load event until the phone can change elements and the page was idle."""

        async def answer(route: Route) -> None:
            page = context.pages[0]
            await page.wait_for_function(FORMATS_NUMBERS)
            await page.evaluate(IDLE_TWICE)
            await route.fulfill(status=204)

        await context.route("**/held.png", answer)

    body = f"""<img src="/held.png" alt=""><a id="it" href="tel:{ECHO}">Ada</a>
        <script>addEventListener("load", () => {{ window.atLoad = document.getElementById("it").title; }})</script>"""
    phone = await open_phone(customer, attributes=ON, body=body, prepare=hold_picture)
    await phone.page.locator("#it[title]").wait_for()
    assert await phone.page.evaluate("() => atLoad") == ""


async def test_ten_thousand_rows_all_get_click_to_call(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, attributes=ON, body="<main></main>")
    await until_click_to_call_loaded(phone)
    rows = f"""() => document.querySelector("main").innerHTML =
        '<p><span data-phone="{ECHO}"></span></p>'.repeat(10_000)"""
    await phone.page.evaluate(rows)
    reached = "() => document.querySelectorAll('main [role=button]').length"

    async def all_reached() -> bool:
        return bool(await phone.page.evaluate(reached) == 10_000)

    await phone.until("ten thousand buttons", all_reached)
    assert await phone.page.locator("main span").last.text_content() == "(212) 555-0101"
