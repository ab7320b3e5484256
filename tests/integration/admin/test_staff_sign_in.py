"""Accounts of staff: invitation link, sign-in with second factor, sessions and their cookie, disabling, sign-out."""

import asyncio
import re
from datetime import timedelta

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from accounts.passwords import Passwords
from admin.models import Staff, StaffRole, StaffSession
from admin.services import STAFF_SESSION_IDLE, STAFF_SESSION_LIFETIME, StaffService
from conftest import PUBLIC_URL, NewClient
from epoch.app import create_app
from epoch.cli.commands import add_staff
from epoch.cli.expected_failures import describe_failure
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import ValidationFailed
from kit.settings import Settings
from support.asgi import asgi_transport
from support.db_probe import tables_holding
from support.factories import Factory, sign_in
from support.passwords import PASSWORD
from support.staff import (
    FOREIGN,
    SAME_ORIGIN,
    StaffBrowser,
    make_staff,
    post,
    sign_in_to_back_office,
)

pytestmark = pytest.mark.anyio
LOGIN = "/admin/login"


@pytest.fixture
async def admin(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.ADMIN))


async def invite(database: Database, email: str, role: StaffRole | None = None) -> str:
    hashed = await Passwords().hash_random_password()
    async with database.sessions() as session, session.begin():
        return (await StaffService(session).add(email, role, unknown_password_hash=hashed, by=SYSTEM)).link_token


async def session_of(database: Database, email: str) -> StaffSession:
    async with database.sessions() as session:
        mine = sa.select(StaffSession).join(Staff, Staff.id == StaffSession.user_id).where(Staff.email == email)
        return (await session.scalars(mine)).one()


