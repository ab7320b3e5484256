"""``…/calls``: lists, filters and details of an organization's calls."""

import datetime as dt
from uuid import UUID, uuid4

import httpx
import pytest

from kit.db.database import Database
from support.api_helpers import assert_refused, fields_refused
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in

pytestmark = pytest.mark.anyio
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
FIELDS = {
    "id",
    "call_id",
    "direction",
    "from",
    "to",
    "status",
    "duration",
    "started_at",
    "answered_at",
    "ended_at",
    "end_reason",
    "carrier_error",
    "token_id",
    "agent",
    "origin",
    "metadata",
    "name",
    "company",
    "url",
    "extension",
    "from_number_id",
    "answered_by",
    "returned_at",
    "returned_call_id",
    "outcome",
    "note",
    "tags",
    "version",
}


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/calls"


async def completed_call(callbacks: CallbackClient, token_id: UUID, to: str, **more: str) -> str:
    """A call that was answered and lasted 6 s."""
    sid, child = new_sid(), new_sid()
    await callbacks.outgoing(token_id, sid, to=to, **more)
    await callbacks.event(sid, "in-progress", NOON, child=child, sequence=2)
    await callbacks.event(sid, "completed", NOON + dt.timedelta(seconds=6), child=child, sequence=3, CallDuration="6")
    return sid


