"""Click-to-call works on clicks whose propagation the page stops, and never on clicks that the page prevents."""

import subprocess
from pathlib import Path

import pytest
from anyio import to_thread

from browser.conftest import OpenPhone
from support.browser.click_to_call import Clicks
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("capture", threads="headlessui#834, react#11387"),
]

FRONTEND = Path(__file__).resolve().parents[4] / "frontend"
ON = 'data-click-to-call="on"'
LINK = f'<a href="tel:{ECHO}">%s</a>'
STOPPED = {
    "stopped in the cell": f'<table><tr><td onclick="event.stopPropagation()">{LINK}</td></tr></table>',
    "stopped at once by the link": f'<a href="tel:{ECHO}" onclick="event.stopImmediatePropagation()">%s</a>',
    "stopped by cancelBubble": f'<p onclick="event.cancelBubble = true">{LINK}</p>',
    "stopped in the capture phase": f'<p class="down">{LINK}</p>',
    "stopped at the window": f'<p class="window">{LINK}</p>',
    "stopped beside another listener": f'<p class="beside" onclick="event.stopPropagation()">{LINK}</p>',
}
PREVENTED = {
    "prevented in the cell": f'<p onclick="event.preventDefault()">{LINK}</p>',
    "prevented in the capture phase": f'<p class="prevented">{LINK}</p>',
    "returned false": f'<a href="tel:{ECHO}" onclick="return false">%s</a>',
    "stopped, then prevented": f'<p onclick="event.stopPropagation(); event.preventDefault()">{LINK}</p>',
    "stopped at once": f'<p onclick="event.stopImmediatePropagation(); event.preventDefault()">{LINK}</p>',
    "stopped by one, prevented by another": f'<p class="other" onclick="event.stopPropagation()">{LINK}</p>',
}
LISTENERS = """<script>
    const on = (type, node, name, act, capture) => node.addEventListener(type, (event) => {
        if (event.target.closest("." + name)) act(event);
    }, capture);
    const down = document.querySelector(".down");
    on("click", down, "down", (event) => event.stopPropagation(), true);
    on("click", window, "window", (event) => event.stopPropagation(), true);
    on("click", document.querySelector(".beside"), "beside", () => {}, false);
    on("click", document, "prevented", (event) => event.preventDefault(), true);
    on("click", document.querySelector(".other"), "other", (event) => event.preventDefault(), false);
</script>"""


@pytest.fixture(scope="module")
async def react_app() -> str:
    command = ("node", "tests/reported-faults/bundle.mjs", "click-capture.js")

    def build() -> str:
        return subprocess.run(command, cwd=FRONTEND, check=True, capture_output=True, text=True).stdout

    return await to_thread.run_sync(build)


async def test_a_stopped_click_calls_and_a_prevented_one_does_not(customer: Customer, open_phone: OpenPhone) -> None:
    rows = "".join(markup.replace("%s", name) for name, markup in (STOPPED | PREVENTED).items())
    key = f'<p onkeydown="event.stopPropagation()"><b data-phone="{ECHO}">By key</b></p>'
    phone = await open_phone(customer, attributes=ON, body=rows + key + LISTENERS)
    clicks = await Clicks.on(phone)
    for name in PREVENTED:
        await clicks.assert_no_call(phone.page.get_by_role("link", name=name, exact=True).click())
    for name in STOPPED:
        assert await clicks.call(phone.page.get_by_role("link", name=name, exact=True).click()) == ECHO, name
    assert await clicks.call_by_key(phone.page.get_by_role("button", name="By key")) == ECHO


async def test_a_click_by_a_script_is_handled_in_the_same_way(customer: Customer, open_phone: OpenPhone) -> None:
    rows = "".join(markup.replace("%s", name) for name, markup in (STOPPED | PREVENTED).items())
    phone = await open_phone(customer, attributes=ON, body=rows + LISTENERS)
    clicks = await Clicks.on(phone)

    async def click(name: str) -> None:
        await phone.page.get_by_role("link", name=name, exact=True).evaluate("(link) => link.click()")

    for name in PREVENTED:
        await clicks.assert_no_call(click(name))
    for name in STOPPED:
        assert await clicks.call(click(name)) == ECHO, name


async def click_in(phone: Phone, library: str) -> None:
    """Open the dialog of ``library`` and click the link in it."""
    await phone.page.get_by_role("button", name=f"Open {library}").click()
    await phone.page.get_by_role("link", name=f"In {library}").click()


@pytest.mark.parametrize("library", ["Headless UI", "Radix", "portal"])
async def test_a_link_in_a_dialog_of_a_library_calls(
    customer: Customer, open_phone: OpenPhone, react_app: str, library: str
) -> None:
    phone = await open_phone(customer, attributes=ON, body=f"<script>{react_app}</script>")
    clicks = await Clicks.on(phone)
    await clicks.assert_no_call(phone.page.get_by_role("link", name="Handled by React").click())
    assert await clicks.call(click_in(phone, library)) == ECHO


async def test_a_number_in_a_root_that_stops_every_event_calls_by_click_and_key(
    customer: Customer, open_phone: OpenPhone, react_app: str
) -> None:
    phone = await open_phone(customer, attributes=ON, body=f"<script>{react_app}</script>")
    clicks = await Clicks.on(phone)
    number = phone.page.get_by_role("button", name="In the root")
    assert await clicks.call(number.click()) == ECHO
    assert await clicks.call_by_key(number) == ECHO
