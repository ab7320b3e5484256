"""Organization pages: create, rename, change country, delete with the name typed, restore."""

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory
from support.mailbox import Mailbox
from support.page_session import errors_of, post_form
from support.passwords import PASSWORD
from tenants.models import Organization, Role

pytestmark = pytest.mark.anyio


async def enter(client: httpx.AsyncClient, user: User) -> httpx.AsyncClient:
    answer = await post_form(client, "/login", "/login", {"email": user.email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


async def test_a_new_person_is_led_to_an_organization_of_their_own(client: httpx.AsyncClient, make: Factory) -> None:
    await enter(client, await make.user())
    assert (await client.get("/dashboard")).headers["location"] == "/dashboard/new"

    answer = await post_form(client, "/dashboard/new", "/dashboard/new", {"name": "Ada’s Homes", "country": "GB"})

    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/dashboard/adas-homes")
    settings = await client.get(f"{answer.headers['location']}/settings/organization")
    assert "Ada’s Homes" in settings.text
    assert "United Kingdom" in settings.text


async def test_the_form_keeps_what_was_typed_and_says_what_is_wrong(client: httpx.AsyncClient, make: Factory) -> None:
    await enter(client, await make.user())

    answer = await post_form(client, "/dashboard/new", "/dashboard/new", {"name": "  ", "country": "FR"})

    assert answer.status_code == 400
    assert errors_of(answer.text) == {"name": "Enter the organization's name"}
    assert '<option value="FR" selected>' in answer.text


async def test_an_unconfirmed_person_is_told_why_not(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    user = await make.user()
    await enter(client, user)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(User).where(User.id == user.id).values(email_verified_at=None))

    answer = await post_form(client, "/dashboard/new", "/dashboard/new", {"name": "Acme", "country": "US"})

    assert answer.status_code == 400
    assert "Confirm your e-mail address first" in answer.text
    assert 'value="Acme"' in answer.text


async def test_an_admin_renames_and_moves_it(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await enter(client, await make.member(tenant.organization, Role.ADMIN))
    settings = f"/dashboard/{tenant.organization.slug}/settings"

    renamed = await post_form(client, f"{settings}/organization", f"{settings}/organization", {"name": "<b>New</b>"})
    moved = await post_form(
        client, f"{settings}/organization/country", f"{settings}/organization/country", {"country": "DE"}
    )

    assert (renamed.status_code, moved.status_code) == (303, 303)
    page = (await client.get(f"{settings}/organization")).text
    assert "&lt;b&gt;New&lt;/b&gt;" in page
    assert "<b>New</b>" not in page
    assert "Germany" in page
    refused = await post_form(client, f"{settings}/organization", f"{settings}/organization", {"name": "x" * 81})
    assert (refused.status_code, errors_of(refused.text)) == (400, {"name": "At most 80 characters"})


async def test_a_member_sees_the_organization_and_changes_nothing(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await enter(client, await make.member(tenant.organization, Role.MEMBER))
    settings = f"/dashboard/{tenant.organization.slug}/settings"

    page = (await client.get(f"{settings}/organization")).text
    refused = [
        await post_form(client, f"{settings}/organization", f"{settings}/{action}", fields)
        for action, fields in (
            ("organization", {"name": "Mine"}),
            ("organization/delete", {"confirmation": "Acme Realty"}),
        )
    ]

    assert "Acme Realty" in page
    assert 'name="confirmation"' not in page
    assert [answer.status_code for answer in refused] == [403, 403]


async def test_an_owner_deletes_by_typing_the_name_and_restores_from_the_mail(
    client: httpx.AsyncClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant = await make.tenant(name="Acme Realty")
    await enter(client, tenant.owner)
    page = f"/dashboard/{tenant.organization.slug}/settings/organization/delete"

    refused = await post_form(client, page, page, {"confirmation": "acme"})
    deleted = await post_form(client, page, page, {"confirmation": "Acme Realty"})

    assert refused.status_code == 400
    assert list(errors_of(refused.text)) == ["confirmation"]
    assert deleted.headers["location"] == "/dashboard/new"
    assert (await client.get(f"/dashboard/{tenant.organization.slug}")).status_code == 404
    assert await Mailbox(settings, tenant.owner.email).link() == "/dashboard/new"
    restore = f"/dashboard/new/restore/{tenant.organization.id}"
    assert restore in (await client.get("/dashboard/new")).text
    restored = await post_form(client, "/dashboard/new", restore, {})
    assert restored.headers["location"] == f"/dashboard/{tenant.organization.slug}"
    async with database.sessions() as session:
        assert (await session.get_one(Organization, tenant.organization.id)).deleted_at is None


async def test_nobody_restores_what_is_not_theirs(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    async with database.sessions() as session, session.begin():
        gone = sa.update(Organization).where(Organization.id == tenant.organization.id)
        await session.execute(gone.values(deleted_at=sa.func.now()))
    await enter(client, await make.user())

    answer = await post_form(client, "/dashboard/new", f"/dashboard/new/restore/{tenant.organization.id}", {})

    assert answer.status_code == 404
    assert tenant.organization.name not in (await client.get("/dashboard/new")).text
