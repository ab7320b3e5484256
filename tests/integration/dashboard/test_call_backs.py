"""The dashboard's page for calling a caller back: its own phone, and the embed token that this phone uses."""

import html
import re
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from support.page_session import page_after, post_form
from tenants.models import Role
from widget.dashboard_phone import DashboardPhoneService
from widget.models import EmbedToken
from widget.services import EmbedTokenService

pytestmark = pytest.mark.anyio
CALLER = "+12125550160"


def calls_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/calls"


async def missed_call(client: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, **more: str) -> str:
    """The page of a call that nobody answered."""
    assert tenant.number is not None
    sid = new_sid()
    await callbacks.incoming(tenant.number, sid, **{"caller": CALLER, **more})
    await callbacks.event(sid, "completed", utc_now(), CallDuration="4")
    listed = await client.get(f"/api/organizations/{tenant.organization.id}/calls?missed=true&limit=1")
    return f"{calls_of(tenant)}/{listed.json()['items'][0]['id']}"


def attribute(page: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found[1])


async def exchange(client: httpx.AsyncClient, settings: Settings, page: str, **replaced: Any) -> httpx.Response:
    body = {"token": attribute(page, "data-token"), "ticket": attribute(page, "data-ticket"), **replaced}
    headers = {"origin": settings.public_url, "content-type": "text/plain"}
    return await client.post("/widget/exchange", content=msgspec.json.encode(body), headers=headers)


async def tokens(database: Database, tenant: Tenant) -> list[EmbedToken]:
    async with database.sessions() as session:
        query = sa.select(EmbedToken).where(EmbedToken.owned_by(tenant.organization.id)).order_by(EmbedToken.id)
        return list(await session.scalars(query))


async def test_a_member_calls_back_with_the_number_that_was_called(
    callbacks: CallbackClient,
    client: httpx.AsyncClient,
    tenant: Tenant,
    make: Factory,
    database: Database,
    settings: Settings,
) -> None:
    member = await make.member(tenant.organization, Role.MEMBER)
    await sign_in(client, member)
    call = await missed_call(client, callbacks, tenant)
    assert f'action="{call}/call-back"' in (await client.get(f"{calls_of(tenant)}?direction=missed")).text
    # Before anybody presses the button there is no phone.
    assert (await client.get(f"{call}/call-back")).headers["location"] == call
    page = await page_after(client, call, f"{call}/call-back")
    assert (attribute(page, "data-number"), attribute(page, "data-from")) == (CALLER, tenant.number)
    again = await page_after(client, call, f"{call}/call-back")
    assert attribute(again, "data-token") == attribute(page, "data-token")
    (token,) = await tokens(database, tenant)
    assert (token.label, token.for_dashboard, token.created_by) == ("Dashboard phone", True, member.id)

    admitted = await exchange(client, settings, page)
    assert admitted.status_code == 200, admitted.text
    assert admitted.json()["caller_id"] == tenant.number
    # Without the ticket of a page that was rendered for a member the token is worth nothing.
    assert (await exchange(client, settings, page, ticket="")).json()["code"] == "domain_not_allowed"

    form = {"CallSid": new_sid(), "From": f"client:{admitted.json()['identity']}", "To": CALLER}
    await callbacks.send("/voice/outgoing", {**form, "CallStatus": "ringing"})
    listed = await client.get(f"/api/organizations/{tenant.organization.id}/calls?direction=outbound")
    assert [(item["to"], item["agent"]) for item in listed.json()["items"]] == [(CALLER, member.email)]


async def test_callers_who_cannot_be_called_have_no_button(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    call = await missed_call(owner, callbacks, tenant, caller="anonymous")
    assert f"{call}/call-back" not in (await owner.get(call)).text
    assert f"{call}/call-back" not in (await owner.get(f"{calls_of(tenant)}?direction=missed")).text
    assert (await post_form(owner, call, f"{call}/call-back", {})).headers["location"] == call
    assert await tokens(database, tenant) == []


async def test_a_revoked_phone_and_one_of_another_secret_are_replaced(
    callbacks: CallbackClient, owner: httpx.AsyncClient, tenant: Tenant, database: Database, settings: Settings
) -> None:
    call = await missed_call(owner, callbacks, tenant)
    first = await page_after(owner, call, f"{call}/call-back")
    (token,) = await tokens(database, tenant)
    async with database.sessions() as session, session.begin():
        await EmbedTokenService(session).revoke(tenant.organization.id, token.id, by=SYSTEM)
    assert (await owner.get(f"{call}/call-back")).headers["location"] == call
    second = await page_after(owner, call, f"{call}/call-back")
    assert attribute(first, "data-token") != attribute(second, "data-token")

    async with database.sessions() as session, session.begin():
        keys = SecretKeys("another secret", (settings.secret_keys.current,))
        await DashboardPhoneService(session, keys).ensure(tenant.organization.id, by=SYSTEM)
    active = [found for found in await tokens(database, tenant) if found.revoked_at is None]
    assert len(active) == 1
    assert (await exchange(owner, settings, second)).json()["code"] == "revoked_embed_token"
