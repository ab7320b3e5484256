"""Lists all routes of the application and of the back office, and makes signed-in actors that send them requests."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar
from uuid import uuid4

import httpx
from litestar import Litestar
from litestar.routes import ASGIRoute, HTTPRoute
from starlette.routing import Mount, Route

from admin.app import AdminApp
from admin.back_office import BACK_OFFICE
from admin.models import StaffRole
from conftest import PUBLIC_URL
from kit.db.database import Database
from kit.http.csrf import HEADER
from support.admin_rows import make_rows
from support.asgi import asgi_transport
from support.factories import Factory, sign_in
from support.full_tenant import make_full_tenant
from support.raw_requests import HeaderLines
from support.staff import make_staff, sign_in_to_back_office

Value = TypeVar("Value")
ROUTES_PER_VALUE = 1 if os.environ.get("EVERY_VALUE_ON_EVERY_ROUTE") else 5
"""The number of routes over which the bad values are spread."""
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
QUERY_NAMES = (
    "limit",
    "cursor",
    "since",
    "until",
    "status",
    "number",
    "token_id",
    "token",
    "after",
    "search",
    "sort",
    "sortBy",
    "country",
    "area_code",
    "contains",
    "action",
    "actor",
    "t",
    "sent",
    "allowed_domains",
    "next",
    "page",
    "organization",
    "user",
    "id",
    "pks",
)
"""Names of query parameters that some route reads."""
_ASSET = re.compile(r"/widget/[^{]+\.(?!js$)\w+|/widget/(?!phone\.js)[^{]+\.js")
"""Built files. They share one handler, so ``phone.js`` is tested for all of them."""
_ENDS_THE_SESSION = re.compile(
    r"/logout|/account/(sessions|password|email)|/settings/leave|/organization/delete|/hand-over|/api/session"
)
"""Requests after which the owner is no longer signed in."""


class Actors(NamedTuple):
    """The headers of each actor's browser or program."""

    owner: HeaderLines
    other: HeaderLines
    """Another organization's owner."""
    key: HeaderLines
    staff: HeaderLines

    def of(self, method: str, template: str) -> HeaderLines:
        """The actor that may use the route; another owner where the route would sign the owner out."""
        if template.startswith("/admin"):
            return self.staff
        return self.other if method != "GET" and _ENDS_THE_SESSION.search(template) else self.owner


class ValueRotation:
    """Gives each route a part of the bad values: the next route gets the next part."""

    def __init__(self) -> None:
        self._route = 0

    def next(self) -> None:
        """Begin the next route."""
        self._route += 1

    def part_of(self, values: Sequence[Value]) -> Sequence[Value]:
        """The part of ``values`` for the present route."""
        return values[self._route % ROUTES_PER_VALUE :: ROUTES_PER_VALUE]


def routes_of(app: Litestar) -> Sequence[tuple[str, str]]:
    """Method and path template of each route. Built files are one route."""
    return sorted({route for route in _all_routes(app) if not _ASSET.fullmatch(route[1])})


def fill(template: str, values: Mapping[str, str]) -> bytes:
    """The path with an existing row's id for each parameter."""
    return PARAMETER.sub(lambda found: values.get(found[1], str(uuid4())), template).encode()


async def make_actors(app: Litestar, rows: Database, make: Factory) -> tuple[Actors, Mapping[str, str]]:
    """Make an organization with rows of every kind, and sign in its owner, another's owner and a staff member.

    Returns their headers, and the rows' ids by the names of path parameters.
    """
    full, records, other = await make_full_tenant(rows, make), await make_rows(rows, make), await make.tenant()
    transport = asgi_transport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as owner,
        httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as stranger,
        httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as staff,
    ):
        await sign_in(owner, full.tenant.owner)
        await sign_in(stranger, other.owner)
        await sign_in_to_back_office(staff, await make_staff(rows, StaffRole.ADMIN))
        key = [(b"authorization", f"Bearer {full.write_key}".encode())]
        actors = Actors(_lines_of(owner), _lines_of(stranger), key, _lines_of(staff))
    record = str(records["organization"].id)
    return actors, {
        **{name: str(value) for name, value in full.ids.items()},
        "slug": full.tenant.organization.slug,
        "kit": "html",
        "identity": "organization",
        "kind": "organization",
        "pk": record,
        "id": record,
        "row_id": record,
        "action": "suspend",
    }


def _all_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            yield from ((method, route.path_format) for method in route.methods if method != "OPTIONS")
        elif isinstance(route, ASGIRoute) and not route.path.startswith("/admin"):
            yield from ((method, route.path_format) for method in ("GET", "POST"))
    for outer in AdminApp(BACK_OFFICE.get(app)).app.routes:
        below = [(outer.path, inner) for inner in outer.routes] if isinstance(outer, Mount) else [("", outer)]
        for prefix, inner in below:
            assert isinstance(inner, Route)
            yield from ((method, prefix + inner.path) for method in inner.methods or () if method != "HEAD")


def _lines_of(client: httpx.AsyncClient) -> HeaderLines:
    """The headers that a browser sends with its forms."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    found = {"cookie": cookies, "origin": PUBLIC_URL, "sec-fetch-site": "same-origin"}
    if HEADER in client.headers:
        found[HEADER] = client.headers[HEADER]
    return [(name.encode(), value.encode()) for name, value in found.items()]
