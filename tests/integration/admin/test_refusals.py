"""The back office's page "Why was this refused": by number, organization and e-mail, with the values at that time."""

import datetime as dt
import secrets
from html import unescape
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from admin.models import StaffRole
from calls.limits.models import CappedRejection
from calls.models import CallStatus
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.e164 import possible_numbers
from support.call_factory import add_call
from support.factories import Factory, Tenant, Token
from support.staff import StaffBrowser, make_staff, post, sign_in_to_back_office
from widget.models import BlockedOrigin

pytestmark = pytest.mark.anyio
PAGE = "/admin/refusals"


@pytest.fixture
async def support(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))


@pytest.fixture
async def acme(make: Factory) -> tuple[Tenant, Token]:
    tenant = await make.tenant(name=f"Acme {secrets.token_hex(4)}")
    return tenant, await make.token(tenant, allowed_domains=["acme.example"])


async def refuse(database: Database, acme: tuple[Tenant, Token], number: str, code: str, **columns: Any) -> None:
    await add_call(database, *acme, to_number=number, status=CallStatus.REFUSED, duration=0, end_reason=code, **columns)


def unused_number() -> str:
    return f"+4420794{secrets.randbelow(100_000):05}"


async def viewed(database: Database, colleague: StaffBrowser) -> list[str]:
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == colleague.email, AuditEvent.action == "refusals.viewed"
        return list(await session.scalars(sa.select(AuditEvent.subject_name).where(*mine).order_by(AuditEvent.id)))


async def test_a_number_in_any_format_leads_to_its_refusals_and_is_in_no_url(
    support: StaffBrowser, acme: tuple[Tenant, Token], database: Database
) -> None:
    number = unused_number()
    limit = {"limit": "calls_per_minute_per_phone", "value": 20, "used": 20, "scope": "phone", "who": "support"}
    await refuse(database, acme, number, "too_many_calls", end_details=limit)
    national = f"0{number[3:5]} {number[5:9]} {number[9:]}"
    for typed in (number, national, f"0044 {number[3:]}", f"({national[:3]}) {national[4:]}", f"tel:{number}"):
        answer = await post(support.client, PAGE, text=typed)
        assert answer.status_code == 200, typed
        page = unescape(answer.text)
        assert "<h3>Too many calls</h3>" in page, typed
        assert acme[0].organization.name in page
    assert "Too many calls in a short time." in page
    assert "20 calls a minute per phone" in page
    assert "<dt>Used then</dt><dd><bdi>20</bdi>" in page
    assert "<dt>Who can fix it</dt><dd>our staff</dd>" in page
    assert "<code>too_many_calls</code>" in page
    assert await viewed(database, support) == [f"…{number[-4:]}"] * 5


async def test_an_organization_leads_to_refused_calls_and_pages_with_what_to_do(
    support: StaffBrowser, acme: tuple[Tenant, Token], database: Database
) -> None:
    tenant, token = acme
    name, organization_id = tenant.organization.name, tenant.organization.id
    await refuse(database, acme, "+33123456789", "country_not_enabled", end_details={"country": "FR", "who": "admin"})
    await refuse(database, acme, "+12125550188", "number_blocked", end_details={"scope": "organization"})
    async with database.sessions() as session, session.begin():
        origin = "https://shop.elsewhere.example"
        session.add(BlockedOrigin(organization_id=organization_id, token_id=token.id, origin=origin, times=3))
        capped = {"slot": 0, "carrier_sid": f"CA{secrets.token_hex(16)}", "end_reason": "call_limit_reached"}
        session.add(
            CappedRejection(organization_id=organization_id, token_id=token.id, rejected_at=utc_now(), **capped)
        )
    for typed in (name, name.upper(), name[:12], tenant.organization.slug, str(organization_id)):
        answer = await post(support.client, PAGE, text=typed)
        assert answer.headers["location"] == f"{PAGE}?organization={organization_id}", typed
    page = unescape((await support.client.get(f"{PAGE}?organization={organization_id}")).text)
    assert f"Calls to France are not switched on for {name}. An admin can add them under Calling rules." in page
    assert "<dt>Country</dt><dd><bdi>France</bdi>" in page
    assert f"<dt>Who can fix it</dt><dd>an admin of {name}</dd>" in page
    assert "<dt>Blocked number</dt><dd><bdi>+1 212-555-0188</bdi>" in page
    assert "Call limit reached" in page
    assert "shop.elsewhere.example" in page
    assert "acme.example" in page
    assert "Its phones can call now." in page
    assert await viewed(database, support) == [name]
    details = (await support.client.get(f"/admin/organization/details/{organization_id}")).text
    assert f'href="{PAGE}?organization={organization_id}"' in details


