"""The examples of the guides for tag managers, site builders and consent managers, run in imitations of those."""

import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from browser.conftest import OpenPage
from support.browser.guide import FRONTEND, bundle, example, examples, render_liquid, runs
from support.browser.host_site import HostSite
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from support.browser.site_builders import TAG_MANAGER, in_script

pytestmark = pytest.mark.anyio

NEXT_PAGE = """(html) => {
    const body = document.createElement("body");
    body.innerHTML = html;
    document.body.replaceWith(body);
}"""
RUN_AGAIN = """(html) => new Promise((loaded) => {
    const { src, dataset } = new DOMParser().parseFromString(html, "text/html").querySelector("script");
    const script = document.createElement("script");
    Object.assign(script, { src, onload: () => loaded() });
    Object.assign(script.dataset, dataset);
    document.body.append(script);
})"""
STORED_BY_THE_PHONE = """() => [document.cookie, ...Object.keys(localStorage), ...Object.keys(sessionStorage)]
    .filter((name) => name.startsWith("epochphone"))"""


async def expect_no_phone(page: Page) -> None:
    await expect(page.locator("epoch-phone")).to_have_count(0)


async def call_from(phone: Phone, name: str) -> None:
    """Click a number of the page, and wait until the call is answered."""
    await phone.page.get_by_role("link", name=name).click()
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await phone.until_event("callAnswered")


