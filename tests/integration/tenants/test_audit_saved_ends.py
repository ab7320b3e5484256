"""Ends of audit chains that were saved outside the database prove that events were removed or chained anew."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.actor import SYSTEM
from kit.audit import record
from kit.audit_chain import PLATFORM_CHAIN
from kit.db.database import Database, owner_engine
from tenants.audit_log.saved_ends import SavedEnds, SavedEndsNotReadable, format_end, parse_saved_ends
from tenants.audit_log.verification import AuditVerifier

pytestmark = pytest.mark.anyio


@pytest.fixture
async def owner(own_database_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as its owner, who can do anything."""
    engine = owner_engine(own_database_url)
    yield engine
    await engine.dispose()


async def grow(jobs: Database, organization_id: UUID | None, events: int) -> None:
    async with jobs.sessions() as session, session.begin():
        for number in range(events):
            await record(session, SYSTEM, f"a.{number}", organization_id=organization_id)


async def save_ends(jobs: Database) -> SavedEnds:
    """The ends that an operator has after saving the output of ``epoch audit verify --ends``."""
    found = await AuditVerifier(jobs).verify(all_ends=True)
    return parse_saved_ends("\n".join(format_end(*end) for end in found.ends))


async def problem_of(jobs: Database, chain_id: UUID, saved: SavedEnds | None) -> tuple[int | None, str] | None:
    found = await AuditVerifier(jobs).verify(saved_ends=saved)
    of_chain = [(broken.number, broken.problem) for broken in found.breaks if broken.chain_id == chain_id]
    assert len(of_chain) <= 1
    return of_chain[0] if of_chain else None


async def cut(owner: AsyncEngine, organization_id: UUID, *statements: str) -> None:
    """Run statements as the owner with the triggers off."""
    async with owner.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        for statement in statements:
            await connection.execute(sa.text(statement), {"id": organization_id})
        await connection.execute(sa.text("ALTER TABLE audit_event ENABLE TRIGGER USER"))


CUT_NEWEST = (
    "DELETE FROM audit_event WHERE organization_id = :id AND sequence > 3",
    (
        "UPDATE audit_chain SET length = 3, digest = (SELECT digest FROM audit_event"
        " WHERE organization_id = :id AND sequence = 3) WHERE id = :id"
    ),
)
"""Removes the newest events, and moves the stored end of the chain as an informed attacker would."""
REMAKE = (
    "UPDATE audit_event SET sequence = NULL WHERE organization_id = :id",
    "DELETE FROM audit_chain WHERE id = :id",
    "SELECT extend_audit_chains(array_agg(id)) FROM audit_event WHERE organization_id = :id",
)
"""A chain computed anew, by the database's own function."""


async def test_a_chain_that_goes_on_still_has_its_saved_end(jobs: Database) -> None:
    organization_id = uuid4()
    await grow(jobs, organization_id, 5)
    saved = await save_ends(jobs)
    await grow(jobs, organization_id, 2)
    await grow(jobs, None, 1)

    assert await problem_of(jobs, organization_id, saved) is None
    assert (await AuditVerifier(jobs).verify(saved_ends=saved)).matched_ends == len(saved)


async def test_removed_newest_events_are_found_by_a_later_saved_end_only(jobs: Database, owner: AsyncEngine) -> None:
    organization_id = uuid4()
    await grow(jobs, organization_id, 3)
    earlier = await save_ends(jobs)
    await grow(jobs, organization_id, 2)
    saved = await save_ends(jobs)

    await cut(owner, organization_id, *CUT_NEWEST)

    problem = "the event is missing: a saved end is later in the chain"
    assert await problem_of(jobs, organization_id, saved) == (4, problem)
    # A cut behind the saved end, or without a saved end, is not noticed.
    assert await problem_of(jobs, organization_id, earlier) is None
    assert await problem_of(jobs, organization_id, None) is None


async def test_removed_oldest_events_are_found_also_when_the_rest_is_chained_anew(
    jobs: Database, owner: AsyncEngine
) -> None:
    organization_id, not_rechained = uuid4(), uuid4()
    for chain in (organization_id, not_rechained):
        await grow(jobs, chain, 5)
    saved = await save_ends(jobs)
    oldest = "DELETE FROM audit_event WHERE organization_id = :id AND sequence <= 2"

    await cut(owner, not_rechained, oldest)
    await cut(owner, organization_id, oldest, *REMAKE)

    assert await problem_of(jobs, not_rechained, None) == (1, "the event is missing")
    assert await problem_of(jobs, organization_id, None) is None, "not noticed without a saved end"
    problem = "the event is missing: a saved end is later in the chain"
    assert await problem_of(jobs, organization_id, saved) == (4, problem)


async def test_a_chain_made_anew_with_a_changed_event_is_found(jobs: Database, owner: AsyncEngine) -> None:
    organization_id = uuid4()
    await grow(jobs, organization_id, 5)
    saved = await save_ends(jobs)

    changed = "UPDATE audit_event SET action = 'b.9' WHERE organization_id = :id AND sequence = 2"
    await cut(owner, organization_id, changed, *REMAKE)

    assert await problem_of(jobs, organization_id, None) is None
    problem = "a saved end has another digest for this event"
    assert await problem_of(jobs, organization_id, saved) == (5, problem)


async def test_a_chain_that_is_gone_must_have_been_erased_with_its_organization(
    jobs: Database, owner: AsyncEngine
) -> None:
    missing_chain, erased = uuid4(), uuid4()
    for chain in (missing_chain, erased):
        await grow(jobs, chain, 2)
    saved = await save_ends(jobs)
    remove = "DELETE FROM audit_event WHERE organization_id = :id", "DELETE FROM audit_chain WHERE id = :id"
    for chain in (missing_chain, erased):
        await cut(owner, chain, *remove)
    [(length, digest)] = saved[erased].items()
    async with jobs.sessions() as session, session.begin():
        details = {"audit_log": {"length": length, "end": digest}}
        await record(session, SYSTEM, "organization.erased", subject_id=erased, details=details)

    assert await problem_of(jobs, erased, saved) is None
    problem = "its chain is missing, and no erasure of its organization is recorded"
    assert await problem_of(jobs, missing_chain, saved) == (1, problem)


END = "0" * 64


def test_saved_ends_are_read_from_the_output_of_several_runs() -> None:
    organization_id = uuid4()
    text = f"""platform: 12 events, end {END}
organization {organization_id}: 3 events, end {END}
BROKEN platform: event number 3: x
2 chains, 15 events, 0 erased fields, 0 organizations being erased, 0 chain ends of earlier runs matched: all verified.
organization {organization_id}: 9 events, end {"1" * 64}
"""
    assert parse_saved_ends(text) == {PLATFORM_CHAIN: {12: END}, organization_id: {3: END, 9: "1" * 64}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There are no ends"),
        ("all verified", "There are no ends"),
        (f"platform: 12 events, end {END[1:]}", "Line 1 of the saved ends is damaged"),
        (f"organization x: 12 events, end {END}", "Line 1 of the saved ends is damaged"),
        (f"> platform: 12 events, end {END}", "Line 1 of the saved ends is damaged"),
        (f"platform: 1 events, end {END}\nplatform: 1 events, end {'1' * 64}", "Line 2 of the saved ends contradicts"),
    ],
)
def test_damaged_saved_ends_are_refused(text: str, message: str) -> None:
    with pytest.raises(SavedEndsNotReadable, match=message):
        parse_saved_ends(text)
