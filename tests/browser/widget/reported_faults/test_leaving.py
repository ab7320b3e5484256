"""During a call the browser asks before a person leaves the page, but not for links that keep the page open."""

import pytest
from playwright.async_api import Dialog

from browser.conftest import OpenPhone
from support.browser.host_site import HostSite
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("leaving", threads="wire-webapp PR#500")]

STAYING = {
    "mail": '<a id="mail" href="mailto:ada@example.com">Mail</a>',
    "telephone": '<a id="telephone" href="tel:+12125550101">Call</a>',
    "text": '<a id="text" href="sms:+12125550101">Text</a>',
    "chat": '<a id="chat" href="callto:ada">Chat</a>',
    "download": '<a id="download" href="/nowhere" download="calls.csv">Download</a>',
    "blob": '<a id="blob" download="calls.csv">Download</a>',
    "tab": '<a id="tab" href="about:blank" target="_blank">Tab</a>',
    "script": '<a id="script" href="javascript:void 0">Script</a>',
    "fragment": '<a id="fragment" href="#there">There</a>',
    "form": '<form action="mailto:ada@example.com" method="post"><button id="form">Send</button></form>',
    "by-script": '<button id="by-script" onclick="location.href = \'mailto:ada@example.com\'">Mail</button>',
}
LEAVING = {
    "link": '<a id="link" href="OTHER_PAGE">Another page</a>',
    "submit": '<form action="OTHER_PAGE"><button id="submit">Send</button></form>',
    "navigate": '<button id="navigate" onclick="location.href = \'OTHER_PAGE\'">Go</button>',
    "download-cross-origin": '<a id="download-cross-origin" href="http://localhost:1/calls.csv" download>Download</a>',
    "reload": '<button id="reload" onclick="location.reload()">Reload</button>',
}
# By a script, because a real click on a link for another program blocks the page in a browser without such programs.
# In a separate task, because the browser waits for the answer to its question.
CLICK = "(id) => new Promise((done) => setTimeout(() => { done(); document.getElementById(id).click(); }))"
BLOB = """<script>blob.href = URL.createObjectURL(new Blob(["a,b"]));</script>"""


async def test_only_clicks_that_leave_the_page_ask(
    customer: Customer, open_phone: OpenPhone, host_site: HostSite
) -> None:
    other_page = host_site.page("<p>Another page</p>")
    leaving = "".join(LEAVING.values()).replace("OTHER_PAGE", other_page)
    phone = await open_phone(customer, body="".join(STAYING.values()) + leaving + BLOB)
    await phone.until_event("ready")
    clicked = ""
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(clicked)
        await dialog.dismiss()

    async def has_asked() -> bool:
        return clicked in asked

    phone.page.on("dialog", stay)
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.page.evaluate("() => EpochPhone.close()")
    await phone.page.mouse.click(5, 5)  # browsers ask only on behalf of a page that was used
    for clicked in STAYING:
        await phone.page.evaluate(CLICK, clicked)
    assert asked == []
    for clicked in LEAVING:
        await phone.page.evaluate(CLICK, clicked)
        await phone.until(f"a question after {clicked}", has_asked)
    assert asked == list(LEAVING)
    assert await phone.state() == "in-progress"
    await phone.hear(begun.call_id)