async def test_an_email_leads_to_the_calls_of_that_person(
    support: StaffBrowser, acme: tuple[Tenant, Token], make: Factory, database: Database
) -> None:
    tenant = acme[0]
    owner, other = tenant.owner.email, "somebody@else.example"
    await refuse(database, acme, "+12125550171", "emergency_number", agent=owner, agent_is_member=True)
    await refuse(database, acme, "+12125550172", "too_many_calls", agent=other, agent_is_member=True)
    await refuse(database, acme, "+12125550173", "too_many_calls", agent=owner)
    answer = await post(support.client, PAGE, text=owner.upper())
    assert answer.headers["location"] == f"{PAGE}?user={tenant.owner.id}"
    page = (await support.client.get(answer.headers["location"])).text
    assert "+1 212-555-0171" in page
    # A name that a page gave is no person of ours.
    assert "+1 212-555-0172" not in page
    assert "+1 212-555-0173" not in page
    assert f'href="{PAGE}?organization={tenant.organization.id}"' in page
    assert await viewed(database, support) == [owner]


async def test_old_and_foreign_refusals_are_left_out_and_nothing_is_said_so(
    support: StaffBrowser, acme: tuple[Tenant, Token], make: Factory
) -> None:
    other = await make.tenant()
    page = (await support.client.get(f"{PAGE}?organization={other.organization.id}")).text
    assert "No refused calls" in page
    for typed in ("nobody has this name", "nobody@nowhere.example", "%", "\x00", "x" * 300):
        answer = await post(support.client, PAGE, text=typed)
        assert answer.status_code == 200, typed
        assert "No match. Enter a phone number" in answer.text, typed
    for path in (f"{PAGE}?organization=x", f"{PAGE}?user={other.organization.id}"):
        assert (await support.client.get(path)).status_code == 404


async def test_a_refused_call_explains_itself_on_its_page(
    support: StaffBrowser, acme: tuple[Tenant, Token], database: Database
) -> None:
    details = {"limit": "spend_cents_per_day", "value": 2500, "used": 2490, "scope": "organization", "who": "admin"}
    call_id = await add_call(
        database,
        *acme,
        status=CallStatus.REFUSED,
        duration=0,
        end_reason="call_limit_reached",
        end_details=details,
        started_at=utc_now() - dt.timedelta(days=90),
    )
    page = unescape((await support.client.get(f"/admin/call/details/{call_id}")).text)
    assert "Why this call was refused or ended" in page
    assert "The calling budget for today is used up." in page
    assert "$25.00 a day" in page
    assert "$24.90" in page


def test_a_number_may_be_of_any_country_and_a_name_is_none() -> None:
    assert {"+442079460018", "02079460018"} <= set(possible_numbers("020 7946 0018"))
    assert "+12125550177" in possible_numbers("(212) 555-0177")
    assert possible_numbers("+33 1 23 45 67 89") == ("+33 1 23 45 67 89", "+33123456789", "33123456789")
    assert "911" in possible_numbers("911")
    assert possible_numbers("Acme 24") == possible_numbers("") == possible_numbers("12") == ()
