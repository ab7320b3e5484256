"""Sends requests as the widget does."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
from litestar import Litestar

PAGE = "https://www.mysite.com"
TEXT = "text/plain;charset=UTF-8"


async def ask(
    client: httpx.AsyncClient,
    token: object,
    *,
    path: str = "/widget/exchange",
    origins: Sequence[str | bytes] = (PAGE,),
    content_type: str = TEXT,
    headers: Sequence[tuple[str, str | bytes]] = (),
    **more: object,
) -> httpx.Response:
    """Post ``{"token": token, …}`` from a page of each of ``origins``, one header line each."""
    return await post(
        client,
        json.dumps({"token": token, **more}).encode(),
        path=path,
        headers=[("content-type", content_type), *(("origin", origin) for origin in origins), *headers],
    )


async def post(
    client: httpx.AsyncClient, body: bytes, *, path: str = "/widget/exchange", headers: Any = (("content-type", TEXT),)
) -> httpx.Response:
    lines = [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]
    return await client.post(path, content=body, headers=lines)


def browser_at(app: Litestar, address: str, base_url: str) -> httpx.AsyncClient:
    """A client whose connections come from ``address``."""
    transport = httpx.ASGITransport(app, client=(address, 40_000))  # type: ignore[arg-type]  # as in conftest
    return httpx.AsyncClient(transport=transport, base_url=base_url)


def assert_problem(answer: httpx.Response, status: int, code: str, detail: str) -> None:
    """The whole answer is the problem ``code``: body, type, and the headers every page may read it with."""
    assert answer.status_code == status, answer.text
    assert answer.json() == {
        "type": f"/problems/{code}",
        "title": detail,
        "status": status,
        "detail": detail,
        "code": code,
    }
    assert answer.headers["content-type"] == "application/problem+json"
    assert_public(answer)


def assert_public(answer: httpx.Response) -> None:
    """Any page may read it, nobody stores it, and no cookie is set."""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
