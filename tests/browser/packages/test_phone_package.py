"""The npm package's sample applications (React, Vue, plain), with the package from its tarball, place calls."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPage
from support.browser.guide import bundle
from support.browser.host_site import SCRIPT, HostSite
from support.browser.phone_package import ENTRIES, bundle_sample, install_samples
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

NONCE = "r4nd0m"
SERVER = """import { EpochPhoneLoadError, loadPhone } from "@epoch-voice/phone-js";
import { defineEpochPhone } from "@epoch-voice/phone-js/element";
import { EpochPhoneProvider, useEpochPhone } from "@epoch-voice/phone-js/react";
import { useEpochPhone as useInVue } from "@epoch-voice/phone-js/vue";
import { renderToString } from "react-dom/server";
import { createSSRApp, h } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";
defineEpochPhone();
const options = { src: "https://voice.example/widget/v1/phone.js", token: "ept_x" };
const State = () => <p>{useEpochPhone().state}</p>;
const inReact = renderToString(<EpochPhoneProvider {...options}><State /></EpochPhoneProvider>);
const Area = { setup: () => { const { state } = useInVue(options); return () => h("p", state.value); } };
const failed = (error) => error instanceof EpochPhoneLoadError && error.code;
Promise.all([renderVue(createSSRApp(Area)), loadPhone(options).catch(failed)]).then(([inVue, code]) => {
  process.stdout.write(JSON.stringify([inReact, inVue, code]));
});
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the installed package and the sample applications."""
    folder = tmp_path_factory.mktemp("samples")
    install_samples(folder)
    return folder


def sample_page(site: HostSite, customer: Customer, script: str, *, src: str = "", token: str = "") -> str:
    """The address of a page with a sample application, whose policy allows no script without its nonce."""
    product, carrier = customer.product.url, customer.product.carrier.replace("http:", "ws:")
    data = f'data-src="{src or product + "/widget/v1/phone.js"}" data-token="{token or customer.token.raw}"'
    app = site.publish(script, kind=SCRIPT)
    policy = f"default-src 'none'; script-src 'nonce-{NONCE}'; connect-src {product} {carrier}"
    body = f'<div id="app" {data} data-nonce="{NONCE}"></div><script src="{app}" nonce="{NONCE}"></script>'
    return site.page(body, headers={"Content-Security-Policy": policy})


@pytest.mark.parametrize("name", ENTRIES)
async def test_an_application_calls_and_starts_and_stops_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite, installed: Path, name: str
) -> None:
    url = sample_page(host_site, customer, await bundle_sample(installed, name))
    phone = await open_page(url, customer.product, customer=customer)
    page = phone.page
    await page.get_by_role("button", name="Call Ada").click()
    started = await phone.until_event("callStarted")
    assert (started["number"], started["name"], started["metadata"]) == (ECHO, "Ada", {"contact": "Ada"})
    await phone.until_event("callAnswered")
    await expect(page.locator("output")).to_have_text("in-progress")
    # A setting changes in the call; the call goes on.
    await expect(phone.panel.locator(".root")).to_have_attribute("data-theme", "light")
    await page.get_by_role("button", name="Dark").click()
    await expect(phone.panel.locator(".root")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("button", name="End the call").click()
    await phone.assert_agrees(started["callId"], ECHO, "completed")
    await expect(page.get_by_text("Ended: completed")).to_be_visible()
    await page.get_by_role("button", name="Call Ada").click()
    await phone.until_event("callAnswered", 2)
    # Signing out in a call hangs up; the phone leaves the page and comes back once.
    await page.get_by_role("button", name="Sign out").click()
    assert (await phone.until_event("callEnded", 2))["status"] == "completed"
    await expect(phone.panel).to_have_count(0)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Call Ada")).to_be_enabled()
    await expect(phone.panel).to_have_count(1)
    assert [url for url in phone.requests if url.endswith("/phone.js")] == [
        f"{customer.product.url}/widget/v1/phone.js"
    ]
    assert phone.console == []


async def test_an_application_shows_what_is_wrong(
    customer: Customer, open_page: OpenPage, host_site: HostSite, installed: Path
) -> None:
    script = await bundle_sample(installed, "react")
    missing = f"{customer.product.url}/widget/v9/phone.js"
    phone = await open_page(sample_page(host_site, customer, script, src=missing), customer.product)
    alert = phone.page.locator("#app").get_by_role("alert")
    await expect(alert).to_contain_text(f"{missing} could not be loaded: check the address")
    await expect(phone.page.locator("output")).to_have_text("error")
    phone = await open_page(sample_page(host_site, customer, script, token="ept_unknown"), customer.product)
    await expect(phone.page.locator("#app").get_by_role("alert")).to_have_text("Invalid embed token")
    await expect(phone.page.get_by_role("button", name="Call Ada")).to_be_disabled()


async def test_a_server_renders_the_applications_without_loading_anything(installed: Path) -> None:
    entry = installed / "server.jsx"
    entry.write_text(SERVER)
    assert json.loads(await bundle(entry, "server")) == ["<p>loading</p>", "<p>loading</p>", "no_browser"]
