"""Every staff action: its confirmation page names the effect, and the audit log keeps the reason."""

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Mapping
from html import escape, unescape
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from admin.models import Staff, StaffRole
from calls.limits.models import Alert, LimitOverride
from calls.models import Call, CallStatus
from carrier.port import NumberQuery
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from phone_numbers.models import RELEASED_BY_STAFF, NumberDiscrepancy
from support.admin_rows import ACTIONS, Row
from support.factories import Factory
from support.full_tenant import fingerprints
from support.staff import (
    SEEN,
    make_staff,
    post,
    sign_in_to_back_office,
)
from tenants.models import InvitationReport, Organization, PhoneNumber, UpgradeRequest
from widget.models import EmbedToken

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
REASON = "Asked for by phone"
EVERY = [(kind, action.slug) for kind, actions in ACTIONS.items() for action in actions]
TODAY = utc_now().date().isoformat()
TOTP = {"totp_enabled_at": sa.func.now(), "totp_secret": b"x" * 40}
BEFORE: Mapping[tuple[str, str], tuple[Any, Mapping[str, Any]]] = {
    ("organization", "restore"): (Organization, {"suspended_at": sa.func.now()}),
    ("organization", "end-first-days"): (Organization, {"created_at": sa.func.now()}),
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
    "raise-limit": {
        "limit": "calls_per_day",
        "value": "5000",
        "until": TODAY,
        "previewed": f"calls_per_day|5000|{TODAY}",
    },
    "approve": {"plan": "business"},
    "erase-number": {"number": "+12125550177", "block_list": "keep", "previewed": "+12125550177|keep"},
    "set-bundle": {"country": "GB", "bundle": "BU" + "0a" * 16},
    "change-role": {"role": "operator"},
}


MESSAGES: Mapping[tuple[str, str], str] = {
    ("organization", "change-plan"): "{organization} is on the Enterprise plan now. Its phones can call now.",
    ("organization", "suspend"): "{organization} is suspended. Its phones cannot call. 1 live call is being ended.",
    ("organization", "restore"): "{organization} is not suspended any more. Its phones can call now.",
    ("organization", "raise-limit"): "Calls per day: 5,000. Set until the end of",
    ("organization", "end-first-days"): "{organization} is no longer new and can call",
    ("organization", "adopt-number"): "{organization} has 2 phone numbers now.",
    ("organization", "set-bundle"): "{organization} buys numbers in the United Kingdom with the bundle BU0a0a",
    ("organization", "resume-invitations"): "Invitations are on for {organization}",
    ("organization", "erase-number"): "The number is erased from 1 call",
    ("user", "disable"): "is disabled: signed out everywhere, and cannot sign in.",
    ("user", "enable"): "is enabled and can sign in now.",
    ("user", "reset-second-factor"): "signs in by password alone now, is signed out everywhere",
    ("phone-number", "release"): "is released. {organization} has no phone number now, so its phones cannot call.",
    ("number-difference", "release"): "+1 307-555-0100 is released: our carrier account does not hold it any more.",
    ("embed-token", "revoke"): "is revoked: no phone can use it. 1 live call is being ended.",
    ("call", "end"): "The carrier is being asked to end this call. It counts as live until",
    ("upgrade-request", "approve"): "{organization} was on Pro and is on the Business plan now. Its phones can call",
    ("upgrade-request", "decline"): "{organization} stays on the Pro plan. The owners get a mail",
    ("alert", "seen"): "This alert is marked as seen. {organization} has 0 open alerts now.",
    ("limit-override", "end"): "The override has ended. Calls at once: 50.",
    ("invitation", "resend"): "A new invitation to {organization} is being mailed to",
    ("invitation-report", "dismiss"): "The report is deleted. {organization} can invite the recipient again.",
    ("staff", "change-role"): "has the role operator now.",
    ("staff", "disable"): "is disabled: signed out everywhere, and cannot sign in.",
    ("staff", "reset-second-factor"): "has no second factor now and is signed out everywhere.",
}
"""The sentence after each action, which says what holds now."""
STATES: Mapping[tuple[str, str], tuple[Any, Callable[[Any], bool]]] = {
    ("organization", "change-plan"): (Organization, lambda row: row.plan == "enterprise"),
    ("organization", "suspend"): (Organization, lambda row: row.suspended_at is not None),
    ("organization", "restore"): (Organization, lambda row: row.suspended_at is None),
    ("organization", "resume-invitations"): (Organization, lambda row: row.invitations_paused_at is None),
    ("user", "disable"): (User, lambda row: row.disabled_at is not None),
    ("user", "enable"): (User, lambda row: row.disabled_at is None),
    ("user", "reset-second-factor"): (User, lambda row: row.totp_secret is None),
    ("phone-number", "release"): (PhoneNumber, lambda row: row.released_at is not None),
    ("number-difference", "release"): (NumberDiscrepancy, lambda row: row.reason == RELEASED_BY_STAFF),
    ("embed-token", "revoke"): (EmbedToken, lambda row: row.revoked_at is not None),
    ("upgrade-request", "approve"): (
        UpgradeRequest,
        lambda row: row.new_plan == "business",
    ),
    ("upgrade-request", "decline"): (UpgradeRequest, lambda row: row.outcome == "declined"),
    ("alert", "seen"): (Alert, lambda row: row.resolved_at is not None),
    ("limit-override", "end"): (LimitOverride, lambda row: row.ends_at <= utc_now()),
    ("invitation-report", "dismiss"): (InvitationReport, lambda row: row is None),
    ("staff", "change-role"): (Staff, lambda row: row.role == "operator"),
    ("staff", "disable"): (Staff, lambda row: row.disabled_at is not None),
    ("staff", "reset-second-factor"): (Staff, lambda row: row.totp_secret is None),
}
"""The state of the record itself after an action, where the action changes it."""


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
    admin, row = await sign_in_to_back_office(client, await make_staff(database, StaffRole.ADMIN)), rows[kind]
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
    organization = await stored_row(database, Organization, rows["organization"].id)
    # Whatever page comes next shows the message; a deleted record has no page any more.
    page = unescape((await client.get("/admin")).text)
    assert '<p class="toast problem' not in page
    [message] = re.findall(r'<p class="toast">(.*?)</p>', page)
    assert MESSAGES[kind, slug].format(organization=organization.name) in message
    if (kind, slug) in STATES:
        model, holds = STATES[kind, slug]
        assert holds(await stored_row(database, model, row.id)), message


async def stored_row(database: Database, model: Any, key: UUID) -> Any:
    async with database.sessions() as session:
        return await session.get(model, key)
