"""The organization's time zone: chosen by form and API, used on pages, charts, filters and in mails."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import httpx
import pytest

from calls.aggregates import CallTotals
from calls.overview import OverviewService
from calls.usage import UsageService
from kit.db.database import Database
from kit.http.csrf import HEADER
from support.call_factory import add_call
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, post_form
from tenants.settings_paths import settings_path

pytestmark = pytest.mark.anyio

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
async def tenant(client: httpx.AsyncClient, make: Factory) -> Tenant:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    return tenant


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("until", "first", "last", "before", "after"),
    [
        # 23 hours, and 25: the first and the last second of the day on which the clocks change, and their neighbours.
        ("2026-03-09", "2026-03-08 05:00:00", "2026-03-09 03:59:59", "2026-03-08 04:59:59", "2026-03-09 04:00:00"),
        ("2026-11-02", "2026-11-01 04:00:00", "2026-11-02 04:59:59", "2026-11-01 03:59:59", "2026-11-02 05:00:00"),
    ],
)
async def test_a_day_on_which_the_clocks_change_counts_its_calls(
    tenant_database: Database,
    database: Database,
    make: Factory,
    until: str,
    first: str,
    last: str,
    before: str,
    after: str,
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for moment in (first, last, before, after, after):
        await add_call(database, tenant, token, started_at=at(moment), duration=30)
    async with tenant_database.tenant_session(tenant.organization.id) as session:
        days, [by_token] = await OverviewService(session).daily_and_by_token(
            tenant.organization.id, until=dt.date.fromisoformat(until), days=3, limit=5, zone=NEW_YORK
        )
    assert [day.day for day in days] == [dt.date.fromisoformat(until) - dt.timedelta(days=n) for n in (2, 1, 0)]
    assert [day.totals.calls for day in days] == [1, 2, 2]
    assert by_token.totals.calls == 5


async def test_a_month_begins_in_the_organizations_zone(
    tenant_database: Database, database: Database, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for moment in ("2026-03-01 04:59:59", "2026-03-01 05:00:00", "2026-02-01 05:00:00", "2026-02-01 04:59:59"):
        await add_call(database, tenant, token, started_at=at(moment), duration=30)
    async with tenant_database.tenant_session(tenant.organization.id) as session:
        this, last = await UsageService(session).this_and_last_month(
            tenant.organization.id, today=dt.date(2026, 3, 15), zone=NEW_YORK
        )
    assert (this.total, last.total) == (CallTotals(1, 1, 30, 1), CallTotals(2, 2, 60, 2))


async def test_pages_and_filters_use_the_zone_and_say_so_and_the_api_stays_in_utc(
    client: httpx.AsyncClient, tenant: Tenant, make: Factory, database: Database
) -> None:
    api = f"/api/organizations/{tenant.organization.id}"
    assert (await client.get(api)).json()["time_zone"] == "America/New_York"
    assert (await client.patch(api, json={"time_zone": "Asia/Tokyo"})).json()["time_zone"] == "Asia/Tokyo"
    call_id = await add_call(database, tenant, await make.token(tenant), started_at=at("2025-01-31 15:30:00"))
    calls = f"/dashboard/{tenant.organization.slug}/calls"

    for path in ("", "/calls", f"/calls/{call_id}", "/usage", "/audit", "/settings/team"):
        page = (await client.get(f"/dashboard/{tenant.organization.slug}{path}")).text
        assert "Times and days are in Asia/Tokyo (UTC+9)." in page
        assert "UTC</time>" not in page
        assert "data-time" not in page
    assert ">Feb 1, 2025, 12:30 AM<" in (await client.get(calls)).text
    for day, found in (("2025-02-01", True), ("2025-01-31", False)):
        page = (await client.get(calls, params={"since": day, "until": day})).text
        assert ("Feb 1, 2025, 12:30 AM" in page) is found
    export = re.search(
        r'href="(/api/[^"]+export\.csv\?[^"]+)"', (await client.get(calls, params={"since": "2025-02-01"})).text
    )
    assert export is not None
    assert "since=2025-01-31T15%3A00%3A00Z" in export[1]
    listed = (await client.get(f"{api}/calls")).json()["items"]
    assert [call["started_at"] for call in listed] == ["2025-01-31T15:30:00Z"]


async def test_an_admin_chooses_the_zone_and_without_a_choice_it_is_the_countrys(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    page = settings_path(tenant.organization.slug, "organization")
    action = f"{page}/time-zone"
    saved = await post_form(client, page, action, {"time_zone": "Europe/Paris"})
    assert (saved.status_code, saved.headers["location"]) == (303, page)
    shown = (await client.get(page)).text
    assert "Pages and mails show times in Europe/Paris (UTC+" in shown
    assert '<option value="Europe/Paris" selected>' in shown

    await post_form(client, page, action, {"time_zone": ""})
    client.headers[HEADER] = client.cookies["csrftoken"]
    api = f"/api/organizations/{tenant.organization.id}"
    assert (await client.patch(api, json={"country": "DE"})).json()["time_zone"] == "Europe/Berlin"
    assert '<option value="" selected>The home country’s: Europe/Berlin<' in (await client.get(page)).text


@pytest.mark.parametrize("typed", ["Mars/Olympus", "../../etc/passwd", "localtime", "europe/berlin", "x" * 300])
async def test_a_name_that_is_no_zone_is_refused(client: httpx.AsyncClient, tenant: Tenant, typed: str) -> None:
    page = settings_path(tenant.organization.slug, "organization")
    refused = await post_form(client, page, f"{page}/time-zone", {"time_zone": typed})
    sentence = "Choose a time zone, by its IANA name like Europe/Berlin"
    assert refused.status_code == 400
    assert errors_of(refused.text) == {"time_zone": sentence}
    client.headers[HEADER] = client.cookies["csrftoken"]
    answer = await client.patch(f"/api/organizations/{tenant.organization.id}", json={"time_zone": typed})
    assert (answer.status_code, answer.json()["errors"]) == (400, [{"field": "time_zone", "message": sentence}])


async def test_null_gives_the_choice_back_to_the_country(client: httpx.AsyncClient, tenant: Tenant) -> None:
    api = f"/api/organizations/{tenant.organization.id}"
    await client.patch(api, json={"time_zone": "Asia/Tokyo"})
    assert (await client.patch(api, json={"name": "Acme"})).json()["time_zone"] == "Asia/Tokyo"
    assert (await client.patch(api, json={"time_zone": None})).json()["time_zone"] == "America/New_York"
