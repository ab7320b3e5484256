"""Notices of the dashboard after a change: each is compared with the stored state.

``CHECKED_IN_THIS_MODULE`` and ``CHECKED_IN_OTHER_MODULES`` list every handler that shows a notice; a new handler fails
until it is listed.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa

from conftest import NewClient
from kit.clock import utc_now
from kit.db.database import Database
from kit.e164 import readable
from kit.settings import Settings
from kit.time_zones import short_time
from support.factories import Factory, Tenant, sign_in
from support.mailbox import Mailbox, text_of
from support.page_session import message_after, post_form
from tenants.models import ApiKey, Invitation, Membership, Organization, PhoneNumber, Role, UpgradeRequest
from tenants.plans import Plan
from widget.domains import is_page_allowed
from widget.models import EmbedToken

Row = TypeVar("Row")
pytestmark = pytest.mark.anyio
DASHBOARD = Path(__file__).resolve().parents[3] / "src" / "dashboard"
CHECKED_IN_THIS_MODULE = {
    "api_keys.revoke",
    "embed_tokens.change",
    "embed_tokens.revoke",
    "invitations.accept_invitation",
    "invitations.invite",
    "invitations.resend",
    "invitations.withdraw",
    "organizations.change_country",
    "organizations.create",
    "organizations.rename",
    "phone_numbers.buy",
    "phone_numbers.release",
    "team.change_role",
    "team.hand_over",
    "team.remove",
    "token_domains.allow_extension",
    "upgrades.request_upgrade",
}
CHECKED_IN_OTHER_MODULES = {
    "account_settings": "tests/integration/accounts",
    "registered_addresses": "tests/integration/phone_numbers/test_addresses.py",
    "auth_pages": "tests/integration/accounts",
    "missed_call_mails": "tests/integration/calls/test_missed_call_digest.py",
    "call_data": "tests/integration/dashboard/test_call_data_pages.py",
    "calling_rules": "tests/integration/dashboard/test_calling_rules_pages.py",
    "call_remarks": "tests/integration/dashboard/test_outcome_pages.py",
    "from_numbers": "tests/integration/dashboard/test_from_number_pages.py",
    "greeting_recordings": "tests/integration/calls/test_greeting_audio.py",
    "hubspot": "tests/integration/crm/test_hubspot_pages.py",
    "incoming_calls": "tests/integration/dashboard/test_incoming_calls_pages.py",
    "number_incoming_settings": "tests/integration/dashboard/test_incoming_calls_pages.py",
    "number_names": "tests/integration/phone_numbers/test_number_names.py",
    "organizations.change_time_zone": "tests/integration/dashboard/test_time_zone_pages.py",
    "organizations.restore": "tests/integration/dashboard/test_organization_pages.py",
    "organizations.delete": "tests/integration/dashboard/test_organization_pages.py",
    "outcomes": "tests/integration/dashboard/test_outcome_pages.py",
    "passkey_pages": "tests/integration/accounts/test_passkeys.py",
    "password_reset_pages": "tests/integration/accounts",
    "second_factor_pages": "tests/integration/accounts",
    "team.leave": "tests/integration/dashboard/test_team_pages.py",
    "verified_numbers": "tests/integration/phone_numbers/test_verified_numbers.py",
    "voicemail_drops": "tests/integration/calls/test_voicemail_drop.py",
    "voicemail_greetings": "tests/integration/calls/test_voicemail_drop.py",
    "voicemails": "tests/integration/dashboard/test_voicemail_pages.py",
    "webhooks": "tests/integration/dashboard/test_webhook_pages.py",
}
"""A module's name without a function stands for all its notices."""


def handlers_with_messages() -> Iterator[str]:
    """``module.function`` of every redirect with a notice that reports success."""
    for path in sorted(DASHBOARD.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            for call in ast.walk(function):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "redirect"):
                    continue
                if len(call.args) > 2 and not any(keyword.arg == "is_problem" for keyword in call.keywords):
                    yield f"{path.stem}.{function.name}"


def test_every_message_of_the_dashboard_is_listed() -> None:
    found = set(handlers_with_messages())
    unlisted = {
        name
        for name in found - CHECKED_IN_THIS_MODULE
        if name not in CHECKED_IN_OTHER_MODULES and name.partition(".")[0] not in CHECKED_IN_OTHER_MODULES
    }
    assert sorted(unlisted) == [], "compare these messages with the state after them"
    assert sorted(CHECKED_IN_THIS_MODULE - found) == [], "these are gone"
    assert [path for path in CHECKED_IN_OTHER_MODULES.values() if not (DASHBOARD.parents[1] / path).exists()] == []


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def read_one(database: Database, model: type[Row], row_id: UUID) -> Row:
    async with database.sessions() as session:
        row = await session.get(model, row_id)
    assert row is not None
    return row


