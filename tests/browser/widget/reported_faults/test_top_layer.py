"""A call while the page shows modal dialogs, popovers or fullscreen elements: the phone is shown above them."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.mouse import assert_can_mute, hang_up, is_beside_body, press, until_dialer_loaded
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

THREADS = "webawesome#2639, ariakit#2232, element-web#28010"
pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("top layer", threads=THREADS)]

ON = 'data-click-to-call="on"'
LINK = f'<a href="tel:{ECHO}">Ada</a>'
IN_SHADOW_ROOT = """<div id=component></div><script>
    component.attachShadow({ mode: "open" }).innerHTML = "<dialog><p>In a component</p><button>OK</button></dialog>";
</script>"""
DIALOGS = f"""<dialog id=first>{LINK}<dialog id=second>Second <button>OK</button></dialog></dialog>
    <dialog id=third>Third <button>OK</button></dialog>{IN_SHADOW_ROOT}"""
NOT_RENDERED = "<dialog id=hidden_dialog style=display:none></dialog><details id=folded><dialog></dialog></details>"
FULL_PAGE = "inset:0;width:100vw;height:100vh;box-sizing:border-box;margin:0"
POPOVERS = f"""<button popovertarget=people>People</button>
    <div id=people popover style="{FULL_PAGE}">{LINK}</div>
    <div id=toast popover=manual style="{FULL_PAGE}">Saved</div>"""


async def call_by_link(phone: Phone) -> str:
    """Call by a click on the page's link; returns the call's id."""
    await phone.page.get_by_role("link", name="Ada").click()
    call_id: str = (await phone.until_event("callAnswered"))["callId"]
    return call_id


async def test_a_person_hangs_up_in_a_modal_dialog(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, attributes=ON, body=DIALOGS)
    await phone.until_event("ready")
    await phone.page.evaluate("() => first.showModal()")
    call_id = await call_by_link(phone)
    await hang_up(phone, call_id, ECHO)
    assert await phone.page.evaluate("() => first.open")
    await press(phone, "Close phone")
    assert await is_beside_body(phone)
    assert phone.console == []


async def test_a_person_types_in_a_modal_dialog(customer: Customer, open_phone: OpenPhone) -> None:
    """The panel opens with the focus in its field, and Escape closes only the panel."""
    phone = await open_phone(customer, body=DIALOGS)
    await phone.until_event("ready")
    await phone.page.evaluate("() => { first.showModal(); EpochPhone.open(); }")
    field = phone.panel.get_by_role("textbox")
    await expect(field).to_be_focused()
    await until_dialer_loaded(phone)
    await phone.page.keyboard.type("2125550101")
    await expect(field).to_have_value("(212) 555-0101")
    # A second dialog takes the focus, as it would from any field of the page; what was typed stays.
    await phone.page.evaluate("() => second.showModal()")
    await press(phone, "Delete last digit")
    await expect(field).to_have_value("(212) 555-010")
    await phone.page.evaluate("() => second.close()")
    await field.focus()
    await phone.page.keyboard.press("Escape")
    await expect(field).to_be_hidden()
    assert await phone.page.evaluate("() => first.open")
    assert await is_beside_body(phone)


async def test_dialogs_open_and_close_during_a_call(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body=DIALOGS)
    await phone.until_event("ready")
    third = await phone.page.query_selector("#third")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    steps = (
        "first.showModal()",
        "second.showModal()",
        "second.close()",
        "third.showModal()",
        "component.shadowRoot.querySelector('dialog').showModal()",
        # The component is removed while the phone is in its dialog.
        "component.remove()",
        "third.remove()",
        "second.showModal()",
        "first.remove()",
        # Dialogs that are open but not rendered, for which the browser still makes everything else inert.
        f"document.body.insertAdjacentHTML('beforeend', '{NOT_RENDERED}'); hidden_dialog.showModal()",
        "folded.querySelector('dialog').showModal()",
        "hidden_dialog.remove(); folded.remove()",
    )
    for step in steps:
        await phone.page.evaluate(f"() => {{ {step}; }}")
        await assert_can_mute(phone)
    await phone.page.evaluate("(one) => { one.open = false; document.body.append(one); one.showModal(); }", third)
    await assert_can_mute(phone)
    await phone.page.get_by_role("button", name="OK").focus()
    await phone.page.keyboard.press("Escape")
    await expect(phone.page.get_by_text("Third")).to_be_hidden()
    await assert_can_mute(phone)
    await hang_up(phone, call_id, ECHO)
    assert phone.console == []


async def test_a_person_hangs_up_above_popovers(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, attributes=ON, body=POPOVERS)
    await phone.until_event("ready")
    await phone.page.get_by_role("button", name="People").click()
    call_id = await call_by_link(phone)
    await phone.page.evaluate("() => toast.showPopover()")
    await hang_up(phone, call_id, ECHO)
    assert await phone.page.evaluate("() => toast.matches(':popover-open')")
    await press(phone, "Close phone")
    assert await is_beside_body(phone)
    assert phone.console == []


async def test_a_person_hangs_up_in_fullscreen(customer: Customer, open_phone: OpenPhone) -> None:
    body = f'<div id=board style="background:white">{LINK}</div><video id=film controls></video>'
    phone = await open_phone(customer, attributes=ON, body=body)
    await phone.until_event("ready")
    await fill_the_screen(phone, "board")
    call_id = await call_by_link(phone)
    await assert_can_mute(phone)
    assert await phone.page.evaluate("() => document.fullscreenElement === board")
    await phone.page.evaluate("() => document.exitFullscreen()")
    # The page shows a video in fullscreen during the call, and nothing outside it can be pressed.
    await phone.page.evaluate("() => film.requestFullscreen()")
    await assert_can_mute(phone)
    await phone.page.wait_for_function("() => document.fullscreenElement === null")
    await hang_up(phone, call_id, ECHO)


async def test_a_video_leaves_fullscreen_for_a_call(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body="<video id=film controls></video>")
    await phone.until_event("ready")
    await fill_the_screen(phone, "film")
    call_id = (await phone.call(ECHO)).call_id
    await phone.until_event("callAnswered")
    await phone.page.wait_for_function("() => document.fullscreenElement === null")
    await hang_up(phone, call_id, ECHO)


async def fill_the_screen(phone: Phone, name: str) -> None:
    await phone.page.evaluate("(name) => document.getElementById(name).requestFullscreen()", name)
    await phone.page.wait_for_function("(name) => document.fullscreenElement?.id === name", arg=name)
