"""The back office's lists, searches, details and CSV exports of records: read-only, no secrets, views audited."""

import csv
import datetime as dt
import html
import io
import secrets as random
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar
from sqlalchemy.exc import DBAPIError

from accounts.models import User
from admin.models import StaffRole
from calls.models import CallStatus
from conftest import NewClient
from epoch.app import create_app
from kit.audit import AuditEvent
from kit.db.database import STAFF_ROLE, Database
from kit.db.model import Base
from kit.http.app_key import DATABASE
from kit.ids import first_uuid7
from kit.settings import Settings
from support.call_factory import add_call
from support.factories import Factory, sign_in
from support.full_tenant import FullTenant, make_full_tenant
from support.staff import (
    SAME_ORIGIN,
    StaffBrowser,
    make_staff,
    post,
    sign_in_to_back_office,
)
from support.widget_client import browser_at
from tenants.models import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
KINDS = (
    "organization",
    "user",
    "phone-number",
    "embed-token",
    "call",
    "upgrade-request",
    "alert",
    "limit-override",
    "audit-event",
    "invitation",
    "invitation-report",
    "membership",
    "outbox-item",
)
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
async def full_tenant(database: Database, settings: object) -> FullTenant:
    return await make_full_tenant(database, Factory(database, settings))  # type: ignore[arg-type]


@pytest.fixture
async def operator(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.OPERATOR))


async def search_page(colleague: StaffBrowser, kind: str, term: str) -> str:
    answer = await colleague.client.get(f"/admin/{kind}/list", params={"search": term})
    assert answer.status_code == 200
    return answer.text


async def test_an_organization_is_found_by_name_slug_number_and_id(operator: StaffBrowser, make: Factory) -> None:
    name = f"Zebra {random.token_hex(4)}"
    tenant = await make.tenant(name=name)
    assert tenant.number is not None
    digits = tenant.number.removeprefix("+1")
    spoken = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    for term in (name, name.upper()[:10], tenant.organization.slug, tenant.number, spoken, str(tenant.organization.id)):
        assert f"/admin/organization/details/{tenant.organization.id}" in await search_page(
            operator, "organization", term
        )
    for term in ("nobody has this name", "%", "_", "+1999999999999", str(uuid4()), "\x00", "x" * 5000):
        assert "No match" in await search_page(operator, "organization", term), term


async def test_people_numbers_tokens_and_calls_are_found(operator: StaffBrowser, full_tenant: FullTenant) -> None:
    ids, tenant = full_tenant.ids, full_tenant.tenant
    assert f"/admin/user/details/{tenant.owner.id}" in await search_page(
        operator, "user", tenant.owner.email[:-4].upper()
    )
    assert f"/admin/phone-number/details/{ids['number_id']}" in await search_page(
        operator, "phone-number", tenant.number or ""
    )
    assert f"/admin/call/details/{ids['call_id']}" in await search_page(operator, "call", "2125550177")
    page = (await operator.client.get(f"/admin/embed-token/details/{ids['token_id']}")).text
    assert "victim.example" in page


async def test_staff_find_by_national_formats_by_names_and_by_members_emails(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    call_id = await add_call(database, tenant, await make.token(tenant), to_number="+442079460958")
    name = f"Ada {random.token_hex(4)}"
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == tenant.owner.id).values(name=name))
    for term in ("020 7946 0958", "(020) 7946", "+44 (0)20 7946 0958"):
        assert f"/admin/call/details/{call_id}" in await search_page(operator, "call", term), term
    for term in (name, name.upper()[:10]):
        assert f"/admin/user/details/{tenant.owner.id}" in await search_page(operator, "user", term), term
    by_email = await search_page(operator, "organization", tenant.owner.email.upper())
    assert f"/admin/organization/details/{tenant.organization.id}" in by_email


