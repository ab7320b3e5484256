"""The dashboard's call data pages: the retention period, and the erasure of a number after a confirmation."""

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.models import BlockedNumber
from calls.models import Call, CallStatus
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory, Tenant
from support.page_session import errors_of, post_form
from support.passwords import PASSWORD
from tenants.models import Organization, Role

pytestmark = pytest.mark.anyio
NUMBER = "+12125550147"


@pytest.fixture
async def admin(client: httpx.AsyncClient, make: Factory, tenant: Tenant) -> httpx.AsyncClient:
    user = await make.member(tenant.organization, Role.ADMIN)
    answer = await post_form(client, "/login", "/login", {"email": user.email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


@pytest.fixture
def settings_path(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def test_an_admin_chooses_the_retention_period(
    admin: httpx.AsyncClient, tenant: Tenant, settings_path: str, database: Database
) -> None:
    page = await admin.get(f"{settings_path}/organization")
    assert "Who called whom is kept for 24 months" in page.text
    answer = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/retention", {"months": "6"}
    )
    assert answer.status_code == 303
    assert "Call data is kept for 6 months" in (await admin.get(answer.headers["location"])).text
    async with database.sessions() as session:
        assert (await session.get_one(Organization, tenant.organization.id)).retention_months == 6
    await post_form(admin, f"{settings_path}/organization", f"{settings_path}/call-data/retention", {"months": ""})
    async with database.sessions() as session:
        assert (await session.get_one(Organization, tenant.organization.id)).retention_months is None


@pytest.mark.parametrize("typed", ["0", "37", "six", "-1", "9" * 5000])
async def test_other_periods_are_refused_beside_their_field(
    admin: httpx.AsyncClient, settings_path: str, typed: str
) -> None:
    answer = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/retention", {"months": typed}
    )
    assert answer.status_code == 400
    assert list(errors_of(answer.text)) == ["months"]


async def test_a_number_is_erased_after_being_told_how_many_calls_it_has(
    admin: httpx.AsyncClient, make: Factory, tenant: Tenant, settings_path: str, database: Database
) -> None:
    token = await make.token(tenant)
    for _ in range(2):
        call_id = await add_call(database, tenant, token, to_number=NUMBER, agent="Ada")
    await add_call(database, tenant, token, details={"also": "212-555-0147"})

    response = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/erase", {"number": "(212) 555-0147"}
    )
    assert response.status_code == 200
    assert "2 calls have this number" in response.text
    assert "1 other call mentions the number" in response.text
    assert "All metadata of that call is erased" in response.text
    assert NUMBER.lstrip("+") not in str(response.url)
    confirmed = f"{settings_path}/call-data/erase/confirmed"
    answer = await post_form(admin, f"{settings_path}/organization", confirmed, {"number": NUMBER})
    assert answer.status_code == 303
    page = (await admin.get(answer.headers["location"])).text
    assert "The number is erased from 2 calls and the metadata of 1 other call." in page

    calls = await admin.get(f"/dashboard/{tenant.organization.slug}/calls")
    assert "Number erased" in calls.text
    call = await admin.get(f"/dashboard/{tenant.organization.slug}/calls/{call_id}")
    assert "Numbers, names, the page and its data were erased on" in call.text
    assert "Timeline" not in call.text
    again = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/erase", {"number": NUMBER}
    )
    assert "No call has this number" in again.text
    twice = await post_form(admin, f"{settings_path}/organization", confirmed, {"number": NUMBER})
    assert "No call has that number any more" in (await admin.get(twice.headers["location"])).text
    audit = await admin.get(f"/dashboard/{tenant.organization.slug}/audit")
    assert "…0147" in audit.text


async def test_an_invalid_number_is_refused_beside_its_field(admin: httpx.AsyncClient, settings_path: str) -> None:
    for path in ("erase", "erase/confirmed"):
        answer = await post_form(
            admin, f"{settings_path}/organization", f"{settings_path}/call-data/{path}", {"number": "nobody"}
        )
        assert (answer.status_code, errors_of(answer.text)) == (400, {"number": "Invalid phone number"})
        assert 'value="nobody"' in answer.text
        answer = await post_form(
            admin, f"{settings_path}/organization", f"{settings_path}/call-data/{path}", {"number": " "}
        )
        assert errors_of(answer.text) == {"number": "Enter a phone number"}


async def test_a_number_in_a_live_call_stays_and_the_page_says_why(
    admin: httpx.AsyncClient, make: Factory, tenant: Tenant, settings_path: str, database: Database
) -> None:
    token = await make.token(tenant)
    await add_call(database, tenant, token, to_number=NUMBER, status=CallStatus.IN_PROGRESS, duration=0)
    confirmed = f"{settings_path}/call-data/erase/confirmed"
    answer = await post_form(admin, f"{settings_path}/organization", confirmed, {"number": NUMBER})
    assert answer.status_code == 409
    assert "This number is in a live call" in answer.text
    async with database.sessions() as session:
        assert await session.scalar(sa.select(Call.id).where(Call.to_number == NUMBER, Call.erased_at.is_(None)))


async def test_a_blocked_number_stays_blocked_unless_it_is_ticked_off(
    admin: httpx.AsyncClient, make: Factory, tenant: Tenant, settings_path: str, database: Database
) -> None:
    await add_call(database, tenant, await make.token(tenant), to_number=NUMBER)
    async with database.sessions() as session, session.begin():
        session.add(BlockedNumber(organization_id=tenant.organization.id, number=NUMBER))
    confirmed = f"{settings_path}/call-data/erase/confirmed"

    response = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/erase", {"number": NUMBER}
    )
    assert "that is how this person is not called again" in response.text
    assert '<input type="checkbox" name="unblock" value="yes">' in response.text
    answer = await post_form(admin, f"{settings_path}/organization", confirmed, {"number": NUMBER})
    assert "off the block list" not in (await admin.get(answer.headers["location"])).text
    assert await is_blocked(database, tenant)

    response = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/erase", {"number": NUMBER}
    )
    assert "No call has this number, but it is on the block list." in response.text
    answer = await post_form(admin, f"{settings_path}/organization", confirmed, {"number": NUMBER, "unblock": "yes"})
    assert "It is off the block list" in (await admin.get(answer.headers["location"])).text
    assert not await is_blocked(database, tenant)
    response = await post_form(
        admin, f"{settings_path}/organization", f"{settings_path}/call-data/erase", {"number": NUMBER}
    )
    assert "unblock" not in response.text


async def is_blocked(database: Database, tenant: Tenant) -> bool:
    async with database.sessions() as session:
        mine = sa.select(BlockedNumber.id).where(BlockedNumber.owned_by(tenant.organization.id))
        return await session.scalar(mine) is not None


async def test_a_member_sees_the_retention_period_and_no_forms(
    client: httpx.AsyncClient, make: Factory, tenant: Tenant, settings_path: str
) -> None:
    user = await make.member(tenant.organization, Role.MEMBER)
    await post_form(client, "/login", "/login", {"email": user.email, "password": PASSWORD, "next": ""})
    page = await client.get(f"{settings_path}/organization")
    assert "Who called whom is kept for 24 months" in page.text
    assert "Find calls" not in page.text
