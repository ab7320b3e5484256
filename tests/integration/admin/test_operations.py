"""The back office's operations page: live calls, carrier differences, pauses, and its actions by role."""

import datetime as dt
import re
import secrets as random
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from admin.models import StaffRole, StaffSession
from admin.services import STAFF_SESSION_IDLE
from calls.limits.models import Alert
from calls.models import Call, CallStatus
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind, ReconciledDay
from carrier.breaker import BreakerState
from carrier.health import CarrierHealthReport
from conftest import NewClient
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.counters import MinuteCounter
from kit.db.database import Database
from kit.settings import Settings
from phone_numbers.models import NumberDiscrepancy
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Token, sign_in
from support.full_tenant import make_full_tenant
from support.staff import (
    FOREIGN,
    SEEN,
    make_staff,
    post,
    sign_in_to_back_office,
)

pytestmark = pytest.mark.anyio
PAGE = "/admin/operations"


async def test_live_calls_and_alerts_are_shown_with_what_each_role_may_do(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    full_tenant = await make_full_tenant(database, make)
    organization_id, call_id = full_tenant.tenant.organization.id, full_tenant.ids["call_id"]
    async with database.sessions() as session, session.begin():
        live = sa.update(Call).where(Call.id == call_id).values(status=CallStatus.IN_PROGRESS, country="US")
        await session.execute(live)
        alert_id = (await session.scalars(sa.select(Alert.id).where(Alert.owned_by(organization_id)))).one()
    steps = (
        f"/admin/call/{call_id}/do/end?from=operations",
        f"/admin/organization/{organization_id}/do/suspend?from=operations&amp;alert={alert_id}",
        f"/admin/alert/{alert_id}/do/seen?from=operations",
        "/admin/operations/pause",
    )
    for role, may_act in ((StaffRole.SUPPORT, False), (StaffRole.OPERATOR, True)):
        colleague = await sign_in_to_back_office(new_client(), await make_staff(database, role))
        answer = await colleague.client.get(PAGE)
        assert answer.status_code == 200, answer.text
        assert f"/admin/call/details/{call_id}" in answer.text
        assert f"/admin/alert/details/{alert_id}" in answer.text
        assert '<th scope="row">United States</th>' in answer.text
        for step in steps:
            assert (step in answer.text) is may_act, step
        details = (await colleague.client.get(f"/admin/organization/details/{organization_id}")).text
        assert "Calls: 1, answered: 1" in details
        assert "Minutes: 1" in details

    async with database.sessions() as session, session.begin():
        over = sa.update(Call).where(Call.id == call_id).values(status=CallStatus.REFUSED)
        await session.execute(over)
        await session.execute(sa.update(Alert).where(Alert.id == alert_id).values(resolved_at=sa.func.now()))
    later = (await colleague.client.get(PAGE)).text
    assert str(call_id) not in later
    assert str(alert_id) not in later


async def test_an_alert_is_followed_by_a_suspension_that_says_why(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    full_tenant = await make_full_tenant(database, make)
    organization_id = full_tenant.tenant.organization.id
    async with database.sessions() as session:
        alert_id = (await session.scalars(sa.select(Alert.id).where(Alert.owned_by(organization_id)))).one()
    operator = await sign_in_to_back_office(client, await make_staff(database, StaffRole.OPERATOR))
    path = f"/admin/organization/{organization_id}/do/suspend?from=operations&alert={alert_id}"
    page = (await operator.client.get(path)).text
    assert 'value="Alert: limit nearly used up"' in page
    assert 'value="Alert' not in (await operator.client.get(f"{path[:-36]}{uuid4()}")).text
    assert (await operator.client.get(f"{path[:-36]}x")).status_code == 404
    seen = SEEN.search(page)
    assert seen is not None
    answer = await post(operator.client, path, seen=seen[1], reason="Alert: limit nearly used up")
    assert answer.headers["location"] == PAGE
    assert "Suspended</span>" in (await operator.client.get(PAGE)).text


async def test_calls_are_paused_and_resumed_once_each_with_a_reason(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database, settings: Settings
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    operator = await sign_in_to_back_office(client, await make_staff(database, StaffRole.OPERATOR))
    support = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.SUPPORT))
    pause, harder, resume = (f"{PAGE}/{turn}" for turn in ("pause", "pause-and-end", "resume"))
    for path in (pause, harder, resume):
        assert (await support.client.get(path)).status_code == 403
        assert (await post(support.client, path, seen="running", reason="x")).status_code == 403
        foreign = await operator.client.post(path, data={"seen": "running", "reason": "x"}, headers=FOREIGN[1])
        assert foreign.status_code == 403
    assert "No organization can place a call" in (await operator.client.get(pause)).text
    assert (await post(operator.client, pause, seen="running", reason=" ")).status_code == 400
    assert (await operator.client.get(resume)).headers["location"] == PAGE
    assert (await post(operator.client, resume, seen="running", reason="None runs")).status_code == 409
    try:
        answers = [await post(operator.client, pause, seen="running", reason="<b>Fraud</b>") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 409]
        page = (await operator.client.get(PAGE)).text
        assert "Calls are paused for everybody" in page
        assert "&lt;b&gt;Fraud&lt;/b&gt;" in page
        assert resume in page
        assert f'{pause}"' not in page
        # A form of a page that was opened before must not do more than that page said.
        assert (await post(operator.client, harder, seen="running", reason="Worse")).status_code == 409
        assert "Live calls continue." in page
        assert (await post(operator.client, harder, seen="paused", reason="Worse")).status_code == 303
        page = (await operator.client.get(PAGE)).text
        assert "Live calls are being ended." in page
        assert harder not in page
        assert resume not in (await support.client.get(PAGE)).text
        assert await refusal_of_a_call(client, settings, token) == "service_unavailable"
    finally:
        seen = SEEN.search((await operator.client.get(resume)).text)
        assert seen is not None
        assert (await post(operator.client, resume, seen=seen[1], reason="It was none")).status_code == 303
    assert "Calls are paused" not in (await operator.client.get(PAGE)).text
    assert await refusal_of_a_call(client, settings, token) is None
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == operator.email, AuditEvent.action.startswith("calling.")
        events = (await session.scalars(sa.select(AuditEvent).where(*mine).order_by(AuditEvent.id))).all()
    assert [(event.action, (event.details or {})["reason"]) for event in events] == [
        ("calling.paused", "<b>Fraud</b>"),
        ("calling.paused", "Worse"),
        ("calling.resumed", "It was none"),
    ]


async def refusal_of_a_call(client: httpx.AsyncClient, settings: Settings, token: Token) -> str | None:
    """The reason why a call with ``token`` is refused; None when it is dialled."""
    call_id = str(uuid4())
    answer = await CallbackClient(client, settings).outgoing(token.id, new_sid(), CallId=call_id)
    assert answer.status_code == 200, answer.text
    if answer.content != REJECT:
        return None
    call = (await client.post("/widget/status", json={"token": token.raw, "call_id": call_id})).json()["call"]
    reason: str = call["end_reason"]
    return reason


async def test_the_figures_are_those_of_all_workers(
    client: httpx.AsyncClient, database: Database, app: Litestar
) -> None:
    del app
    now, other = utc_now().replace(second=0, microsecond=0), f"x_{random.token_hex(4)}"
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(CarrierHealthReport))
        session.add_all(
            [
                MinuteCounter(minute=now, name=f"exchange.{other}", amount=1_234_567),
                MinuteCounter(minute=now - dt.timedelta(hours=1), name=f"exchange.{other}", amount=7_654_321),
                CarrierHealthReport(reported_at=utc_now(), state=BreakerState.CLOSED, answered_at=utc_now()),
                CarrierHealthReport(reported_at=utc_now(), state=BreakerState.CLOSED),
                CarrierHealthReport(
                    reported_at=utc_now(), state=BreakerState.OPEN, failed_at=utc_now(), failure="HTTP 503 of the test"
                ),
                # A process that has ended.
                CarrierHealthReport(reported_at=utc_now() - dt.timedelta(minutes=5), state=BreakerState.PROBING),
            ]
        )
    colleague = await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))
    page = " ".join((await colleague.client.get(PAGE)).text.split())
    assert f'Refused: {other.capitalize().replace("_", " ")}</th><td class="end">1,234,567</td>' in page
    by_hour = [int(found) for found in re.findall(r'<td class="end">(\d{7,})</td>', page)]
    assert [number >= least for number, least in zip(by_hour, (7_654_321, 1_234_567), strict=True)] == [True, True]
    # The running application is one of the processes that are connected to the carrier.
    in_touch = re.search(r"(\d+) connected, 1 paused after failures<", page)
    assert in_touch is not None
    assert int(in_touch[1]) >= 2
    assert "HTTP 503 of the test" in page


