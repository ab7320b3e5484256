"""The guide's CRM recipes: each example is run in its environment or read by a parser of its language."""

import json
import os
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from anyio import to_thread
from playwright.async_api import Browser, Page, Route, expect

from browser.conftest import OpenPage
from guide.guide_source import read_guide
from integrations import hubspot, salesforce
from support.browser.dashboard import download_kit, sign_in
from support.browser.guide import (
    FRONTEND,
    example,
    examples,
    runs,
)
from support.browser.host_site import HostSite, widget_tag
from support.browser.hubspot import HubSpot
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer, Product
from support.browser.salesforce import PHONE, Lightning, show_visualforce
from support.local_http import local_client
from support.widget_client import post_token
from widget import csp

pytestmark = pytest.mark.anyio

ADA = "+14155550123"
PERMISSIONS = ["local-network-access", "microphone"]
CLASSES = "force-app/main/default/classes"
REACT_PAGE = """import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { CallButton } from "./CallButton.jsx";
const root = createRoot(document.getElementById("app"));
root.render(<StrictMode><CallButton number="+12125550101" contact="c-1" /></StrictMode>);
window.leave = () => root.unmount();
"""


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(permissions=PERMISSIONS)
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def kit(customer: Customer, open_page: OpenPage) -> dict[str, bytes]:
    """The Salesforce kit as downloaded for the customer's token; the kit itself contains no token."""
    dashboard = await open_page("about:blank", customer.product)
    await sign_in(dashboard.page, customer)
    slug = customer.tenant.organization.slug
    await dashboard.page.goto(f"{customer.product.url}/dashboard/{slug}/settings/embed-tokens/{customer.token.id}")
    return await download_kit(dashboard.page, "Salesforce")


async def bundled(entry: Path, *options: str) -> str:
    """Bundle ``entry`` as a customer's bundler does and return the script."""
    program = (str(FRONTEND / "node_modules/.bin/esbuild"), str(entry), "--bundle", "--log-level=warning", *options)
    environ = {**os.environ, "NODE_PATH": str(FRONTEND / "node_modules")}
    made = await to_thread.run_sync(lambda: subprocess.run(program, env=environ, capture_output=True, check=False))
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout.decode()


@runs("usePhoneState.js", "CallButton.jsx")
async def test_the_react_button_follows_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite, tmp_path: Path
) -> None:
    shown = await examples(customer)
    for name in ("usePhoneState.js", "CallButton.jsx"):
        (tmp_path / name).write_text(shown[name])
    (tmp_path / "page.jsx").write_text(REACT_PAGE)
    script = await bundled(tmp_path / "page.jsx", "--jsx=automatic", '--define:process.env.NODE_ENV="development"')
    tag = widget_tag(customer.product.url, customer.token.raw)
    url = host_site.page(f'<div id="app"></div>{tag}<script>{script}</script>')
    phone = await open_page(url, customer.product, customer=customer)
    button = phone.page.get_by_role("button", name=f"Call {ECHO}")
    await expect(button).to_be_enabled()
    await button.click()
    assert (await phone.until_event("callStarted"))["metadata"] == {"contact": "c-1"}
    await expect(phone.page.get_by_role("button", name="In a call")).to_be_disabled()
    await phone.hangup()
    await expect(button).to_be_enabled()
    # An unmounted component gets no more events, and the phone keeps working.
    await phone.page.evaluate("() => leave()")
    assert (await phone.call(ECHO)).is_started
    await phone.until_event("callAnswered", 2)
    assert phone.console == []


@runs("https://phone.mysite.com/phone.html")
async def test_a_minimal_page_dials_only_after_a_click(customer: Customer, open_page: OpenPage) -> None:
    address = "https://phone.mysite.com/phone.html"
    document = await example(customer, address)
    phone = await open_page("about:blank", customer.product, customer=customer, permissions=PERMISSIONS)

    async def serve(route: Route) -> None:
        await route.fulfill(body=document, content_type="text/html")

    await phone.page.route("https://phone.mysite.com/**", serve)
    await phone.page.goto(f"{address}#number=%2B12125550101")
    await phone.until_event("ready")
    assert await phone.details("callStarted") == []
    await phone.page.get_by_role("button", name=f"Call {ECHO}", exact=True).click()
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.page.goto(f"{address}#number=%2B14155550123")
    await expect(phone.page.locator("#dial")).to_have_text(f"Call {ADA}")


