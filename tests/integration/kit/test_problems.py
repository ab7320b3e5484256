"""Problem answers of the API to unknown paths, methods and bad fields."""

import httpx
import pytest

from support.factories import Factory, sign_in

pytestmark = pytest.mark.anyio


async def test_an_id_that_cannot_be_one_is_answered_like_an_unknown_one(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    tokens = f"/api/organizations/{tenant.organization.id}/embed-tokens"

    unknown = await client.get(f"{tokens}/019c0000-0000-7000-8000-000000000000")
    impossible = await client.get(f"{tokens}/xyz")
    nowhere = await client.get("/api/organizations/xyz")

    assert unknown.status_code == 404
    assert (impossible.status_code, impossible.content) == (404, unknown.content)
    assert (nowhere.status_code, nowhere.content) == (404, unknown.content)


async def test_a_field_that_holds_another_kind_is_refused_in_words(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    tokens = f"/api/organizations/{tenant.organization.id}/embed-tokens"

    answer = await client.post(tokens, json={"label": "x" * 65})

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "label", "message": "At most 64 characters"}]
