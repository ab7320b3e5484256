"""The dashboard's embed token pages: generate, show once, change, revoke, refused pages, upgrade; without scripts."""

import html
import json
import re

import httpx
import pytest
from sqlalchemy import select

from accounts.models import LoginSession
from conftest import NewClient
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.encryption import Encryptor
from kit.settings import Settings
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, form_token, post_form
from support.passwords import PASSWORD
from tenants.models import Role, UpgradeRequest
from tenants.plans import Plan
from widget.models import BlockedOrigin, EmbedToken

pytestmark = pytest.mark.anyio


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def generate(client: httpx.AsyncClient, tenant: Tenant, label: str, domains: str) -> httpx.Response:
    path = settings_of(tenant)
    fields = {"label": label, "allowed_domains": domains}
    return await post_form(client, f"{path}/widget", f"{path}/embed-tokens", fields)


def raw_in(page: str) -> str:
    found = re.search(r"ept_[0-9A-Za-z]{38}", page)
    assert found is not None
    return found[0]


async def test_a_token_is_shown_once_and_a_reload_is_a_get_that_shows_the_list(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    posted = await generate(client, tenant, "Main Website", "https://MySite.com/app, münchen.de")
    assert posted.status_code == 303
    assert "ept_" not in posted.headers["location"]
    shown = await client.get(posted.headers["location"])
    again = await client.get(posted.headers["location"])

    raw = raw_in(shown.text)
    snippet = f'&lt;script src="http://localhost:8000/widget/phone.js" data-token="{raw}"&gt;&lt;/script&gt;'
    assert snippet in shown.text.replace("&#34;", '"')
    assert shown.headers["cache-control"] == "no-store"
    assert again.status_code == 303
    assert again.headers["location"] == f"{settings_of(tenant)}/widget"
    listed = (await client.get(f"{settings_of(tenant)}/widget")).text
    assert raw not in listed
    assert f"{raw[:8]}…" in listed
    assert "münchen.de" in listed
    assert 'aria-label="Revoke Main Website"' in listed


async def test_the_new_token_is_in_an_encrypted_cookie_for_the_page_that_shows_it(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    posted = await generate(client, tenant, "", "")
    cookie = next(line for line in posted.headers.get_list("set-cookie") if line.startswith("issued="))
    assert f"Path={posted.headers['location']}" in cookie
    assert "HttpOnly" in cookie
    assert "ept_" not in cookie


async def test_a_secret_in_the_format_of_another_version_redirects_to_the_list(
    client: httpx.AsyncClient, make: Factory, database: Database, settings: Settings
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    posted = await generate(client, tenant, "", "")
    async with database.sessions() as session:
        found = await session.scalar(select(LoginSession.id).where(LoginSession.user_id == tenant.owner.id))
    former = json.dumps({"token_id": str(tenant.organization.id), "raw": "ept_"}).encode()
    client.cookies.delete("issued")
    cookie = f"issued={Encryptor(settings.secret_keys, f'issued:{found}').encrypt(former)}"
    other_cookies = "; ".join(f"{other.name}={other.value}" for other in client.cookies.jar)
    shown = await client.get(posted.headers["location"], headers={"cookie": f"{other_cookies}; {cookie}"})
    assert (shown.status_code, shown.headers.get("location")) == (303, f"{settings_of(tenant)}/widget")


async def test_the_page_that_shows_the_token_can_make_a_test_call_whatever_its_domains(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    shown = (await client.get((await generate(client, tenant, "CRM", "mysite.com")).headers["location"])).text
    tag = re.search(
        r'<script src="http://localhost:8000/widget/phone.js" data-token="(.+?)" data-ticket="(.+?)">', shown
    )
    assert tag is not None
    own = {"origin": "http://localhost:8000"}
    with_ticket = await client.post("/widget/exchange", json={"token": tag[1], "ticket": tag[2]}, headers=own)
    without = await client.post("/widget/exchange", json={"token": tag[1]}, headers=own)
    assert with_ticket.status_code == 200
    assert without.status_code == 403


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ("mysite.com, github.io", "Too broad, anyone can register under it: github.io"),
        ("localhost, http://", "Not a valid domain: http://"),
        (",,,", "No domain found in the list"),
    ],
)
async def test_a_bad_domain_is_named_beside_its_field_and_the_input_is_kept(
    client: httpx.AsyncClient, make: Factory, domains: str, message: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    answer = await generate(client, tenant, "Kept <b>", domains)
    assert answer.status_code == 400
    assert errors_of(answer.text) == {"allowed_domains": message}
    assert "Kept &lt;b&gt;" in answer.text
    assert f">{domains}</textarea>" in answer.text


async def test_a_control_character_in_the_label_is_refused_beside_the_label(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    answer = await generate(client, tenant, "a\x00b", "")
    assert answer.status_code == 400
    assert errors_of(answer.text) == {"label": "Control characters are not allowed"}


async def test_a_field_that_the_form_does_not_have_is_refused(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = settings_of(tenant)
    answer = await post_form(client, f"{path}/widget", f"{path}/embed-tokens", {"label": "x", "revoked_at": "now"})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("plan", "number", "sentence"),
    [
        (Plan.STARTER, True, "Organization plan does not support widgets"),
        (Plan.PRO, False, "No phone number provisioned"),
    ],
)
async def test_the_guards_for_plan_and_number_refuse_with_a_reason(
    client: httpx.AsyncClient, make: Factory, plan: Plan, number: bool, sentence: str
) -> None:
    tenant = await make.tenant(plan=plan, number=number)
    await sign_in(client, tenant.owner)
    page = (await client.get(f"{settings_of(tenant)}/widget")).text
    assert sentence in page
    assert re.search(r"<fieldset[^>]* disabled", page)
    answer = await generate(client, tenant, "", "")
    assert answer.status_code in (403, 409)
    assert sentence in answer.text


async def test_a_member_sees_tokens_but_cannot_change_them(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    page = (await client.get(f"{settings_of(tenant)}/widget")).text
    assert "Main Website" in page
    assert "Revoke Main Website" not in page
    path = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    refused = await post_form(client, path, f"{path}/revoke", {})
    assert refused.status_code == 403
    async with database.sessions() as session:
        stored = await session.get(EmbedToken, token.id)
    assert stored is not None
    assert stored.revoked_at is None


async def test_revoking_asks_first_and_then_holds_at_once(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/embed-tokens/{token.id}/revoke"
    question = await client.get(path)
    assert "Revoke token" in question.text
    answer = await post_form(client, path, path, {})
    assert answer.status_code == 303
    exchange = await client.post("/widget/exchange", json={"token": token.raw})
    assert exchange.status_code == 401
    after = await client.get(answer.headers["location"])
    assert "Token revoked" in after.text
    assert "Token revoked" not in (await client.get(f"{settings_of(tenant)}/widget")).text
    async with database.sessions() as session:
        events = await session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == token.id))
    assert "embed_token.revoked" in events.all()


async def test_removing_the_last_domain_must_be_confirmed(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    refused = await post_form(client, path, path, {"label": "New", "allowed_domains": ""})
    assert refused.status_code == 400
    assert "any website can use this token" in errors_of(refused.text)["allowed_domains"]
    confirmed = await post_form(client, path, path, {"label": "New", "allowed_domains": "", "allow_any": "yes"})
    assert confirmed.status_code == 303
    assert "Any website can use this token" in (await client.get(path)).text


async def test_recent_calls_are_switched_on_for_tokens_with_domains_alone(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    is_on = 'name="recent_calls" type="checkbox" value="yes"'
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/embed-tokens/{token.id}"

    async def is_checked() -> bool:
        page = (await client.get(path)).text
        return " checked" in page[page.index(is_on) :].split(">", 1)[0]

    assert not await is_checked()
    fields = {"label": "Main", "allowed_domains": "mysite.com", "recent_calls": "yes"}
    answer = await post_form(client, path, path, fields)
    assert "Signed-in people see their own recent calls" in (await client.get(answer.headers["location"])).text
    assert await is_checked()
    opened = {**fields, "allowed_domains": "", "allow_any": "yes"}
    refused = await post_form(client, path, path, opened)
    assert refused.status_code == 400
    assert "List the allowed domains first" in refused.text
    assert (await post_form(client, path, path, {**opened, "recent_calls": ""})).status_code == 303
    assert not await is_checked()


async def test_a_change_with_a_bad_domain_changes_nothing(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    refused = await post_form(client, path, path, {"label": "Changed", "allowed_domains": "com"})
    assert refused.status_code == 400
    async with database.sessions() as session:
        stored = await session.get(EmbedToken, token.id)
    assert stored is not None
    assert (stored.label, stored.allowed_domains) == ("Main Website", ["mysite.com"])


async def test_the_preview_normalises_what_is_typed(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"{settings_of(tenant)}/embed-tokens/domains"
    good = await client.get(path, params={"allowed_domains": "HTTPS://App.MySite.com:8443/x app.hubspot.com"})
    assert re.findall(r'class="chip">(.+?)<', good.text) == ["app.mysite.com", "app.hubspot.com"]
    assert "used by all customers" in good.text
    bad = await client.get(path, params={"allowed_domains": "<b>"})
    assert "Not a valid domain: &lt;b&gt;" in bad.text


async def test_a_refused_page_appears_beside_its_token(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    async with database.sessions() as session, session.begin():
        session.add(
            BlockedOrigin(
                organization_id=tenant.organization.id, token_id=token.id, origin="https://evil.example", times=3
            )
        )
    await sign_in(client, tenant.owner)
    assert "1 refused page" in (await client.get(f"{settings_of(tenant)}/widget")).text
    assert "https://evil.example" in (await client.get(f"{settings_of(tenant)}/embed-tokens/{token.id}")).text


async def test_a_refused_page_that_is_allowed_later_is_no_longer_counted(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant, allowed_domains=["mysite.com"])
    async with database.sessions() as session, session.begin():
        for origin in ("https://evil.example", "https://new.mysite.io"):
            session.add(
                BlockedOrigin(organization_id=tenant.organization.id, token_id=token.id, origin=origin, times=1)
            )
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    page = f"{settings}/embed-tokens/{token.id}"
    assert "2 refused pages" in (await client.get(f"{settings}/widget")).text

    await post_form(client, page, page, {"label": "", "allowed_domains": "mysite.com, new.mysite.io"})

    assert "1 refused page<" in (await client.get(f"{settings}/widget")).text
    shown = (await client.get(page)).text
    assert "<code>https://evil.example</code>" in shown
    assert "<code>https://new.mysite.io</code>" not in shown


async def test_an_owner_asks_once_for_an_upgrade(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    await sign_in(client, tenant.owner)
    path = settings_of(tenant)
    asked = (await client.get(f"{path}/widget")).text
    assert "Request upgrade" in asked
    assert "The price of Pro is not listed; ask <a" in asked
    assert 'href="/plans"' in asked
    for _ in range(2):
        assert (await post_form(client, f"{path}/widget", f"{path}/upgrade", {})).status_code == 303
    page = html.unescape((await client.get(f"{path}/widget")).text)
    name = tenant.organization.name
    state = f"{name} stays on Starter until we approve it; we answer by mail to {tenant.owner.email}."
    assert f"Pro is requested. {state}" in page  # the message after the click
    assert "Pro was requested on" in page
    assert "Request upgrade" not in page
    admin = new_client()
    await sign_in(admin, await make.member(tenant.organization, Role.ADMIN))
    for page in (f"{path}/widget", f"/dashboard/{tenant.organization.slug}"):
        assert "Pro was requested on" in (await admin.get(page)).text
    async with database.sessions() as session:
        requests = await session.scalars(
            select(UpgradeRequest.id).where(UpgradeRequest.organization_id == tenant.organization.id)
        )
        assert len(requests.all()) == 1


async def test_another_tenants_token_is_not_found(client: httpx.AsyncClient, make: Factory) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    token = await make.token(theirs)
    await sign_in(client, mine.owner)
    answer = await client.get(f"{settings_of(mine)}/embed-tokens/{token.id}")
    assert answer.status_code == 404
    assert PASSWORD not in answer.text
    assert form_token(answer.text) is None
