"""Actions of staff in the back office: the page that asks for a reason, the role, the change and the audit event."""

import datetime as dt
import html
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from admin.models import Staff, StaffRole
from calls.limits.models import Alert, BlockedNumber, LimitOverride
from calls.limits.services import CallingRulesService
from calls.models import Call, CallStatus
from conftest import NewClient
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.jobs.models import QueuedJob
from kit.settings import Settings
from support.admin_rows import Row, override_of
from support.call_factory import add_call
from support.factories import Factory, Tenant, sign_in
from support.full_tenant import make_full_tenant
from support.mailbox import Mailbox, text_of
from support.staff import (
    StaffBrowser,
    make_staff,
    perform_action,
    post,
    sign_in_to_back_office,
)
from support.waiting import wait_until
from support.widget_client import post_token
from tenants.models import Invitation, Organization, PhoneNumber, UpgradeRequest
from tenants.plans import Plan
from tenants.upgrades import UpgradeRequestService
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio
REASON = "Asked for by phone"
MONEY = {"limit": "spend_cents_per_day"}


@pytest.fixture
async def operator(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.OPERATOR))


async def do(colleague: StaffBrowser, row: Row, action: str, **fields: str) -> httpx.Response:
    """Open the confirmation page and submit it with a reason."""
    return await perform_action(colleague, row.path(action), **{"reason": REASON, **fields})


async def stored_row(database: Database, model: Any, key: UUID) -> Any:
    async with database.sessions() as session:
        return await session.get(model, key)


async def audit_event_of(database: Database, subject: UUID, action: str) -> AuditEvent:
    async with database.sessions() as session:
        which = AuditEvent.subject_id == subject, AuditEvent.action == action
        return (await session.scalars(sa.select(AuditEvent).where(*which))).one()


async def test_a_change_of_plan_is_asked_done_and_in_both_audit_logs(
    operator: StaffBrowser, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    row = Row("organization", tenant.organization.id)
    assert "On Starter, phones stop" in (await operator.client.get(row.path("change-plan"))).text
    answer = await do(operator, row, "change-plan", plan="pro")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/organization/details/{row.id}")
    page = html.unescape((await operator.client.get(answer.headers["location"])).text)
    assert f"{tenant.organization.name} is on the Pro plan now. Its phones can call now." in page

    event = await audit_event_of(database, row.id, "organization.plan_changed")
    assert (event.actor_kind, event.actor_name) == ("staff", operator.email)
    assert event.details == {"before": "starter", "after": "pro", "reason": REASON}
    owner = await sign_in(new_client(), tenant.owner)
    assert (await owner.get(f"/api/organizations/{row.id}")).json()["plan"] == "pro"
    # The customer sees that staff did it, not who, from where and why.
    page = (await owner.get(f"/dashboard/{tenant.organization.slug}/audit")).text
    shown = page + (await owner.get(f"/api/organizations/{row.id}/audit")).text
    shown += (await owner.get(f"/api/organizations/{row.id}/audit/export.csv")).text
    assert shown.count("Epoch Voice staff") >= 3
    for hidden in (operator.email, REASON):
        assert hidden not in shown


async def test_a_suspension_stops_the_phone_and_is_lifted_again(
    operator: StaffBrowser, client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token, row = await make.token(tenant), Row("organization", tenant.organization.id)
    await do(operator, row, "suspend")
    assert (await post_token(client, token.raw)).json()["code"] == "organization_suspended"
    assert row.path("restore") in (await operator.client.get(f"/admin/organization/details/{row.id}")).text
    found = (await operator.client.get("/admin/organization/list?status=suspended")).text
    assert tenant.organization.slug in found
    await do(operator, row, "restore")
    assert (await post_token(client, token.raw)).status_code == 200
    assert (await audit_event_of(database, row.id, "organization.suspended")).details == {"reason": REASON}


async def test_support_revokes_and_a_double_submit_does_nothing_more(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    support = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.SUPPORT))
    tenant = await make.tenant()
    token = await make.token(tenant)
    row = Row("embed-token", token.id)
    for _ in range(2):
        answer = await post(support.client, row.path("revoke"), seen="", reason=REASON)
        assert answer.status_code in (303, 409)
    assert (await post_token(client, token.raw)).status_code == 401
    assert (await audit_event_of(database, token.id, "embed_token.revoked")).details == {"reason": REASON}
    again = await support.client.get(row.path("revoke"))
    assert (again.status_code, again.headers["location"]) == (303, f"/admin/embed-token/details/{token.id}")


async def test_an_upgrade_is_approved_or_declined_once_and_the_owner_told(
    operator: StaffBrowser, make: Factory, database: Database, settings: Settings
) -> None:
    for action, plan, words in (
        ("approve", "business", "is on Business from now on"),
        ("decline", None, "it stays on Starter"),
    ):
        tenant = await make.tenant(plan=Plan.STARTER)
        request_id = await request_upgrade(database, tenant)
        row = Row("upgrade-request", request_id)
        await do(operator, row, action, **({} if plan is None else {"plan": plan}))
        organization = await stored_row(database, Organization, tenant.organization.id)
        assert organization.plan == (plan or "starter")
        [mail] = await Mailbox(settings, tenant.owner.email).all()
        assert words in text_of(mail)
        # Only a mail with Reply-To asks for replies, and once.
        assert text_of(mail).count("Reply to this mail") == (1 if mail["Reply-To"] else 0)
        assert (await stored_row(database, UpgradeRequest, request_id)).outcome == f"{action}d"
        late = await post(operator.client, row.path("decline"), seen="", reason=REASON)
        assert late.status_code == 409
        assert len(await Mailbox(settings, tenant.owner.email).all()) == 1


async def request_upgrade(database: Database, tenant: Tenant) -> UUID:
    from kit.actor import Actor, ActorKind

    by = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)
    async with database.sessions() as session, session.begin():
        assert await UpgradeRequestService(session).create(tenant.organization.id, by=by)
        request = await UpgradeRequestService(session).get_open(tenant.organization.id)
        assert request is not None
        return request.id


