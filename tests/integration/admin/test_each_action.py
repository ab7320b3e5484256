"""Every staff action: its confirmation page names the effect, and the audit log keeps the reason."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from html import escape, unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from admin.models import Staff, StaffRole
from calls.limits.models import LimitOverride
from calls.models import Call, CallStatus
from carrier.port import NumberQuery
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from support.admin_rows import ACTIONS, Row
from support.factories import Factory
from support.full_tenant import fingerprints
from support.staff import (
    SEEN,
    enter,
    make_staff,
    post,
)
from tenants.models import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
REASON = "Asked for by phone"
EVERY = [(kind, action.slug) for kind, actions in ACTIONS.items() for action in actions]
TOTP = {"totp_enabled_at": sa.func.now(), "totp_secret": b"x" * 40}
BEFORE: Mapping[tuple[str, str], tuple[Any, Mapping[str, Any]]] = {
    ("organization", "restore"): (Organization, {"suspended_at": sa.func.now()}),
    ("organization", "resume-invitations"): (Organization, {"invitations_paused_at": sa.func.now()}),
    ("limit-override", "end"): (LimitOverride, {"ends_at": utc_now() + dt.timedelta(days=2)}),
    ("user", "enable"): (User, {"disabled_at": sa.func.now()}),
    ("user", "reset-second-factor"): (User, TOTP),
    ("staff", "reset-second-factor"): (Staff, TOTP),
    # A number in a live call stays.
    ("phone-number", "release"): (Call, {"status": CallStatus.COMPLETED}),
    ("organization", "erase-number"): (Call, {"status": CallStatus.COMPLETED}),
}
"""Values that a row needs before an action applies to it."""
FIELDS: Mapping[str, Mapping[str, str]] = {
    "change-plan": {"plan": "enterprise"},
    "raise-limit": {"limit": "calls_per_day", "value": "5000", "until": utc_now().date().isoformat()},
    "approve": {"plan": "business"},
    "erase-number": {"number": "+12125550177", "block_list": "keep", "previewed": "+12125550177|keep"},
    "set-bundle": {"country": "GB", "bundle": "BU" + "0a" * 16},
    "change-role": {"role": "operator"},
}


@pytest.fixture
async def number_at_carrier(make: Factory) -> Callable[[], Awaitable[str]]:
    """Buys a number that no organization holds."""

    async def buy() -> str:
        carrier = make.carrier()
        try:
            number = (await carrier.search_numbers(NumberQuery(country="US"), limit=1))[0].e164
            await carrier.buy_number(number, friendly_name="found by support")
        finally:
            await carrier.close()
        return number

    return buy


@pytest.mark.parametrize(("kind", "slug"), EVERY)
async def test_it_says_what_will_happen_asks_why_and_is_in_the_audit_log(
    client: httpx.AsyncClient,
    rows: Mapping[str, Row],
    database: Database,
    number_at_carrier: Callable[[], Awaitable[str]],
    kind: str,
    slug: str,
) -> None:
    admin, row = await enter(client, await make_staff(database, StaffRole.ADMIN)), rows[kind]
    [action] = [found for found in ACTIONS[kind] if found.slug == slug]
    if (kind, slug) in BEFORE:
        model, values = BEFORE[kind, slug]
        async with database.sessions() as session, session.begin():
            which = rows["call"] if model is Call else row
            await session.execute(sa.update(model).where(model.id == which.id).values(values))
    details = (await client.get(f"/admin/{kind}/details/{row.id}")).text
    assert f'href="{row.path(slug)}">{action.label}</a>' in details

    page = (await client.get(row.path(slug))).text
    assert escape(action.effect, quote=False).replace("'", "&#39;") in page
    assert 'name="reason"' in page
    seen = SEEN.search(page)
    assert seen is not None
    fields = {"seen": unescape(seen[1]), **FIELDS.get(slug, {})}
    if slug == "adopt-number":
        fields["number"] = await number_at_carrier()
    before = await fingerprints(database, rows["organization"].id)
    for reason in ("", " \t "):
        answer = await post(client, row.path(slug), reason=reason, **fields)
        assert answer.status_code == 400, answer.text
        assert "Say why" in answer.text
    assert await fingerprints(database, rows["organization"].id) == before

    answer = await post(client, row.path(slug), reason=REASON, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/{kind}/details/{row.id}"), answer.text
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == admin.email, AuditEvent.details["reason"].astext == REASON
        events = (await session.scalars(sa.select(AuditEvent).where(*mine))).all()
    assert events
    assert {event.actor_kind for event in events} == {"staff"}
    if kind not in ("user", "staff", "number-difference"):
        assert {event.organization_id for event in events} == {rows["organization"].id}
    page = (await client.get(f"/admin/{kind}/details/{row.id}")).text
    assert '<p class="toast' in page
    assert '<p class="toast problem' not in page