async def test_differences_from_the_carrier_are_listed_until_they_are_corrected(
    client: httpx.AsyncClient, database: Database
) -> None:
    day, sid = dt.date(2026, 1, 2), f"CA{random.token_hex(16)}"
    number = f"+1415{random.randbelow(10**7):07}"
    # The application's own comparison deletes reports that it has not seen again since this time.
    tomorrow = utc_now() + dt.timedelta(days=1)
    reported = NumberDiscrepancy(e164=number, reason="at the carrier, not held here", last_seen_at=tomorrow)
    async with database.sessions() as session, session.begin():
        difference = CallDiscrepancy(
            day=day, kind=DiscrepancyKind.UNKNOWN_TO_US, carrier_sid=sid, here="", there="<b>completed</b>"
        )
        session.add_all(
            [
                difference,
                ReconciledDay(
                    day=day, compared_at=utc_now(), calls_here=3, calls_there=4, open=1, micros_there=1_500_000
                ),
                reported,
            ]
        )
    colleague = await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))
    page = (await colleague.client.get(PAGE)).text
    details = f"/admin/carrier-difference/details/{difference.id}"
    assert details in page
    assert "&lt;b&gt;completed&lt;/b&gt;" in page
    assert f"/admin/number-difference/details/{reported.id}" in page
    shown = (await colleague.client.get(details)).text
    assert "Only at the carrier" in shown
    assert sid in shown
    days = (await colleague.client.get("/admin/carrier-day/list")).text
    assert f"/admin/carrier-difference/list?day={day}&amp;status=open" in days
    assert details in (await colleague.client.get(f"/admin/carrier-difference/list?day={day}&status=open")).text
    assert (await colleague.client.get("/admin/carrier-difference/list?day=x")).status_code == 404
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(CallDiscrepancy).values(corrected_at=utc_now()))
        await session.execute(sa.delete(NumberDiscrepancy).where(NumberDiscrepancy.e164 == number))
        await session.execute(sa.delete(ReconciledDay).where(ReconciledDay.day == day))
    later = (await colleague.client.get(PAGE)).text
    assert details not in later
    assert number[1:] not in later