@runs("Calling page", "Calling settings")
async def test_the_calling_page_matches_the_registered_settings(product: Product, page: Page) -> None:
    customer = await product.customer(allowed_domains=("app.hubspot.com",))
    shown = await examples(customer)
    address = shown["Calling page"].strip()
    assert address == hubspot.page_url(product.url, customer.token.id, customer.token.raw)
    assert json.loads(shown["Calling settings"]) == hubspot.app_settings("Epoch Voice", address)
    host = HubSpot(page)
    await host.show(address)
    await host.until("LOGGED_IN")
    await host.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    await host.until("CALL_ANSWERED")


@runs("calling-page.js")
async def test_a_customers_calling_page_reports_the_call_to_hubspot(
    customer: Customer, page: Page, host_site: HostSite, tmp_path: Path
) -> None:
    (tmp_path / "calling-page.js").write_text(await example(customer, "calling-page.js"))
    script = await bundled(tmp_path / "calling-page.js")
    tag = widget_tag(customer.product.url, customer.token.raw)
    fence = {"Content-Security-Policy": "frame-ancestors https://app.hubspot.com"}
    host = HubSpot(page)
    await host.show(host_site.page(f"{tag}<script>{script}</script>", headers=fence))
    await host.until("LOGGED_IN")
    await host.send("DIAL_NUMBER", {"phoneNumber": "Front desk"})
    assert (await host.until("ERROR"))["data"] == {"message": "This number cannot be called now"}
    await host.send("DIAL_NUMBER", {"phoneNumber": ECHO})
    started = (await host.until("OUTGOING_CALL_STARTED"))["data"]
    call_id = started["externalCallId"]
    assert (started["toNumber"], started["fromNumber"]) == (ECHO, customer.tenant.number)
    await host.until("CALL_ANSWERED")
    await host.send("END_CALL")
    assert (await host.until("CALL_ENDED"))["data"] == {"externalCallId": call_id, "callEndStatus": "COMPLETED"}
    assert await host.received("CALL_COMPLETED") == []
    await host.send("CREATE_ENGAGEMENT_SUCCEEDED", {"engagementId": 4711, "externalCallId": call_id})
    completed = (await host.until("CALL_COMPLETED"))["data"]
    assert (completed["engagementId"], completed["engagementProperties"]["hs_call_status"]) == (4711, "COMPLETED")

    stranger = HubSpot(await page.context.new_page())
    await stranger.show(host.frame.url, origin="https://evil.example")
    await stranger.until_blocked()


@runs("HubSpot custom module")
async def test_the_custom_module_calls_from_a_public_page(
    customer: Customer, open_page: OpenPage, host_site: HostSite
) -> None:
    url = host_site.page(await example(customer, "HubSpot custom module"))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await phone.page.get_by_role("link", name="(415) 555-0123").click()
    assert (await phone.until_event("callStarted"))["number"] == ADA
    await phone.until_event("callAnswered")


@runs("myPhone.js", "myDialer.html", "myDialer.js")
async def test_a_customers_component_calls_in_the_salesforce_sandbox(
    kit: dict[str, bytes], customer: Customer, page: Page, tmp_path: Path
) -> None:
    shown = await examples(customer)
    folder = "force-app/main/default/lwc"
    for name in ("myPhone.js", "myDialer.html", "myDialer.js"):
        kit[f"{folder}/{name.partition('.')[0]}/{name}"] = shown[name].encode()
    lightning = Lightning(page, kit, tmp_path, component="myDialer")
    await lightning.show()
    await lightning.place(number=ECHO, embedToken=customer.token.raw)
    await expect(lightning.status()).to_have_text("ready")
    # The second component is added when the phone is already ready.
    await lightning.place(number=ECHO, embedToken=customer.token.raw)
    await expect(lightning.status(1)).to_have_text("ready")
    await lightning.dialer().get_by_role("button", name=f"Call {ECHO}").click()
    await expect(lightning.status()).to_have_text("in-progress")
    await lightning.page.evaluate("() => document.querySelector('c-my-dialer').remove()")
    await lightning.panel.get_by_role("button", name="Hang up").click()
    await expect(lightning.status()).to_have_text("completed")
    assert [line for line in lightning.console if "allow-same-origin" not in line] == []


@runs("Epoch.cspTrustedSite-meta.xml")
async def test_the_trusted_url_is_in_the_kit(kit: dict[str, bytes], customer: Customer) -> None:
    shown = _fields(await example(customer, "Epoch.cspTrustedSite-meta.xml"))
    trusted = salesforce.trusted_sites(customer.product.settings)
    assert all(kit[path] == content for path, content in trusted.items())
    [ours] = [one for one in map(_fields, trusted.values()) if one["endpointUrl"] == customer.product.url]
    assert shown.items() <= ours.items()
    assert [name for name, value in ours.items() if value == "true"] == ["isActive", "isApplicableToConnectSrc"]


