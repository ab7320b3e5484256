"""The phone's TypeScript types over HTTP."""

import httpx
import pytest

from conftest import ROOT

pytestmark = pytest.mark.anyio


async def test_the_types_are_served_beside_the_phone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/widget/phone.d.ts")
    assert answer.status_code == 200
    assert answer.text == (ROOT / "frontend" / "phone.d.ts").read_text()
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "immutable" not in answer.headers["cache-control"]
