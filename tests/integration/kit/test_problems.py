"""Problem answers of the API: impossible ids, wrong fields by name, and requests whose client leaves midway."""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from support.factories import Factory, Tenant, sign_in

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


async def test_a_field_within_an_object_is_named_in_the_message(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/api/organizations/{tenant.organization.id}/incoming-calls"

    async def refused(**settings: Any) -> Any:
        return (await owner.put(path, json=settings)).json()["errors"]

    day = {"day": "mon", "from": "09:00"}
    assert await refused(hours=[day]) == [{"field": "hours", "message": "It needs the field to"}]
    assert await refused(hours=[{**day, "x": 1}]) == [{"field": "hours", "message": "It has no field x"}]
    assert await refused(x=1) == [{"field": "x", "message": "There is no such field to set"}]


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_fault_of_ours(
    client: httpx.AsyncClient, app: Litestar
) -> None:
    await client.get("/api/session")
    token = client.cookies["csrftoken"]
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b'{"email": ', "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = [
        (b"host", b"localhost:8000"),
        (b"content-type", b"application/json"),
        (b"cookie", f"csrftoken={token}".encode()),
        (b"x-csrftoken", token.encode()),
    ]
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "method": "POST",
        "path": "/api/session",
        "raw_path": b"/api/session",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
        "server": ("localhost", 8000),
        "state": {},
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send(message: Any) -> None:
        sent.append(message)

    with capture_logs() as logged:
        await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert not [line for line in logged if line["log_level"] in ("error", "critical")]
