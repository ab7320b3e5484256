"""The phone's calls on sites whose framework (Turbo, htmx, React, Astro) changes pages without loading a document."""

import json
import subprocess
from pathlib import Path

import pytest
from anyio import to_thread
from playwright.async_api import expect

from browser.conftest import OpenPage
from support.browser.host_site import SCRIPT, HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"
TURBO = FRONTEND / "node_modules/@hotwired/turbo/dist/turbo.es2017-umd.js"
HTMX = FRONTEND / "node_modules/htmx.org/dist/htmx.js"
FORMATTED = "(212) 555-0101"
ON = 'data-click-to-call="on"'
SUBSCRIBE = "() => { window.heard = []; EpochPhone.on('callEnded', ({ status }) => heard.push(status)); }"
REACT = ("node", "tests/frameworks/build.mjs")
# The steps of Astro's router at `astro:before-swap` by its documented swap functions: the root's attributes, the head's
# elements and the whole body become those of the next document, whose scripts then run.
ASTRO = """async (url) => {
    const next = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
    const before = new Event("astro:before-swap");
    document.dispatchEvent(before);
    const root = document.documentElement;
    for (const { name } of [...root.attributes]) root.removeAttribute(name);
    for (const { name, value } of next.documentElement.attributes) root.setAttribute(name, value);
    for (const element of [...document.head.children]) element.remove();
    document.head.append(...next.head.children);
    document.body.replaceWith(next.body);
    document.dispatchEvent(new Event("astro:after-swap"));
    for (const old of document.querySelectorAll("script")) {
        const script = document.createElement("script");
        for (const { name, value } of old.attributes) script.setAttribute(name, value);
        script.textContent = old.textContent;
        old.replaceWith(script);
    }
    history.pushState({}, "", url);
}"""


async def assert_one_phone(phone: Phone) -> None:
    """The document has exactly one phone, with exactly one panel."""
    await expect(phone.panel).to_have_count(1)
    assert await phone.page.evaluate("() => document.querySelector('epoch-phone').shadowRoot.children.length") == 1


async def begin_call(phone: Phone) -> str:
    """Call by a click on the page's row, subscribe to ``callEnded``; return the call id."""
    await phone.until_event("ready")
    row = phone.page.get_by_role("button", name="Ada")
    await row.click()
    started = await phone.until_event("callStarted")
    assert started["number"] == ECHO
    await phone.until_event("callAnswered")
    # A subscription by the page's own script must outlive the page's elements.
    await phone.page.evaluate(SUBSCRIBE)
    call_id: str = started["callId"]
    return call_id