async def test_every_list_and_detail_opens_and_links_to_what_belongs_together(
    operator: StaffBrowser, full_tenant: FullTenant
) -> None:
    organization = full_tenant.ids["organization_id"]
    for kind in KINDS:
        narrowed = {} if kind in {"organization", "user", "outbox-item"} else {"organization_id": str(organization)}
        answer = await operator.client.get(f"/admin/{kind}/list", params=narrowed)
        assert answer.status_code == 200, (kind, answer.text)
        if narrowed:
            assert f"/admin/organization/details/{organization}" in answer.text, kind
    page = (await operator.client.get(f"/admin/organization/details/{organization}")).text
    for kind, key in (("embed-token", "token_id"), ("call", "call_id"), ("phone-number", "number_id")):
        assert f"/admin/{kind}/details/{full_tenant.ids[key]}" in page
        assert (await operator.client.get(f"/admin/{kind}/details/{full_tenant.ids[key]}")).status_code == 200
    call = (await operator.client.get(f"/admin/call/details/{full_tenant.ids['call_id']}")).text
    assert "Initiated, agent&#39;s side" in call


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (13227, "13227: The account's geographic permissions exclude this country"),
        (13999, "13999: look it up in the carrier's list of errors"),
    ],
    ids=["a known code", "an unknown code"],
)
async def test_the_carriers_error_of_a_call_is_shown_with_its_meaning(
    operator: StaffBrowser, make: Factory, database: Database, code: int, shown: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    call_id = await add_call(database, tenant, token, status=CallStatus.FAILED, duration=0, carrier_error=code)
    page = html.unescape((await operator.client.get(f"/admin/call/details/{call_id}")).text)
    assert shown in page


async def test_a_refused_call_shows_the_rule_at_that_time(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    details = {"country": "FR", "scope": "organization", "who": "admin"}
    refused: dict[str, Any] = {
        "status": CallStatus.REFUSED,
        "end_reason": "country_not_enabled",
        "end_details": details,
    }
    call_id = await add_call(database, tenant, await make.token(tenant), duration=0, **refused)
    page = html.unescape((await operator.client.get(f"/admin/call/details/{call_id}")).text)
    for text in (
        "This destination is not allowed",
        "Calls to France are not switched on for Acme Realty. An admin can add them under Calling rules.",
        "Country not enabled",
    ):
        assert text in page, text


async def test_the_called_person_is_shown_as_the_page_named_them(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    person: dict[str, Any] = {"name": "<b>Grace</b>", "company": "Acme", "url": "https://crm.example.com/1"}
    call_id = await add_call(database, tenant, await make.token(tenant), **person)
    page = (await operator.client.get(f"/admin/call/details/{call_id}")).text
    assert "&lt;b&gt;Grace&lt;/b&gt;" in page
    assert "Acme" in page
    assert '<a href="https://crm.example.com/1" target="_blank" rel="noopener noreferrer nofollow">' in page


async def test_lists_go_on_by_keyset_and_count_nothing(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    async with database.sessions() as session, session.begin():
        session.add_all(
            AuditEvent(organization_id=tenant.organization.id, actor_kind="system", actor_name="x", action=f"t.{n:03}")
            for n in range(120)
        )
    seen: list[str] = []
    path = f"/admin/audit-event/list?organization_id={tenant.organization.id}"
    while path:
        page = (await operator.client.get(path)).text
        seen += [part[:5] for part in page.split("<bdi>T ")[1:]]
        path = (
            page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
            if 'rel="next"' in page
            else ""
        )
    assert sorted(part[:3] for part in seen) == [f"{n:03}" for n in range(120)]


def id_of(moment: dt.datetime) -> UUID:
    """A random id of a row created at ``moment``."""
    return UUID(int=first_uuid7(moment).int | random.randbits(62))


async def test_lists_can_start_at_a_chosen_day(operator: StaffBrowser, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    moments = {day: dt.datetime(2026, 3, day, 23, 59, 59, 999_000, tzinfo=dt.UTC) for day in (1, 2, 3)}
    calls = {
        day: await add_call(database, tenant, token, started_at=moment, id=id_of(moment))
        for day, moment in moments.items()
    }
    path = f"/admin/call/list?organization_id={tenant.organization.id}"
    for day in calls:
        page = (await operator.client.get(f"{path}&until=2026-03-0{day}")).text
        found = {other for other, call_id in calls.items() if f"/admin/call/details/{call_id}" in page}
        assert found == {other for other in calls if other <= day}
    assert "/admin/call/details/" not in (await operator.client.get(f"{path}&until=2026-02-28&status=completed")).text
    page = (await operator.client.get(f"{path}&status=busy")).text
    assert '<option value="busy" selected>Busy</option>' in page
    assert "No match" in page


async def test_people_are_shown_with_what_they_did(
    operator: StaffBrowser, new_client: NewClient, full_tenant: FullTenant, database: Database
) -> None:
    owner = full_tenant.tenant.owner
    page = (await operator.client.get(f"/admin/user/details/{owner.id}")).text
    assert "Member removed" in page
    assert f"/admin/audit-event/list?actor_id={owner.id}" in page
    events = (await operator.client.get(f"/admin/audit-event/list?actor_id={owner.id}")).text
    assert "Member removed" in events
    admin = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.ADMIN))
    listed = (await operator.client.get("/admin/audit-event/list")).text
    assert "/admin/staff/details/" not in listed
    assert "/admin/staff/details/" in (await admin.client.get("/admin/audit-event/list")).text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"/admin/organization/details/{uuid4()}", id="unknown organization"),
        "/admin/organization/details/no-id",
        "/admin/organization/details/1;2",
        "/admin/nothing/list",
        "/admin/organization/list?sortBy=limits",
        "/admin/organization/list?page=2",
        "/admin/organization/list?after=x",
        "/admin/call/list?organization_id=x",
        "/admin/call/list?until=yesterday",
        "/admin/audit-event/list?actor_id=1",
        "/admin/organization/create",
        "/admin/organization/export/csv",
        "/admin/user/ajax/lookup?name=x&term=y",
        "/admin/statics/css/main.css",
        "/admin/api-key/list",
    ],
)
async def test_unknown_records_and_paths_answer_404(operator: StaffBrowser, path: str) -> None:
    answer = await operator.client.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


