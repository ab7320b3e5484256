"""Click-to-call on every kind of element with a number: links, buttons, cells, image maps, SVG, custom elements."""

import pytest
from playwright.async_api import Locator

from browser.conftest import OpenPhone
from support.browser.click_to_call import Clicks
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("element kinds", threads="GS5#246, Siberian#386"),
]

ON = 'data-click-to-call="on"'
PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
SHAPES = '<svg width="40" height="40"><a %s><rect id="%s" width="40" height="40"/></a></svg>'
KINDS = {
    "input": f'<input id="input" type="button" value="Call Ada" data-phone="{ECHO}">',
    "submit": f'<form action="/nowhere"><input id="submit" type="submit" value="Call" data-phone="{ECHO}"></form>',
    "area": f"""<img width="40" height="40" alt="" usemap="#map" src="{PICTURE}">
        <map name="map"><area id="area" alt="Ada" shape="rect" coords="0,0,40,40" href="tel:{ECHO}"></map>""",
    "xlink": SHAPES % (f'xlink:href="tel:{ECHO}"', "xlink"),
    "svg": SHAPES % (f'href="tel:{ECHO}"', "svg"),
    "space": f'<a id="space" href=" tel:{ECHO}">Ada</a>',
    "capitals": f'<a id="capitals" href="TEL:{ECHO}">Ada</a>',
    "slashes": f'<a id="slashes" href="tel://{ECHO}">Ada</a>',
    "callto": f'<a id="callto" href="callto:{ECHO}">Ada</a>',
    "label": f'<label id="label" data-phone="{ECHO}">Ada</label>',
    "cell": f'<table><tr><td id="cell" data-phone="{ECHO}">Ada</td></tr></table>',
    "custom": f'<contact-card id="custom" data-phone="{ECHO}">Ada</contact-card>',
    "shadow": '<contact-list id="list"></contact-list>',
}
SHADOW = f"""<script>document.getElementById("list").attachShadow({{ mode: "open" }}).innerHTML =
    '<a id="shadow" href="callto://{ECHO}">Ada</a>';</script>"""
OTHERS = """<a id="sip" href="sip:ada@example.com" onclick="event.preventDefault()">Ada</a>
    <a id="other" href="#?tel:2125550101">Ada</a>"""


async def test_every_kind_of_element_with_a_number_calls(customer: Customer, open_phone: OpenPhone) -> None:
    body = "".join(f"<p>{markup}</p>" for markup in KINDS.values()) + OTHERS + SHADOW
    phone = await open_phone(customer, attributes=ON, body=body)
    clicks = await Clicks.on(phone)

    def element(name: str) -> Locator:
        # The area of an image map has no box: the picture is clicked.
        return phone.page.locator("img" if name == "area" else f"#{name}")

    for name in ("sip", "other"):
        await clicks.assert_no_call(element(name).click())
    for name in KINDS:
        assert await clicks.call(element(name).click()) == ECHO, name
    for name in ("input", "xlink", "callto", "label", "cell"):
        focused = phone.page.locator(f"#{name}, a:has(#{name})").first
        assert await clicks.call_by_key(focused) == ECHO, name
    assert "nowhere" not in phone.page.url
