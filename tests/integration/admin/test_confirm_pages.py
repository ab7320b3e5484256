"""Confirmation pages of staff actions: the preselected values, and the sentence where an action does not apply."""

import datetime as dt
import re
import secrets
from html import unescape
from uuid import UUID

import httpx
import pytest

from admin.models import StaffRole
from kit.actor import Actor, ActorKind
from kit.db.database import Database
from support.factories import Factory, Tenant
from support.passwords import PASSWORD
from support.staff import SEEN, StaffBrowser, make_staff, perform_action, post, sign_in_to_back_office
from tenants.plans import Plan
from tenants.upgrades import UpgradeRequestService

pytestmark = pytest.mark.anyio


@pytest.fixture
async def operator(client: httpx.AsyncClient, database: Database) -> StaffBrowser:
    return await sign_in_to_back_office(client, await make_staff(database, StaffRole.OPERATOR))


async def text_at(colleague: StaffBrowser, path: str) -> str:
    page = await colleague.client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return unescape(page.text)


async def follow(colleague: StaffBrowser, answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return await text_at(colleague, answer.headers["location"])


async def test_change_plan_opens_with_the_present_plan(operator: StaffBrowser, make: Factory) -> None:
    tenant = await make.tenant(plan=Plan.PRO, name=f"Planned {secrets.token_hex(6)}")
    path = f"/admin/organization/{tenant.organization.id}/do/change-plan"
    page = await text_at(operator, path)
    assert '<option value="pro" selected>' in page
    assert "<dt>Plan now</dt><dd><bdi>Pro</bdi></dd>" in page
    said = await follow(operator, await perform_action(operator, path, reason="Because", plan="pro"))
    assert f"{tenant.organization.name} is on the Pro plan already: nothing changed." in said
    said = await follow(operator, await perform_action(operator, path, reason="Because", plan="business"))
    assert f"{tenant.organization.name} is on the Business plan now." in said


async def test_an_open_upgrade_request_names_the_plan_that_is_asked_for(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    request = await request_upgrade(database, tenant)
    page = await text_at(operator, f"/admin/upgrade-request/list?organization_id={tenant.organization.id}")
    assert '<td data-label="New plan"><bdi>Pro</bdi>' in page
    page = await text_at(operator, f"/admin/upgrade-request/details/{request}")
    assert "<dt>New plan</dt><dd><bdi>Pro</bdi></dd>" in page
    page = await text_at(operator, f"/admin/upgrade-request/{request}/do/approve")
    assert "<dt>Plan asked for</dt><dd><bdi>Pro</bdi></dd>" in page
    assert '<option value="pro" selected>' in page


async def test_an_action_that_does_not_apply_says_the_records_state(
    operator: StaffBrowser, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER, name=f"Done {secrets.token_hex(6)}")
    name, base = tenant.organization.name, f"/admin/organization/{tenant.organization.id}/do"
    await perform_action(operator, f"{base}/suspend", reason="Because")
    await text_at(operator, f"/admin/organization/details/{tenant.organization.id}")
    said = await follow(operator, await operator.client.get(f"{base}/suspend"))
    assert f"Already done: {name} is suspended. Nothing was changed." in said
    late = await post(operator.client, f"{base}/suspend", seen="", reason="Because")
    assert late.status_code == 409
    assert f"Already done: {name} is suspended. Nothing was changed" in late.text

    request = await request_upgrade(database, await make.tenant(plan=Plan.STARTER))
    path = f"/admin/upgrade-request/{request}/do"
    await perform_action(operator, f"{path}/decline", reason="Because")
    said = await follow(operator, await operator.client.get(f"{path}/approve"))
    assert "Already done: this request was declined. Nothing was changed." in said


async def test_the_new_account_rule_is_ended_only_while_it_holds(operator: StaffBrowser, make: Factory) -> None:
    old, new = (await make.tenant()).organization, (await make.tenant(age=dt.timedelta(days=2))).organization
    label = "End the new-account rule"
    assert label not in await text_at(operator, f"/admin/organization/details/{old.id}")
    assert label in await text_at(operator, f"/admin/organization/details/{new.id}")
    said = await follow(operator, await operator.client.get(f"/admin/organization/{old.id}/do/end-first-days"))
    assert f"Already done: {old.name} is not new. Nothing was changed." in said

    path = f"/admin/organization/{new.id}/do/end-first-days"
    page = await operator.client.get(path)
    seen = SEEN.search(page.text)
    assert seen is not None
    said = await follow(operator, await post(operator.client, path, seen=seen[1], reason="Because", previewed=""))
    assert f"{new.name} is no longer new and can call " in said
    assert label not in await text_at(operator, f"/admin/organization/details/{new.id}")


async def test_a_number_to_adopt_is_asked_for_in_full(operator: StaffBrowser, make: Factory) -> None:
    path = f"/admin/organization/{(await make.tenant()).organization.id}/do/adopt-number"
    for junk in ("", "hello", "4155550123", "+1 (415)"):
        answer = await perform_action(operator, path, reason="Because", number=junk)
        assert "Enter a phone number, like +14155550123" in answer.text, junk


async def request_upgrade(database: Database, tenant: Tenant) -> UUID:
    """An open request of the owner for a bigger plan."""
    by = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)
    async with database.sessions() as session, session.begin():
        upgrades = UpgradeRequestService(session)
        assert await upgrades.create(tenant.organization.id, by=by)
        request = await upgrades.get_open(tenant.organization.id)
        assert request is not None
        return request.id


async def test_the_second_steps_key_is_in_a_field_as_long_as_it(client: httpx.AsyncClient, database: Database) -> None:
    staff = await make_staff(database, StaffRole.SUPPORT)
    await post(client, "/admin/login", email=staff.email, password=PASSWORD, next="/admin")
    page = (await client.get("/admin/second-step")).text
    found = re.search(r'<div class="copyable whole"><input class="code" id="secret" value="([^"]+)" size="(\d+)"', page)
    assert found is not None
    assert len(found[1]) == int(found[2])