async def test_an_id_of_another_kind_is_not_found(operator: StaffBrowser, full_tenant: FullTenant) -> None:
    answer = await operator.client.get(f"/admin/organization/details/{full_tenant.ids['call_id']}")
    assert answer.status_code == 404


async def test_nothing_of_sqladmin_changes_rows(
    operator: StaffBrowser, full_tenant: FullTenant, database: Database
) -> None:
    organization = full_tenant.ids["organization_id"]
    for method, path in (
        ("DELETE", f"/admin/organization/delete?pks={organization}"),
        ("POST", "/admin/organization/create"),
        ("POST", f"/admin/organization/edit/{organization}"),
        ("POST", "/admin/organization/import"),
    ):
        answer = await operator.client.request(method, path, data={"name": "x"}, headers=SAME_ORIGIN)
        assert answer.status_code in (404, 405), path
    async with database.sessions() as session:
        assert await session.get(Organization, organization) is not None


async def test_hostile_text_is_inert_in_every_list_and_detail(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(name=HOSTILE[:80])
    token = await make.token(tenant)
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.text("UPDATE user_account SET name = :x WHERE id = :id"), {"x": HOSTILE, "id": tenant.owner.id}
        )
        await session.execute(
            sa.text("UPDATE embed_token SET label = :x, last_origin = :x, allowed_domains = ARRAY[:x] WHERE id = :id"),
            {"x": HOSTILE, "id": token.id},
        )
        session.add(
            AuditEvent(
                organization_id=tenant.organization.id,
                actor_kind="user",
                actor_name=HOSTILE,
                action="t.x",
                subject_name=HOSTILE,
                details={HOSTILE: HOSTILE},
            )
        )
    own = f"organization_id={tenant.organization.id}"
    paths = [f"/admin/{kind}/list?{own}" for kind in ("embed-token", "audit-event", "membership", "phone-number")]
    paths += [
        f"/admin/organization/details/{tenant.organization.id}",
        f"/admin/user/details/{tenant.owner.id}",
        f"/admin/embed-token/details/{token.id}",
        f"/admin/embed-token/{token.id}/do/revoke",
        f"/admin/organization/list?search={tenant.organization.slug}",
    ]
    for path in paths:
        page = (await operator.client.get(path)).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    assert "&lt;script&gt;alert" in (await operator.client.get(paths[0])).text


async def test_no_secret_can_be_read_by_the_role_of_the_pages(app: Litestar, database: Database) -> None:
    del database
    hidden = {
        "user_account": ("password_hash", "totp_secret", "totp_last_step"),
        "embed_token": ("digest",),
        "api_key": ("digest",),
        "invitation": ("digest",),
        "invitation_report": ("recipient",),
        "pgqueuer": ("payload",),
        "login_session": ("digest", "id"),
        "one_time_token": ("digest",),
        "recovery_code": ("digest",),
        "webhook_endpoint": ("secret", "url"),
        "hubspot_connection": ("access_token",),
    }
    tenant_database = DATABASE.get(app)
    reading = tenant_database.for_role(STAFF_ROLE, engine_connections=1)
    try:
        for table, columns in hidden.items():
            for column in columns:
                with pytest.raises(DBAPIError, match="permission denied"):
                    async with reading.sessions() as session:
                        await session.execute(sa.text(f'SELECT {column} FROM "{table}" LIMIT 1'))  # noqa: S608
        writable = {"staff", "staff_passkey", "staff_session", "staff_recovery_code"}
        # Staff pause and resume all calls, and close reports of phone numbers.
        for table in set(Base.metadata.tables) - writable - {"calling_pause", "phone_number_discrepancy"}:
            with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
                async with reading.sessions() as session:
                    await session.execute(sa.text(f'DELETE FROM "{table}"'))  # noqa: S608
        for table in writable:
            with pytest.raises(DBAPIError, match="permission denied"):
                async with tenant_database.sessions() as session:
                    await session.execute(sa.text(f"SELECT id FROM {table}"))  # noqa: S608
    finally:
        await reading.stop()