@pytest.mark.parametrize("email", ["", "notanemail"])
async def test_the_command_refuses_a_wrong_email(settings: Settings, email: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        await add_staff(settings, email, None)
    assert describe_failure(refusal.value) == "Enter an e-mail address like name@example.com"


async def test_a_link_lets_its_holder_choose_a_password_once(
    client: httpx.AsyncClient, settings: Settings, database: Database
) -> None:
    await make_staff(database, StaffRole.ADMIN)
    invited, link = await add_staff(settings, "Newcomer@Example.com", None)
    assert (invited.staff.email, invited.staff.role) == ("newcomer@example.com", StaffRole.SUPPORT)
    assert link.startswith(f"{PUBLIC_URL}/admin/join/")
    assert await tables_holding(database, invited.link_token) == []
    path = link.removeprefix(PUBLIC_URL)
    page = await client.get(path)
    assert (page.status_code, page.headers["referrer-policy"]) == (200, "no-referrer")
    assert "newcomer@example.com" in page.text

    assert (await post(client, path, password="short")).status_code == 400
    # A browser sends the origin "null" when the page sends no referrer.
    answer = await client.post(
        path, data={"password": PASSWORD}, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, LOGIN)
    assert (await client.get(path)).status_code == 404
    assert (await post(client, path, password=PASSWORD)).status_code == 404
    assert (await post(client, LOGIN, email="newcomer@example.com", password=PASSWORD, next="")).status_code == 303


async def test_a_link_ends_when_replaced_or_expired(client: httpx.AsyncClient, database: Database) -> None:
    first = await invite(database, "slow@example.com")
    second = await invite(database, "slow@example.com")
    assert (await client.get(f"/admin/join/{first}")).status_code == 404
    assert (await client.get(f"/admin/join/{second}")).status_code == 200
    async with database.sessions() as session, session.begin():
        aged = sa.update(Staff).where(Staff.email == "slow@example.com")
        await session.execute(aged.values(link_expires_at=utc_now() - timedelta(seconds=1)))
    assert (await client.get(f"/admin/join/{second}")).status_code == 404


async def test_only_one_of_two_concurrent_requests_uses_a_link(new_client: NewClient, database: Database) -> None:
    raw = await invite(database, "shared@example.com")
    answers = await asyncio.gather(
        *(post(new_client(), f"/admin/join/{raw}", password=f"{PASSWORD} {n}") for n in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 404]


async def test_the_first_sign_in_enrols_and_shows_recovery_codes_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    colleague = await sign_in_to_back_office(client, staff)
    page = (await client.get("/admin/recovery-codes")).text
    codes = re.findall(r"\b[2-9a-z]{4}(?:-[2-9a-z]{4}){3}\b", page)
    assert len(codes) == 10
    assert (await client.get("/admin/recovery-codes")).headers["location"] == "/admin"
    assert (await client.get("/admin")).status_code == 200
    for secret in (colleague.secret, codes[0], client.cookies["epoch_staff"]):
        assert await tables_holding(database, secret) == []

    assert (await post(client, "/admin/logout")).status_code == 303
    await post(client, LOGIN, email=staff.email, password=PASSWORD, next="/admin/account")
    assert "secret" not in (await client.get("/admin/second-step")).text
    answer = await post(client, "/admin/second-step", code=codes[0], next="/admin/account")
    assert answer.headers["location"] == "/admin/account"
    assert (await client.get("/admin/account")).text.count("This browser") == 1


async def test_the_next_colleague_in_a_browser_does_not_see_the_recovery_codes(
    client: httpx.AsyncClient, new_client: NewClient, database: Database
) -> None:
    second = await make_staff(database, StaffRole.SUPPORT)
    enrolled = await sign_in_to_back_office(new_client(), second)
    await sign_in_to_back_office(client, await make_staff(database, StaffRole.SUPPORT))
    await post(client, "/admin/logout")
    await post(client, LOGIN, email=second.email, password=PASSWORD, next="/admin")
    await post(client, "/admin/second-step", code=enrolled.code(steps=1), next="/admin")
    assert (await client.get("/admin/recovery-codes")).headers["location"] == "/admin"


async def test_the_password_alone_does_not_sign_in(client: httpx.AsyncClient, database: Database) -> None:
    staff = await make_staff(database, StaffRole.ADMIN)
    await post(client, LOGIN, email=staff.email, password=PASSWORD, next="")
    for _ in range(2):  # the second time, an enrolment has begun
        assert (await client.get("/admin")).headers["location"] == LOGIN
        await client.get("/admin/second-step")
    answer = await post(client, "/admin/second-step", code="000000", next="")
    assert answer.status_code == 401
    assert (await client.get("/admin")).headers["location"] == LOGIN


async def test_a_code_can_be_used_once(admin: StaffBrowser, new_client: NewClient) -> None:
    other = new_client()
    await post(other, LOGIN, email=admin.email, password=PASSWORD, next="")
    again = await post(other, "/admin/second-step", code=admin.code(), next="")
    assert again.status_code == 401
    later = await post(other, "/admin/second-step", code=admin.code(steps=1), next="")
    assert later.status_code == 303


async def test_unknown_accounts_and_customers_are_answered_like_wrong_passwords(
    client: httpx.AsyncClient, database: Database, make: Factory
) -> None:
    staff, customer = await make_staff(database, StaffRole.ADMIN), await make.user()
    pages = set()
    for email in (staff.email, customer.email, "nobody@example.com"):
        answer = await post(client, LOGIN, email=email, password="not the password", next="")
        assert answer.status_code == 401
        pages.add(answer.text.replace(email, "somebody"))
    assert len(pages) == 1
    known = await post(client, LOGIN, email=customer.email, password=PASSWORD, next="")
    assert known.status_code == 401


async def test_wrong_passwords_make_known_and_unknown_accounts_wait(
    client: httpx.AsyncClient, database: Database
) -> None:
    staff = await make_staff(database, StaffRole.ADMIN)
    for email in (staff.email, "nobody-at-all@example.com"):
        for _ in range(5):
            assert (await post(client, LOGIN, email=email, password="wrong", next="")).status_code == 401
        refused = await post(client, LOGIN, email=email, password=PASSWORD, next="")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0


async def test_the_cookie_is_for_the_back_office_alone(client: httpx.AsyncClient, database: Database) -> None:
    staff = await make_staff(database, StaffRole.ADMIN)
    answer = await post(client, LOGIN, email=staff.email, password=PASSWORD, next="")
    [cookie] = [value for value in answer.headers.get_list("set-cookie") if value.startswith("epoch_staff=")]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"path=/admin", "httponly", "samesite=strict"} <= parts


async def test_over_https_the_cookie_is_secure(settings: Settings, database: Database) -> None:
    public_url = "https://voice.example.com"
    application = create_app(msgspec.structs.replace(settings, public_url=public_url))
    staff = await make_staff(database, StaffRole.ADMIN)
    async with (
        application.lifespan(),
        httpx.AsyncClient(transport=asgi_transport(application), base_url=public_url) as client,
    ):
        fields = {"email": staff.email, "password": PASSWORD, "next": ""}
        answer = await client.post(LOGIN, data=fields, headers={"Origin": public_url})
        assert answer.status_code == 303
        assert "secure" in answer.headers["set-cookie"].lower()
        assert (await client.post(LOGIN, data=fields, headers=SAME_ORIGIN)).status_code == 403


@pytest.mark.parametrize(
    "aged",
    [
        {"last_seen_at": utc_now() - STAFF_SESSION_IDLE - timedelta(minutes=1)},
        {"expires_at": utc_now() - timedelta(seconds=1)},
    ],
    ids=["30 minutes without a click", "after 8 hours"],
)
async def test_a_session_expires(admin: StaffBrowser, database: Database, aged: dict[str, object]) -> None:
    assert (await admin.client.get("/admin")).status_code == 200
    found = await session_of(database, admin.email)
    assert abs((found.expires_at - found.created_at) - STAFF_SESSION_LIFETIME) < timedelta(minutes=1)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(StaffSession).where(StaffSession.id == found.id).values(**aged))
    assert (await admin.client.get("/admin")).headers["location"] == LOGIN