async def test_a_tokens_domains(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["one.example"])
    await sign_in(client, tenant.owner)
    page = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    extension = "chrome-extension://" + "a" * 32

    said = await message_after(client, page, f"{page}/allow", {"domain": extension})
    assert f"{extension} is allowed." in said
    assert f"this token works on one.example, {extension} and on no other site" in said
    allowed = (await read_one(database, EmbedToken, token.id)).allowed_domains
    assert sorted(allowed) == [extension, "one.example"]
    assert is_page_allowed(allowed, [extension.encode()])
    assert not is_page_allowed(allowed, [b"https://two.example"])

    said = await message_after(client, page, page, {"label": "", "allowed_domains": "two.example"})
    assert "this token works on two.example and on no other site" in said
    assert (await read_one(database, EmbedToken, token.id)).allowed_domains == ["two.example"]
    said = await message_after(client, page, page, {"label": "", "allowed_domains": "", "allow_any": "yes"})
    assert "Any website can use this token" in said
    assert (await read_one(database, EmbedToken, token.id)).allowed_domains == []
    said = await message_after(client, page, f"{page}/allow", {"domain": extension})
    assert "Any website can use this token" in said
    assert (await read_one(database, EmbedToken, token.id)).allowed_domains == []


async def test_only_an_extension_is_allowed_with_one_press(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["one.example"])
    await sign_in(client, tenant.owner)
    page = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    for wrong in ("evil.example", "https://evil.example", "chrome-extension://evil", ""):
        assert "That is no browser extension" in await message_after(client, page, f"{page}/allow", {"domain": wrong})
    assert (await read_one(database, EmbedToken, token.id)).allowed_domains == ["one.example"]


async def test_a_proposed_domain_is_filled_in_and_not_saved(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["one.example"])
    await sign_in(client, tenant.owner)
    page = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    extension = "chrome-extension://" + "b" * 32
    shown = (await client.get(page, params={"allow": extension})).text
    assert f"one.example, {extension}</textarea>" in shown
    assert "not saved yet" in shown
    for nothing in ("one.example", "<b>", "two words.example", "a.example, b.example"):
        assert "not saved yet" not in (await client.get(page, params={"allow": nothing})).text
    assert (await read_one(database, EmbedToken, token.id)).allowed_domains == ["one.example"]


