"""``GET /widget/window``, the pop-out's page: the same for everybody, with a strict policy, no cookie and no secret."""

import re

import httpx
import pytest

pytestmark = pytest.mark.anyio

PATH = "/widget/window"


async def test_the_pop_out_has_a_strict_policy_and_is_the_same_for_everybody(client: httpx.AsyncClient) -> None:
    answer = await client.get(PATH)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["permissions-policy"] == "microphone=(self)"
    assert answer.headers["x-content-type-options"] == "nosniff"
    directives = set(answer.headers["content-security-policy"].split("; "))
    assert directives >= {"default-src 'none'", "style-src 'self'", "base-uri 'none'", "form-action 'none'"}
    assert "frame-ancestors 'none'" in directives
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "ept_" not in answer.text
    again = await client.get(PATH, params={"origin": "https://crm.example"}, headers={"Cookie": "sid=x"})
    assert again.text == answer.text


async def test_the_files_of_the_pop_out_are_served(client: httpx.AsyncClient) -> None:
    page = (await client.get(PATH)).text
    files = re.findall(r'(?:src|href)="(/widget/[^"]+)"', page)
    assert len(files) == 3
    for file in files:
        assert (await client.get(file)).status_code == 200
