"""The dashboard's Usage page (two months, each token), and its Audit log (filters; for admins only)."""

import html
import re
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from calls.models import CallStatus
from kit.actor import Actor, ActorKind
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database
from kit.time_zones import local_day
from support.call_factory import add_call
from support.factories import Factory, sign_in
from support.page_session import errors_of
from tenants.models import Role

pytestmark = pytest.mark.anyio


def rows_of(page: str) -> list[list[str]]:
    """The text of each cell of each row in the bodies of a page's tables."""
    bodies = "".join(re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL))
    return [
        [
            " ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", bodies, re.DOTALL)
    ]


async def test_usage_shows_both_months_and_each_token(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await add_call(database, tenant, token, duration=61, agent="<b>Ann</b>")
    await add_call(database, tenant, token, duration=0, status=CallStatus.BUSY, agent="<b>Ann</b>")
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    page = await client.get(f"/dashboard/{tenant.organization.slug}/usage")

    assert page.status_code == 200
    this, last, by_token, by_agent = rows_of(page.text)
    month = local_day(utc_now(), ZoneInfo("America/New_York"))
    assert this == [f"{month:%B %Y}, so far", "2", "1", "2", "1 min 1 s"]
    assert last[1:] == ["0", "0", "0", "0 s"]
    assert by_token == ["Main Website", "2", "1", "2", "1 min 1 s", "0", "0", "0", "0 s"]
    assert by_agent[0] == "<b>Ann</b> Unverified"
    assert "<b>Ann" not in page.text


async def test_usage_without_calls_says_what_to_do_next(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    page = await client.get(f"/dashboard/{tenant.organization.slug}/usage")

    assert "No calls yet" in page.text
    assert f'href="/dashboard/{tenant.organization.slug}/settings/widget"' in page.text


async def test_the_audit_log_shows_what_changed_and_can_be_narrowed(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    path = f"/dashboard/{tenant.organization.slug}/audit"
    details = {"before": {"label": "Old", "same": 1}, "after": {"label": "<i>New</i>", "same": 1}}
    async with database.sessions() as session, session.begin():
        for name, action in (("ann@example.com", "embed_token.changed"), ("CRM sync", "api_key.created")):
            kind = ActorKind.USER if "@" in name else ActorKind.API_KEY
            # No user and no key has this id, so the page shows the stored name.
            actor = Actor(kind, uuid4(), name, "192.0.2.7")
            await record(
                session,
                actor,
                action,
                organization_id=tenant.organization.id,
                subject_name="=Website",
                details=details if kind is ActorKind.USER else None,
            )
    await sign_in(client, tenant.owner)

    page = (await client.get(path)).text
    narrowed = (await client.get(path, params={"actor": "ann", "action": "embed_token.changed"})).text
    nothing = (await client.get(path, params={"until": "2020-01-01"})).text

    (made, changed) = rows_of(page)
    assert made[:2] == ["API key created =Website", "CRM sync API key"]
    assert changed[:2] == ["Embed token changed =Website Label: Old → became <i>New</i>", "ann@example.com"]
    assert changed[3] == "192.0.2.7"
    assert "<i>New" not in page
    assert [row[1] for row in rows_of(narrowed)] == ["ann@example.com"]
    assert '<option value="embed_token.changed" selected>Embed token changed</option>' in narrowed
    assert "audit/export.csv?action=embed_token.changed&amp;actor=ann" in narrowed
    assert "Nothing matches" in nothing


async def test_a_bad_filter_of_the_audit_log_is_told_beside_its_field(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"/dashboard/{tenant.organization.slug}/audit"

    bad = await client.get(path, params={"since": "soon", "actor": "Ann"})
    reversed_days = await client.get(path, params={"since": "2026-02-02", "until": "2026-02-01"})

    assert bad.status_code == 400
    assert errors_of(bad.text) == {"since": "Not a date"}
    assert "Nothing was searched" in bad.text
    assert 'value="Ann"' in bad.text
    assert errors_of(reversed_days.text) == {"until": "Must not be before the first day"}


async def test_the_audit_log_is_not_for_members(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    assert (await client.get(f"/dashboard/{tenant.organization.slug}/audit")).status_code == 403
    assert "/audit" not in (await client.get(f"/dashboard/{tenant.organization.slug}/usage")).text