async def test_an_export_is_capped_inert_audited_and_for_operators(
    operator: StaffBrowser, new_client: NewClient, make: Factory, database: Database
) -> None:
    name = f"=HYPERLINK {random.token_hex(4)}"
    tenant = await make.tenant(name=name)
    path = f"/admin/organization/export?search={tenant.organization.slug}"
    answer = await post(operator.client, path)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tenant.organization.slug in {row["slug"] for row in rows}
    assert f"'{name}" in {row["name"] for row in rows}
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == operator.email, AuditEvent.action == "records.exported"
        event = (await session.scalars(sa.select(AuditEvent).where(*mine))).one()
    assert event.details == {"rows": len(rows), "filters": {"search": tenant.organization.slug}}

    assert (await post(operator.client, path, bom="on")).content.startswith(b"\xef\xbb\xbfid,")

    support = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.SUPPORT))
    assert (await post(support.client, path)).status_code == 403
    assert (await post(operator.client, "/admin/staff/export")).status_code == 404
    assert (await operator.client.post(path, headers={"Origin": "https://evil.example"})).status_code == 403


async def test_the_view_of_a_record_is_in_the_audit_log(
    operator: StaffBrowser, full_tenant: FullTenant, database: Database
) -> None:
    await operator.client.get(f"/admin/user/details/{full_tenant.tenant.owner.id}")
    async with database.sessions() as session:
        mine = AuditEvent.actor_name == operator.email, AuditEvent.action == "user.viewed"
        event = (await session.scalars(sa.select(AuditEvent).where(*mine))).one()
    assert (event.subject_id, event.organization_id) == (full_tenant.tenant.owner.id, None)


async def test_no_number_that_was_called_enters_the_audit_log(
    operator: StaffBrowser, full_tenant: FullTenant, database: Database
) -> None:
    await operator.client.get(f"/admin/call/details/{full_tenant.ids['call_id']}")
    assert (await post(operator.client, "/admin/call/export?search=%2B12125550177")).status_code == 200
    async with database.sessions() as session:
        mine = sa.select(AuditEvent).where(AuditEvent.actor_name == operator.email)
        events = [f"{row.action} {row.subject_name} {row.details}" for row in await session.scalars(mine)]
    assert [line for line in events if "call.viewed Call to …0177" in line]
    assert [line for line in events if "records.exported" in line and "…0177" in line]
    assert [line for line in events if "5550177" in line] == []


async def test_staff_are_for_admins_to_see(operator: StaffBrowser, new_client: NewClient, database: Database) -> None:
    assert (await operator.client.get("/admin/staff/list")).status_code == 403
    assert "/admin/staff/list" not in (await operator.client.get("/admin")).text
    admin = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.ADMIN))
    assert operator.email in await search_page(admin, "staff", operator.email)


async def test_customers_and_visitors_get_nothing_of_any_route(
    client: httpx.AsyncClient, new_client: NewClient, full_tenant: FullTenant
) -> None:
    customer = await sign_in(new_client(), full_tenant.tenant.owner)
    paths = [f"/admin/{kind}/list" for kind in (*KINDS, "staff")]
    paths += [
        f"/admin/organization/details/{full_tenant.ids['organization_id']}",
        "/admin/account",
        "/admin/recovery-codes",
    ]
    for who in (client, customer):
        for path in paths:
            answer = await who.get(path)
            assert (answer.status_code, answer.text) == (303, ""), path
            assert answer.headers["location"].startswith("/admin/login")


async def test_two_applications_of_one_process_read_their_own_databases(
    settings: Settings,
    new_migrated_database: Callable[[], str],
    client: httpx.AsyncClient,
    database: Database,
    make: Factory,
) -> None:
    """Views are made once for each application: sqladmin stores the database's sessions on them."""
    tenant = await make.tenant()
    office = await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))
    path = f"/admin/organization/details/{tenant.organization.id}"
    assert (await office.client.get(path)).status_code == 200
    other = create_app(msgspec.structs.replace(settings, database_url=new_migrated_database()))
    async with other.lifespan(), browser_at(other, "127.0.0.1", settings.public_url) as browser:
        assert (await browser.get("/admin/login")).status_code == 200
    assert (await office.client.get(path)).status_code == 200
