"""Bad input to the back office: forms sent twice, changed rows, ids of another kind, hostile text."""

import asyncio
import secrets
from collections.abc import Mapping
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from admin.app import VIEWS
from admin.models import StaffRole
from calls.limits.models import LimitOverride
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind, ReconciledDay
from conftest import NewClient
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base
from kit.jobs.models import QueuedJob
from support.admin_rows import ACTIONS, Row
from support.factories import Factory
from support.staff import (
    SEEN,
    StaffBrowser,
    make_staff,
    post,
    sign_in_to_back_office,
)
from tenants.models import Membership, Organization
from widget.models import EmbedToken

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LISTED = ("membership.missed_digest", "call.direction", "call_change.source")
"""Columns of type text that can hold listed values only."""
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.ADMIN))


async def audited_actions(database: Database, colleague: StaffBrowser) -> list[str]:
    """Audited actions of a staff member, in their order; views of records excluded."""
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == colleague.email, AuditEvent.details["reason"].astext == "Because"
        return list(await session.scalars(sa.select(AuditEvent.action).where(*mine).order_by(AuditEvent.id)))


async def seen_by(colleague: StaffBrowser, path: str) -> str:
    page = await colleague.client.get(path)
    assert page.status_code == 200, (path, page.text)
    found = SEEN.search(page.text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize(
    ("kind", "action", "fields", "done"),
    [
        ("organization", "change-plan", {"plan": "business"}, "organization.plan_changed"),
        ("organization", "suspend", {}, "organization.suspended"),
        ("embed-token", "revoke", {}, "embed_token.revoked"),
        ("alert", "seen", {}, "alert.seen"),
        ("user", "disable", {}, "account.disabled"),
        ("call", "end", {}, "call.cut_off"),
        ("upgrade-request", "decline", {}, "upgrade.declined"),
    ],
)
async def test_an_action_whose_form_is_sent_twice_runs_once(
    admin: StaffBrowser,
    rows: Mapping[str, Row],
    database: Database,
    kind: str,
    action: str,
    fields: Mapping[str, str],
    done: str,
) -> None:
    path = rows[kind].path(action)
    form = {"seen": await seen_by(admin, path), "reason": "Because", **fields}
    answers = await asyncio.gather(*(post(admin.client, path, **form) for _ in range(4)))
    happened = await audited_actions(database, admin)
    if kind == "call":
        # Live until the carrier says otherwise: asking again does no harm.
        assert set(happened) == {done}
        return
    assert happened == [done]
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    for late in answers:
        # While the first one runs, the record is locked; afterwards the action may not apply any more.
        reasons = "This record has changed since you opened the page", "Already done"
        assert late.status_code == 303 or any(reason in late.text for reason in reasons)


async def test_several_rows_are_changed_and_those_that_cannot_be_are_left_out(
    admin: StaffBrowser, make: Factory, database: Database
) -> None:
    tenants = [await make.tenant() for _ in range(3)]
    tokens = [await make.token(tenant) for tenant in tenants]
    await make.revoke(tenants[1], tokens[1])
    picked = "&".join(f"row={token.id}" for token in (*tokens, tokens[0]))
    path = "/admin/embed-token/many/revoke"
    page = (await admin.client.get(f"{path}?{picked}&row={uuid4()}")).text
    assert "<h1>Revoke: 2 of 3</h1>" in page
    assert page.count("<li><bdi>Main Website</bdi></li>") == 3
    assert "Not changed: already done" in page
    seen = await seen_by(admin, f"{path}?{picked}")
    assert seen.count("=") == 2
    assert (await post(admin.client, path, seen=seen, reason="")).status_code == 400

    answers = await asyncio.gather(*(post(admin.client, path, seen=seen, reason="Because") for _ in range(2)))
    assert await audited_actions(database, admin) == ["embed_token.revoked"] * 2
    assert 303 in {answer.status_code for answer in answers}
    async with database.sessions() as session:
        live = EmbedToken.id.in_([token.id for token in tokens]), EmbedToken.revoked_at.is_(None)
        assert list(await session.scalars(sa.select(EmbedToken.id).where(*live))) == []
    assert "2 of 2 are revoked now." in (await admin.client.get("/admin/embed-token/list")).text
    again = await admin.client.get(f"{path}?{picked}")
    assert again.headers["location"] == "/admin/embed-token/list"
    assert "This does not apply to any" in (await admin.client.get("/admin/embed-token/list")).text


async def test_no_row_is_changed_when_one_of_several_rows_has_changed_meanwhile(
    admin: StaffBrowser, make: Factory, database: Database
) -> None:
    tenants = [await make.tenant() for _ in range(3)]
    path = "/admin/organization/many/suspend"
    seen = await seen_by(admin, f"{path}?" + "&".join(f"row={tenant.organization.id}" for tenant in tenants))
    async with database.sessions() as session, session.begin():
        changed = sa.update(Organization).where(Organization.id == tenants[2].organization.id)
        await session.execute(changed.values(plan="business"))
    answer = await post(admin.client, path, seen=seen, reason="Because")
    assert answer.status_code == 409
    assert "This record has changed since you opened the page" in answer.text
    assert await audited_actions(database, admin) == []
    # The page shows the present state, and its form can be sent again.
    fresh = SEEN.search(answer.text)
    assert fresh is not None
    assert (await post(admin.client, path, seen=unescape(fresh[1]), reason="Because")).status_code == 303
    assert await audited_actions(database, admin) == ["organization.suspended"] * 3


async def test_rows_that_cannot_be_picked_are_refused_clearly(
    admin: StaffBrowser, new_client: NewClient, rows: Mapping[str, Row], database: Database
) -> None:
    path = "/admin/embed-token/many/revoke"
    for query in ("", "&".join(f"row={uuid4()}" for _ in range(51)), f"row={rows['organization'].id}"):
        answer = await admin.client.get(f"{path}?{query}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/embed-token/list"), query
        assert "Nothing was changed" in (await admin.client.get("/admin/embed-token/list")).text
    assert (await admin.client.get(f"{path}?row=1")).status_code == 404
    for kind, action in (("call", "end"), ("nothing", "revoke"), ("embed-token", "erase"), ("phone-number", "release")):
        assert (await admin.client.get(f"/admin/{kind}/many/{action}?row={uuid4()}")).status_code == 404
    for seen in ("", "x", "=", f"{uuid4()}", "\n".join(f"{uuid4()}=" for _ in range(51))):
        answer = await post(admin.client, path, seen=seen, reason="Because")
        assert answer.status_code in (400, 409), seen
    other = f"{rows['organization'].id}="
    assert (await post(admin.client, path, seen=other, reason="Because")).status_code == 409
    assert await audited_actions(database, admin) == []
    support = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.SUPPORT))
    listed = (await support.client.get("/admin/user/list")).text
    assert 'name="row"' not in listed
    assert 'name="row"' in (await support.client.get("/admin/embed-token/list")).text


