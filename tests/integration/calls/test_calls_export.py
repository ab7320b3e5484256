"""The CSV export of calls is complete and has no formula that a spreadsheet would run."""

import csv
import io
from typing import Any

import httpx
import pytest

from calls.models import CallStatus, Direction
from kit.csv_export import BYTE_ORDER_MARK, CSV_BATCH_ROWS
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory, sign_in

pytestmark = pytest.mark.anyio


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_the_file_holds_each_call_newest_first_and_no_formula(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    person: dict[str, Any] = {
        "name": "=Grace, Hopper",
        "company": "Acme",
        "url": "https://crm.example.com/1",
        "extension": "#204",
        "outcome": "+Reached",
        "note": "=1+1\n<b>",
        "tags": ["@cmd", "hot"],
    }
    ids = [
        await add_call(database, tenant, token, agent="=HYPERLINK(1)", details={"note": 'a,"b"'}, **person),
        await add_call(database, tenant, token, status=CallStatus.BUSY, duration=0, origin="https://crm.example.com"),
    ]
    await sign_in(client, tenant.owner)

    answer = await client.get(f"/api/organizations/{tenant.organization.id}/calls/export.csv")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="calls.csv"'
    assert answer.headers["cache-control"] == "no-store"
    newest, oldest = rows_of(answer)
    assert [newest["id"], oldest["id"]] == [str(ids[1]), str(ids[0])]
    assert oldest["agent"] == "'=HYPERLINK(1)"
    assert oldest["from"] == tenant.number
    assert oldest["metadata"] == '{"note":"a,\\"b\\""}'
    assert (oldest["name"], oldest["company"], oldest["url"]) == ("'=Grace, Hopper", "Acme", person["url"])
    assert (oldest["extension"], newest["extension"]) == ("#204", "")
    assert (oldest["outcome"], oldest["note"], oldest["tags"]) == ("'+Reached", "'=1+1\n<b>", "'@cmd; hot")
    assert (newest["status"], newest["duration"], newest["answered_at"]) == ("busy", "0", "")


@pytest.mark.parametrize(("query", "has_mark"), [({}, False), ({"bom": "true"}, True), ({"bom": "false"}, False)])
async def test_the_file_begins_with_a_byte_order_mark_where_one_is_asked_for(
    client: httpx.AsyncClient, make: Factory, query: dict[str, str], has_mark: bool
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    for path in ("calls/export.csv", "audit/export.csv"):
        answer = await client.get(f"/api/organizations/{tenant.organization.id}/{path}", params=query)
        assert answer.content.startswith(BYTE_ORDER_MARK + b"id," if has_mark else b"id,")
    wrong = await client.get(f"/api/organizations/{tenant.organization.id}/calls/export.csv", params={"bom": "maybe"})
    assert wrong.status_code == 400
    assert [error["field"] for error in wrong.json()["errors"]] == ["bom"]


@pytest.mark.slow
async def test_more_calls_than_one_batch_are_all_there_once(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    ids = [str(await add_call(database, tenant, token)) for _ in range(CSV_BATCH_ROWS + 5)]
    await sign_in(client, tenant.owner)

    answer = await client.get(f"/api/organizations/{tenant.organization.id}/calls/export.csv")

    assert [row["id"] for row in rows_of(answer)] == ids[::-1]


async def test_the_file_takes_the_filters_of_the_list(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token, other = await make.token(tenant), await make.token(tenant)
    wanted = await add_call(database, tenant, token, to_number="+12125550142")
    await add_call(database, tenant, other, to_number="+12125550142")
    await add_call(database, tenant, token, to_number="+12125550143")
    await add_call(database, tenant, token, to_number="+12125550142", status=CallStatus.FAILED)
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/calls"
    query = {"number": "555-0142", "token_id": str(token.id), "status": "completed"}

    assert [row["id"] for row in rows_of(await client.get(f"{path}/export.csv", params=query))] == [str(wanted)]
    assert [row["id"] for row in (await client.get(path, params=query)).json()["items"]] == [str(wanted)]


async def test_missed_calls_are_listed_alone_or_left_out(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    incoming: dict[str, Any] = {"direction": Direction.INBOUND, "token_id": None}
    outgoing = str(await add_call(database, tenant, token, status=CallStatus.NO_ANSWER, duration=0))
    missed = str(await add_call(database, tenant, token, status=CallStatus.ABANDONED, duration=0, **incoming))
    taken = str(await add_call(database, tenant, token, to_number="+12125550142", **incoming))
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/calls"

    for query, found in (("true", [missed]), ("false", [taken, outgoing])):
        assert [call["id"] for call in (await client.get(f"{path}?missed={query}")).json()["items"]] == found
        assert [row["id"] for row in rows_of(await client.get(f"{path}/export.csv?missed={query}"))] == found
    page = await client.get(f"/dashboard/{tenant.organization.slug}/calls?direction=not-missed")
    assert [each in page.text for each in (taken, outgoing, missed)] == [True, True, False]
    assert f"{path}/export.csv?missed=false" in page.text


@pytest.mark.parametrize(
    ("query", "field"), [("since=2026-11-22T18:00:00", "since"), ("number=abc", "number"), ("status=lost", "status")]
)
async def test_a_filter_that_cannot_be_right_is_refused_before_the_file_begins(
    client: httpx.AsyncClient, make: Factory, query: str, field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)

    answer = await client.get(f"/api/organizations/{tenant.organization.id}/calls/export.csv?{query}")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_the_file_of_another_organization_is_not_there(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    await add_call(database, theirs, await make.token(theirs))
    await sign_in(client, mine.owner)

    answer = await client.get(f"/api/organizations/{theirs.organization.id}/calls/export.csv")

    assert answer.status_code == 404
