"""The audit log's hash chains: any change of a stored event is found, and an erased field still verifies."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import undefer

from kit.actor import SYSTEM
from kit.audit import AuditChain, AuditEvent, record
from kit.audit_chain import ERASABLE_FIELDS, PLATFORM_CHAIN
from kit.db.database import ADMIN_ROLE, Database, owner_engine
from tenants.audit_log.verification import AuditVerification, AuditVerifier

pytestmark = pytest.mark.anyio

WRITERS = 20


@pytest.fixture
async def owner(own_database_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as its owner, who can do anything."""
    engine = owner_engine(own_database_url)
    yield engine
    await engine.dispose()


async def add_events(session: AsyncSession, organization_id: UUID | None, *actions: str) -> None:
    for action in actions:
        await record(
            session,
            SYSTEM,
            action,
            organization_id=organization_id,
            subject_id=uuid4(),
            subject_name="Ännë, 12:34",
            details={"reason": "called +12125550147", "n": [1.5, None, "\u2028"]},
        )


async def make_chain(jobs: Database, *, length: int = 5) -> UUID:
    """An organization's id with events in two transactions."""
    organization_id = uuid4()
    for actions in ([f"a.{n}" for n in range(length - 1)], ["b.last"]):
        async with jobs.sessions() as session, session.begin():
            await add_events(session, organization_id, *actions)
    return organization_id


async def chain_of(jobs: Database, organization_id: UUID | None) -> list[AuditEvent]:
    is_own = AuditEvent.organization_id.is_not_distinct_from(organization_id)
    columns = (AuditEvent.sequence, AuditEvent.digest, AuditEvent.field_salts, AuditEvent.field_digests)
    query = sa.select(AuditEvent).where(is_own).order_by(AuditEvent.sequence)
    async with jobs.sessions() as session:
        return list(await session.scalars(query.options(*map(undefer, columns))))


async def problem_of(jobs: Database, chain_id: UUID, **verifier: Any) -> tuple[int | None, UUID | None, str] | None:
    """Number, event and problem that verification names for one chain; None when the chain verifies."""
    found: AuditVerification = await AuditVerifier(jobs, **verifier).verify()
    of_chain = [broken for broken in found.breaks if broken.chain_id == chain_id]
    assert len(of_chain) <= 1
    return (of_chain[0].number, of_chain[0].event_id, of_chain[0].problem) if of_chain else None


async def tamper(owner: AsyncEngine, statement: str | sa.Update, **values: Any) -> None:
    """Run ``statement`` as the owner with the triggers off."""
    async with owner.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        await connection.execute(sa.text(statement) if isinstance(statement, str) else statement, values)
        await connection.execute(sa.text("ALTER TABLE audit_event ENABLE TRIGGER USER"))


async def test_events_are_numbered_without_gaps_and_each_digest_covers_the_one_before(jobs: Database) -> None:
    organization_id = await make_chain(jobs)

    events = await chain_of(jobs, organization_id)

    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    assert [event.action for event in events] == ["a.0", "a.1", "a.2", "a.3", "b.last"]
    assert len({event.digest for event in events}) == 5
    async with jobs.sessions() as session:
        end = await session.get(AuditChain, organization_id)
    assert end is not None
    assert (end.length, end.digest) == (5, events[-1].digest)
    for page_rows in (1, 2, 5, 2000):
        assert await problem_of(jobs, organization_id, page_rows=page_rows) is None


