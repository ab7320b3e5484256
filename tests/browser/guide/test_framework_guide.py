"""The framework guide's components, compiled by their frameworks: the phone starts, is removed and starts again."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPage
from guide.guide_source import GUIDES, read_guide
from support.browser.guide import FRONTEND, bundle, examples, runs
from support.browser.host_site import SCRIPT, HostSite
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

APPS = {
    "Phone.jsx": """import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Phone } from "./Phone.jsx";
const root = createRoot(document.getElementById("app"));
window.show = (isShown) => root.render(<StrictMode>{isShown && <Phone token="TOKEN" />}</StrictMode>);
show(true);
""",
    "PhoneLoader.vue": """import { createApp, h, ref } from "vue";
import PhoneLoader from "./PhoneLoader.vue";
const isShown = ref(true);
window.show = (is) => { isShown.value = is; };
createApp({ render: () => (isShown.value ? h(PhoneLoader, { token: "TOKEN" }) : null) }).mount("#app");
""",
    "phone.component.ts": """import "@angular/compiler";
import { Component, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { PhoneComponent } from "./phone.component";
@Component({ selector: "app-root", imports: [PhoneComponent], template: "@if (isShown()) { <app-phone /> }" })
class App {
  isShown = signal(true);
  constructor() { Object.assign(window, { show: (is: boolean) => this.isShown.set(is) }); }
}
bootstrapApplication(App).catch((error) => console.error(error));
""",
    "Phone.svelte": """import { mount, unmount } from "svelte";
import Phone from "./Phone.svelte";
let app;
window.show = (isShown) => {
  if (isShown) app = mount(Phone, { target: document.getElementById("app"), props: { token: "TOKEN" } });
  else unmount(app);
};
show(true);
""",
}
"""For each component an application that shows and hides it."""
SERVER = """import { renderToString } from "react-dom/server";
import RootLayout from "./layout.jsx";
import { View } from "./view.jsx";
process.stdout.write("<!doctype html>" + renderToString(<RootLayout><View /></RootLayout>));
"""
BROWSER = """import { hydrateRoot } from "react-dom/client";
import RootLayout from "./layout.jsx";
import { View } from "./view.jsx";
window.recovered = [];
const options = { onRecoverableError: ({ message }) => recovered.push(message) };
hydrateRoot(document, <RootLayout><View /></RootLayout>, options);
"""
VIEW = """import { useState } from "react";
export function View() {
  const [name, setName] = useState("First");
  const next = <button onClick={() => setName("Second")}>Next</button>;
  return <main><h1>{name}</h1>{next}<a href="tel:+12125550101">Ada</a></main>;
}
"""


@runs("loadPhone.js", "A number in any component", *APPS)
@pytest.mark.parametrize("component", APPS)
async def test_a_component_starts_and_removes_the_phone(
    customer: Customer, open_page: OpenPage, host_site: HostSite, tmp_path: Path, component: str
) -> None:
    shown = await examples(customer)
    for name in ("loadPhone.js", component):
        (tmp_path / name).write_text(shown[name])
    entry = tmp_path / f"main.{'ts' if component.endswith('.ts') else 'jsx'}"
    entry.write_text(APPS[component].replace("TOKEN", customer.token.raw))
    app = host_site.publish(await bundle(entry), kind=SCRIPT)
    root = '<app-root id="app"></app-root>' if component.endswith(".ts") else '<div id="app"></div>'
    url = host_site.page(f'{root}{shown["A number in any component"]}<script src="{app}"></script>')
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await phone.page.get_by_role("link", name="(212) 555-0101").click()
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await phone.until_event("callAnswered")
    await phone.page.evaluate("() => show(false)")
    assert (await phone.until_event("callEnded"))["status"] == "completed"
    await expect(phone.panel).to_have_count(0)
    await phone.page.evaluate("() => show(true)")
    await phone.until_event("ready", 2)
    await expect(phone.panel).to_have_count(1)
    assert len([url for url in phone.requests if url.endswith("/widget/phone.js")]) == 1
    assert phone.console == []


@runs("app/layout.jsx")
async def test_a_layout_with_the_tag_is_rendered_hydrated_and_kept(
    customer: Customer, open_page: OpenPage, host_site: HostSite, tmp_path: Path
) -> None:
    layout = (await examples(customer))["app/layout.jsx"]
    for name, text in {"layout": layout, "server": SERVER, "browser": BROWSER, "view": VIEW}.items():
        (tmp_path / f"{name}.jsx").write_text(text)
    document = await bundle(tmp_path / "server.jsx", "server")
    assert f'data-token="{customer.token.raw}"' in document
    app = host_site.publish(await bundle(tmp_path / "browser.jsx"), kind=SCRIPT)
    # As Next.js does it: the application's script is no part of the layout.
    url = host_site.publish(document.replace("<head>", f'<head><script async src="{app}"></script>'))
    phone = await open_page(url, customer.product, customer=customer)
    await phone.until_event("ready")
    await phone.page.wait_for_function("() => window.recovered")
    await phone.page.get_by_role("link", name="Ada").click()
    await phone.until_event("callAnswered")
    await phone.page.get_by_role("button", name="Next").click()
    await phone.page.get_by_role("heading", name="Second").wait_for()
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.until_event("callEnded")
    assert await phone.page.evaluate("() => recovered") == []
    assert await phone.page.evaluate("() => document.querySelectorAll('script[data-token]').length") == 1
    await expect(phone.panel).to_have_count(1)
    assert phone.console == []


def test_the_versions_that_the_guides_name_are_those_that_run_here() -> None:
    versions = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    named = {
        "React": versions["react"],
        "Vue": versions["vue"],
        "Angular": versions["@angular/core"],
        "Svelte": versions["svelte"],
        "LiquidJS": versions["liquidjs"],
        "vanilla-cookieconsent": versions["vanilla-cookieconsent"],
    }
    text = "\n".join(read_guide(name, "https://voice.example", "sha384-").text for name in GUIDES)
    found = set(re.findall(r"(\w[\w-]*) (\d+\.\d+\.\d+)", text))
    ours = {pair for pair in found if pair[0] == "Version"}
    assert found - ours == set(named.items())
