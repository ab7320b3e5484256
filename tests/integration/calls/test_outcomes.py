"""``…/outcomes`` and ``PATCH …/calls/{id}``: the organization's outcomes; the outcome, note and tags of a call."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.outcomes import services
from conftest import NewClient
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from support.api_helpers import assert_refused, fields_refused
from support.call_factory import add_call
from support.factories import Factory, Tenant, Token, sign_in
from tenants.api_keys.services import ApiKeyService
from tenants.models import KeyScope, Role

pytestmark = pytest.mark.anyio
OUTCOMES: list[dict[str, Any]] = [
    {"name": "Meeting booked", "colour": "#059669", "counts_as_conversation": True},
    {"name": "<b>Left voicemail</b> 📞", "colour": "#64748b", "counts_as_conversation": False},
]


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}"


async def test_the_list_is_replaced_as_a_whole_and_audited(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    path = f"{path_of(tenant)}/outcomes"
    assert (await owner.get(path)).json() == []
    given = [{**OUTCOMES[0], "name": "  Meeting \t booked ", "colour": "#05966A"}, {"name": OUTCOMES[1]["name"]}]
    answer = await owner.put(path, json=given)
    assert answer.status_code == 200, answer.text
    assert answer.json() == [{**OUTCOMES[0], "colour": "#05966a"}, OUTCOMES[1]]
    assert (await owner.put(path, json=OUTCOMES)).json() == (await owner.get(path)).json() == OUTCOMES
    assert (await owner.put(path, json=OUTCOMES[:1])).json() == OUTCOMES[:1]
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "call_outcomes.changed"
        recorded = list(await session.scalars(sa.select(AuditEvent.details).where(*mine).order_by(AuditEvent.id)))
    names = [row["name"] for row in OUTCOMES]
    assert recorded[-1] == {"before": names, "after": names[:1]}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([{"name": "Reached"}, {"name": "reached"}], "name"),
        ([{"name": " "}], "name"),
        ([{"name": "x" * 41}], "name"),
        ([{"name": "a\x00b"}], "name"),
        ([{"name": "a", "colour": "red"}], "colour"),
        ([{"name": "a", "colour": "#0596691"}], "colour"),
        ([{"name": str(number)} for number in range(31)], "outcomes"),
        ([{"name": "a", "weight": 1}], "weight"),
        ([{"colour": "#059669"}], "name"),
        ([{"name": "a", "colour": None}], "colour"),
        ([{"name": "a"}, {"name": "b", "counts_as_conversation": "yes"}], "counts_as_conversation"),
    ],
)
async def test_a_list_that_cannot_be_used_changes_nothing(
    owner: httpx.AsyncClient, tenant: Tenant, given: Any, field: str
) -> None:
    path = f"{path_of(tenant)}/outcomes"
    await owner.put(path, json=OUTCOMES)
    assert fields_refused(await owner.put(path, json=given)) == [field]
    assert (await owner.get(path)).json() == OUTCOMES


async def test_a_member_writes_about_a_call_and_its_history_says_who(
    client: httpx.AsyncClient,
    new_client: NewClient,
    make: Factory,
    database: Database,
    tenant: Tenant,
    token: Token,
) -> None:
    await (await sign_in(client, tenant.owner)).put(f"{path_of(tenant)}/outcomes", json=OUTCOMES)
    member = await make.member(tenant.organization, Role.MEMBER)
    browser = await sign_in(new_client(), member)
    path = f"{path_of(tenant)}/calls/{await add_call(database, tenant, token)}"
    note = "<script>alert(1)</script> 📞\n" + "é" * 4_900

    written = await browser.patch(
        path, json={"outcome": OUTCOMES[0]["name"], "note": note, "tags": ["hot", " hot ", "=1+1"]}
    )
    assert written.status_code == 200, written.text
    assert (written.json()["outcome"], written.json()["note"]) == (OUTCOMES[0]["name"], note)
    assert written.json()["tags"] == ["hot", "=1+1"]
    assert (await browser.patch(path, json={"tags": ["hot", "=1+1"]})).status_code == 200
    async with database.sessions() as session, session.begin():
        _, key = await ApiKeyService(session).issue(
            tenant.organization.id, label="CRM", scope=KeyScope.WRITE, by=SYSTEM
        )
        _, read_key = await ApiKeyService(session).issue(
            tenant.organization.id, label="Reports", scope=KeyScope.READ, by=SYSTEM
        )
    program = new_client()
    program.headers["authorization"] = f"Bearer {key}"
    assert (
        await program.patch(path, json={"outcome": OUTCOMES[1]["name"], "note": None, "tags": None})
    ).status_code == 200
    program.headers["authorization"] = f"Bearer {read_key}"
    assert_refused(await program.patch(path, json={"note": "x"}), 403, "key_read_only")

    call = (await browser.get(path)).json()
    assert (call["outcome"], call["note"], call["tags"]) == (OUTCOMES[1]["name"], None, [])
    assert [(row["source"], row["by"], row["outcome"]) for row in call["changes"]] == [
        ("api_key", "CRM", OUTCOMES[1]["name"]),
        ("user", member.email, OUTCOMES[0]["name"]),
    ]
    assert (call["changes"][1]["note"], call["changes"][1]["tags"]) == (note, ["hot", "=1+1"])


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"outcome": "Sold"}, ["outcome"]),
        ({"outcome": 5}, ["outcome"]),
        ({"note": "x" * 5_001}, ["note"]),
        ({"note": "a\x00"}, ["note"]),
        ({"tags": ["x" * 41]}, ["tags"]),
        ({"tags": [" "]}, ["tags"]),
        ({"tags": [str(number) for number in range(21)]}, ["tags"]),
        ({"tags": ["hot"] * 21}, ["tags"]),
        ({"tags": "hot"}, ["tags"]),
        ({"status": "completed"}, ["status"]),
        ({"outcome": "Sold", "note": "x" * 10_000, "tags": [""]}, ["outcome", "note", "tags"]),
    ],
)
async def test_what_cannot_be_stored_is_refused_by_its_field(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token, given: Any, fields: list[str]
) -> None:
    path = f"{path_of(tenant)}/calls/{await add_call(database, tenant, token)}"
    await owner.put(f"{path_of(tenant)}/outcomes", json=OUTCOMES)
    assert fields_refused(await owner.patch(path, json=given)) == fields
    call = (await owner.get(path)).json()
    assert (call["outcome"], call["note"], call["tags"], call["changes"]) == (None, None, [], [])


async def test_an_outcome_that_is_no_longer_listed_stays_with_its_calls(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    first, second = [f"{path_of(tenant)}/calls/{await add_call(database, tenant, token)}" for _ in range(2)]
    await owner.put(f"{path_of(tenant)}/outcomes", json=OUTCOMES)
    gone = OUTCOMES[0]["name"]
    await owner.patch(first, json={"outcome": gone})
    await owner.put(f"{path_of(tenant)}/outcomes", json=OUTCOMES[1:])

    assert (await owner.get(first)).json()["outcome"] == gone
    assert (await owner.patch(first, json={"outcome": gone, "note": "Again"})).json()["note"] == "Again"
    assert fields_refused(await owner.patch(second, json={"outcome": gone})) == ["outcome"]


async def test_lists_are_narrowed_by_outcome_and_tag(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    booked, tagged, both, _ = [
        str(await add_call(database, tenant, token, **given))
        for given in ({"outcome": "Booked"}, {"tags": ["hot", "é"]}, {"outcome": "Booked", "tags": ["hot"]}, {})
    ]
    path = f"{path_of(tenant)}/calls"
    for query, expected in (
        ({"outcome": "Booked"}, [both, booked]),
        ({"tag": "hot"}, [both, tagged]),
        ({"tag": "é"}, [tagged]),
        ({"tag": "ho"}, []),
        ({"outcome": "Booked", "tag": "hot"}, [both]),
        ({"outcome": "booked"}, []),
    ):
        found = (await owner.get(path, params=query)).json()["items"]
        assert [call["id"] for call in found] == expected, query
        exported = (await owner.get(f"{path}/export.csv", params=query)).text.splitlines()
        assert len(exported) == 1 + len(expected)
    for name in ("outcome", "tag"):
        assert fields_refused(await owner.get(path, params={name: " "})) == [name]
        assert fields_refused(await owner.get(path, params={name: "x" * 41})) == [name]


async def test_nothing_is_written_about_an_erased_call(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token
) -> None:
    call_id = await add_call(database, tenant, token, to_number="", erased_at=utc_now())
    assert_refused(await owner.patch(f"{path_of(tenant)}/calls/{call_id}", json={"note": "x"}), 409, "call_erased")


async def test_the_latest_changes_of_a_call_are_kept(
    owner: httpx.AsyncClient, database: Database, tenant: Tenant, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_KEPT_CHANGES", 2)
    path = f"{path_of(tenant)}/calls/{await add_call(database, tenant, token)}"
    for number in range(4):
        await owner.patch(path, json={"note": f"Note {number}"})
    assert [row["note"] for row in (await owner.get(path)).json()["changes"]] == ["Note 3", "Note 2"]