async def test_a_call_shows_what_happened_and_no_carrier_ids(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    call_id = str(uuid4())
    sid = await completed_call(callbacks, token.id, "+12125550147", CallId=call_id, Metadata='{"contact": "c-1"}')
    await sign_in(client, tenant.owner)

    listed = await client.get(path_of(tenant))
    [call] = listed.json()["items"]
    shown = await client.get(f"{path_of(tenant)}/{call['id']}")

    assert set(call) == FIELDS
    assert (call["call_id"], call["from"], call["to"]) == (call_id, tenant.number, "+12125550147")
    assert (call["status"], call["duration"], call["end_reason"]) == ("completed", 6, None)
    assert (call["answered_at"], call["ended_at"]) == ("2026-11-22T12:00:00Z", "2026-11-22T12:00:06Z")
    assert (call["token_id"], call["metadata"], call["direction"]) == (str(token.id), {"contact": "c-1"}, "outbound")
    assert {name: shown.json()[name] for name in FIELDS} == call
    assert [(event["event"], event["leg"]) for event in shown.json()["events"]] == [
        ("in-progress", "called"),
        ("completed", "called"),
    ]
    for answer in (listed, shown):
        assert sid not in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_the_extension_is_kept_and_refuses_no_call(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for given in ({"Extension": "204"}, {"Extension": "*9#"}, {"Extension": "1; DROP"}, {}):
        answer = await callbacks.outgoing(token.id, new_sid(), **given)
        assert b"<Dial" in answer.content, given
        assert b"204" not in answer.content
    await callbacks.outgoing(token.id, new_sid(), to="911", Extension="7")
    await sign_in(client, tenant.owner)
    calls = (await client.get(path_of(tenant))).json()["items"]
    assert [call["extension"] for call in calls] == ["7", None, None, "*9#", "204"]
    one = (await client.get(f"{path_of(tenant)}/{calls[-1]['id']}")).json()
    assert one["extension"] == "204"


async def test_the_called_person_is_kept_as_the_page_named_them_and_found_by_name(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    tenant = await make.tenant()
    token, record = await make.token(tenant), "https://crm.example.com/contacts/4711"
    people: tuple[dict[str, str], ...] = (
        {"Name": "Grace  Hopper\u202e", "Company": "Acme Realty", "Url": record},
        {"Name": "x" * 500, "Company": "50% & <Söhne>", "Url": "javascript:alert(1)"},
        {"Company": "Acme Motors"},
        {},
    )
    for given in people:
        await completed_call(callbacks, token.id, "+12125550147", **given)
    refused = await callbacks.outgoing(token.id, new_sid(), to="911", Name="Grace at 911")
    assert b"<Reject" in refused.content
    await sign_in(client, tenant.owner)

    async def found(**params: str) -> list[tuple[str | None, str | None, str | None]]:
        answer = await client.get(path_of(tenant), params=params)
        assert answer.status_code == 200, answer.text
        return [(call["name"], call["company"], call["url"]) for call in answer.json()["items"]]

    grace, long, motors = ("Grace Hopper", "Acme Realty", record), ("x" * 200, "50% & <Söhne>", None), "Acme Motors"
    assert await found() == [
        ("Grace at 911", None, None),
        (None, None, None),
        (None, motors, None),
        long,
        grace,
    ]
    assert await found(name="HOPPER") == [grace]
    assert await found(name="acme") == [(None, motors, None), grace]
    assert await found(name="0%") == [long]
    assert await found(name="söh") == [long]
    assert await found(name="grace", status="refused") == [("Grace at 911", None, None)]
    assert await found(name="grace", number="2125550147") == [grace]
    assert await found(name="nobody") == []
    for wrong in (" ", "\0", "x" * 101):
        assert fields_refused(await client.get(path_of(tenant), params={"name": wrong})) == ["name"]


async def test_numbers_are_found_as_people_write_them_and_agents_by_their_email(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    london = await add_call(database, tenant, token, to_number="+442079460958", agent="Ann@Example.com")
    boston = await add_call(database, tenant, token, to_number="+16175550123")
    await sign_in(client, tenant.owner)

    async def found(**params: str) -> list[str]:
        answer = await client.get(path_of(tenant), params=params)
        assert answer.status_code == 200, answer.text
        return [call["id"] for call in answer.json()["items"]]

    for text in ("020 7946 0958", "+44 (0)20 7946-0958", "011 44 20 7946", "7946 09", "0958"):
        assert await found(number=text) == [str(london)], text
        assert await found(number=text, status="completed") == [str(london)], text
    assert await found(number="1 (617) 555") == [str(boston)]
    assert await found(name="ann@example") == [str(london)]
    export = await client.get(f"{path_of(tenant)}/export.csv", params={"number": "020 7946 0958"})
    assert export.text.count("+44") == 1


async def test_the_list_is_newest_first_in_pages_and_narrowed(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    tenant = await make.tenant()
    first, second = await make.token(tenant), await make.token(tenant)
    for number in range(5):
        await completed_call(callbacks, first.id, f"+1212555014{number}")
    await callbacks.outgoing(second.id, new_sid(), to="911")
    await sign_in(client, tenant.owner)

    async def numbers(**params: object) -> list[str]:
        answer = await client.get(path_of(tenant), params={name: str(value) for name, value in params.items()})
        assert answer.status_code == 200, answer.text
        return [call["to"] for call in answer.json()["items"]]

    newest_first = ["911", *(f"+1212555014{number}" for number in (4, 3, 2, 1, 0))]
    assert await numbers() == newest_first
    page = (await client.get(path_of(tenant), params={"limit": 4})).json()
    assert [call["to"] for call in page["items"]] == newest_first[:4]
    rest = (await client.get(path_of(tenant), params={"limit": 4, "cursor": page["next_cursor"]})).json()
    assert ([call["to"] for call in rest["items"]], rest["next_cursor"]) == (newest_first[4:], None)
    assert await numbers(status="refused") == ["911"]
    assert await numbers(token_id=second.id) == ["911"]
    assert await numbers(token_id=uuid4()) == []
    assert await numbers(number="(212) 555-0143") == ["+12125550143"]
    assert await numbers(number="+1 212-555-0143") == ["+12125550143"]
    assert await numbers(number="+1 212-555-014") == newest_first[1:]
    assert await numbers(number="+2125550143") == []
    # Digits without a prefix: found among the latest calls, then only among older ones, then page by page.
    assert await numbers(number="2125550", limit=3) == newest_first[1:4]
    assert await numbers(number="5550140") == [newest_first[-1]]
    some = (await client.get(path_of(tenant), params={"number": "2125550", "limit": 3})).json()
    assert await numbers(number="2125550", cursor=some["next_cursor"]) == newest_first[4:]
    assert await numbers(number="2125550", status="refused") == []
    assert await numbers(since="2999-01-01T00:00:00Z") == []
    assert await numbers(until="2999-01-01T00:00:00Z") == newest_first
    assert await numbers(since="2020-01-01T00:00:00+05:30", until="2020-01-02T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("status=dancing", "status"),
        ("status=", "status"),
        ("token_id=x", "token_id"),
        ("number=abc", "number"),
        ("number=%00", "number"),
        ("number=" + "1" * 33, "number"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("since=2026", "since"),
        ("since=1795701532", "since"),
        ("until=2026-01-01", "until"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("since=0001-01-01T00:00:00%2B23:00", "since"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused_by_name(
    client: httpx.AsyncClient, make: Factory, query: str, field: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    assert fields_refused(await client.get(f"{path_of(tenant)}?{query}")) == [field]


@pytest.mark.parametrize(
    ("field", "taken"), [("status", "initiated, ringing, in-progress"), ("end_reason", "busy, no-")]
)
async def test_a_filter_of_fixed_values_lists_them(
    client: httpx.AsyncClient, make: Factory, field: str, taken: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{path_of(tenant)}?{field}=bogus")
    assert answer.status_code == 400
    assert taken in answer.json()["errors"][0]["message"]


async def test_others_calls_and_no_calls_are_the_same_404(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory
) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    await completed_call(callbacks, (await make.token(theirs)).id, "+12125550147")
    await sign_in(client, theirs.owner)
    theirs_id = (await client.get(path_of(theirs))).json()["items"][0]["id"]
    client.cookies.clear()
    await sign_in(client, mine.owner)
    answers = [
        await client.get(f"{path_of(mine)}/{theirs_id}"),
        await client.get(f"{path_of(mine)}/{uuid4()}"),
        await client.get(f"{path_of(theirs)}/{theirs_id}"),
        await client.get(path_of(theirs)),
        await client.get(f"/api/organizations/{uuid4()}/calls"),
        await client.get(f"/api/organizations/{theirs.organization.id}"),
    ]
    for answer in answers:
        assert_refused(answer, 404, "not_found")
    assert len({answer.content for answer in answers}) == 1
    assert (await client.get(path_of(mine))).json()["items"] == []


async def test_only_members_see_calls(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant()
    assert_refused(await client.get(path_of(tenant)), 401, "not_authenticated")
    assert_refused(await client.get(f"{path_of(tenant)}/{uuid4()}"), 401, "not_authenticated")