ELSEWHERE = "its content or its place in the chain was changed"
SALTS = AuditEvent.field_salts
EDITS: Mapping[str, tuple[Mapping[Any, Any], str]] = {
    "actor": ({"actor_name": sa.text("actor_name || '.'")}, "actor_name was changed"),
    "subject": (
        {"subject_name": sa.text("overlay(subject_name placing 'A' from 1 for 1)")},
        "subject_name was changed",
    ),
    "address": ({"address": "192.0.2.1"}, "address was changed"),
    "details": (
        {"details": sa.text("""details || '{"reason": "called +12125550148"}'""")},
        "details was changed",
    ),
    "no details": ({"details": sa.null()}, "details was changed"),
    "an erased name beside an edited address": (
        {"actor_name": "", SALTS[1]: sa.null(), "address": " ", SALTS[3]: sa.null()},
        "address was changed",
    ),
    "action": ({"action": "a.9"}, ELSEWHERE),
    "actor's id": ({"actor_id": sa.func.gen_random_uuid()}, ELSEWHERE),
    "no subject": ({"subject_id": sa.null()}, ELSEWHERE),
    "time": ({"created_at": sa.text("created_at + interval '1 microsecond'")}, ELSEWHERE),
    "digest": ({"digest": sa.text("set_byte(digest, 0, get_byte(digest, 0) # 1)")}, ELSEWHERE),
    "no digests": ({"field_digests": sa.null()}, "its salts or digests are missing"),
    "salt": (
        {SALTS[2]: sa.text("set_byte(field_salts[2], 0, get_byte(field_salts[2], 0) # 1)")},
        "subject_name was changed",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edited_byte_names_its_event(jobs: Database, owner: AsyncEngine, edit: str) -> None:
    organization_id = await make_chain(jobs)
    third = (await chain_of(jobs, organization_id))[2].id
    changes, problem = EDITS[edit]

    await tamper(owner, sa.update(AuditEvent).where(AuditEvent.id == third).values(dict(changes)))

    assert await problem_of(jobs, organization_id) == (3, third, problem)


async def test_an_event_moved_to_another_organization_is_missed_there(jobs: Database, owner: AsyncEngine) -> None:
    organization_id, other = await make_chain(jobs), await make_chain(jobs, length=2)
    third = (await chain_of(jobs, organization_id))[2].id

    await tamper(owner, "UPDATE audit_event SET organization_id = :other WHERE id = :id", id=third, other=other)

    assert await problem_of(jobs, organization_id) == (3, None, "the event is missing")
    assert await problem_of(jobs, other) == (3, third, "its content or its place in the chain was changed")


@pytest.mark.parametrize("number", [1, 3, 5])
async def test_a_deleted_event_is_missed(jobs: Database, owner: AsyncEngine, number: int) -> None:
    organization_id = await make_chain(jobs)

    await tamper(
        owner,
        "DELETE FROM audit_event WHERE organization_id = :organization AND sequence = :number",
        organization=organization_id,
        number=number,
    )

    assert await problem_of(jobs, organization_id) == (number, None, "the event is missing")


async def test_a_deleted_chain_is_missed_and_so_is_its_end(jobs: Database, owner: AsyncEngine) -> None:
    without_events, without_end = await make_chain(jobs), await make_chain(jobs)
    first = (await chain_of(jobs, without_end))[0].id

    await tamper(owner, "DELETE FROM audit_event WHERE organization_id = :id", id=without_events)
    await tamper(owner, "DELETE FROM audit_chain WHERE id = :id", id=without_end)

    assert await problem_of(jobs, without_events) == (1, None, "the event is missing")
    assert await problem_of(jobs, without_end) == (1, first, "its chain has no end in audit_chain")


async def test_a_deleted_number_is_missed_when_the_later_ones_move_up(jobs: Database, owner: AsyncEngine) -> None:
    organization_id = await make_chain(jobs)
    fourth = (await chain_of(jobs, organization_id))[3].id
    gone = "DELETE FROM audit_event WHERE organization_id = :id AND sequence = 3"

    await tamper(owner, gone, id=organization_id)
    for number in (4, 5):
        up = "UPDATE audit_event SET sequence = sequence - 1 WHERE organization_id = :id AND sequence = :number"
        await tamper(owner, up, id=organization_id, number=number)

    assert await problem_of(jobs, organization_id) == (
        3,
        fourth,
        "its content or its place in the chain was changed",
    )


async def test_swapped_events_are_found(jobs: Database, owner: AsyncEngine) -> None:
    organization_id = await make_chain(jobs)
    events = await chain_of(jobs, organization_id)

    for number, event in ((99, events[2]), (3, events[3]), (4, events[2])):
        await tamper(owner, "UPDATE audit_event SET sequence = :number WHERE id = :id", number=number, id=event.id)

    problem = "its content or its place in the chain was changed"
    assert await problem_of(jobs, organization_id) == (3, events[3].id, problem)


async def test_an_event_inserted_past_the_triggers_has_no_place(jobs: Database, owner: AsyncEngine) -> None:
    organization_id = await make_chain(jobs)
    inserted = uuid4()
    values = "(id, organization_id, actor_kind, actor_name, action) VALUES (:id, :organization, 'system', 'x', 'x.y')"

    await tamper(owner, f"INSERT INTO audit_event {values}", id=inserted, organization=organization_id)
    try:
        assert await problem_of(jobs, organization_id) == (None, inserted, "it has no place in the chain")
    finally:
        await tamper(owner, "DELETE FROM audit_event WHERE id = :id", id=inserted)


async def test_the_insert_cannot_choose_its_place(jobs: Database) -> None:
    organization_id = await make_chain(jobs, length=2)
    chosen = {"sequence": 1, "digest": b"x", "field_salts": [b"x"] * 4, "field_digests": [b"x"] * 4}
    async with jobs.sessions() as session, session.begin():
        session.add(
            AuditEvent(organization_id=organization_id, actor_kind="system", actor_name="x", action="c.d", **chosen)
        )

    assert [event.sequence for event in await chain_of(jobs, organization_id)] == [1, 2, 3]
    assert await problem_of(jobs, organization_id) is None


@pytest.mark.parametrize("field", ERASABLE_FIELDS)
async def test_an_erased_field_leaves_nothing_behind_and_the_chain_verifies(jobs: Database, field: str) -> None:
    organization_id = await make_chain(jobs)
    event_id = (await chain_of(jobs, organization_id))[2].id
    number = ERASABLE_FIELDS.index(field) + 1
    before = (await AuditVerifier(jobs).verify()).erased_fields

    empty = sa.null() if field == "details" else ""
    erased_columns = {getattr(AuditEvent, field): empty, AuditEvent.field_salts[number]: sa.null()}
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(AuditEvent).where(AuditEvent.id == event_id).values(erased_columns))

    erased = (await chain_of(jobs, organization_id))[2]
    assert getattr(erased, field) == (None if field == "details" else "")
    assert erased.field_salts is not None
    assert [salt is None for salt in erased.field_salts] == [name == field for name in ERASABLE_FIELDS]
    assert await problem_of(jobs, organization_id) is None
    assert (await AuditVerifier(jobs).verify()).erased_fields == before + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_name": ""},
        {"subject_name": "", SALTS[2]: b"\x00"},
        {"subject_name": "nobody", SALTS[2]: sa.null()},
        {"details": {}, SALTS[4]: sa.null()},
        {"address": "", "field_salts": sa.null()},
        {SALTS[2]: sa.null(), "subject_name": "", "address": "192.0.2.1"},
    ],
)
async def test_jobs_may_erase_a_field_and_nothing_else(jobs: Database, changes: dict[Any, Any]) -> None:
    organization_id = await make_chain(jobs)
    update = sa.update(AuditEvent).where(AuditEvent.organization_id == organization_id).values(changes)
    with pytest.raises(DBAPIError, match="append-only"):
        async with jobs.sessions() as session, session.begin():
            await session.execute(update)


