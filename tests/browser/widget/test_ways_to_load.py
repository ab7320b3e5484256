"""Ways in which pages and bundles load phone.js, and later changes: a second script, a replaced body or document."""

import pytest

from browser.conftest import OpenPage, OpenPhone
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from support.local_http import local_client

pytestmark = pytest.mark.anyio

CONFIG = '<script>window.EpochPhoneConfig = {{ token: "{token}" }};</script>'
APPENDED = """<script>
    const script = document.createElement("script");
    script.src = "{src}";
    script.dataset.token = "{token}";
    document.head.append(script);
</script>"""
WAYS = {
    "async": '<script async src="{src}" data-token="{token}"></script>',
    "deferred": '<script defer src="{src}" data-token="{token}"></script>',
    "appended by a script": APPENDED,
    "as a module": '<script type="module" src="{src}" data-token="{token}"></script>',
    "imported by a module": CONFIG + '<script type="module">import "{src}";</script>',
    "inside a shadow root": "<div id=shadow></div>"
    + APPENDED.replace("document.head.append", 'shadow.attachShadow({{ mode: "open" }}).append'),
    "inside a bundle": CONFIG + "<script>{code}</script>",
    "by a loader without attributes": CONFIG + APPENDED.replace('script.dataset.token = "{token}";', ""),
    "with spaces around the token": '<script src="{src}" data-token=" {token}\n"></script>',
}
NEW_BODY = """() => {
    const body = document.createElement("body");
    body.innerHTML = "<h1>The next page</h1>";
    document.body.replaceWith(body);
}"""
NEW_DOCUMENT = """() => {
    const html = document.createElement("html");
    html.innerHTML = "<head><title>Rendered anew</title></head><body><h1>Rendered anew</h1></body>";
    document.replaceChild(html, document.documentElement);
}"""
REMOVED_ELEMENT = "() => document.querySelector('epoch-phone').remove()"


async def assert_calls(phone: Phone) -> None:
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert phone.console == []


@pytest.mark.parametrize("way", WAYS)
async def test_the_phone_loads(customer: Customer, open_page: OpenPage, host_site: HostSite, way: str) -> None:
    src = f"{customer.product.url}/widget/phone.js"
    async with local_client() as client:
        code = (await client.get(src)).text
    url = host_site.page(WAYS[way].format(src=src, token=customer.token.raw, code=code))
    await assert_calls(await open_page(url, customer.product, customer=customer))


async def test_a_second_token_is_ignored_and_not_logged(customer: Customer, open_phone: OpenPhone) -> None:
    other = await customer.product.customer()
    phone = await open_phone(customer, body=widget_tag(customer.product.url, other.token.raw))
    await phone.until_event("ready")
    assert len(phone.console) == 1
    assert "already running with another token" in phone.console[0]
    assert "ept_" not in phone.console[0]
    assert await phone.panel.count() == 1


async def test_a_script_loaded_again_after_destroy_brings_the_phone_back(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.destroy()")
    tag = {"src": f"{customer.product.url}/widget/phone.js", "token": customer.token.raw}
    await phone.page.evaluate(
        """({ src, token }) => {
            const script = document.createElement("script");
            script.src = src;
            script.dataset.token = token;
            document.body.append(script);
        }""",
        tag,
    )
    await phone.until_event("ready", 2)
    assert await phone.panel.count() == 1


@pytest.mark.parametrize("change", [NEW_BODY, NEW_DOCUMENT, REMOVED_ELEMENT], ids=["body", "document", "element"])
async def test_a_call_continues_when_a_framework_replaces_the_page(
    customer: Customer, open_phone: OpenPhone, change: str
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.page.evaluate(change)
    before, after = await phone.hear(begun.call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    await phone.page.evaluate(change)
    again = await phone.call(ECHO)
    await phone.until_event("callAnswered", 2)
    await phone.panel.get_by_role("button", name="Hang up").click()
    assert (await phone.record(again.call_id))["status"] == "completed"