async def test_the_guides_trusted_urls_match_the_kit(customer: Customer) -> None:
    with_twilio = msgspec.structs.replace(customer.product.settings, carrier="twilio")
    text = read_guide("widget-integration", customer.product.url, "sha384-").text
    row = next(line for line in text.splitlines() if line.startswith("| Trusted URLs |"))
    assert re.findall(r"`([^`]+)`", row) == list(csp.phone_connect_sources(with_twilio))


@runs("EpochCallController.cls")
async def test_the_controller_matches_the_kit_and_parses_as_apex(
    kit: dict[str, bytes], customer: Customer, tmp_path: Path
) -> None:
    apex = await example(customer, "EpochCallController.cls")
    assert _code(apex) == _code(kit[f"{CLASSES}/EpochCallController.cls"].decode())
    files = [tmp_path / "EpochCallController.cls"]
    files[0].write_text(apex)
    for name, content in kit.items():
        if name.endswith(".cls"):
            files.append(tmp_path / f"kit-{Path(name).name}")
            files[-1].write_bytes(content)
    assert len(files) > len(("the example", "the controller", "the logger"))
    program = ("node", "tests/salesforce/parse-apex.mjs", *map(str, files))
    answer = await to_thread.run_sync(
        lambda: subprocess.run(program, cwd=FRONTEND, capture_output=True, text=True, check=False)
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@runs("MyPhone.page")
async def test_a_customers_visualforce_page_calls_and_logs(
    kit: dict[str, bytes], customer: Customer, open_page: OpenPage
) -> None:
    phone: Phone = await open_page("about:blank", customer.product, customer=customer, permissions=PERMISSIONS)
    await show_visualforce(phone.page, await example(customer, "MyPhone.page"), kit[PHONE])
    await phone.until_event("ready")
    await phone.page.get_by_role("button", name="Call Ada").click()
    started = await phone.until_event("callStarted")
    await phone.until_event("callAnswered")
    await phone.hangup()
    await expect(phone.page.locator("#note")).to_have_text("Call logged")
    [sent] = await phone.page.evaluate("() => logged")
    assert sent[:5] == ["EpochCallController.logCall", started["callId"], ADA, "outbound", "completed"]
    # Remoting needs a method of the page's controller with the same number of parameters.
    controller = kit[f"{CLASSES}/EpochCallController.cls"].decode()
    parameters = re.search(r"@RemoteAction\s+global static Id logCall\(([^)]*)\)", controller)
    assert parameters is not None
    assert len(sent) - 1 == len(parameters[1].split(","))


@runs("Deploy")
async def test_the_commands_deploy_the_files_of_the_kit(kit: dict[str, bytes], customer: Customer) -> None:
    # The Salesforce CLI needs an organization to sign in to, so the commands are parsed and not run.
    commands = (await example(customer, "Deploy")).splitlines()
    assert [command.split()[:3] for command in commands] == [
        ["sf", "org", "login"],
        ["sf", "project", "deploy"],
        ["sf", "org", "assign"],
    ]
    options = dict(re.findall(r"--(tests|name|alias|target-org) (\S+)", "\n".join(commands)))
    assert f"{CLASSES}/{options['tests']}.cls" in kit
    assert f"force-app/main/default/permissionsets/{options['name']}.permissionset-meta.xml" in kit
    assert options["alias"] == options["target-org"]


@runs("The extension's address")
async def test_the_extensions_origin_is_allowed_and_no_other(customer: Customer, product: Product) -> None:
    origin = (await example(customer, "The extension's address")).strip()
    token = await product.make.token(customer.tenant, allowed_domains=(origin,))
    async with local_client(base_url=product.url) as client:
        admitted = await post_token(client, token.raw, origins=(origin,))
        refused = await post_token(client, token.raw, origins=(origin.translate(str.maketrans("ab", "ba")),))
    assert admitted.status_code == 200, admitted.text
    assert refused.json()["code"] == "domain_not_allowed"


def _fields(metadata: str | bytes) -> dict[str, str]:
    """Return the fields of a metadata file, without the namespace."""
    root = ElementTree.fromstring(metadata)  # noqa: S314 - our own text
    return {field.tag.partition("}")[2]: field.text or "" for field in root}


def _code(apex: str) -> list[str]:
    """Return the words of the Apex code without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", apex, flags=re.DOTALL).split()