@pytest.mark.parametrize("column", ["action", "sequence", "digest", "field_digests", "created_at", "organization_id"])
async def test_jobs_may_not_write_the_chain(jobs: Database, column: str) -> None:
    for table in ("audit_event", "audit_chain"):
        with pytest.raises(DBAPIError, match=r"permission denied|does not exist"):
            async with jobs.sessions() as session, session.begin():
                await session.execute(sa.update(sa.table(table, sa.column(column))).values({column: sa.column(column)}))
    with pytest.raises(DBAPIError, match="permission denied"):
        async with jobs.sessions() as session, session.begin():
            await session.execute(sa.text("SELECT extend_audit_chains('{}')"))


async def test_concurrent_writers_make_one_chain_and_do_not_deadlock(own_database_url: str) -> None:
    """20 writers, each with events of two organizations and the platform in its own order."""
    database = Database(own_database_url, role=ADMIN_ROLE, engine_connections=WRITERS, wait_seconds=30)
    organizations = [uuid4(), uuid4()]
    before = len(await chain_of(database, None))

    async def write(number: int) -> None:
        chains = [None, *organizations]
        random.Random(number).shuffle(chains)
        for turn in range(5):
            async with database.sessions() as session, session.begin():
                for organization_id in chains:
                    await add_events(session, organization_id, f"writer.{number}", f"turn.{turn}")

    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(write(number))

    for organization_id in organizations:
        sequence = [event.sequence for event in await chain_of(database, organization_id)]
        assert sequence == list(range(1, WRITERS * 10 + 1))
        assert await problem_of(database, organization_id) is None
    assert len(await chain_of(database, None)) == before + WRITERS * 10
    assert await problem_of(database, PLATFORM_CHAIN) is None
    await database.stop()


async def test_an_open_transaction_makes_nobody_wait(jobs: Database) -> None:
    """The chain is locked at the commit only: until then, other transactions of the organization can commit."""
    organization_id = uuid4()
    async with jobs.sessions() as slow, slow.begin():
        await add_events(slow, organization_id, "slow.first")
        for other in (organization_id, uuid4(), None):
            async with asyncio.timeout(10), jobs.sessions() as session, session.begin():
                await add_events(session, other, "quick.second")

    assert [event.action for event in await chain_of(jobs, organization_id)] == ["quick.second", "slow.first"]
    assert await problem_of(jobs, organization_id) is None


async def test_an_event_in_a_savepoint_is_chained_and_one_that_was_rolled_back_is_not(jobs: Database) -> None:
    organization_id = uuid4()
    async with jobs.sessions() as session, session.begin():
        await add_events(session, organization_id, "a.first")
        undone = await session.begin_nested()
        await add_events(session, organization_id, "never.was")
        await undone.rollback()
        async with session.begin_nested():
            await add_events(session, organization_id, "b.second")
        # The session's list of new events is emptied: the next event is chained all the same.
        await session.execute(sa.text("SELECT set_config('app.audit_events', '', true)"))
        await add_events(session, organization_id, "c.third")

    assert [event.action for event in await chain_of(jobs, organization_id)] == ["a.first", "c.third", "b.second"]
    assert await problem_of(jobs, organization_id) is None


async def test_a_rolled_back_event_leaves_no_gap(jobs: Database) -> None:
    organization_id = await make_chain(jobs, length=2)
    async with jobs.sessions() as session:
        await add_events(session, organization_id, "never.was")
        await session.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
        await session.rollback()
    async with jobs.sessions() as session, session.begin():
        await add_events(session, organization_id, "c.third")

    assert [event.sequence for event in await chain_of(jobs, organization_id)] == [1, 2, 3]
    assert await problem_of(jobs, organization_id) is None
