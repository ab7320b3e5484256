"""The dashboard's list of calls with its filters, the page of a call, and the overview."""

import datetime as dt
import html
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from calls.models import CallStatus, Direction
from carrier.error_codes import CARRIER_ERROR_CODES
from kit.clock import utc_now
from kit.db.database import Database
from kit.time_zones import local_day
from support.call_factory import add_call
from support.factories import Factory, Tenant, sign_in

pytestmark = pytest.mark.anyio

DAY = dt.timedelta(days=1)
INCOMING: Mapping[str, Any] = {"direction": Direction.INBOUND, "token_id": None, "duration": 0}


def numbers_in(page: str) -> list[str]:
    return [html.unescape(number) for number in re.findall(r'class="row-link"[^>]*><bdi>(.*?)</bdi>', page)]


def calls_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/calls"


async def test_filters_live_in_the_address_and_narrow_the_list(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await add_call(database, tenant, token, started_at=utc_now() - 3 * DAY)
    await add_call(database, tenant, token, to_number="+12125550102", status=CallStatus.BUSY, duration=0)
    await sign_in(client, tenant.owner)
    path, today = calls_of(tenant), local_day(utc_now(), tenant.organization.zone).isoformat()

    async def shown(**filters: str) -> list[str]:
        return numbers_in((await client.get(path, params=filters)).text)

    assert await shown() == ["+1 212-555-0102", "+1 212-555-0101"]
    assert await shown(status="busy") == ["+1 212-555-0102"]
    assert await shown(number="(212) 555-0101") == ["+1 212-555-0101"]
    assert await shown(since=today) == ["+1 212-555-0102"]
    assert await shown(token=str(token.id), status="", number="") == ["+1 212-555-0102", "+1 212-555-0101"]
    page = (await client.get(path, params={"status": "busy"})).text
    assert f"/api/organizations/{tenant.organization.id}/calls/export.csv?status=busy" in page


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "status=answered",
        "token=x",
        "number=abc",
        "name=%00",
        "since=2026-02-02&until=2026-02-01",
        "until=9999-12-31",
        "number=%00",
    ],
)
async def test_a_filter_that_cannot_be_is_named_beside_its_field(
    client: httpx.AsyncClient, make: Factory, query: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{calls_of(tenant)}?{query}")
    assert answer.status_code == 400
    assert re.search(r'-error"', answer.text)
    assert "Nothing was searched" in answer.text


async def test_pages_follow_one_another_without_gap_or_repetition(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for number in reversed(range(30)):
        await add_call(database, tenant, token, to_number=f"+121255501{number:02}")
    await sign_in(client, tenant.owner)
    first = (await client.get(calls_of(tenant))).text
    older = re.search(r'href="(\?[^"]*after=[^"]*)"', first)
    assert older is not None
    second = (await client.get(calls_of(tenant) + html.unescape(older[1]))).text
    seen = numbers_in(first) + numbers_in(second)
    assert seen == [f"+1 212-555-01{number:02}" for number in range(30)]


async def test_a_call_has_a_page_and_a_part_for_the_side_panel(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    call_id = await add_call(
        database, tenant, await make.token(tenant), duration=134, details={"contact": "<b>Ann</b>"}
    )
    await sign_in(client, tenant.owner)
    page = await client.get(f"{calls_of(tenant)}/{call_id}")
    part = await client.get(f"{calls_of(tenant)}/{call_id}", headers={"hx-request": "true"})
    assert "2:14" in page.text
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page.text
    assert "<html" in page.text
    assert "<html" not in part.text
    assert "2:14" in part.text


async def test_the_called_person_is_shown_as_text_and_links_to_their_record_alone(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token, record = await make.token(tenant), "https://crm.example.com/contacts/1?a=1&b=2"
    linked = await add_call(database, tenant, token, name="<b>Grace</b>", company="Acme & Söhne", url=record)
    plain = await add_call(database, tenant, token, to_number="+12125550102", name="Ada")
    await sign_in(client, tenant.owner)

    listed = (await client.get(calls_of(tenant))).text
    link = (
        '<a href="https://crm.example.com/contacts/1?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">'
        "<bdi>&lt;b&gt;Grace&lt;/b&gt;</bdi></a>"
    )
    for page in (listed, (await client.get(f"{calls_of(tenant)}/{linked}")).text):
        assert link in page
        assert "<bdi>Acme &amp; Söhne</bdi>" in page
        assert page.count("crm.example.com") == 1
    page = (await client.get(f"{calls_of(tenant)}/{plain}")).text
    assert "<dt>Name</dt><dd><bdi>Ada</bdi>" in page
    assert "Company" not in page
    assert numbers_in((await client.get(calls_of(tenant), params={"name": "grace"})).text) == ["+1 212-555-0101"]
    assert numbers_in((await client.get(calls_of(tenant), params={"name": "SÖHNE"})).text) == ["+1 212-555-0101"]
    assert "export.csv?name=grace" in (await client.get(calls_of(tenant), params={"name": "grace"})).text


async def test_the_extension_stands_beside_the_number(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    called = await add_call(database, tenant, token, extension="204")
    await add_call(database, tenant, token)
    await sign_in(client, tenant.owner)
    assert (await client.get(calls_of(tenant))).text.count("ext. <bdi>204</bdi>") == 1
    assert "<dt>Extension</dt><dd><bdi>204</bdi>" in (await client.get(f"{calls_of(tenant)}/{called}")).text
    for wrong in ("", "12a", "1" * 21, "204\n"):
        with pytest.raises(IntegrityError, match="ck_call_extension"):
            await add_call(database, tenant, token, extension=wrong)


async def test_no_address_but_of_a_web_page_can_be_stored(make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    with pytest.raises(IntegrityError, match="ck_call_url"):
        await add_call(database, tenant, await make.token(tenant), url="javascript:alert(1)")


async def test_a_call_that_is_under_way_has_no_talk_time_yet(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    call_id = await add_call(
        database, tenant, await make.token(tenant), status=CallStatus.IN_PROGRESS, is_connected=True, duration=0
    )
    await sign_in(client, tenant.owner)
    page = (await client.get(f"{calls_of(tenant)}/{call_id}")).text
    assert "<dd>In progress</dd>" in page
    assert re.findall(r'<dt>Talk time</dt><dd class="number">(.*?)</dd>', page) == ["–"]
    assert re.findall(r'data-label="Talk time">(.*?)</td>', (await client.get(calls_of(tenant))).text) == ["–"]


@pytest.mark.parametrize("code", CARRIER_ERROR_CODES)
async def test_a_call_that_the_carrier_did_not_dial_says_what_to_do(
    client: httpx.AsyncClient, make: Factory, database: Database, code: int
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    call_id = await add_call(database, tenant, token, status=CallStatus.FAILED, duration=0, carrier_error=code)
    await sign_in(client, tenant.owner)
    page = html.unescape((await client.get(f"{calls_of(tenant)}/{call_id}")).text)
    assert f"{CARRIER_ERROR_CODES[code].sentences}. The call was not dialled and cost nothing." in page


@pytest.mark.parametrize(("status", "is_told"), [(CallStatus.FAILED, True), (CallStatus.COMPLETED, False)])
async def test_a_call_that_failed_with_an_unknown_code_says_what_to_do(
    client: httpx.AsyncClient, make: Factory, database: Database, status: CallStatus, is_told: bool
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    call_id = await add_call(database, tenant, token, status=status, duration=0, carrier_error=99_999)
    await sign_in(client, tenant.owner)
    page = html.unescape((await client.get(f"{calls_of(tenant)}/{call_id}")).text)
    advice = "The carrier could not complete the call. Try again; if it fails again, contact support."
    assert (advice in page, "99999" in page) == (is_told, False)


async def test_another_tenants_call_is_not_found(client: httpx.AsyncClient, make: Factory, database: Database) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    call_id = await add_call(database, theirs, await make.token(theirs))
    await sign_in(client, mine.owner)
    assert (await client.get(f"{calls_of(mine)}/{call_id}")).status_code == 404
    assert numbers_in((await client.get(calls_of(mine))).text) == []


async def test_the_overview_counts_this_week_against_the_one_before(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for age, status in (
        (0 * DAY, CallStatus.COMPLETED),
        (1 * DAY, CallStatus.COMPLETED),
        (2 * DAY, CallStatus.BUSY),
        (2 * DAY, CallStatus.REFUSED),
        (8 * DAY, CallStatus.COMPLETED),
        (40 * DAY, CallStatus.COMPLETED),
    ):
        seconds = 90 if status is CallStatus.COMPLETED else 0
        await add_call(database, tenant, token, status=status, duration=seconds, started_at=utc_now() - age)
    await add_call(database, tenant, token, status=CallStatus.IN_PROGRESS, duration=0)
    for age in (0 * DAY, 1 * DAY, 8 * DAY):
        await add_call(database, tenant, token, **INCOMING, status=CallStatus.NO_ANSWER, started_at=utc_now() - age)
    await sign_in(client, tenant.owner)
    page = (await client.get(f"/dashboard/{tenant.organization.slug}")).text
    tiles = re.findall(r'tile"><span class="quiet">(.*?)</span><strong class="number">(.*?)</strong>', page)
    assert dict(tiles) == {
        "Calls made": "4",
        "Answer rate of calls made": "50 %",
        "Minutes of calls made": "4",
        "Calls received": "2",
        "Live now": "1",
    }
    assert "+300 % vs the week before" in page
    assert "6 billed minutes in four weeks, talk time 4 min 30 s" in page
    days = re.findall(r'<tr><th scope="row">\w+ \d+</th><td class="end">(\d+)</td>', page)
    assert len(days) == 28
    assert sum(int(calls) for calls in days) == 5


async def test_the_first_steps_tick_themselves_and_then_go(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    path = f"/dashboard/{tenant.organization.slug}"

    async def done() -> list[str]:
        return re.findall(r"<h3>([^<]+)<span class=\"unseen\">: done", (await client.get(path)).text)

    assert await done() == ["Get a number"]
    # Neither a call from the dashboard's own phone nor an incoming one is a call from a page.
    phone = await make.dashboard_phone(tenant)
    await add_call(database, tenant, phone)
    await add_call(database, tenant, phone, **INCOMING)
    assert await done() == ["Get a number"]
    token = await make.token(tenant)
    assert await done() == ["Get a number", "Generate an embed token"]
    await add_call(database, tenant, token)
    assert "Your first call" not in (await client.get(path)).text


async def test_a_caller_who_objected_is_shown_as_such(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token, status = await make.token(tenant), CallStatus.NO_ANSWER
    objected = await add_call(database, tenant, token, **INCOMING, status=status, end_reason="blocked")
    other = await add_call(database, tenant, token, **INCOMING, status=status, end_reason="no-answer")
    await sign_in(client, tenant.owner)

    async def badge(call_id: UUID) -> list[str]:
        page = (await client.get(f"{calls_of(tenant)}/{call_id}")).text
        return re.findall(r'</bdi></h1><span class="badge ">(.*?)</span>', page)

    assert await badge(objected) == ["Asked not to be called"]
    assert await badge(other) == ["No answer"]
    listed = (await client.get(calls_of(tenant))).text.partition("<tbody>")[2]
    assert listed.count("Asked not to be called") == 1
    api = await client.get(f"/api/organizations/{tenant.organization.id}/calls/{objected}")
    assert api.json()["status"] == "no-answer"
