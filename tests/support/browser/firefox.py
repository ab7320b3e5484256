"""Finds a Firefox that Playwright can start, unpacks Debian's into the checkout if necessary, and starts it."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Playwright

from support.browser.chromium import skip_without_browser_tests
from support.debian import install, library_folders, note, unpack
from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[3]
ADAPTER = Path(__file__).with_name("bidi_adapter.py")
UNPACKED = ROOT / ".cache" / "firefox"
PACKAGE = "firefox-esr"
NAMES = ("firefox-esr", "firefox")
MAC_PROGRAM = "/Applications/Firefox.app/Contents/MacOS/firefox"
PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
}
INSTALL_HINT = (
    "No Firefox that works was found: set FIREFOX to one, install Firefox (on Debian: apt-get install firefox-esr), "
    "or let apt-get download Debian's package; BROWSER_TESTS=off leaves the browser tests out"
)


async def start_firefox(playwright: Playwright, folder: Path) -> Browser:
    """Start the first Firefox that works, headless, with a fake microphone that is always granted.

    ``folder`` gets a script that starts it behind the adapter.
    Playwright's own build of Firefox is not used: it comes from a host that many networks block. Skips the test when
    ``BROWSER_TESTS=off`` is set; fails it when no Firefox works.
    """
    skip_without_browser_tests()
    for program, environ in _candidates():
        try:
            return await playwright.firefox.launch(
                channel="moz-firefox",  # an unmodified Firefox, driven by WebDriver BiDi
                executable_path=_adapted(program, folder),
                env={**os.environ, **environ},
                firefox_user_prefs=PREFERENCES,
            )
        except Error as error:
            note(f"{program}: {error.message[-500:]}")
    pytest.fail(INSTALL_HINT, pytrace=False)


def _adapted(program: str, folder: Path) -> Path:
    """A program that starts Firefox behind ``bidi_adapter.py``; Playwright gives it Firefox's arguments."""
    starter = folder / "firefox"
    command = shlex.join([sys.executable, str(ADAPTER), program])
    starter.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    starter.chmod(0o755)
    return starter


def _candidates() -> Iterator[tuple[str, Mapping[str, str]]]:
    if chosen := os.environ.get("FIREFOX"):
        yield chosen, {}
    yield from _installed()
    if Path(MAC_PROGRAM).exists():
        yield MAC_PROGRAM, {}
    with exclusive("firefox"):  # one test process unpacks it, the others wait and find it
        is_unpacked = UNPACKED.exists() or unpack([PACKAGE], UNPACKED, with_missing=True)
    if is_unpacked:
        libraries = os.pathsep.join(library_folders(UNPACKED))
        yield str(UNPACKED / "usr" / "lib" / PACKAGE / PACKAGE), {"LD_LIBRARY_PATH": libraries}
    if not any(shutil.which(name) for name in NAMES) and install([PACKAGE]):
        yield from _installed()


def _installed() -> Iterator[tuple[str, Mapping[str, str]]]:
    for name in NAMES:
        if program := shutil.which(name):
            yield program, {}
