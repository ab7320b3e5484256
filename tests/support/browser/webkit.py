"""Starts Debian's WebKit on a virtual display (Xvfb), and drives it by the W3C's WebDriver protocol.

Playwright can drive only its own build of WebKit, which comes from a host that many networks block.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.browser.chromium import skip_without_browser_tests
from support.debian import install, note
from support.local_http import local_client
from support.locks import exclusive
from support.ports import unused_port
from support.waiting import wait_until

TIED_PROCESS = Path(__file__).resolve().parents[1] / "tied_process.py"
PACKAGES = ("webkit2gtk-driver", "xvfb")
PROGRAMS = ("WebKitWebDriver", "Xvfb")
INSTALL_HINT = "No WebKit was found, and only root can install it (on Debian: apt-get install webkit2gtk-driver xvfb)"


class WebKit:
    """A session of WebKit."""

    def __init__(self, driver: httpx.AsyncClient, session: str) -> None:
        self._driver = driver
        self._session = session

    async def goto(self, url: str) -> None:
        await self._post("url", url=url)

    async def evaluate(self, expression: str) -> Any:
        """The JSON value of an ``expression`` in the page."""
        return await self._post("execute/sync", script=f"return {expression}", args=[])

    async def _post(self, command: str, **body: Any) -> Any:
        return await _value(self._driver, f"/session/{self._session}/{command}", body)


@contextlib.asynccontextmanager
async def running_webkit(folder: Path) -> AsyncIterator[WebKit]:
    """Start WebKit, with the logs of its programs in ``folder``.

    Without WebKit the test is skipped for ordinary users, because only root can install it. For root, and if ``CI`` is
    set, it fails.
    """
    skip_without_browser_tests()
    _ensure_installed()
    async with contextlib.AsyncExitStack() as stack:
        display = f":{unused_port()}"
        stack.enter_context(_running(["Xvfb", display, "-screen", "0", "1280x800x24", "-nolisten", "tcp"], folder, {}))
        port = unused_port()
        environ = {
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # containers have no user namespaces for it
        }
        stack.enter_context(_running(["WebKitWebDriver", f"--port={port}"], folder, environ))
        driver = await stack.enter_async_context(
            local_client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        )
        await wait_until(lambda: _answers(driver))
        options = {"webkitgtk:browserOptions": {"binary": str(_browser()), "args": ["--automation"]}}
        made = await _value(driver, "/session", {"capabilities": {"alwaysMatch": options}})
        try:
            yield WebKit(driver, made["sessionId"])
        finally:
            await driver.delete(f"/session/{made['sessionId']}")


def _ensure_installed() -> None:
    with exclusive("webkit"):
        if all(map(shutil.which, PROGRAMS)) or (install(PACKAGES) and all(map(shutil.which, PROGRAMS))):
            return
    if os.geteuid() == 0 or os.environ.get("CI"):
        pytest.fail(INSTALL_HINT, pytrace=False)
    # The path of its programs is compiled into WebKit, so it cannot be unpacked into the checkout as Firefox is.
    note(INSTALL_HINT)
    pytest.skip(INSTALL_HINT)


def _browser() -> Path:
    """WebKit's MiniBrowser, in the folder of the newest version."""
    return max(Path("/usr/lib").glob("*-linux-gnu/webkit2gtk-4.*/MiniBrowser"))


@contextlib.contextmanager
def _running(argv: list[str], folder: Path, environ: Mapping[str, str]) -> Iterator[None]:
    # Tied to the tests' process, so that an interrupted run leaves no process.
    tied = [sys.executable, str(TIED_PROCESS), *argv]
    with (folder / f"{argv[0]}.log").open("w") as log:
        process = subprocess.Popen(tied, env={**os.environ, **environ}, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


async def _answers(driver: httpx.AsyncClient) -> bool:
    try:
        return (await driver.get("/status")).status_code == 200
    except httpx.HTTPError:
        return False


async def _value(driver: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> Any:
    """The value of the driver's answer. Raises AssertionError with the driver's message for an error."""
    response = await driver.post(path, json=body)
    value = response.json()["value"]
    assert response.status_code == 200, f"{path}: {value}"
    return value
