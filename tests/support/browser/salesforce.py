"""Imitates Salesforce pages for the kit: Lightning with its sandbox and content security policy, and Visualforce."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread
from playwright.async_api import ConsoleMessage, Locator, Page, Route

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"
LIGHTNING = "https://acme.lightning.force.com"
VISUALFORCE = "https://acme--c.vf.force.com"
PHONE = "force-app/main/default/staticresources/EpochWidget.js"
_ENDPOINT = re.compile(r"<endpointUrl>([^<]+)</endpointUrl>")
_REMOTING = """<script>
  window.logged = [];
  window.refusal = "";
  window.Visualforce = { remoting: { Manager: { invokeAction(name, ...given) {
    const answer = given.pop();
    logged.push([name, ...given]);
    if (refusal) answer(null, { status: false, type: "exception", message: refusal });
    else answer("00T000000000001AAA", { status: true, type: "rpc" });
  } } } };
</script>"""
"""JavaScript remoting by its published interface: ``invokeAction(name, ...arguments, callback(result, event))``."""
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A record</title><body><main></main>
<script src="/sandbox.js"></script>
<script>
  window.logged = [];
  window.toasts = [];
  addEventListener("lightning__showtoast", ({ detail }) => toasts.push(detail.message));
  const { evaluateInSandbox, createRootWindowSandboxRecord } = locker;
  window.salesforce = {
    // The sandbox's own loader: it fetches a resource and runs it inside.
    loadScript: (component, url) => createRootWindowSandboxRecord({ key: "c" }).helpers.loadScript(component, url),
    logCall: async (call) => {
      if (window.refusal) throw { body: { message: window.refusal } };
      logged.push(JSON.parse(JSON.stringify(call)));
    },
    record: (id, names) =>
      ({ id, fields: Object.fromEntries(names.map((name) => [name.split(".")[1], { value: RECORD[name] ?? null }])) }),
  };
  const RECORD = %(record)s;
  window.ran = fetch("/component.js")
    .then((answer) => answer.text())
    .then((code) => evaluateInSandbox("c", code, undefined, { salesforce }));
</script></body></html>"""


async def show_visualforce(page: Page, source: str, phone: bytes) -> None:
    """Open the Visualforce page ``source`` as Salesforce sends it: expressions filled in, with JavaScript remoting."""
    body = re.sub(r"</?apex:page[^>]*>", "", source)
    body = body.replace("{!$Resource.EpochWidget}", "/resource/1/EpochWidget")
    body = body.replace("{!$RemoteAction.EpochCallController.logCall}", "EpochCallController.logCall")
    assert "{!" not in body

    async def serve(route: Route) -> None:
        if route.request.url.endswith("/EpochWidget"):
            await route.fulfill(body=phone, content_type="text/javascript")
        else:
            await route.fulfill(body=f"<!doctype html>{_REMOTING}{body}", content_type="text/html")

    await page.route(f"{VISUALFORCE}/**", serve)
    await page.goto(f"{VISUALFORCE}/apex/EpochPhone")


class Lightning:
    """A record page of an organization where the kit's ``files`` are deployed."""

    def __init__(self, page: Page, files: Mapping[str, bytes], folder: Path, *, component: str = "epochDialer") -> None:
        self.page = page
        self.console: list[str] = []
        self._files = files
        self._folder = folder
        self._component = component
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    @property
    def panel(self) -> Locator:
        return self.page.locator("epoch-phone")

    def dialer(self, index: int = 0) -> Locator:
        tag = re.sub("[A-Z]", lambda letter: f"-{letter[0].lower()}", self._component)
        return self.page.locator(f"c-{tag}").nth(index)

    def status(self, index: int = 0) -> Locator:
        return self.dialer(index).get_by_role("status")

    async def show(self, record: Mapping[str, Any] | None = None, *, resource: bool = True) -> None:
        """Open a page without any component; ``resource=False`` leaves the static resource out."""
        for name, content in self._files.items():
            path = self._folder / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        build = (
            "node",
            "tests/salesforce/build.mjs",
            str(self._folder / "project"),
            str(self._folder),
            self._component,
        )
        await to_thread.run_sync(lambda: subprocess.run(build, cwd=FRONTEND, check=True))
        trusted = [found for content in self._files.values() for found in _ENDPOINT.findall(content.decode())]
        # The sandbox runs fetched scripts from a blob and with eval.
        policy = (
            "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self'; "
            f"connect-src 'self' {' '.join(trusted)}; media-src 'self' data: blob: mediastream:"
        )
        answers: dict[str, tuple[str, bytes]] = {
            "/": ("text/html", (_PAGE % {"record": json.dumps(record or {})}).encode()),
            "/sandbox.js": ("text/javascript", (self._folder / "sandbox.js").read_bytes()),
            "/component.js": ("text/javascript", (self._folder / "component.js").read_bytes()),
        }
        if resource:
            answers["/resource/1/EpochWidget"] = ("text/javascript", self._files[PHONE])

        async def serve(route: Route) -> None:
            kind, body = answers.get(route.request.url.removeprefix(LIGHTNING), ("", b""))
            await route.fulfill(
                status=200 if kind else 404,
                body=body,
                headers={"Content-Type": f"{kind}; charset=utf-8", "Content-Security-Policy": policy},
            )

        await self.page.route(f"{LIGHTNING}/**", serve)
        await self.page.goto(f"{LIGHTNING}/")
        await self.page.evaluate("() => ran")

    async def place(self, **properties: Any) -> None:
        """Add a dialer to the page."""
        await self.page.evaluate(
            "(given) => document.querySelector('main').append(salesforce.created(given))", properties
        )
