"""Team pages: invitations, roles, leaving, transfer of ownership."""

from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from accounts.models import User
from conftest import NewClient
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, Tenant
from support.mailbox import Mailbox
from support.page_session import errors_of, post_form
from support.passwords import PASSWORD
from tenants.models import Membership, Role

pytestmark = pytest.mark.anyio


async def enter(client: httpx.AsyncClient, user: User) -> httpx.AsyncClient:
    answer = await post_form(client, "/login", "/login", {"email": user.email, "password": PASSWORD, "next": ""})
    assert answer.status_code == 303, answer.text
    return client


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def membership(database: Database, user: User) -> Membership | None:
    async with database.sessions() as session:
        found: Membership | None = await session.scalar(sa.select(Membership).where(Membership.user_id == user.id))
        return found


async def add_member(database: Database, user: User) -> UUID:
    found = await membership(database, user)
    assert found is not None
    return found.id


async def test_an_invitation_leads_from_the_mail_through_sign_in_into_the_team(
    new_client: NewClient, make: Factory, settings: Settings
) -> None:
    tenant, guest = await make.tenant(name="Acme Realty"), await make.user()
    owner, visitor = await enter(new_client(), tenant.owner), new_client()
    page = settings_of(tenant)

    sent = await post_form(owner, f"{page}/team", f"{page}/invitations", {"email": guest.email, "role": "admin"})
    link = await Mailbox(settings, guest.email).link()
    anonymous = await visitor.get(link)
    unsigned = await post_form(visitor, "/login", link, {})
    signed_in = await post_form(visitor, "/login", "/login", {"email": guest.email, "password": PASSWORD, "next": link})
    accepted = await post_form(visitor, link, link, {})

    assert sent.headers["location"] == f"{page}/team"
    assert "Acme Realty" in anonymous.text
    assert f"/signup?next={link}" in anonymous.text
    assert anonymous.headers["referrer-policy"] == "no-referrer"
    assert unsigned.headers["location"].startswith("/login")
    assert signed_in.headers["location"] == link
    assert accepted.headers["location"] == f"/dashboard/{tenant.organization.slug}"
    assert guest.email in (await owner.get(f"{page}/team")).text
    assert (await visitor.get(link)).status_code == 404


async def test_somebody_else_is_told_and_gets_nothing(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, guest, other = await make.tenant(), await make.user(), await make.user()
    owner, page = await enter(new_client(), tenant.owner), settings_of(tenant)
    await post_form(owner, f"{page}/team", f"{page}/invitations", {"email": guest.email, "role": "member"})
    link = await Mailbox(settings, guest.email).link()
    client = await enter(new_client(), other)

    shown = await client.get(link)
    refused = await post_form(client, "/account", link, {})

    assert "This invitation is for another e-mail address" in shown.text
    assert "Accept invitation" not in shown.text
    assert refused.status_code == 403
    assert await membership(database, other) is None


async def test_an_unknown_link_is_a_page_that_says_so(client: httpx.AsyncClient) -> None:
    for token in ("x" * 43, "%00", "..%2f", "é"):
        answer = await client.get(f"/invitations/{token}")
        assert answer.status_code == 404, token
        assert answer.headers["content-type"].startswith("text/html")


async def test_a_wrong_invitation_form_keeps_what_was_typed(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await enter(client, tenant.owner)
    page = settings_of(tenant)

    wrong = await post_form(client, f"{page}/team", f"{page}/invitations", {"email": "nobody@", "role": "admin"})
    member = await post_form(
        client, f"{page}/team", f"{page}/invitations", {"email": tenant.owner.email, "role": "member"}
    )
    role = await post_form(client, f"{page}/team", f"{page}/invitations", {"email": "a@example.com", "role": "king"})

    assert (wrong.status_code, errors_of(wrong.text)) == (
        400,
        {"email": "Enter an e-mail address like name@example.com"},
    )
    assert 'value="nobody@"' in wrong.text
    assert "This person is a member already" in member.text
    assert errors_of(role.text) == {"role": "Choose a role from the list"}


async def test_invitations_are_sent_again_and_withdrawn(
    client: httpx.AsyncClient, make: Factory, settings: Settings
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    await enter(client, tenant.owner)
    page = settings_of(tenant)
    await post_form(client, f"{page}/team", f"{page}/invitations", {"email": guest.email, "role": "member"})
    first = await Mailbox(settings, guest.email).link()
    shown = (await client.get(f"{page}/team")).text
    one = shown.split(f"{page}/invitations/")[1][:36]

    again = await post_form(client, f"{page}/team", f"{page}/invitations/{one}/resend", {})
    second = await Mailbox(settings, guest.email).link(2)
    gone = (await client.get(first)).status_code
    response = await client.get(f"{page}/invitations/{one}/withdraw")
    withdrawn = await post_form(client, f"{page}/team", f"{page}/invitations/{one}/withdraw", {})

    assert (again.status_code, gone, withdrawn.status_code) == (303, 404, 303)
    assert "Withdraw invitation" in response.text
    assert (await client.get(second)).status_code == 404


async def test_roles_change_and_members_go(new_client: NewClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.MEMBER)
    owner, page = await enter(new_client(), tenant.owner), settings_of(tenant)
    one = f"{page}/members/{await add_member(database, member)}"

    changed = await post_form(owner, f"{page}/team", one, {"role": "admin"})
    after_change = await membership(database, member)
    response = await owner.get(f"{one}/remove")
    removed = await post_form(owner, f"{page}/team", f"{one}/remove", {})

    assert (changed.status_code, removed.status_code) == (303, 303)
    assert f"{member.email} is an admin now" in response.text
    assert after_change is not None
    assert after_change.role is Role.ADMIN
    assert "Remove member" in response.text
    assert await membership(database, member) is None


async def test_the_last_owner_is_told_why_they_cannot_leave(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await enter(client, tenant.owner)
    page = settings_of(tenant)

    answer = await post_form(client, f"{page}/team", f"{page}/leave", {})

    assert answer.status_code == 400
    assert "An organization needs an owner" in answer.text


async def test_an_owner_hands_over_and_leaves(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    heir = await make.member(tenant.organization, Role.MEMBER)
    await enter(client, tenant.owner)
    page = settings_of(tenant)
    one = f"{page}/members/{await add_member(database, heir)}/hand-over"

    response = await client.get(one)
    handed = await post_form(client, f"{page}/team", one, {})
    left = await post_form(client, f"{page}/team", f"{page}/leave", {})

    assert "Hand over ownership" in response.text
    assert (handed.headers["location"], left.headers["location"]) == (f"{page}/team", "/dashboard")
    found = await membership(database, heir)
    assert found is not None
    assert found.role is Role.OWNER
    assert await membership(database, tenant.owner) is None


async def test_a_member_sees_the_team_and_no_buttons_but_leaving(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await enter(client, await make.member(tenant.organization, Role.MEMBER))
    page = settings_of(tenant)

    shown = (await client.get(f"{page}/team")).text
    refused = await post_form(
        client, f"{page}/team", f"{page}/invitations", {"email": "a@example.com", "role": "member"}
    )

    assert tenant.owner.email in shown
    assert "Send invitation" not in shown
    assert f"{page}/leave" in shown
    assert refused.status_code == 403
