"""The dashboard's forms that decide which number calls show: each notice names the rule in effect."""

from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.caller_id.services import CallerIdService, CallerIdSettings
from conftest import NewClient
from kit.db.database import Database
from support.factories import Factory, Tenant, sign_in
from support.page_session import message_after
from tenants.models import Membership, PhoneNumber, Role
from widget.models import EmbedToken

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tenant(client: httpx.AsyncClient, make: Factory) -> Tenant:
    """An organization with one number, whose owner is signed in."""
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    return tenant


@pytest.fixture
async def second(tenant: Tenant, database: Database) -> PhoneNumber:
    """Another number of the organization."""
    e164 = f"+1646557{str(tenant.number)[-4:]}"
    number = PhoneNumber(organization_id=tenant.organization.id, e164=e164, carrier_sid=None, name="<b>Desk</b>")
    async with database.sessions() as session, session.begin():
        session.add(number)
    return number


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def test_the_rules_are_switched_and_the_warning_stands_beside_area_codes(
    client: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    page, action = f"{settings_of(tenant)}/phone-numbers", f"{settings_of(tenant)}/caller-id"
    assert "avoid making only calls from numbers of the called area" in (await client.get(page)).text

    async def stored() -> CallerIdSettings:
        async with database.sessions() as session:
            return await CallerIdService(session).get(tenant.organization.id)

    assert "a number of the called area code" in await message_after(client, page, action, {"match_area_code": "yes"})
    assert await stored() == CallerIdSettings(sticky=False, match_area_code=True)
    assert "from the number they know" in await message_after(client, page, action, {"sticky": "yes"})
    assert await stored() == CallerIdSettings(sticky=True, match_area_code=False)
    both = await message_after(client, page, action, {"sticky": "yes", "match_area_code": "yes"})
    assert "new ones from a number of their area code" in both
    assert "the default number" in await message_after(client, page, action, {})
    assert await stored() == CallerIdSettings(sticky=False, match_area_code=False)


async def test_a_member_gets_an_own_number(
    client: httpx.AsyncClient,
    new_client: NewClient,
    make: Factory,
    database: Database,
    tenant: Tenant,
    second: PhoneNumber,
) -> None:
    page = f"{settings_of(tenant)}/team"
    member = await make.member(tenant.organization, Role.MEMBER)
    mine = Membership.owned_by(tenant.organization.id), Membership.user_id == member.id
    async with database.sessions() as session:
        membership = (await session.scalars(sa.select(Membership).where(*mine))).one()
    action = f"{settings_of(tenant)}/members/{membership.id}/number"

    async def stored() -> UUID | None:
        async with database.sessions() as session:
            found: UUID | None = await session.scalar(sa.select(Membership.from_number_id).where(*mine))
            return found

    notice = await message_after(client, page, action, {"number_id": str(second.id)})
    assert f"{member.email} calls from" in notice
    assert await stored() == second.id
    own = new_client()
    await sign_in(own, member)
    assert "&lt;b&gt;Desk&lt;/b&gt;" in (await own.get(page)).text
    notice = await message_after(client, page, action, {"number_id": str(UUID(int=1))})
    assert "cannot be used any more" in notice
    assert await stored() == second.id
    assert "has no number of their own" in await message_after(client, page, action, {"number_id": ""})
    assert await stored() is None


async def test_a_token_is_limited_to_some_numbers(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, second: PhoneNumber
) -> None:
    token = await make.token(tenant)
    page = f"{settings_of(tenant)}/embed-tokens/{token.id}"

    async def stored() -> list[UUID]:
        async with database.sessions() as session:
            return list(await session.scalar(sa.select(EmbedToken.from_numbers).where(EmbedToken.id == token.id)) or ())

    notice = await message_after(client, page, f"{page}/numbers", {f"number_{second.id}": "yes"})
    assert "Calls with this token show" in notice
    assert await stored() == [second.id]
    assert "any of your numbers" in await message_after(client, page, f"{page}/numbers", {})
    assert await stored() == []
    refused = await message_after(client, page, f"{page}/numbers", {f"number_{UUID(int=1)}": "yes"})
    assert "changed meanwhile" in refused
