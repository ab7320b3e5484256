"""The widget's built files over HTTP: loaders with the public URL, other files under names with a hash."""

import json
from pathlib import Path

import httpx
import pytest

from kit.settings import Settings

pytestmark = pytest.mark.anyio

MANIFEST = Path(__file__).resolve().parents[3] / "frontend" / "dist" / "manifest.json"


def chunks_of_phone_js() -> list[str]:
    """The chunks that phone.js imports."""
    manifest: dict[str, str] = json.loads(MANIFEST.read_text())
    return [manifest["sdk.js"], manifest["ringback-tone.js"]]


@pytest.mark.parametrize("name", ["phone.js", "phone.full.js"])
async def test_a_loader_contains_the_public_url(client: httpx.AsyncClient, settings: Settings, name: str) -> None:
    answer = await client.get(f"/widget/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "stale-while-revalidate" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "br"
    assert settings.public_url in answer.text
    assert "__EPOCH_API_BASE__" not in answer.text
    again = await client.get(f"/widget/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_chunks_are_cached_for_a_year_and_readable_by_any_page(client: httpx.AsyncClient, encoding: str) -> None:
    for name in chunks_of_phone_js():
        answer = await client.get(f"/widget/{name}", headers={"Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == encoding
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_phone_js_imports_chunks_and_phone_full_js_does_not(client: httpx.AsyncClient) -> None:
    light = (await client.get("/widget/phone.js")).text
    full = (await client.get("/widget/phone.full.js")).text
    for name in chunks_of_phone_js():
        # The file name of a chunk is its name and the hash of its content; phone.js holds the hash only.
        content_hash = name.removesuffix(".js").rpartition("-")[2]
        assert content_hash in light
        assert content_hash not in full
    assert len(full) > 3 * len(light)