async def test_a_limit_is_raised_until_a_day_shown_with_its_end_and_ended_early(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    row, day = Row("organization", tenant.organization.id), (utc_now() + dt.timedelta(days=3)).date()
    await override_limit(operator, row, "calls_per_day", "5000", day.isoformat())

    override = await override_of(database, row.id)
    assert (override.value, override.set_by, override.reason) == (5000, operator.email, REASON)
    assert override.ends_at == dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
    event = await organization_audit_event(database, row.id, "calling_limit.overridden")
    assert event.details is not None
    assert (event.actor_name, event.details["value"], event.details["reason"]) == (operator.email, 5000, REASON)
    page = (await operator.client.get(f"/admin/organization/details/{row.id}")).text
    assert "Calls per day: 5,000" in page
    assert override.ends_at.isoformat() in page
    [line] = [part for part in " ".join(page.split()).split("<tr") if ">Calls per day</th>" in part]
    cells = re.findall(r'data-label="([^"]+)"><span>(.*?)</span></td>', html.unescape(line))
    assert [(head, re.sub("<[^>]+>", "", cell)[:5]) for head, cell in cells] == [
        ("Plan default", "2,000"),
        ("Staff override", "5,000"),
        ("Customer's own limit", "–"),
        ("Effective now", "5,000"),
        ("Used", "0"),
    ]
    assert "$25.00" in page
    async with database.sessions() as session:
        assert (await CallingRulesService(session).get(row.id)).limits.chosen["calls_per_day"] == 5000

    early = Row("limit-override", override.id)
    assert early.path("end") in (await operator.client.get(f"/admin/limit-override/details/{early.id}")).text
    assert (await do(operator, early, "end")).status_code == 303
    async with database.sessions() as session:
        assert (await CallingRulesService(session).get(row.id)).limits.chosen["calls_per_day"] == 2000
    ended = await organization_audit_event(database, row.id, "calling_limit.override_ended")
    assert ended.details == {"limit": "calls_per_day", "value": 5000, "reason": REASON}
    late = await post(operator.client, early.path("end"), seen="", reason=REASON)
    assert late.status_code == 409
    assert "Calls per day: 5,000" not in (await operator.client.get(f"/admin/organization/details/{row.id}")).text


async def override_limit(operator: StaffBrowser, row: Row, limit: str, value: str, until: str) -> tuple[str, str]:
    """Set a limit; returns the page before the change, which says what will hold, and the page after it."""
    fields = {"limit": limit, "value": value, "until": until}
    preview = await do(operator, row, "raise-limit", **fields)
    assert preview.status_code == 200
    answer = await do(operator, row, "raise-limit", **fields, previewed="|".join(fields.values()))
    assert answer.status_code == 303, answer.text
    after = await operator.client.get(answer.headers["location"])
    return html.unescape(preview.text), html.unescape(after.text)


async def test_an_override_says_before_and_after_what_holds_and_what_lowers_it(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    row, day = Row("organization", tenant.organization.id), utc_now().date().isoformat()
    end = tenant.organization.created_at + dt.timedelta(days=14)
    until = f"{end:%b} {end.day}, because the account is new"
    before, after = await override_limit(operator, row, "minutes_per_day", "1200", day)
    assert f"Minutes per day now: 150 (a quarter of 600 until {until})." in before
    holds = f"300 (a quarter of 1,200 until {until})"
    assert f"After the change, until the end of {day} (UTC): {holds}." in before
    assert f"Minutes per day: {holds}. Set until the end of {day} (UTC)." in after

    async with database.tenant_session(tenant.organization.id) as session:
        await CallingRulesService(session).update(tenant.organization.id, by=SYSTEM, limits={"minutes_per_day": 40})
    before, _ = await override_limit(operator, row, "minutes_per_day", "2000", day)
    lowered = "lowered from 2,000 by the customer's own limit of 40"
    assert f"(UTC): 10 ({lowered}; a quarter of 40 until {until})." in before

    before, _ = await override_limit(operator, row, "calls_per_minute", "300", day)
    assert "Calls per minute now: 120." in before
    assert f"After the change, until the end of {day} (UTC): 300." in before


async def test_the_first_days_are_ended_with_a_reason_after_a_page_that_says_what_will_hold(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    row = Row("organization", tenant.organization.id)
    preview = html.unescape((await operator.client.get(row.path("end-first-days"))).text)
    assert "Now: new until " in preview
    assert "calls within the United States only. Minutes per day 150;" in preview
    assert "After the change: no longer new and can call Canada, United States. Minutes per day 600;" in preview
    async with database.sessions() as session:
        assert (await CallingRulesService(session).get(row.id)).limits.new_until is not None

    answer = await do(operator, row, "end-first-days")

    assert answer.status_code == 303
    page = html.unescape((await operator.client.get(answer.headers["location"])).text)
    assert (
        f"{tenant.organization.name} is no longer new and can call Canada, United States. Minutes per day 600;" in page
    )
    async with database.sessions() as session:
        rules = await CallingRulesService(session).get(row.id)
    assert (rules.limits.new_until, rules.limits["minutes_per_day"]) == (None, 600)
    event = await organization_audit_event(database, row.id, "calling_limit.overridden")
    assert event.details is not None
    assert (event.details["limit"], event.details["value"], event.details["reason"]) == ("first_days", 0, REASON)
    override = await override_of(database, row.id)
    assert override.ends_at >= tenant.organization.created_at + dt.timedelta(days=14)


async def test_the_first_days_are_set_like_a_limit_and_do_not_begin_again(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant, today = await make.tenant(age=dt.timedelta(days=2)), utc_now().date().isoformat()
    row = Row("organization", tenant.organization.id)
    form = html.unescape((await operator.client.get(row.path("raise-limit"))).text)
    assert "Required; at most a year from now. For days as a new account any day is valid" in form
    before, after = await override_limit(operator, row, "first_days", "30", today)
    end = tenant.organization.created_at + dt.timedelta(days=30)
    assert f"After the change: new until {end:%b} {end.day} (UTC)" in before
    assert f"{tenant.organization.name} is new until {end:%b} {end.day} (UTC)" in after
    assert (await override_of(database, row.id)).ends_at >= end
    async with database.sessions() as session:
        assert (await CallingRulesService(session).get(row.id)).limits.new_until == end
    wrong = await do(operator, row, "raise-limit", limit="first_days", value="366", until=today)
    assert "Enter a number of days since sign-up, from 0 to 365" in wrong.text


async def test_a_limit_of_money_is_typed_and_shown_in_dollars(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    row, today = Row("organization", (await make.tenant()).organization.id), utc_now().date().isoformat()
    form = (await operator.client.get(row.path("raise-limit"))).text
    assert "Spend per day (US dollars)" in form
    _, shown = await override_limit(operator, row, "spend_cents_per_day", "$1,250.50", today)
    assert "Spend per day: $1,250.50" in shown
    override = await override_of(database, row.id)
    assert override.value == 125_050
    assert "$1,250.50" in (await operator.client.get(f"/admin/limit-override/list?organization_id={row.id}")).text
    event = await organization_audit_event(database, row.id, "calling_limit.overridden")
    page = html.unescape((await operator.client.get(f"/admin/audit-event/details/{event.id}")).text)
    assert "Limit: <bdi>Spend per day</bdi>" in page
    assert "Value: <bdi>$1,250.50</bdi>" in page


async def organization_audit_event(database: Database, organization_id: UUID, action: str) -> AuditEvent:
    async with database.sessions() as session:
        which = AuditEvent.organization_id == organization_id, AuditEvent.action == action
        return (await session.scalars(sa.select(AuditEvent).where(*which))).one()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"limit": "gold"}, "Choose a limit from the list"),
        ({"value": "-1"}, "Enter a whole number, like 500; at most 2,147,483,647"),
        ({"value": "1e3"}, "Enter a whole number, like 500; at most 2,147,483,647"),
        ({"value": "٣"}, "Enter a whole number, like 500; at most 2,147,483,647"),
        ({"value": "2147483648"}, "Enter a whole number, like 500; at most 2,147,483,647"),
        ({"value": "9" * 64}, "Enter a whole number, like 500; at most 2,147,483,647"),
        ({**MONEY, "value": "25,00"}, "Enter an amount in US dollars, like 25.00; at most $21,474,836.47"),
        ({**MONEY, "value": "a lot"}, "Enter an amount in US dollars, like 25.00"),
        ({**MONEY, "value": "25.001"}, "Enter an amount in US dollars, like 25.00"),
        ({**MONEY, "value": "21474836.48"}, "Enter an amount in US dollars, like 25.00"),
        ({"until": ""}, "Give a day"),
        ({"until": "tomorrow"}, "Give a day"),
        ({"until": "2020-01-01"}, "Choose a day from today"),
        ({"until": "9999-12-31"}, "Choose a day from today"),
    ],
)
async def test_an_override_needs_a_known_limit_a_valid_value_and_a_last_day(
    operator: StaffBrowser, make: Factory, database: Database, wrong: Mapping[str, str], words: str
) -> None:
    row = Row("organization", (await make.tenant()).organization.id)
    fields = {"limit": "calls_per_day", "value": "5000", "until": utc_now().date().isoformat(), **wrong}
    answer = await do(operator, row, "raise-limit", **fields)
    assert answer.status_code == 400
    assert words in answer.text
    async with database.sessions() as session:
        found = sa.select(LimitOverride.id).where(LimitOverride.owned_by(row.id))
        assert (await session.scalars(found)).all() == []


async def test_an_alert_flags_its_organization_until_it_was_seen(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    full_tenant = await make_full_tenant(database, make)
    organization_id = full_tenant.tenant.organization.id
    async with database.sessions() as session:
        alert_id = (await session.scalars(sa.select(Alert.id).where(Alert.owned_by(organization_id)))).one()
    details = f"/admin/organization/details/{organization_id}"
    assert f"/admin/alert/details/{alert_id}" in (await operator.client.get(details)).text
    row = Row("alert", alert_id)
    assert (await do(operator, row, "seen")).status_code == 303
    seen = await stored_row(database, Alert, alert_id)
    assert (seen.resolved_by, seen.resolved_at is not None) == (operator.email, True)
    assert (await audit_event_of(database, alert_id, "alert.seen")).details == {"alert": "near_limit", "reason": REASON}
    assert f"/admin/alert/details/{alert_id}" not in (await operator.client.get(details)).text
    assert (await post(operator.client, row.path("seen"), seen="", reason=REASON)).status_code == 409


async def test_a_number_is_adopted_and_released(operator: StaffBrowser, make: Factory, database: Database) -> None:
    tenant, other = await make.tenant(number=False), await make.tenant(number=False)
    carrier = make.carrier()
    try:
        bought = await carrier.buy_number("+14155550187", friendly_name="found by support")
    finally:
        await carrier.close()
    row = Row("organization", tenant.organization.id)
    missing = await do(operator, row, "adopt-number", number="+14155550186")
    assert missing.status_code == 409
    assert "does not hold this number" in missing.text
    assert (await do(operator, row, "adopt-number", number="+14155550187")).status_code == 303
    taken = await do(operator, Row("organization", other.organization.id), "adopt-number", number="+14155550187")
    assert taken.status_code == 409
    async with database.sessions() as session:
        held = sa.select(PhoneNumber).where(PhoneNumber.owned_by(tenant.organization.id))
        number = (await session.scalars(held)).one()
    assert number.carrier_sid == bought.sid
    assert (await do(operator, Row("phone-number", number.id), "release")).status_code == 303
    assert (await stored_row(database, PhoneNumber, number.id)).released_at is not None


async def test_a_user_is_disabled_and_enabled_and_loses_the_second_factor(
    operator: StaffBrowser, new_client: NewClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    browser, row = await sign_in(new_client(), user), Row("user", user.id)
    assert (await browser.get("/api/session")).status_code == 200
    await do(operator, row, "disable")
    assert (await browser.get("/api/session")).status_code == 401
    await do(operator, row, "enable")
    await sign_in(new_client(), user)
    async with database.sessions() as session, session.begin():
        enabled = sa.update(User).where(User.id == user.id).values(totp_enabled_at=sa.func.now(), totp_secret=b"x" * 40)
        await session.execute(enabled)
    await do(operator, row, "reset-second-factor")
    assert (await stored_row(database, User, user.id)).totp_secret is None
    assert (await audit_event_of(database, user.id, "second_factor.disabled")).details == {"reason": REASON}


async def test_an_invitation_is_sent_again(
    operator: StaffBrowser, make: Factory, database: Database, settings: Settings
) -> None:
    full_tenant = await make_full_tenant(database, make)
    invitation = await stored_row(database, Invitation, full_tenant.ids["invitation_id"])
    assert (await do(operator, Row("invitation", invitation.id), "resend")).status_code == 303
    [mail] = await Mailbox(settings, invitation.email).all()
    assert "/invitations/" in text_of(mail)


async def test_staff_manage_staff_and_one_admin_stays(new_client: NewClient, database: Database, make: Factory) -> None:
    del make
    admin = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.ADMIN))
    support = await make_staff(database, StaffRole.SUPPORT)
    colleague = await sign_in_to_back_office(new_client(), support)
    row = Row("staff", support.id)
    assert (await do(admin, row, "change-role", role="operator")).status_code == 303
    assert (await colleague.client.get("/admin/account")).text.count("operator") >= 1
    await do(admin, row, "reset-second-factor")
    assert (await colleague.client.get("/admin")).headers["location"] == "/admin/login"
    await do(admin, row, "disable")
    assert (await stored_row(database, Staff, support.id)).disabled_at is not None

    async with database.sessions() as session, session.begin():
        others = Staff.role == StaffRole.ADMIN, Staff.email != admin.email, Staff.disabled_at.is_(None)
        await session.execute(sa.update(Staff).where(*others).values(disabled_at=sa.func.now()))
    async with database.sessions() as session:
        own = (await session.scalars(sa.select(Staff.id).where(Staff.email == admin.email))).one()
    last = await do(admin, Row("staff", own), "change-role", role="support")
    assert last.status_code == 409
    assert "needs an admin" in last.text


async def test_no_action_is_done_without_a_reason_or_on_what_has_changed(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    row = Row("organization", tenant.organization.id)
    for reason in ("", "   ", "x" * 501, "a\x00b"):
        answer = await do(operator, row, "suspend", reason=reason)
        assert answer.status_code == 400, reason[:5]
    unknown = await do(operator, row, "change-plan", plan="gold")
    assert unknown.status_code == 400
    assert "Choose a plan from the list" in unknown.text
    stale = await do(operator, row, "change-plan", plan="business", seen="starter ")
    assert stale.status_code == 409
    assert "changed since you opened" in stale.text
    assert (await operator.client.get(Row("organization", uuid4()).path("suspend"))).status_code == 404
    assert (await operator.client.get(Row("call", row.id).path("end"))).status_code == 404
    assert (await operator.client.get(row.path("erase"))).status_code == 404
    kept = await stored_row(database, Organization, row.id)
    assert (kept.plan, kept.suspended_at) == (Plan.PRO, None)


async def test_a_number_is_erased_after_staff_were_told_in_how_many_calls_it_is(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    number, written = "+12125550147", "(212) 555-0147"
    tenant = await make.tenant()
    row, token = Row("organization", tenant.organization.id), await make.token(tenant)
    calls = [await add_call(database, tenant, token, to_number=number) for _ in range(2)]
    other = await add_call(database, tenant, token, details={"also": written})
    async with database.sessions() as session, session.begin():
        session.add(BlockedNumber(organization_id=row.id, number=number))
    form = {"number": written, "block_list": "unblock"}

    preview = await do(operator, row, "erase-number", **form)
    assert preview.status_code == 200
    for sentence in (
        "+1 212-555-0147",
        "2 calls have this number",
        "1 other call mentions the number",
        "removed from the block list",
    ):
        assert sentence in preview.text
    for typed in ({**form, "number": "+12125550199"}, {**form, "block_list": "keep"}):
        assert (await do(operator, row, "erase-number", **typed, previewed="(212) 555-0147|unblock")).status_code != 303
    assert (await stored_row(database, Call, calls[0])).to_number == number

    reason = f"They wrote to us: {written}"
    answer = await do(operator, row, "erase-number", **form, previewed="(212) 555-0147|unblock", reason=reason)
    assert answer.status_code == 303, answer.text
    page = (await operator.client.get(answer.headers["location"])).text
    assert "The number is erased from 2 calls and the metadata of 1 other call." in page
    for call_id in calls:
        assert (await stored_row(database, Call, call_id)).erased_at is not None
    assert (await stored_row(database, Call, other)).details is None
    async with database.sessions() as session:
        assert await session.scalar(sa.select(BlockedNumber.id).where(BlockedNumber.owned_by(row.id))) is None
    event = await audit_event_of(database, row.id, "call_data.number_erased")
    assert (event.actor_kind, event.actor_name) == ("staff", operator.email)
    details = {"number": "…0147", "calls": 2, "metadata_of_calls": 1, "unblocked": True}
    assert event.details == {**details, "reason": "They wrote to us: …0147"}

    for wrong in ("nobody", "", "+12125550199"):
        refused = await do(operator, row, "erase-number", number=wrong, block_list="keep")
        assert refused.status_code == 400, wrong
        assert 'aria-invalid="true"' in refused.text
    await add_call(database, tenant, token, to_number=number, status=CallStatus.RINGING, duration=0)
    live = await do(operator, row, "erase-number", number=number, block_list="keep", previewed=f"{number}|keep")
    assert live.status_code == 409
    assert "This number is in a live call" in live.text


async def test_a_call_is_ended_by_a_job_after_the_request(
    operator: StaffBrowser, rows: Mapping[str, Row], database: Database
) -> None:
    row = rows["call"]
    answer = await do(operator, row, "end")
    page = (await operator.client.get(answer.headers["location"])).text
    assert "The carrier is being asked to end this call. It counts as live until" in page
    assert (await audit_event_of(database, row.id, "call.cut_off")).details == {"reason": REASON}

    # The carrier does not know this call, so the job counts it as ended; tests in the browser end a known call.
    waiting = sa.select(QueuedJob.id).where(QueuedJob.dedupe_key == f"end_call:{row.id}")

    async def is_done() -> bool:
        async with database.sessions() as session:
            return await session.scalar(waiting) is None

    await wait_until(is_done)


async def test_a_deleted_token_is_gone(operator: StaffBrowser, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(EmbedToken).where(EmbedToken.id == token.id))
    assert (await operator.client.get(Row("embed-token", token.id).path("revoke"))).status_code == 404
