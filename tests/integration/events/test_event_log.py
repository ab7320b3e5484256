"""``…/events``, the event log: each change is one event, in order, with the API's data; pages of events."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from calls.event_data import call_info_of_row
from calls.models import Call, CallStatus
from events.emit import emit
from events.event_types import EventType
from events.models import EVENT_OUTBOX, OrganizationEvent
from events.sequencer import EventSequencer
from kit.actor import SYSTEM
from kit.db.database import Database
from kit.schemas import ResponseModel
from phone_numbers.services import PhoneNumberService
from privacy.anonymize import CallAnonymizationService
from support.api_helpers import fields_refused, with_csrf
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.factories import Tenant, Token
from support.waiting import wait_until
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class Note(ResponseModel, frozen=True, kw_only=True):
    text: str


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/events"


async def events_of(
    client: httpx.AsyncClient, tenant: Tenant, *, at_least: int, about: str = "call."
) -> list[dict[str, Any]]:
    """The organization's events whose type begins with ``about``, when there are so many."""
    found: list[dict[str, Any]] = []

    async def has_enough() -> bool:
        items = (await client.get(path_of(tenant))).json()["items"]
        found[:] = [event for event in items if event["type"].startswith(about)]
        return len(found) >= at_least

    await wait_until(has_enough, pause=0.05)
    return found