async def test_no_action_runs_on_an_id_of_another_kind(
    admin: StaffBrowser, rows: Mapping[str, Row], database: Database
) -> None:
    for kind in ACTIONS:
        for other, row in rows.items():
            if kind == other:
                continue
            for action in ACTIONS[kind]:
                path = Row(kind, row.id).path(action.slug)
                answer = await post(admin.client, path, seen="", reason="Because", plan="pro", role="admin")
                assert answer.status_code == 404, path
            assert (await admin.client.get(f"/admin/{kind}/details/{row.id}")).status_code == 404
    assert await audited_actions(database, admin) == []


async def test_hostile_text_is_inert_in_every_column(
    admin: StaffBrowser, rows: Mapping[str, Row], database: Database
) -> None:
    own = rows["organization"].id
    keys = {kind: row.id for kind, row in rows.items()}
    async with database.sessions() as session, session.begin():
        made: dict[str, Base] = {
            "outbox-item": QueuedJob(kind="test", status="failed", headers={"failure": "x"}),
            "carrier-day": ReconciledDay(day=utc_now().date().replace(year=2019), compared_at=utc_now()),
            "carrier-difference": CallDiscrepancy(
                day=utc_now().date(), kind=DiscrepancyKind.STATUS, carrier_sid=f"CA{uuid4().hex}", here="a", there="b"
            ),
            "audit-event": AuditEvent(
                organization_id=own,
                actor_kind="user",
                actor_name=HOSTILE,
                action=f"thing.{HOSTILE}",
                subject_name=HOSTILE,
                details={HOSTILE: HOSTILE, "before": {HOSTILE: 1}, "after": {HOSTILE: HOSTILE}},
            ),
        }
        session.add_all(made.values())
        await session.flush()
        keys |= {kind: row.id for kind, row in made.items()}
        member = sa.select(Membership.id).where(Membership.owned_by(own)).limit(1)
        keys["membership"] = (await session.scalars(member)).one()
    shown = 0
    for view in VIEWS:
        await make_hostile(database, view.model, keys[view.identity])
        paths = [f"/admin/{view.identity}/list", f"/admin/{view.identity}/details/{keys[view.identity]}"]
        if view.identity in ACTIONS:
            paths += [rows[view.identity].path(action.slug) for action in ACTIONS[view.identity]]
        for path in paths:
            answer = await admin.client.get(path)
            assert answer.status_code in (200, 303), (path, answer.text)
            assert "<script>alert" not in answer.text, path
            assert "<img src=x" not in answer.text, path
            shown += answer.text.count("&lt;script&gt;")
    assert shown > 20
    page = (await admin.client.get("/admin/operations")).text + (await admin.client.get("/admin")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


async def make_hostile(database: Database, model: type[Base], key: UUID) -> None:
    """Write a hostile text into each column of one row that holds any text."""
    if model is AuditEvent:  # append-only: it was written so
        return
    hostile = f"{HOSTILE}{secrets.token_hex(4)}"
    values: dict[sa.ColumnElement[object], object] = {}
    for column in model.__table__.columns:
        kind = column.type
        is_key = column.name == "name" and model is LimitOverride
        # Constraints of the database accept only a time zone's name and only the keys of a telephone.
        is_checked = column.name in ("time_zone", "extension") or f"{model.__tablename__}.{column.name}" in LISTED
        if column.foreign_keys or isinstance(kind, sa.Enum) or is_key or is_checked:
            continue
        if isinstance(kind, ARRAY):
            if isinstance(kind.item_type, sa.Text):
                values[column] = [hostile]
        elif isinstance(kind, JSONB) and column.name != "limits":
            values[column] = {hostile: hostile}
        elif isinstance(kind, sa.Text):
            # A constraint of the database accepts no other scheme.
            values[column] = f"https://{hostile}" if column.name == "url" else hostile
    if not values:
        return
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(model).where(model.id == key).values(values))