async def test_revoking_a_token_and_an_api_key(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    said = await message_after(client, f"{settings}/widget", f"{settings}/embed-tokens/{token.id}/revoke")
    assert "Token revoked: phones with" in said
    assert (await read_one(database, EmbedToken, token.id)).revoked_at is not None
    await post_form(client, f"{settings}/api-keys", f"{settings}/api-keys", {"label": "Import", "scope": "read"})
    async with database.sessions() as session:
        key_id = (await session.scalars(sa.select(ApiKey.id).where(ApiKey.owned_by(tenant.organization.id)))).one()
    said = await message_after(client, f"{settings}/api-keys", f"{settings}/api-keys/{key_id}/revoke")
    assert "programs that use “Import” are refused" in said
    assert (await read_one(database, ApiKey, key_id)).revoked_at is not None


async def test_an_invitation_until_it_is_accepted(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    form = {"email": guest.email, "role": "admin"}

    async def open_invitation() -> Invitation:
        query = sa.select(Invitation).where(Invitation.owned_by(tenant.organization.id)).order_by(Invitation.id.desc())
        async with database.sessions() as session:
            return (await session.scalars(query.limit(1))).one()

    def state(invitation: Invitation) -> str:
        until = short_time(invitation.expires_at, ZoneInfo("America/New_York"), now=utc_now())
        return f"{guest.email} is invited to join as an admin. The link in the mail works until {until}."

    said = await message_after(client, f"{settings}/team", f"{settings}/invitations", form)
    first = await open_invitation()
    assert state(first) in said
    said = await message_after(client, f"{settings}/team", f"{settings}/invitations/{first.id}/resend")
    again = await open_invitation()
    assert f"{state(again)} The link sent before no longer works." in said
    assert again.digest != first.digest
    said = await message_after(client, f"{settings}/team", f"{settings}/invitations/{first.id}/withdraw")
    assert "Its link no longer works" in said
    assert (await open_invitation()).revoked_at is not None


async def test_who_joins_reads_the_role_that_they_have(
    new_client: NewClient, make: Factory, settings: Settings, database: Database
) -> None:
    tenant, guest = await make.tenant(), await make.user()
    owner = await sign_in(new_client(), tenant.owner)
    team = f"{settings_of(tenant)}/team"
    await post_form(owner, team, f"{settings_of(tenant)}/invitations", {"email": guest.email, "role": "admin"})
    [mail] = await Mailbox(settings, guest.email).all()
    link = re.search(r"/invitations/[\w-]{20,}", text_of(mail))
    assert link is not None
    joining = await sign_in(new_client(), guest)
    said = await message_after(joining, link[0], link[0])
    assert f"You are an admin of {tenant.organization.name} now" in said
    query = sa.select(Membership.role).where(
        Membership.owned_by(tenant.organization.id), Membership.user_id == guest.id
    )
    async with database.sessions() as session:
        assert (await session.scalars(query)).one() is Role.ADMIN


async def test_changing_roles_and_removing(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    colleague = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, tenant.owner)
    team = f"{settings_of(tenant)}/team"

    async def membership_of(user_id: UUID) -> Membership | None:
        query = sa.select(Membership).where(Membership.owned_by(tenant.organization.id), Membership.user_id == user_id)
        async with database.sessions() as session:
            row: Membership | None = await session.scalar(query)
            return row

    member = await membership_of(colleague.id)
    assert member is not None
    path = f"{settings_of(tenant)}/members/{member.id}"
    assert f"{colleague.email} is an admin now" in await message_after(client, team, path, {"role": "admin"})
    changed = await membership_of(colleague.id)
    assert changed is not None
    assert changed.role is Role.ADMIN
    said = await message_after(client, team, f"{path}/remove")
    assert f"{colleague.email} is removed" in said
    assert await membership_of(colleague.id) is None

    heir = await make.member(tenant.organization, Role.MEMBER)
    row = await membership_of(heir.id)
    assert row is not None
    said = await message_after(client, team, f"{settings_of(tenant)}/members/{row.id}/hand-over")
    assert f"{heir.email} is an owner now, and you are an admin" in said
    former, new = await membership_of(tenant.owner.id), await membership_of(heir.id)
    assert former is not None
    assert new is not None
    assert (former.role, new.role) == (Role.ADMIN, Role.OWNER)


async def test_the_organizations_name_and_country(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    page = f"{settings_of(tenant)}/organization"
    assert "The name is Acme Nord now" in await message_after(client, page, page, {"name": " Acme Nord "})
    said = await message_after(client, page, f"{page}/country", {"country": "GB"})
    assert "Your home country is the United Kingdom now" in said
    kept = await read_one(database, Organization, tenant.organization.id)
    assert (kept.name, kept.slug, kept.country) == ("Acme Nord", tenant.organization.slug, "GB")


async def test_a_new_organization_names_its_plan_and_owner(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    await sign_in(client, await make.user())
    form = {"name": "Harbour Homes", "country": "US"}
    said = await message_after(client, "/dashboard/new", "/dashboard/new", form)
    assert "Harbour Homes is created, on the Starter plan. You are its owner." in said
    async with database.sessions() as session:
        made = (await session.scalars(sa.select(Organization).where(Organization.name == "Harbour Homes"))).all()
    assert [organization.plan for organization in made] == [Plan.STARTER]


async def test_numbers_and_the_one_that_calls_come_from(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    page, numbers = f"{settings_of(tenant)}/phone-numbers", f"{settings_of(tenant)}/numbers"
    offers = (
        await client.get(
            f"/api/organizations/{tenant.organization.id}/phone-numbers/available",
            params={"country": "US", "area_code": "702"},
        )
    ).json()["items"]
    first, second = (str(offer["number"]) for offer in offers[:2])

    async def held() -> list[PhoneNumber]:
        query = sa.select(PhoneNumber).where(
            PhoneNumber.owned_by(tenant.organization.id), PhoneNumber.released_at.is_(None)
        )
        async with database.sessions() as session:
            return list((await session.scalars(query.order_by(PhoneNumber.id))).all())

    said = await message_after(client, page, numbers, {"number": first, "country": "US"})
    assert f"{readable(first)} is yours. Calls come from {readable(first)} by default." in said
    said = await message_after(client, page, numbers, {"number": second, "country": "US"})
    assert f"{readable(second)} is yours. Calls come from {readable(first)} by default." in said
    rows = await held()
    assert [row.e164 for row in rows] == [first, second]
    said = await message_after(client, page, f"{numbers}/{rows[0].id}/release")
    assert f"{readable(first)} is released. Calls come from {readable(second)} by default." in said
    said = await message_after(client, page, f"{numbers}/{rows[1].id}/release")
    assert f"{readable(second)} is released. You have no other number: phones cannot call until you get one." in said
    assert await held() == []


async def test_an_upgrade_changes_nothing_until_it_is_approved(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    await sign_in(client, tenant.owner)
    widget = f"{settings_of(tenant)}/widget"
    said = await message_after(client, widget, f"{settings_of(tenant)}/upgrade")
    name, email = tenant.organization.name, tenant.owner.email
    assert f"Pro is requested. {name} stays on Starter until we approve it; we answer by mail to {email}." in said
    assert (await read_one(database, Organization, tenant.organization.id)).plan is Plan.STARTER
    async with database.sessions() as session:
        query = sa.select(UpgradeRequest).where(UpgradeRequest.owned_by(tenant.organization.id))
        assert (await session.scalars(query)).one().resolved_at is None
