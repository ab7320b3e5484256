"""Every route that answers GET answers HEAD alike, without a body."""

import pytest
from litestar import Litestar

from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory
from support.raw_requests import HeaderLines, RawRequest, send_raw
from support.routes import fill, make_actors, routes_of

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.reported_fault("HEAD", threads="signaturepdf#191")]

OF_ONE_RESPONSE = frozenset({"set-cookie", "server-timing", "content-security-policy", "x-request-id"})
"""Headers that have a random value in each response."""
COUNTS_REQUESTS = "/metrics"
"""The path whose text may be longer with each request."""


async def test_head_is_get_without_a_body(own_app: Litestar, own_settings: Settings, rows: Database) -> None:
    actors, values = await make_actors(own_app, rows, Factory(rows, own_settings))
    paths = sorted({(template, fill(template, values)) for method, template in routes_of(own_app) if method == "GET"})
    assert {"/", "/login", "/health/live", "/health/ready", "/schema", "/docs/widget-integration"} <= {
        template for template, _ in paths
    }
    faults: list[str] = []
    statuses: set[int] = set()
    for template, path in paths:
        signed_in = actors.staff if template.startswith("/admin") else actors.owner
        for headers in ([], signed_in):
            statuses.add(await compare(own_app, path, headers, faults))
    assert faults == []
    assert statuses >= {200, 303, 401}


async def compare(app: Litestar, path: bytes, headers: HeaderLines, faults: list[str]) -> int:
    """Send GET and HEAD; note in ``faults`` how they differ. Returns the status."""
    got = await send_raw(app, RawRequest("GET", path, headers=headers))
    head = await send_raw(app, RawRequest("HEAD", path, headers=headers))
    unlike = OF_ONE_RESPONSE | ({"content-length"} if path.decode() == COUNTS_REQUESTS else set())
    if (head.status, head.body) != (got.status, b""):
        faults.append(f"{path.decode()}: HEAD {head.status} with {len(head.body)} bytes, GET {got.status}")
    faults += (
        f"{path.decode()}: {name} {head.headers.get(name)} for HEAD, {got.headers.get(name)} for GET"
        for name in head.headers.keys() | got.headers.keys()
        if (name in head.headers) != (name in got.headers)
        or (name not in unlike and head.headers.get(name) != got.headers.get(name))
    )
    return got.status
