"""The examples of the integration guide, copied from its Markdown into a customer's page and run there."""

import json
import re
from importlib import import_module

import pytest
from playwright.async_api import BrowserContext, Locator, Route, expect

from browser.conftest import OpenPage
from guide.guide_source import GUIDES, read_guide
from support.browser.dashboard import generate_token, sign_in
from support.browser.guide import (
    EXAMPLE,
    example,
    examples,
    ran,
    runs,
)
from support.browser.host_site import HostSite, widget_tag
from support.browser.phone import Phone
from support.browser.pop_out import window_of
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

LOG = "/api/crm/log-call"
ADA = "+14155550123"
# Collects the page's policy violations.
WATCH_POLICY = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.effectiveDirective} ${event.blockedURI}`));"""


async def open_pasted(
    open_page: OpenPage, host_site: HostSite, customer: Customer, body: str, *, head: str = ""
) -> Phone:
    """Open a customer's page with ``body`` in it and wait until its phone is ready."""
    phone = await open_page(host_site.page(body, head=head), customer.product, customer=customer)
    await phone.until_event("ready")
    return phone


def with_tag(customer: Customer, script: str) -> str:
    """Return ``script`` placed after the tag, as the guide prescribes."""
    return f"{widget_tag(customer.product.url, customer.token.raw)}<script>{script}</script>"


def fab(phone: Phone) -> Locator:
    return phone.panel.locator('[part~="fab"]')


async def style(place: Locator, name: str) -> str:
    value: str = await place.evaluate("(element, name) => getComputedStyle(element).getPropertyValue(name)", name)
    return value


def test_every_example_of_the_guide_is_run() -> None:
    for module in ("test_guide_recipes", "test_site_guides", "test_framework_guide", "test_webhook_guide"):
        import_module(f"browser.guide.{module}")
    import_module("integration.guide.test_automation_guide")
    import_module("browser.dashboard.test_incoming_calls")
    texts = [read_guide(name, "https://voice.example", "sha384-").text for name in GUIDES]
    names = [name for text in texts for name, _ in EXAMPLE.findall(text)]
    assert sorted(names) == sorted(ran), "each example needs a name of its own and a test that runs it"


@runs("Your page")
async def test_the_tag_alone_shows_a_green_button_that_calls(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await open_pasted(open_page, host_site, customer, await example(customer, "Your page"))
    box = await fab(phone).bounding_box()
    size = phone.page.viewport_size
    assert box is not None
    assert size is not None
    assert (box["x"] > size["width"] / 2, box["y"] > size["height"] / 2) == (True, True)
    red, green, blue = map(int, re.findall(r"\d+", await style(fab(phone), "background-color"))[:3])
    assert green > max(red, blue)
    await fab(phone).click()
    await phone.panel.get_by_label("Phone number").fill("(212) 555-0101")
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await phone.until_event("callAnswered")
    assert phone.console == []


@runs("Pinned to one version")
async def test_a_pinned_tag_with_its_hash_starts_the_phone_on_another_origin(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    tag = await example(customer, "Pinned to one version")
    phone = await open_pasted(open_page, host_site, customer, tag)
    await fab(phone).click()
    await expect(phone.panel.get_by_label("Phone number")).to_be_visible()
    assert phone.console == []


@runs("A blue phone on the left, dark in every system")
async def test_attributes_move_and_colour_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    body = await example(customer, "A blue phone on the left, dark in every system")
    phone = await open_pasted(open_page, host_site, customer, body)
    box = await fab(phone).bounding_box()
    assert box is not None
    assert box["x"] < 100
    assert await style(fab(phone), "background-color") == "rgb(11, 95, 255)"
    await fab(phone).click()
    lightness = [
        int(part) for part in re.findall(r"\d+", await style(phone.panel.locator(".panel"), "background-color"))
    ]
    assert max(lightness[:3]) < 80


@runs("Your style sheet")
async def test_a_style_sheet_of_the_page_reaches_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    sheet = await example(customer, "Your style sheet")
    tag = widget_tag(customer.product.url, customer.token.raw)
    phone = await open_pasted(open_page, host_site, customer, tag, head=f"<style>{sheet}</style>")
    assert await style(fab(phone), "background-color") == "rgb(11, 95, 255)"
    await fab(phone).click()
    panel = phone.panel.locator('[part~="panel"]')
    assert await style(panel, "border-top-width") == "2px"
    assert (await style(panel, "font-family")).startswith("Inter")


@runs("Your own words")
@pytest.mark.parametrize(("language", "words"), [("en", "Ring"), ("fr", "Ring"), ("de", "Anklingeln")])
async def test_a_page_puts_its_own_words_in_the_panel(
    customer: Customer, open_page: OpenPage, host_site: HostSite, language: str, words: str
) -> None:
    body = await example(customer, "Your own words")
    head = f'<script>document.documentElement.lang = "{language}";</script>'
    phone = await open_pasted(open_page, host_site, customer, body, head=head)
    await fab(phone).click()
    await phone.panel.get_by_role("button", name=words, exact=True).wait_for()
    assert phone.console == []


@runs("The panel in a sidebar")
async def test_a_sidebar_holds_the_panel(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    body = await example(customer, "The panel in a sidebar")
    phone = await open_pasted(open_page, host_site, customer, body)
    await expect(phone.page.locator("aside > epoch-phone .panel")).to_be_visible()
    await expect(fab(phone)).to_be_hidden()


@runs("Another look")
async def test_settings_change_while_the_phone_runs(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    number = f'<span data-phone="{ECHO}">Ada</span>'
    phone = await open_pasted(open_page, host_site, customer, number + with_tag(customer, ""))
    await phone.page.evaluate(await example(customer, "Another look"))
    # The colour changes gradually.
    await expect(fab(phone)).to_have_css("background-color", "rgb(11, 95, 255)")
    box = await fab(phone).bounding_box()
    assert box is not None
    assert box["x"] < 100
    await phone.page.get_by_role("button", name="Ada").click()
    assert (await phone.until_event("callStarted"))["number"] == ECHO


@runs("The token in the address of a script")
async def test_the_token_stands_in_the_address(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    body = await example(customer, "The token in the address of a script")
    await open_pasted(open_page, host_site, customer, body)


@runs("Settings from a global")
async def test_a_global_configures_the_phone(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    body = await example(customer, "Settings from a global")
    phone = await open_pasted(open_page, host_site, customer, f'<span data-phone="{ECHO}">Ada</span>{body}')
    await phone.page.get_by_role("button", name="Ada").click()
    await phone.until_event("callAnswered")


@runs("Start later")
async def test_the_phone_starts_when_the_page_says_so(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    script = await example(customer, "Start later")
    url = host_site.page(
        f'<script src="{customer.product.url}/widget/phone.js"></script><button id="go">Start</button>'
        f"<script>document.getElementById('go').onclick = () => {{ {script} }}</script>"
    )
    phone = await open_page(url, customer.product, customer=customer)
    assert await phone.state() == "loading"
    await phone.page.get_by_role("button", name="Start").click()
    await phone.until_event("ready")


@runs("Allowed domains")
async def test_a_pasted_list_of_domains_is_the_tokens_list(customer: Customer, open_page: OpenPage) -> None:
    listed = (await example(customer, "Allowed domains")).strip()
    dashboard = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    await generate_token(dashboard.page, customer, listed)
    await expect(dashboard.page.locator(".facts .chip")).to_have_text(listed.split(", "))


@runs("Dial from your own code")
async def test_code_dials_with_metadata(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    script = await example(customer, "Dial from your own code")
    phone = await open_pasted(open_page, host_site, customer, with_tag(customer, f"const dial = () => {{ {script} }};"))
    await phone.page.evaluate("() => dial()")
    started = await phone.until_event("callStarted")
    assert (started["number"], started["metadata"]) == (ADA, {"contact": "c-1042"})
    await phone.until_event("callAnswered")


@runs("Name the person who calls")
async def test_the_caller_is_passed_and_stored(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    script = await example(customer, "Name the person who calls")
    phone = await open_pasted(open_page, host_site, customer, with_tag(customer, f"const dial = () => {{ {script} }};"))
    await phone.page.evaluate("() => dial()")
    started = await phone.until_event("callStarted")
    await phone.until_event("callAnswered")
    await phone.hangup()
    assert (await phone.record(started["callId"]))["agent"] == "ann@example.com"


@runs("Name the person who is called", "A number with a name")
async def test_the_called_person_is_shown_passed_and_stored(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    script = await example(customer, "Name the person who is called")
    link = await example(customer, "A number with a name")
    tag = widget_tag(customer.product.url, customer.token.raw, 'data-click-to-call="on"')
    body = f"{link}{tag}<script>const dial = () => {{ {script} }};</script>"
    phone = await open_pasted(open_page, host_site, customer, body)
    await phone.page.evaluate("() => dial()")
    started = await phone.until_event("callStarted")
    origin = await phone.page.evaluate("() => location.origin")
    person = {"name": "Grace Hopper", "company": "Acme Realty", "url": f"{origin}/contacts/4711"}
    assert {name: started[name] for name in person} == person
    await phone.until_event("callAnswered")
    await expect(phone.panel.locator(".person")).to_have_text("Grace Hopper · Acme Realty")
    await phone.hangup()
    record = await phone.record(started["callId"])
    assert {name: record[name] for name in person} == person

    await phone.page.get_by_role("link").click()
    again = await phone.until_event("callStarted", 2)
    assert (again["name"], again.get("company")) == ("Grace Hopper", None)
    await phone.hangup()


@runs("Call an extension", "Send digits after the answer")
async def test_an_extension_is_stored_and_digits_wait_for_a_key(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    dials = [await example(customer, name) for name in ("Call an extension", "Send digits after the answer")]
    script = "".join(f"const dial{place} = () => {{ {dial} }};" for place, dial in enumerate(dials))
    phone = await open_pasted(open_page, host_site, customer, with_tag(customer, script))
    await phone.page.evaluate("() => dial0()")
    started = await phone.until_event("callStarted")
    await phone.until_event("callAnswered")
    await phone.until_digits(started["callId"], "204")
    await phone.hangup()
    assert (await phone.record(started["callId"]))["extension"] == "204"

    await phone.page.evaluate("() => dial1()")
    started = await phone.until_event("callStarted", 2)
    await phone.panel.get_by_role("button", name="Send 1234").click()
    await phone.until_digits(started["callId"], "204#1234")
    await phone.hangup()
    assert (await phone.record(started["callId"]))["extension"] is None


@runs("Listen before the phone exists")
async def test_code_before_the_tag_gets_call_events(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    script = await example(customer, "Listen before the phone exists")
    tag = widget_tag(customer.product.url, customer.token.raw, "async")
    logged: list[str] = []
    phone = await open_page("about:blank", customer.product, customer=customer)
    phone.page.on("console", lambda message: logged.append(message.text))
    await phone.page.goto(host_site.page(f"<script>{script}</script>{tag}"))
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    ended = await phone.until_event("callEnded")
    assert f"{ECHO} completed {ended['duration']}" in logged


@runs("Check before the first call")
async def test_the_check_reports(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    script = await example(customer, "Check before the first call")
    logged: list[str] = []
    body = with_tag(customer, f"document.getElementById('check').onclick = () => {{ {script} }};")
    phone = await open_pasted(open_page, host_site, customer, f'<button id="check">Check</button>{body}')
    phone.page.on("console", lambda message: logged.append(message.text))
    await phone.page.get_by_role("button", name="Check", exact=True).click()

    async def reported() -> bool:
        return bool(logged)

    await phone.until("a report", reported)
    assert re.match(r"(true|false) ", logged[0])
    for step in ("icrophone", "oken", "ignal", "udio"):
        assert step in logged[0]
    assert customer.token.raw not in logged[0]


@runs("Callable numbers", "Log calls")
async def test_the_callable_numbers_call_and_the_log_is_written(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    shown = await examples(customer)
    body = f"{shown['Callable numbers']}<script>{shown['Log calls']}</script>"
    logged: list[dict[str, object]] = []

    async def crm(route: Route) -> None:
        logged.append(json.loads(route.request.post_data or ""))
        await route.fulfill(status=204)

    async def catch(context: BrowserContext) -> None:
        await context.route(f"**{LOG}", crm)

    phone: Phone = await open_page(host_site.page(body), customer.product, customer=customer, prepare=catch)
    await phone.until_event("ready")
    await phone.page.get_by_role("button", name="(415) 555-0123").click()
    await phone.until_event("callAnswered", 1)
    await phone.hangup()
    await phone.page.get_by_role("link", name="(212) 555-0147").click()
    await phone.until_event("callAnswered", 2)
    await phone.hangup()

    async def both() -> bool:
        return len(logged) == 2

    await phone.until("both calls in the customer's log", both)
    ended = await phone.details("callEnded")
    assert [(row["id"], row["phone"], row["status"]) for row in logged] == [
        (call["callId"], number, "completed")
        for call, number in zip(ended, ("+14155550123", "+12125550147"), strict=True)
    ]
    assert phone.console == []


@runs("Call button")
async def test_the_button_calls_and_shows_the_result(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await open_pasted(open_page, host_site, customer, await example(customer, "Call button"))
    await phone.page.get_by_role("button", name="Call Ada").click()
    await phone.page.get_by_role("status").get_by_text("Calling +14155550123").wait_for()
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.page.get_by_role("status").get_by_text(re.compile(r"^completed after \d+ s$")).wait_for()


@runs("Every call in a window of its own")
async def test_calls_run_in_the_pop_out_window(customer: Customer, open_page: OpenPage, host_site: HostSite) -> None:
    body = await example(customer, "Every call in a window of its own")
    phone = await open_pasted(open_page, host_site, customer, f'{body}<a href="tel:{ECHO}">unused</a>')
    await fab(phone).click()
    await phone.panel.get_by_label("Phone number").fill(ECHO)
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    window = await window_of(phone)
    await phone.until_event("callAnswered")
    assert await window.state() == "in-progress"
    await phone.hangup()


@runs("In the browser's console")
async def test_debug_mode_is_switched_on_from_the_console(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    phone = await open_pasted(open_page, host_site, customer, await example(customer, "Your page"))
    logged: list[str] = []
    phone.page.on("console", lambda message: logged.append(message.text))
    await phone.page.evaluate(await example(customer, "In the browser's console"))
    await phone.page.reload()
    await phone.until_event("ready")

    async def explained() -> bool:
        return any("ready" in line for line in logged)

    await phone.until("a word about being ready in the console", explained)
    assert not [line for line in logged if customer.token.raw in line]


@runs("Content-Security-Policy with the sandbox carrier")
async def test_a_call_needs_nothing_beyond_the_guides_list(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    listed = await example(customer, "Content-Security-Policy with the sandbox carrier")
    phone = await _open_under_policy(listed, customer, open_page, host_site)
    await fab(phone).click()
    await phone.panel.get_by_label("Phone number").fill(ECHO)
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    started = await phone.until_event("callStarted")
    await phone.until_event("callAnswered")
    await phone.hear(started["callId"])
    await phone.hangup()
    await phone.assert_agrees(started["callId"], ECHO, "completed")
    assert await phone.page.evaluate("() => violations") == []
    assert phone.console == []


@runs("Content-Security-Policy")
async def test_the_twilio_policy_admits_twilio_and_differs_in_nothing_else(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    shown = await examples(customer)
    listed, sandbox = shown["Content-Security-Policy"], shown["Content-Security-Policy with the sandbox carrier"]
    assert listed.replace("https://*.twilio.com wss://*.twilio.com", "ws://localhost:* ws://127.0.0.1:*") == sandbox
    phone = await _open_under_policy(listed, customer, open_page, host_site)

    # No server answers at these addresses; only the policy violations are read.
    async def violations_of(*addresses: str) -> list[str]:
        found: list[str] = await phone.page.evaluate(
            """async (addresses) => {
                violations.length = 0;
                for (const address of addresses) {
                    try {
                        if (address.startsWith("wss:")) new WebSocket(address).close();
                        else await fetch(address).catch(() => {});
                    } catch {}
                }
                await new Promise((resolve) => setTimeout(resolve));
                return violations;
            }""",
            addresses,
        )
        return found

    # The addresses to which the SDK sends signalling and call quality reports.
    assert (
        await violations_of(
            "wss://voice-js.roaming.twilio.com/signal", "https://eventgw.us1.twilio.com/v4/EndpointEvents"
        )
        == []
    )
    assert len(await violations_of("wss://voice.example/signal", "https://voice.example/")) == 2


async def _open_under_policy(listed: str, customer: Customer, open_page: OpenPage, host_site: HostSite) -> Phone:
    """Open a page with only ``listed`` as its policy and wait until its phone is ready."""
    policy = " ".join(f"default-src 'none'; {listed}".split())

    async def watch(context: BrowserContext) -> None:
        await context.add_init_script(WATCH_POLICY)

    url = host_site.page(
        widget_tag(customer.product.url, customer.token.raw), headers={"Content-Security-Policy": policy}
    )
    phone = await open_page(url, customer.product, customer=customer, prepare=watch)
    await phone.until_event("ready")
    return phone
