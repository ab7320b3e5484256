"""Sends the requests of the widget to the product, and asserts that any page may read the responses."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
from litestar import Litestar

from support.asgi import asgi_transport
from widget.refusals import REFUSALS

PAGE_ORIGIN = "https://www.mysite.com"
TEXT_TYPE = "text/plain;charset=UTF-8"


async def post_token(
    client: httpx.AsyncClient,
    token: object,
    *,
    path: str = "/widget/exchange",
    origins: Sequence[str | bytes] = (PAGE_ORIGIN,),
    content_type: str = TEXT_TYPE,
    headers: Sequence[tuple[str, str | bytes]] = (),
    **more: object,
) -> httpx.Response:
    """Post ``{"token": token, …}`` with one ``Origin`` header for each of ``origins``."""
    return await post(
        client,
        json.dumps({"token": token, **more}).encode(),
        path=path,
        headers=[("content-type", content_type), *(("origin", origin) for origin in origins), *headers],
    )


async def post(
    client: httpx.AsyncClient,
    body: bytes,
    *,
    path: str = "/widget/exchange",
    headers: Any = (("content-type", TEXT_TYPE),),
) -> httpx.Response:
    lines = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]
    return await client.post(path, content=body, headers=lines)


def browser_at(app: Litestar, address: str, base_url: str) -> httpx.AsyncClient:
    """A client whose connections come from the IP address ``address``."""
    transport = asgi_transport(app, address=address)
    return httpx.AsyncClient(transport=transport, base_url=base_url)


def assert_problem(response: httpx.Response, status: int, code: str, detail: str) -> None:
    """Assert that the response is the problem ``code``: body, media type, and headers that let any page read it.

    A code in the table of refusals comes with advice (``help``).
    """
    assert response.status_code == status, response.text
    body = response.json()
    assert body.pop("help", "").endswith(".") == (code in REFUSALS), body
    assert ("domain" in body) == (code == "domain_not_allowed")
    body.pop("domain", None)
    assert body == {"type": f"/problems/{code}", "title": detail, "status": status, "detail": detail, "code": code}
    assert response.headers["content-type"] == "application/problem+json"
    assert_public(response)


def assert_public(response: httpx.Response) -> None:
    """Assert that any page may read the response, that it may not be cached and that it sets no cookie."""
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers
    assert "access-control-allow-credentials" not in response.headers