@runs("The token in the address")
async def test_the_tag_of_the_index_works(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    url = host_site.page(await example(customer, "The token in the address"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    assert phone.console == []


@runs("Custom HTML tag", "Custom HTML tag with settings", "Remove the phone from the page")
@pytest.mark.parametrize("name", ["Custom HTML tag", "Custom HTML tag with settings"])
async def test_google_tag_manager(customer: Customer, open_page: OpenPage, host_site: HostSite, name: str) -> None:
    shown = await examples(customer)
    # The tag fires a second time, as on a change of a single-page application's view.
    fire = f"insertAsTagManager({in_script(shown[name])});"
    link = f'<a href="tel:{ECHO}">Ada</a>'
    url = host_site.page(f"{link}<script>{TAG_MANAGER}{fire}addEventListener('load', () => {{ {fire} }});</script>")
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    if "settings" in name:
        box = await phone.panel.locator('[part~="fab"]').bounding_box()
        assert box is not None
        assert box["x"] < 100
        await call_from(phone, "Ada")
    await expect(phone.panel).to_have_count(1)
    await phone.page.evaluate(shown["Remove the phone from the page"])
    await expect_no_phone(phone.page)
    assert phone.console == []


@runs("functions.php", "An address for a plugin")
@pytest.mark.parametrize("version", ["", "?ver=6.9"], ids=["without a version", "with WordPress's version"])
async def test_wordpress(customer: Customer, open_page: OpenPage, host_site: HostSite, version: str) -> None:
    # PHP is not installed: the test reads the calls from the example, and makes the tag that WordPress would print.
    php = await example(customer, "functions.php")
    assert php.count("{") == php.count("}")
    assert php.count("(") == php.count(")")
    [(handle, src)] = re.findall(r"wp_enqueue_script\( '([^']+)', '([^']+)', array\(\), null, true \);", php)
    [(search, replacement)] = re.findall(r"str_replace\( '([^']*)', '([^']*)', \$tag \)", php)
    assert f"'{handle}' !== $handle" in php
    printed = f'<script type="text/javascript" src="{src}{version}" id="{handle}-js"></script>\n'
    url = host_site.page(printed.replace(search, replacement))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    assert phone.console == []

    address = (await example(customer, "An address for a plugin")).strip()
    path, _, token = address.partition("#")
    plugin = await open_page(host_site.page(f'<script src="{path}{version}#{token}"></script>'), customer.product)
    await plugin.until_event("ready")


@runs("A tag that optimisers leave alone")
async def test_attributes_for_optimisers_change_nothing(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page(await example(customer, "A tag that optimisers leave alone"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    assert phone.console == []


@runs("theme.liquid, before </body>")
async def test_shopify(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    lines = await example(customer, "theme.liquid, before </body>")
    theme = f"<!doctype html><head>{{{{ content_for_header }}}}</head><body>{{{{ content_for_layout }}}}{lines}</body>"
    values = {"content_for_header": "<title>Shop</title>", "content_for_layout": "<h1>Products</h1>"}
    staff: dict[str, list[str]] = {"tags": ["staff"]}
    visitor: dict[str, list[str]] = {"tags": []}
    for person, is_editor in ((visitor, False), (None, False), (staff, True)):
        editor = {**values, "customer": person, "request": {"design_mode": is_editor}}
        assert "<script" not in await render_liquid(theme, editor)
    document = await render_liquid(theme, {**values, "customer": staff, "request": {"design_mode": False}})
    phone = await open_page(host_site.publish(document), customer.product, customer=customer)
    await phone.until_event("ready")
    assert phone.console == []


@runs("Webflow custom code")
async def test_webflow(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    link = f'<a href="tel:{ECHO}" class="w-inline-block">Call Ada</a>'
    url = host_site.page(link + await example(customer, "Webflow custom code"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await call_from(phone, "Call Ada")
    assert phone.console == []


@runs("Squarespace code injection")
async def test_squarespace(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    url = host_site.page("<h2>First</h2>", head=await example(customer, "Squarespace code injection"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    assert (await phone.call(ECHO)).is_started
    await phone.until_event("callAnswered")
    await phone.page.evaluate(NEXT_PAGE, "<h2>Second</h2>")
    await phone.panel.get_by_role("button", name="Hang up").wait_for()
    assert await phone.state() == "in-progress"
    assert phone.console == []


@runs("Wix custom code")
async def test_wix(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    tag = await example(customer, "Wix custom code")
    phone = await open_page(host_site.page(tag), customer.product, customer=customer)
    await phone.until_event("ready")
    assert (await phone.call(ECHO)).is_started
    await phone.until_event("callAnswered")
    await phone.page.evaluate(NEXT_PAGE, "<h2>Second</h2>")
    await phone.page.evaluate(RUN_AGAIN, tag)
    await expect(phone.panel).to_have_count(1)
    assert await phone.state() == "in-progress"
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.until_event("callEnded")
    assert phone.console == []


@runs("A tag that waits for the category calls", "consent.js")
async def test_vanilla_cookieconsent(
    customer: Customer, open_page: OpenPage, host_site: HostSite, tmp_path: Path
) -> None:
    shown = await examples(customer)
    (tmp_path / "consent.js").write_text(shown["consent.js"])
    script = await bundle(tmp_path / "consent.js")
    styles = (FRONTEND / "node_modules/vanilla-cookieconsent/dist/cookieconsent.css").read_text()
    choose = '<button data-cc="show-preferencesModal">Privacy</button>'
    held = shown["A tag that waits for the category calls"]
    url = host_site.page(f"{choose}{held}<script>{script}</script>", head=f"<style>{styles}</style>")

    async def as_a_person(context: BrowserContext) -> None:
        # The library shows no banner to browsers that a program drives.
        await context.add_init_script('Object.defineProperty(navigator, "webdriver", { value: false })')

    phone = await open_page(url, customer.product, customer=customer, prepare=as_a_person, reduced_motion="reduce")
    page = phone.page

    async def choose_calls(*, is_accepted: bool) -> None:
        await page.get_by_role("button", name="Privacy").click()
        await page.get_by_role("checkbox", name="Phone").set_checked(is_accepted, force=True)
        await page.get_by_role("button", name="Save").click()

    await page.get_by_role("button", name="Reject").click()
    await expect(page.get_by_role("button", name="Reject")).to_be_hidden()
    await expect_no_phone(page)
    await choose_calls(is_accepted=True)
    await phone.until_event("ready")
    assert await page.evaluate(STORED_BY_THE_PHONE) == []
    await choose_calls(is_accepted=False)
    await expect_no_phone(page)
    await choose_calls(is_accepted=True)
    await phone.until_event("ready", 2)
    await expect(phone.panel).to_have_count(1)
    assert phone.console == []


@runs("A tag that waits for your own banner", "When consent is withdrawn")
async def test_a_banner_of_ones_own(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    shown = await examples(customer)
    agree = '<button onclick="runAfterConsent()">Agree</button>'
    url = host_site.page(agree + shown["A tag that waits for your own banner"])
    phone = await open_page(url, customer.product, customer=customer)
    assert await phone.page.evaluate("() => 'EpochPhone' in window") is False
    await phone.page.get_by_role("button", name="Agree").click()
    await phone.until_event("ready")
    await phone.page.evaluate(shown["When consent is withdrawn"])
    await expect_no_phone(phone.page)
    assert phone.console == []