async def test_sessions_are_listed_and_ended_by_their_owner_alone(
    admin: StaffBrowser, new_client: NewClient, database: Database
) -> None:
    elsewhere = new_client()
    await post(elsewhere, LOGIN, email=admin.email, password=PASSWORD, next="")
    await post(elsewhere, "/admin/second-step", code=admin.code(steps=1), next="")
    stranger = await sign_in_to_back_office(new_client(), await make_staff(database, StaffRole.ADMIN))
    page = (await admin.client.get("/admin/account")).text
    [end] = re.findall(r'action="(/admin/account/sessions/[^"]+/end)"', page)
    assert page.count("UTC") >= 4  # sessions and last sign-ins

    assert (await post(stranger.client, end)).status_code == 404
    assert (await elsewhere.get("/admin")).status_code == 200
    assert (await post(admin.client, end)).status_code == 303
    assert (await elsewhere.get("/admin")).headers["location"] == LOGIN
    assert (await admin.client.get("/admin")).status_code == 200


async def test_disabling_a_staff_member_ends_their_access_at_once(admin: StaffBrowser, database: Database) -> None:
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(Staff).where(Staff.email == admin.email).values(disabled_at=utc_now()))
    assert (await admin.client.get("/admin")).headers["location"] == LOGIN
    assert (await post(admin.client, LOGIN, email=admin.email, password=PASSWORD, next="")).status_code == 401


async def test_signing_out_ends_the_session_and_needs_a_form(admin: StaffBrowser) -> None:
    assert (await admin.client.get("/admin/logout")).status_code == 404
    cookie = admin.client.cookies["epoch_staff"]
    assert (await post(admin.client, "/admin/logout")).status_code == 303
    admin.client.cookies.set("epoch_staff", cookie, domain="localhost.local", path="/admin")
    assert (await admin.client.get("/admin")).headers["location"] == LOGIN


async def test_forms_of_other_sites_are_refused(admin: StaffBrowser) -> None:
    for path in (LOGIN, "/admin/second-step", "/admin/logout", "/admin/join/x", "/admin/anything"):
        for headers in FOREIGN:
            answer = await admin.client.post(path, data={"email": "a@b.c"}, headers=headers)
            assert answer.status_code == 403, (path, headers)
    assert (await admin.client.get("/admin")).status_code == 200


async def test_visitors_and_customers_are_sent_to_the_login(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    for who in (client, await sign_in(client, tenant.owner)):
        for path in ("/admin", "/admin/", "/admin/account", "/admin/organization/list", "/admin/statics/x"):
            answer = await who.get(path)
            assert (answer.status_code, answer.text) == (303, ""), path
            assert answer.headers["location"].startswith(LOGIN)


async def test_paths_that_only_begin_with_admin_are_not_found(client: httpx.AsyncClient) -> None:
    for path in ("/adminx", "/administrator/login", "/admin-x"):
        assert (await client.get(path)).status_code == 404


async def test_sign_in_redirects_only_into_the_back_office(client: httpx.AsyncClient) -> None:
    for back in ("https://evil.example", "//evil.example", "/dashboard", "/admin\\evil", "/adminx"):
        page = (await client.get(LOGIN, params={"next": back})).text
        assert 'name="next" value="/admin"' in page, back


async def test_other_networks_get_not_found(settings: Settings) -> None:
    application = create_app(msgspec.structs.replace(settings, admin_networks=("10.0.0.0/8", "2001:db8::/32")))
    async with application.lifespan():
        for address, status in (("10.1.2.3", 200), ("2001:db8::1", 200), ("::ffff:10.1.2.3", 200), ("11.1.2.3", 404)):
            transport = asgi_transport(application, address=address)
            async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
                assert (await client.get(LOGIN)).status_code == status, address


async def test_staff_sign_in_and_sign_out_are_audited(admin: StaffBrowser, database: Database) -> None:
    await post(admin.client, "/admin/logout")
    async with database.sessions() as session:
        mine = sa.select(AuditEvent.action).where(
            AuditEvent.actor_name == admin.email, AuditEvent.actor_kind == "staff"
        )
        actions = list(await session.scalars(mine.order_by(AuditEvent.id)))
    assert actions == ["second_factor.enabled", "session.started", "session.ended"]


async def test_pages_carry_the_products_headers(client: httpx.AsyncClient) -> None:
    headers = (await client.get(LOGIN)).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
