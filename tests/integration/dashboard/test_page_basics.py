"""Pages in general: security headers, access, CSRF, form sizes, problem pages, notices; where / and /dashboard lead."""

import re

import httpx
import pytest
from sqlalchemy import delete

from conftest import NewClient
from kit.db.database import Database
from kit.http.csrf import HEADER
from support.factories import Factory, sign_in
from support.page_session import form_token, post_form
from tenants.models import Membership, Role

pytestmark = pytest.mark.anyio


async def test_the_start_page_leads_to_accounts_and_to_the_demo(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    for path in ("/signup", "/login", "/demo", "/docs/widget-integration"):
        assert f'href="{path}"' in page.text


@pytest.mark.parametrize("path", ["/", "/dashboard/no-such", "/no-such-page"])
async def test_every_page_carries_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["permissions-policy"] == "microphone=()"
    assert headers["cache-control"] == "no-store"


async def test_no_page_needs_what_the_policy_forbids(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await make.token(tenant)
    await sign_in(client, tenant.owner)
    base = f"/dashboard/{tenant.organization.slug}"
    for path in ("/", base, f"{base}/calls", f"{base}/settings/phone-numbers"):
        page = (await client.get(path)).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page), path
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), path


async def test_an_anonymous_visitor_is_sent_to_sign_in_and_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/dashboard/acme/calls?status=busy")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/dashboard/acme/calls%3Fstatus%3Dbusy"


async def test_a_foreign_organization_and_an_unknown_one_are_the_same_404_page(
    client: httpx.AsyncClient, make: Factory
) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    await sign_in(client, mine.owner)
    foreign = await client.get(f"/dashboard/{theirs.organization.slug}/settings")
    unknown = await client.get("/dashboard/no-such-organization/settings")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.text == unknown.text
    assert foreign.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_removed_member_loses_the_pages_at_once(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    member = await make.member(tenant.organization, Role.MEMBER)
    path = f"/dashboard/{tenant.organization.slug}"
    assert (await (await sign_in(client, member)).get(path)).status_code == 200
    async with database.sessions() as session, session.begin():
        await session.execute(delete(Membership).where(Membership.user_id == member.id))
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/no-such-page", "text/html; charset=utf-8"),
        ("/apiary", "text/html; charset=utf-8"),
        ("/api/no-such", "application/problem+json"),
        ("/widget/no-such.js", "application/problem+json"),
    ],
)
async def test_not_found_is_a_page_for_people_and_problem_details_for_programs(
    client: httpx.AsyncClient, path: str, media_type: str
) -> None:
    answer = await client.get(path, headers={"accept": "*/*"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == media_type


async def test_a_form_without_its_token_or_from_another_origin_changes_nothing(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    del client.headers[HEADER]
    path = f"/dashboard/{tenant.organization.slug}/settings"
    token = form_token((await client.get(f"{path}/widget")).text)
    assert token is not None
    action = f"{path}/embed-tokens"
    answers = [
        await client.post(action, data={"label": "x"}),
        await client.post(action, data={"label": "x", "csrf_token": token[:-1]}),
        await client.post(action, data={"label": "x", "csrf_token": token}, headers={"origin": "https://evil.example"}),
        await client.post(action, data={"label": "x", "csrf_token": token}, headers={"sec-fetch-site": "cross-site"}),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert all(answer.headers["content-type"].startswith("text/html") for answer in answers)
    listed = await client.get(f"/api/organizations/{tenant.organization.id}/embed-tokens")
    assert listed.json()["items"] == []


async def test_a_form_that_is_too_large_or_has_too_many_fields_is_refused(
    client: httpx.AsyncClient, make: Factory
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    del client.headers[HEADER]
    path = f"/dashboard/{tenant.organization.slug}/settings/embed-tokens"
    form = {"content-type": "application/x-www-form-urlencoded"}
    large = await client.post(path, content=b"label=" + b"x" * 70_000, headers=form)
    many = await client.post(path, content=b"&".join(b"a=1" for _ in range(300)), headers=form)
    garbled = await client.post(path, content=b"label=%ff%fe&csrf_token=x", headers=form)
    assert [large.status_code, many.status_code, garbled.status_code] == [413, 400, 400]


async def test_a_notice_is_shown_once_and_cannot_be_made_up(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await sign_in(client, tenant.owner)
    path = f"/dashboard/{tenant.organization.slug}/settings/embed-tokens/{token.id}"
    await post_form(client, path, path, {"label": "Renamed", "allowed_domains": ""})
    assert "Saved. Any website can use this token." in (await client.get(path)).text
    assert "Saved. Any website can use this token." not in (await client.get(path)).text
    client.cookies.set("notice", "eyJ0ZXh0IjoiaGVsbG8ifQ", domain="localhost")
    answer = await client.get(path)
    assert (answer.status_code, "hello" in answer.text) == (200, False)


async def test_the_dashboard_leads_to_the_organization_last_used(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    first = await make.tenant(name="Aardvark")
    second = await make.tenant(name="Zebra")
    async with database.sessions() as session, session.begin():
        session.add(Membership(organization_id=second.organization.id, user_id=first.owner.id, role=Role.MEMBER))
    client = await sign_in(new_client(), first.owner)
    before = await client.get("/dashboard")
    await client.get(f"/dashboard/{second.organization.slug}")
    after = await client.get("/dashboard")
    assert before.headers["location"] == f"/dashboard/{first.organization.slug}"
    assert after.headers["location"] == f"/dashboard/{second.organization.slug}"
    nobody = await sign_in(new_client(), await make.user())
    assert (await nobody.get("/dashboard")).headers["location"] == "/dashboard/new"