async def test_a_page_that_refreshes_itself_keeps_no_session_alive(
    client: httpx.AsyncClient, database: Database
) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    colleague = await sign_in_to_back_office(client, staff)

    async def seen_at(ago: dt.timedelta | None = None) -> dt.datetime:
        async with database.sessions() as session, session.begin():
            mine = StaffSession.user_id == staff.id
            if ago is not None:
                await session.execute(sa.update(StaffSession).where(mine).values(last_seen_at=utc_now() - ago))
            return (await session.scalars(sa.select(StaffSession.last_seen_at).where(mine))).one()

    nearly = await seen_at(STAFF_SESSION_IDLE - dt.timedelta(minutes=2))
    fresh = await colleague.client.get(f"{PAGE}/now")
    assert fresh.status_code == 200
    assert fresh.headers["cache-control"] == "no-store"
    assert "<nav" not in fresh.text
    assert 'data-part="live"' in fresh.text
    assert await seen_at() == nearly
    assert (await colleague.client.get(PAGE)).status_code == 200
    assert await seen_at() > nearly

    await seen_at(STAFF_SESSION_IDLE + dt.timedelta(seconds=1))
    for path in (f"{PAGE}/now", f"{PAGE}/now/"):
        over = await colleague.client.get(path)
        assert (over.status_code, over.text) == (401, ""), path


async def test_customers_and_visitors_are_sent_to_the_sign_in_page(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    customer = await sign_in(new_client(), (await make.tenant()).owner)
    for outsider in (client, customer):
        answer = await outsider.get(PAGE)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?next=/admin/operations")
        by_itself = await outsider.get(f"{PAGE}/now")
        assert (by_itself.status_code, by_itself.text) == (401, "")
