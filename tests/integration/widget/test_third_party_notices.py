"""The notices of the npm packages in the bundles, served with the bundles."""

import json

import httpx
import pytest

from conftest import ROOT

pytestmark = pytest.mark.anyio

FRONTEND = ROOT / "frontend"
BUNDLED = ("@hubspot/calling-extensions-sdk", "@twilio/voice-sdk", "chart.js", "fflate", "htmx.org", "swagger-ui-dist")


async def test_the_notices_are_served_beside_the_bundles(client: httpx.AsyncClient) -> None:
    answer = await client.get("/widget/third-party-notices.txt")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize("package", BUNDLED)
async def test_each_bundled_package_has_its_version_and_its_licence(client: httpx.AsyncClient, package: str) -> None:
    installed = FRONTEND / "node_modules" / package
    version = json.loads((installed / "package.json").read_text())["version"]
    licence = next(path for path in sorted(installed.iterdir()) if path.name.lower().startswith(("license", "licence")))
    notices = (await client.get("/widget/third-party-notices.txt")).text
    assert f"\n{package} {version}\n" in notices
    assert licence.read_text().strip() in notices


async def test_packages_that_only_build_or_test_have_none(client: httpx.AsyncClient) -> None:
    notices = (await client.get("/widget/third-party-notices.txt")).text
    for package in ("esbuild", "vitest", "typescript", "eslint"):
        assert f"\n{package} " not in notices
