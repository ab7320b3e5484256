"""The built files: loaders with the product's address, other files under hashed names."""

import json
from pathlib import Path

import httpx
import pytest

from kit.settings import Settings

pytestmark = pytest.mark.anyio

MANIFEST = Path(__file__).resolve().parents[3] / "frontend" / "dist" / "manifest.json"


def parts_of_the_phone() -> list[str]:
    """The chunks that phone.js imports."""
    manifest: dict[str, str] = json.loads(MANIFEST.read_text())
    return [manifest["sdk.js"], manifest["ringback-tone.js"]]


@pytest.mark.parametrize("name", ["phone.js", "phone.full.js"])
async def test_a_loader_knows_where_it_came_from(client: httpx.AsyncClient, settings: Settings, name: str) -> None:
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
async def test_what_is_loaded_apart_is_kept_for_ever_by_any_page(client: httpx.AsyncClient, encoding: str) -> None:
    for name in parts_of_the_phone():
        answer = await client.get(f"/widget/{name}", headers={"Accept-Encoding": encoding})
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == encoding
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_phone_js_names_its_parts_and_the_full_one_none(client: httpx.AsyncClient) -> None:
    light = (await client.get("/widget/phone.js")).text
    full = (await client.get("/widget/phone.full.js")).text
    for name in parts_of_the_phone():
        # A part's file is its own name and the hash of what it holds; the hash alone is enough to make the name.
        content_hash = name.removesuffix(".js").rpartition("-")[2]
        assert content_hash in light
        assert content_hash not in full
    assert len(full) > 3 * len(light)
