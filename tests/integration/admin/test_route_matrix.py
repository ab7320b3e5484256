"""Roles that may use each route of the back office; forms of other sites and other methods change nothing.

``ROUTES`` has an entry for each route of the application's own table; one without fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar
from starlette.routing import Mount, Route

from admin.app import VIEWS, AdminApp
from admin.back_office import BACK_OFFICE
from admin.models import StaffRole
from calls.limits.models import CallingPause
from conftest import NewClient
from kit.db.database import Database
from support.admin_rows import ACTIONS, Row
from support.factories import Factory, sign_in
from support.full_tenant import fingerprints
from support.staff import (
    FOREIGN,
    make_staff,
    post,
    sign_in_to_back_office,
)

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SUPPORT, OPERATOR, ADMIN = StaffRole
NO_SESSION = None
"""Open without a session."""
LISTED = {view.identity: view for view in VIEWS}
FIELDS = {
    "seen": "",
    "reason": "Because",
    "plan": "enterprise",
    "role": "admin",
    "limit": "calls_per_day",
    "value": "9",
    "until": "2999-01-01",
    "number": "+14155550100",
    "block_list": "keep",
    "previewed": "+14155550100|keep",
}
ROUTES: Mapping[tuple[str, str], StaffRole | None] = {
    ("GET", "/admin/join/{token}"): NO_SESSION,
    ("POST", "/admin/join/{token}"): NO_SESSION,
    ("GET", "/admin/login"): NO_SESSION,
    ("POST", "/admin/login"): NO_SESSION,
    ("GET", "/admin/second-step"): NO_SESSION,
    ("POST", "/admin/second-step"): NO_SESSION,
    ("POST", "/admin/login/passkey"): NO_SESSION,
    ("POST", "/admin/login/passkey/options"): NO_SESSION,
    ("POST", "/admin/second-step/passkey"): NO_SESSION,
    ("POST", "/admin/second-step/passkey/options"): NO_SESSION,
    ("GET", "/admin/recovery-codes"): SUPPORT,
    ("POST", "/admin/logout"): SUPPORT,
    ("GET", "/admin/account"): SUPPORT,
    ("POST", "/admin/account/passkeys"): SUPPORT,
    ("POST", "/admin/account/passkeys/options"): SUPPORT,
    ("POST", "/admin/account/passkeys/removal-options"): SUPPORT,
    ("GET", "/admin/account/passkeys/{passkey_id:uuid}"): SUPPORT,
    ("POST", "/admin/account/passkeys/{passkey_id:uuid}/name"): SUPPORT,
    ("POST", "/admin/account/passkeys/{passkey_id:uuid}/remove"): SUPPORT,
    ("POST", "/admin/account/sessions/{session_id:uuid}/end"): SUPPORT,
    ("GET", "/admin"): SUPPORT,
    ("POST", "/admin/audit-event/find"): SUPPORT,
    ("GET", "/admin/refusals"): SUPPORT,
    ("POST", "/admin/refusals"): SUPPORT,
    ("GET", "/admin/operations"): SUPPORT,
    ("GET", "/admin/operations/now"): SUPPORT,
    ("GET", "/admin/operations/pause"): OPERATOR,
    ("POST", "/admin/operations/pause"): OPERATOR,
    ("GET", "/admin/operations/pause-and-end"): OPERATOR,
    ("POST", "/admin/operations/pause-and-end"): OPERATOR,
    ("GET", "/admin/operations/resume"): OPERATOR,
    ("POST", "/admin/operations/resume"): OPERATOR,
    # The lowest role; a kind of record or an action may require a higher one.
    ("GET", "/admin/{identity}/list"): SUPPORT,
    ("GET", "/admin/{identity}/details/{pk:path}"): SUPPORT,
    ("POST", "/admin/{identity}/export"): OPERATOR,
    ("GET", "/admin/{kind}/{row_id:uuid}/do/{action}"): SUPPORT,
    ("POST", "/admin/{kind}/{row_id:uuid}/do/{action}"): SUPPORT,
    ("GET", "/admin/{kind}/many/{action}"): SUPPORT,
    ("POST", "/admin/{kind}/many/{action}"): SUPPORT,
}


def served_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """Method and path of each route that answers."""
    for route in AdminApp(BACK_OFFICE.get(app)).app.routes:
        below = [(route.path, inner) for inner in route.routes or ()] if isinstance(route, Mount) else [("", route)]
        for prefix, inner in below:
            assert isinstance(inner, Route), inner
            for method in (inner.methods or set()) - {"HEAD"}:
                yield method, prefix + inner.path


def filled_paths(method: str, path: str, rows: Mapping[str, Row]) -> Iterator[tuple[str, StaffRole]]:
    """Paths of a route with its parameters filled in, and the lowest role that may request each."""
    at_least = ROUTES[method, path] or SUPPORT
    if "{identity}" in path:
        for identity, view in LISTED.items():
            if path.endswith("/export") and not view.is_exportable:
                continue
            key = rows[identity].id if identity in rows else uuid4()
            filled = path.replace("{identity}", identity).replace("{pk:path}", str(key))
            yield filled, max(at_least, view.minimum_role, key=lambda role: role.rank)
    elif "{action}" in path:
        for name, actions in ACTIONS.items():
            for action in actions:
                if "/many/" in path and not action.is_bulk:
                    continue
                filled = path.replace("{kind}", name).replace("{action}", action.slug)
                yield filled.replace("{row_id:uuid}", str(rows[name].id)), action.role
    else:
        path = path.replace("{passkey_id:uuid}", str(uuid4()))
        yield path.replace("{session_id:uuid}", str(uuid4())).replace("{token}", "no-token"), at_least


async def test_each_route_has_an_entry(app: Litestar) -> None:
    assert sorted(served_routes(app)) == sorted(ROUTES)


async def test_visitors_and_customers_get_nothing(
    client: httpx.AsyncClient, new_client: NewClient, rows: Mapping[str, Row], make: Factory, database: Database
) -> None:
    customer = await sign_in(new_client(), (await make.tenant()).owner)
    before = await state(database, rows)
    for (method, path), at_least in ROUTES.items():
        if at_least is NO_SESSION:
            continue
        for filled, _ in filled_paths(method, path, rows):
            for who in (client, customer):
                answer = await ask(who, method, filled)
                result = (answer.status_code, answer.text, answer.headers.get("location", "").split("?")[0])
                # A script requests these, and would follow a redirect to the sign-in page.
                expected = (401, "", "") if filled.endswith("/now") else (303, "", "/admin/login")
                assert result == expected, (method, filled)
    assert await state(database, rows) == before


async def test_lower_roles_get_nothing_of_what_is_above_them(
    new_client: NewClient, rows: Mapping[str, Row], database: Database
) -> None:
    colleagues = {
        role: await sign_in_to_back_office(new_client(), await make_staff(database, role))
        for role in (SUPPORT, OPERATOR)
    }
    before, refused = await state(database, rows), 0
    for method, path in ROUTES:
        for filled, at_least in filled_paths(method, path, rows):
            for role, colleague in colleagues.items():
                if role.rank >= at_least.rank:
                    continue
                answer = await ask(colleague.client, method, filled)
                assert answer.status_code == 403, (role, method, filled)
                assert "Your role does not allow this" in answer.text or "This is not open to you" in answer.text
                assert str(rows["organization"].id) not in answer.text
                refused += 1
    # At least the page and the form of each action.
    assert refused > 2 * sum(map(len, ACTIONS.values()))
    assert await state(database, rows) == before


async def test_no_form_of_another_site_is_taken(
    new_client: NewClient, rows: Mapping[str, Row], database: Database
) -> None:
    admin = await sign_in_to_back_office(new_client(), await make_staff(database, ADMIN))
    before = await state(database, rows)
    for method, path in ROUTES:
        if method == "GET":
            continue
        for filled, _ in filled_paths(method, path, rows):
            for headers in FOREIGN:
                answer = await admin.client.post(filled, data=FIELDS, headers=headers)
                assert answer.status_code == 403, (filled, headers)
    assert await state(database, rows) == before
    assert (await admin.client.get("/admin")).status_code == 200


async def test_only_forms_change_anything(new_client: NewClient, rows: Mapping[str, Row], database: Database) -> None:
    admin = await sign_in_to_back_office(new_client(), await make_staff(database, ADMIN))
    before = await state(database, rows)
    for method, path in ROUTES:
        for filled, _ in filled_paths(method, path, rows):
            if method == "GET":
                assert (await admin.client.get(filled)).status_code < 500, filled
            for other in ("PUT", "PATCH", "DELETE"):
                answer = await admin.client.request(other, filled, headers={"Sec-Fetch-Site": "same-origin"})
                assert answer.status_code in (404, 405), (other, filled)
    assert await state(database, rows) == before


async def ask(client: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await (client.get(path) if method == "GET" else post(client, path, **FIELDS))


async def state(database: Database, rows: Mapping[str, Row]) -> dict[str, Any]:
    """Fingerprints of all rows, and whether calls are paused."""
    found: dict[str, Any] = dict(await fingerprints(database, rows["organization"].id))
    async with database.sessions() as session:
        for name in ("user_account", "staff"):
            key = rows["user" if name == "user_account" else name].id
            query = sa.text(f"SELECT md5(to_jsonb(t)::text) FROM {name} t WHERE id = :key")  # noqa: S608 - constants
            found[name] = await session.scalar(query, {"key": key})
        found["paused"] = await session.scalar(sa.select(sa.func.count()).select_from(CallingPause))
    return found
