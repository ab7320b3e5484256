"""Security headers of every kind of answer: every route with every method, paths without a route, faults of input."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.settings import Settings
from support.asgi import asgi_transport
from support.factories import Factory, sign_in

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE", "PROPFIND")
UNROUTED = ("/nothing", "/api/nothing", "/widget/nothing.js", "/voice/nothing", "/adminx", "/admin/nothing", "/health")
PUBLIC_URL = "https://voice.example.com"
FRAMED_OR_OPENED = ("/widget/window", "/integrations/hubspot")
OWN_POLICY = "frame-ancestors"


@pytest.fixture(scope="module")
async def secure_app(settings: Settings, database_url: str) -> AsyncIterator[Litestar]:
    """The application as browsers reach it over https."""
    application = create_app(msgspec.structs.replace(settings, public_url=PUBLIC_URL, database_url=database_url))
    async with application.lifespan():
        yield application


@pytest.fixture
async def visitor(secure_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = asgi_transport(secure_app)
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


def paths_of(app: Litestar) -> list[str]:
    """A path of every route; ids are random ones."""
    filled = (re.sub(r"{\w+:uuid}", str(uuid4()), route.path) for route in app.routes)
    return sorted({re.sub(r"{[^}]*}", "something", path) for path in filled} | set(UNROUTED))


def faults_of(answer: httpx.Response) -> list[str]:
    """The headers of ``answer`` that are missing, doubled or weak."""
    headers, found = answer.headers, []
    for name, expected in (
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ):
        if headers.get_list(name) != [expected]:
            found.append(name)
    once = ("content-security-policy", "referrer-policy")
    found += [name for name in once if len(headers.get_list(name)) != 1]
    policy = headers.get("content-security-policy", "")
    if OWN_POLICY not in policy or "default-src" not in policy or "unsafe" in policy:
        found.append("policy")
    is_page = headers.get("content-type", "").startswith("text/html")
    if not is_page and answer.content and policy != "default-src 'none'; frame-ancestors 'none'":
        # Text of the guide comes from the page's router.
        found += [] if answer.request.url.path.startswith(("/docs", "/llms", "/dashboard")) else ["policy of data"]
    return found


async def test_every_answer_has_them(secure_app: Litestar, visitor: httpx.AsyncClient) -> None:
    paths, faults, answers = paths_of(secure_app), [], 0
    for path in paths:
        for method in METHODS:
            answer = await visitor.request(method, path)
            answers += 1
            assert answer.status_code < 500, f"{method} {path}: {answer.status_code}"
            faults += [f"{method} {path} {answer.status_code}: {fault}" for fault in faults_of(answer)]
    assert faults == []
    assert answers > 500


async def test_pages_that_hold_a_session_let_no_opener_in(visitor: httpx.AsyncClient, make: Factory) -> None:
    for path in ("/login", "/signup", "/forgot-password", "/admin/login", "/", "/schema/ui"):
        answer = await visitor.get(path, follow_redirects=True)
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
    tenant = await make.tenant()
    await sign_in(visitor, tenant.owner)
    for path in (f"/dashboard/{tenant.organization.slug}", "/account"):
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["cross-origin-opener-policy"]) == (200, "same-origin")


@pytest.mark.parametrize("path", FRAMED_OR_OPENED)
async def test_pages_with_an_opener_keep_its_channel(visitor: httpx.AsyncClient, path: str) -> None:
    answer = await visitor.get(path)
    assert answer.status_code == 200
    assert "cross-origin-opener-policy" not in answer.headers


@pytest.mark.parametrize("path", ["/widget/exchange", "/widget/exchange/"])
async def test_exchanges_have_them_on_both_ways_to_the_endpoint(
    visitor: httpx.AsyncClient, make: Factory, path: str
) -> None:
    token = await make.token(await make.tenant())
    answer = await visitor.post(path, json={"token": token.raw})
    assert answer.status_code == 200
    assert faults_of(answer) == []


async def test_widget_answers_stay_open_to_every_page(visitor: httpx.AsyncClient) -> None:
    script = await visitor.get("/widget/phone.js")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    refused = await visitor.post("/widget/exchange", json={"token": "junk"})
    assert refused.status_code == 400
    for answer in (script, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert faults_of(answer) == []
