"""Fixture of tests for faults that people reported about web phones elsewhere: JavaScript libraries for test pages."""

import subprocess
from pathlib import Path

import pytest
from anyio import to_thread

from support.browser.host_site import SCRIPT, HostSite

FRONTEND = Path(__file__).resolve().parents[4] / "frontend"


@pytest.fixture(scope="session")
async def page_libraries(host_site: HostSite) -> str:
    """A script tag with the libraries of frontend/tests/page-libraries, as `pageLibraries`."""

    def build() -> str:
        argv = ("node", "tests/page-libraries/build.mjs")
        return subprocess.run(argv, cwd=FRONTEND, check=True, capture_output=True, text=True).stdout

    script = host_site.publish(await to_thread.run_sync(build), kind=SCRIPT)
    return f'<script src="{script}"></script>'
