"""A generated embed token over the API: returned once, usable at once, listed without its text."""

import re

import httpx
import pytest

from support.factories import Factory, sign_in

pytestmark = pytest.mark.anyio


async def test_a_generated_token_is_shown_once_and_works_at_once(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/embed-tokens"

    answer = await client.post(path, json={"label": "Main Website", "allowed_domains": ["mysite.com"]})

    assert answer.status_code == 201
    issued = answer.json()
    read = {"id", "label", "prefix", "allowed_domains", "recent_calls", "from_numbers", "created_at"}
    assert set(issued) == {*read, "token", "snippet"}
    assert re.fullmatch(r"ept_[0-9A-Za-z]{38}", issued["token"])
    assert issued["prefix"] == issued["token"][:8]
    assert issued["snippet"] == (
        f'<script src="http://localhost:8000/widget/phone.js" data-token="{issued["token"]}"></script>'
    )
    exchange = await client.post(
        "/widget/exchange",
        content=f'{{"token": "{issued["token"]}"}}',
        headers={"content-type": "text/plain", "origin": "https://www.mysite.com"},
    )
    assert exchange.status_code == 200, exchange.text
    assert exchange.json()["caller_id"] == tenant.number
    listed = (await client.get(path)).text
    assert issued["prefix"] in listed
    assert issued["token"] not in listed