async def test_a_call_is_started_answered_ended_once_and_then_only_updated(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    sid, child = new_sid(), new_sid()
    await callbacks.outgoing(token.id, sid, Metadata='{"contact": "c-1"}', Name="Grace Hopper")
    for _ in range(2):  # the carrier repeats itself
        await callbacks.event(sid, "ringing", NOON, child=child, sequence=1)
        await callbacks.event(sid, "in-progress", NOON, child=child, sequence=2)
        later = NOON + dt.timedelta(seconds=6)
        await callbacks.event(sid, "completed", later, child=child, sequence=3, CallDuration="6")
    events = await events_of(owner, tenant, at_least=3)
    assert [event["type"] for event in events] == ["call.started", "call.answered", "call.ended"]
    # The first is the token's.
    assert [event["sequence"] for event in events] == [2, 3, 4]
    assert {event["organization_id"] for event in events} == {str(tenant.organization.id)}
    assert [event["data"]["status"] for event in events] == ["initiated", "in-progress", "completed"]
    [shown] = (await owner.get(f"/api/organizations/{tenant.organization.id}/calls")).json()["items"]
    assert events[-1]["data"] == shown
    assert (shown["version"], shown["metadata"], shown["duration"]) == (1, {"contact": "c-1"}, 6)

    # The carrier's list contradicts what it reported: the call changes after its end.
    await callbacks.event(sid, "completed", NOON, child=child, sequence=0, CallDuration="9")
    [*_, updated] = await events_of(owner, tenant, at_least=4)
    assert (updated["type"], updated["data"]["version"], updated["data"]["duration"]) == ("call.updated", 2, 9)


async def test_a_call_that_only_seemed_to_be_over_ends_once(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    sid, child = new_sid(), new_sid()
    await callbacks.outgoing(token.id, sid)
    await callbacks.event(sid, "completed", NOON, sequence=9)  # the caller's leg overtakes all else
    await callbacks.event(sid, "in-progress", NOON, child=child, sequence=2)
    await callbacks.event(sid, "completed", NOON, child=child, sequence=3, CallDuration="6")
    events = await events_of(owner, tenant, at_least=4)
    assert [(event["type"], event["data"]["status"], event["data"]["version"]) for event in events] == [
        ("call.started", "initiated", 1),
        ("call.ended", "failed", 1),
        ("call.updated", "in-progress", 2),
        ("call.updated", "completed", 3),
    ]


async def test_an_outcome_updates_a_call_that_is_over(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    await callbacks.outgoing(token.id, new_sid(), to="911")
    [ended] = await events_of(owner, tenant, at_least=1)
    path = f"/api/organizations/{tenant.organization.id}/calls/{ended['data']['id']}"
    changed = await (await with_csrf(owner)).patch(path, json={"note": "Ring back", "tags": ["later"]})
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    _, updated = await events_of(owner, tenant, at_least=2)
    assert updated["type"] == "call.updated"
    assert (updated["data"]["note"], updated["data"]["tags"], updated["data"]["version"]) == ("Ring back", ["later"], 2)


async def test_a_refused_call_ends_and_never_began(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    await callbacks.outgoing(token.id, new_sid(), to="911")
    await callbacks.outgoing(token.id, new_sid())
    events = await events_of(owner, tenant, at_least=2)
    assert [event["type"] for event in events] == ["call.ended", "call.started"]
    assert events[0]["data"]["status"] == "refused"
    assert events[0]["data"]["end_reason"] == "emergency_number"


async def test_numbers_and_tokens_are_events(owner: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    async with database.sessions() as session, session.begin():
        number = await session.scalar(
            sa.select(PhoneNumber).where(PhoneNumber.organization_id == tenant.organization.id)
        )
        assert number is not None
        await PhoneNumberService(session).record_purchase(number, by=SYSTEM)
    async with database.sessions() as session, session.begin():
        await PhoneNumberService(session).finish_release(tenant.organization.id, number.id, by=SYSTEM)
    events = await events_of(owner, tenant, at_least=2, about="phone_number.")
    assert [(event["type"], event["data"]["status"]) for event in events] == [
        ("phone_number.added", "active"),
        ("phone_number.released", "released"),
    ]
    assert events[0]["data"]["number"] == tenant.number


async def test_tokens_are_events_without_the_token(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/api/organizations/{tenant.organization.id}/embed-tokens"
    await with_csrf(owner)
    made = (await owner.post(path, json={"label": "Site"})).json()
    await owner.delete(f"{path}/{made['id']}")
    created, revoked = await events_of(owner, tenant, at_least=2, about="embed_token.")
    assert (created["type"], revoked["type"]) == ("embed_token.created", "embed_token.revoked")
    assert created["data"]["id"] == revoked["data"]["id"] == made["id"]
    assert made["token"] not in str(created)


async def test_a_limit_that_refuses_calls_is_an_event_once_an_hour(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    given = (await owner.get(rules)).json()
    wanted = {**given["limits"], "calls_per_day": 1}
    put = {"countries": [], "blocked_numbers": [], "tokens": [], "limits": wanted}
    answer = await (await with_csrf(owner)).put(rules, json=put)
    assert answer.status_code == 200, answer.text
    for last in range(3):
        await callbacks.outgoing(token.id, new_sid(), to=f"+1212555014{last}")
    await events_of(owner, tenant, at_least=3)
    [reached] = [event["data"] for event in await events_of(owner, tenant, at_least=1, about="limit.")]
    assert (reached["limit"], reached["value"], reached["scope"]) == ("calls_per_day", 1, "organization")
    assert reached["token_id"] == str(token.id)


async def test_pages_are_exclusive_and_end_with_the_last_sequence(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    async with database.sessions() as session, session.begin():
        for number in range(5):
            note = Note(text=str(number))
            await emit(session, tenant.organization.id, EventType.VOICEMAIL_RECEIVED, note, subject_id=tenant.owner.id)
    await events_of(owner, tenant, at_least=5, about="voicemail.")
    seen: list[str] = []
    after: int | None = None
    sizes = []
    while True:
        query: Mapping[str, int] = {"limit": 2} if after is None else {"limit": 2, "after": after}
        page = (await owner.get(path_of(tenant), params=query)).json()
        sizes.append(len(page["items"]))
        if not page["items"]:
            assert page["next_cursor"] == after
            break
        assert page["next_cursor"] == page["items"][-1]["sequence"]
        after = page["next_cursor"]
        seen += [event["data"]["text"] for event in page["items"]]
    assert (seen, sizes) == (["0", "1", "2", "3", "4"], [2, 2, 1, 0])


async def test_there_is_no_position_before_the_first_event(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await owner.get(path_of(tenant))).json() == {"items": [], "next_cursor": None}
    assert (await owner.get(path_of(tenant), params={"after": "0"})).json() == {"items": [], "next_cursor": 0}


@pytest.mark.parametrize("after", ["", "-1", "1.5", "x", "١", "1e3", "9" * 19, "0x1"])
async def test_junk_as_position_is_refused(owner: httpx.AsyncClient, tenant: Tenant, after: str) -> None:
    assert fields_refused(await owner.get(path_of(tenant), params={"after": after})) == ["after"]
    assert fields_refused(await owner.get(path_of(tenant), params={"limit": "101"})) == ["limit"]


async def test_an_event_that_commits_late_is_not_skipped(jobs: Database, own_organization: UUID) -> None:
    """A reader that has seen the later event still gets the earlier one, whose transaction took longer."""
    sequencer = EventSequencer(jobs, {})
    async with jobs.sessions() as slow, slow.begin():
        await emit(slow, own_organization, EventType.CALL_MISSED, Note(text="slow"), subject_id=own_organization)
        async with jobs.sessions() as quick, quick.begin():
            await emit(quick, own_organization, EventType.CALL_MISSED, Note(text="quick"), subject_id=own_organization)
        assert await sequencer.run_once() == 1
        assert await texts(jobs) == {1: "quick"}
    assert await sequencer.run_once() == 1
    assert await texts(jobs) == {1: "quick", 2: "slow"}


async def test_two_sequencers_number_no_event_twice(jobs: Database, own_organization: UUID) -> None:
    before = await texts(jobs)
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('events.sequencer'))"))
        async with jobs.sessions() as other, other.begin():
            await emit(other, own_organization, EventType.CALL_MISSED, Note(text="third"), subject_id=own_organization)
        assert await EventSequencer(jobs, {}).run_once() == 0
    assert await EventSequencer(jobs, {}).run_once() == 1
    assert await texts(jobs) == {**before, len(before) + 1: "third"}


async def test_an_event_that_cannot_be_rendered_stops_no_other_one(jobs: Database, own_organization: UUID) -> None:
    before = await texts(jobs)

    def fail(_: object) -> Note:
        raise KeyError("a column that this version does not know")

    renderers = {"note": fail}
    sequencer = EventSequencer(jobs, renderers)
    row = {"organization": own_organization, "type": "call.missed", "subject_id": own_organization}
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.insert(EVENT_OUTBOX).values(**row, source="note", content={}))
        await session.execute(sa.insert(EVENT_OUTBOX).values(**row, content={"text": "readable"}))
    assert await sequencer.run_once() == 1
    assert await texts(jobs) == {**before, len(before) + 1: "readable"}
    # It is looked at once, and kept for a version that can render it.
    renderers["note"] = lambda _: Note(text="late")
    assert await sequencer.run_once() == 0
    assert await EventSequencer(jobs, renderers).run_once() == 1
    assert await texts(jobs) == {**before, len(before) + 1: "readable", len(before) + 2: "late"}


@pytest.fixture(scope="module")
async def own_organization(jobs_of_module: Database) -> UUID:
    async with jobs_of_module.sessions() as session, session.begin():
        made: UUID = await session.scalar(
            sa.text(
                "INSERT INTO organization (id, name, slug, country, plan)"
                " VALUES (gen_random_uuid(), 'Own', 'own', 'US', 'pro') RETURNING id"
            )
        )
    return made


@pytest.fixture(scope="module")
async def jobs_of_module(own_database_url: str) -> Any:
    database = Database(own_database_url, role="epoch_admin", connect_seconds=10)
    yield database
    await database.stop()


async def texts(jobs: Database) -> dict[int, str]:
    """The text of each numbered event, by its number."""
    async with jobs.sessions() as session:
        rows = await session.execute(sa.select(OrganizationEvent.sequence, OrganizationEvent.body))
        return {row.sequence: msgspec.json.decode(row.body)["data"]["text"] for row in rows}


async def test_an_erased_call_leaves_no_event(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, database: Database, tenant_database: Database
) -> None:
    kept = await add_call(database, tenant, token, status=CallStatus.INITIATED)
    erased = await add_call(database, tenant, token, status=CallStatus.REFUSED, to_number="+12125550199")
    await events_of(owner, tenant, at_least=2)
    async with database.sessions() as session, session.begin():
        content = sa.func.json_build_object("to", "+12125550199")
        waiting = {"organization": tenant.organization.id, "type": "call.updated", "subject_id": erased}
        await session.execute(sa.insert(EVENT_OUTBOX).values(**waiting, content=content))
        await CallAnonymizationService(session).anonymize(Call.id == erased)
    events = await events_of(owner, tenant, at_least=1)
    assert [event["data"]["id"] for event in events] == [str(kept)]
    async with tenant_database.tenant_session(tenant.organization.id) as session:
        assert not (await session.execute(sa.select(EVENT_OUTBOX.c.id))).all()


async def test_every_column_of_a_call_survives_the_way_through_the_trigger(
    database: Database, tenant: Tenant, token: Token
) -> None:
    call_id = await add_call(database, tenant, token, details={"a": [1, None]}, agent="Ann", version=3)
    async with database.sessions() as session:
        row = await session.scalar(sa.text("SELECT to_json(call) FROM call WHERE id = :id"), {"id": call_id})
        call = await session.get(Call, call_id)
    assert call is not None
    info = call_info_of_row(row)
    assert (info.metadata, info.agent, info.version, info.id) == ({"a": [1, None]}, "Ann", 3, call.id)


async def test_a_limit_that_refuses_incoming_calls_is_told_once_an_hour(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant
) -> None:
    rules = f"/api/organizations/{tenant.organization.id}/calling-rules"
    assert (await owner.put(rules, json={"limits": {"incoming_minutes_per_day": 0}})).status_code == 200
    assert tenant.number is not None
    for _ in range(3):
        await callbacks.incoming(tenant.number, new_sid())
    await events_of(owner, tenant, at_least=3)  # the refused calls
    told = await events_of(owner, tenant, at_least=1, about="limit.")
    wanted = {
        "limit": "incoming_minutes_per_day",
        "value": 0,
        "used": 0,
        "held": None,
        "scope": "organization",
        "token_id": None,
    }
    assert [event["data"] for event in told] == [wanted]


async def test_a_missed_call_is_updated_when_its_caller_is_reached(
    owner: httpx.AsyncClient, callbacks: CallbackClient, tenant: Tenant, token: Token
) -> None:
    assert tenant.number is not None
    sid, back, child = new_sid(), new_sid(), new_sid()
    await callbacks.incoming(tenant.number, sid, caller="+12125550147")
    await callbacks.event(sid, "completed", NOON, CallDuration="4")
    await callbacks.outgoing(token.id, back, to="+12125550147")
    await callbacks.event(back, "in-progress", NOON, child=child, sequence=2)
    events = await events_of(owner, tenant, at_least=6)
    assert [event["type"] for event in events[:4]] == ["call.started", "call.ended", "call.missed", "call.started"]
    (updated,) = [event["data"] for event in events if event["type"] == "call.updated"]
    (answered,) = [event["data"] for event in events if event["type"] == "call.answered"]
    assert (updated["id"], updated["version"]) == (events[0]["data"]["id"], 2)
    assert (updated["returned_call_id"], updated["returned_at"]) == (answered["id"], answered["answered_at"])