async def assert_call_continues(phone: Phone, call_id: str) -> None:
    """Assert that the call continues, and that Hang up ends it with one event and one record."""
    assert await phone.state() == "in-progress"
    await assert_one_phone(phone)
    before, after = await phone.hear(call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(call_id, ECHO, "completed")
    assert await phone.page.evaluate("() => heard") == ["completed"]


async def assert_next_call(phone: Phone, name: str, *, shows_number: bool = True) -> None:
    """Assert that a row of the present page calls once, and that its empty element shows the number."""
    await phone.panel.get_by_role("button", name="Close phone").click()
    if shows_number:
        await expect(phone.page.get_by_role("button", name=FORMATTED)).to_have_count(1)
    await phone.page.get_by_role("button", name=name).click()
    again = await phone.until_event("callStarted", 2)
    await phone.until_event("callAnswered", 2)
    await phone.panel.get_by_role("button", name="Hang up").click()
    assert (await phone.record(again["callId"]))["status"] == "completed"
    assert len(await phone.details("callStarted")) == 2
    assert len(await phone.details("ready")) == 1
    await assert_one_phone(phone)


def row(name: str) -> str:
    """A name with a number, and an empty element into which the phone writes the number."""
    return f'<p><span data-phone="{ECHO}">{name}</span> <b data-phone="{ECHO}"></b></p>'


def two_pages(customer: Customer, site: HostSite, *, head: str, body: str = "", tag_in: str) -> str:
    """The URL of a page with Ada's number and a link to a page with Grace's; both contain the phone's tag."""
    tag = widget_tag(customer.product.url, customer.token.raw, ON + (" defer" if tag_in == "head" else ""))
    in_head, in_body = (head + tag, "") if tag_in == "head" else (head, tag)
    second = site.page(f"{body}<h2>Second</h2>{row('Grace')}{in_body}", head=in_head)
    return site.page(f'{body}<h2>First</h2>{row("Ada")}<a href="{second}">Next</a>{in_body}', head=in_head)


@pytest.mark.parametrize("tag_in", ["head", "body"])
async def test_turbo(customer: Customer, open_page: OpenPage, host_site: HostSite, tag_in: str) -> None:
    turbo = host_site.publish(TURBO.read_text(), kind=SCRIPT)
    url = two_pages(customer, host_site, head=f'<script src="{turbo}"></script>', tag_in=tag_in)
    phone = await open_page(url, customer.product, customer=customer)
    call_id = await begin_call(phone)
    await phone.page.get_by_role("link", name="Next").click()
    await phone.page.get_by_role("heading", name="Second").wait_for()
    await assert_one_phone(phone)
    # Back to the copy in Turbo's cache, and forward again.
    await phone.page.go_back()
    await phone.page.get_by_role("heading", name="First").wait_for()
    await assert_one_phone(phone)
    await phone.page.get_by_role("link", name="Next").click()
    await phone.page.get_by_role("heading", name="Second").wait_for()
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Grace")
    assert await phone.page.evaluate("() => performance.getEntriesByType('navigation').length") == 1
    assert phone.console == []


@pytest.mark.parametrize("how", ["morphed", "whole"])
async def test_turbo_renders_the_same_page_again(
    customer: Customer, open_page: OpenPage, host_site: HostSite, how: str
) -> None:
    turbo = host_site.publish(TURBO.read_text(), kind=SCRIPT)
    morph = '<meta name="turbo-refresh-method" content="morph">' if how == "morphed" else ""
    url = two_pages(customer, host_site, head=f'{morph}<script src="{turbo}"></script>', tag_in="body")
    phone = await open_page(url, customer.product, customer=customer)
    call_id = await begin_call(phone)
    await phone.page.evaluate(
        """() => new Promise((rendered) => {
            addEventListener("turbo:render", rendered, { once: true });
            Turbo.visit(location.href, { action: "replace" });
        })"""
    )
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Ada")
    assert phone.console == []


@pytest.mark.parametrize("swap", ["innerHTML", "outerMorph"])
async def test_htmx(customer: Customer, open_page: OpenPage, host_site: HostSite, swap: str) -> None:
    htmx = host_site.publish(HTMX.read_text(), kind=SCRIPT)
    boosted = f'<script src="{htmx}"></script>'
    second = host_site.page(
        f"<h2>Second</h2>{row('Grace')}{widget_tag(customer.product.url, customer.token.raw, ON)}", head=boosted
    )
    link = f'<a href="{second}" hx-boost="true" hx-target="body" hx-swap="{swap}">Next</a>'
    tag = widget_tag(customer.product.url, customer.token.raw, ON)
    url = host_site.page(f"<h2>First</h2>{row('Ada')}{link}{tag}", head=boosted)
    phone = await open_page(url, customer.product, customer=customer)
    call_id = await begin_call(phone)
    await phone.page.get_by_role("link", name="Next").click()
    await phone.page.get_by_role("heading", name="Second").wait_for()
    assert phone.page.url == second
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Grace")
    assert phone.console == []


async def test_astro(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    url = two_pages(customer, host_site, head="", tag_in="body")
    phone = await open_page(url, customer.product, customer=customer)
    call_id = await begin_call(phone)
    next_url = await phone.page.get_by_role("link", name="Next").get_attribute("href")
    await phone.page.evaluate(ASTRO, next_url)
    await phone.page.get_by_role("heading", name="Second").wait_for()
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Grace")
    assert phone.console == []


async def react(*properties: str) -> str:
    def build() -> str:
        return subprocess.run((*REACT, *properties), cwd=FRONTEND, check=True, capture_output=True, text=True).stdout

    return await to_thread.run_sync(build)


@pytest.fixture(scope="module")
async def react_app(host_site: HostSite) -> str:
    return host_site.publish(await react(), kind=SCRIPT)


async def open_react(
    customer: Customer, open_page: OpenPage, host_site: HostSite, react_app: str, *, rendered: str
) -> Phone:
    """A document that the server renders with the text ``rendered``, and React in the browser with "Hello"."""
    tag = {"src": f"{customer.product.url}/widget/phone.js", "data-token": customer.token.raw}
    properties = {"tag": {**tag, "data-click-to-call": "on"}, "script": react_app, "heading": "Hello"}
    document = await react(json.dumps({**properties, "heading": rendered}))
    phone = await open_page(host_site.publish(document), customer.product, customer=customer)
    await phone.page.evaluate("(given) => { window.appProps = given; }", properties)
    return phone


async def test_react_hydrates_a_document_that_already_contains_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite, react_app: str
) -> None:
    phone = await open_react(customer, open_page, host_site, react_app, rendered="Hello")
    await phone.until_event("ready")
    await phone.page.evaluate("() => hydrate()")
    await phone.page.locator("body[data-hydrated=true]").wait_for()
    # React must not have discarded the document to render it again.
    assert await phone.page.evaluate("() => recovered") == []
    call_id = await begin_call(phone)
    await phone.page.get_by_role("button", name="Add a person").click()
    await phone.page.get_by_role("button", name="Person 2").wait_for()
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Person 2", shows_number=False)
    assert phone.console == []


async def test_react_discards_a_document_that_differs_from_its_own(
    customer: Customer, open_page: OpenPage, host_site: HostSite, react_app: str
) -> None:
    phone = await open_react(customer, open_page, host_site, react_app, rendered="Good day")
    call_id = await begin_call(phone)
    await phone.page.evaluate("() => { window.shown = document.querySelector('h1'); hydrate(); }")
    await phone.page.locator("body[data-hydrated=true]").wait_for()
    assert len(await phone.page.evaluate("() => recovered")) > 0
    assert await phone.page.evaluate("() => shown.isConnected") is False
    await assert_call_continues(phone, call_id)
    await assert_next_call(phone, "Ada", shows_number=False)
    # Unmounting the whole app does not remove the phone either.
    await phone.page.evaluate("() => app.unmount()")
    await assert_one_phone(phone)
    assert phone.console == []
