"""The migration that chains the audit log, by a superuser and by an ordinary owner; ``epoch audit verify``."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command

from epoch.cli.main import main
from epoch.migrations import alembic_config, upgrade
from kit.actor import SYSTEM
from kit.audit import record
from kit.db.database import ADMIN_ROLE, Database
from tenants.audit_log.verification import AuditVerification, AuditVerifier

pytestmark = pytest.mark.slow

BEFORE = "f3a8d52c6b17"
ORGANIZATION = UUID(int=7)
_INSERT = """
    INSERT INTO audit_event (id, organization_id, actor_kind, actor_name, action, subject_name, address, details)
    VALUES ($1, $2, 'user', 'ada@example.com', $3, 'Main Website', '192.0.2.7', '{"b": 1, "a": ["é"]}')
"""
_ROWS = "SELECT id, organization_id, actor_name, action, details, created_at FROM audit_event ORDER BY id"


def execute(url: str, statement: str, *arguments: object) -> list[Any]:
    """Run one statement as the owner."""

    async def inside() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(inside())


def verify(url: str) -> AuditVerification:
    async def inside() -> AuditVerification:
        database = Database(url, role=ADMIN_ROLE)
        try:
            return await AuditVerifier(database).verify(all_ends=True)
        finally:
            await database.stop()

    return asyncio.run(inside())


def test_events_from_before_are_chained_and_kept_both_ways(new_database: Callable[[], str]) -> None:
    url = new_database()
    command.upgrade(alembic_config(url), BEFORE)
    for number, organization_id in enumerate((ORGANIZATION, None, ORGANIZATION, UUID(int=8), ORGANIZATION)):
        execute(url, _INSERT, UUID(int=100 - number), organization_id, f"thing.{number}")
    rows = execute(url, _ROWS)

    upgrade(url)

    assert execute(url, _ROWS) == rows
    chained = "SELECT sequence, action FROM audit_event WHERE organization_id = $1 ORDER BY sequence"
    assert execute(url, chained, ORGANIZATION) == [(1, "thing.4"), (2, "thing.2"), (3, "thing.0")]
    found = verify(url)
    assert (found.chains, found.events, found.breaks) == (3, 5, [])
    assert [(end.chain_id.int, end.length) for end in found.ends] == [(0, 1), (7, 3), (8, 1)]

    command.downgrade(alembic_config(url), BEFORE)
    assert execute(url, _ROWS) == rows
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        execute(url, "UPDATE audit_event SET actor_name = ''")
    upgrade(url)
    assert execute(url, _ROWS) == rows
    assert verify(url).breaks == []


def test_an_owner_without_superuser_chains_events(url_of_plain_owner: str) -> None:
    url, organization_id = url_of_plain_owner, uuid4()
    command.upgrade(alembic_config(url), BEFORE)
    execute(url, _INSERT, uuid4(), ORGANIZATION, "old.event")
    upgrade(url)

    async def write() -> None:
        database = Database(url)
        try:
            async with database.tenant_session(organization_id) as session:
                await record(session, SYSTEM, "new.event", organization_id=organization_id)
        finally:
            await database.stop()

    asyncio.run(write())

    found = verify(url)
    assert (found.chains, found.events, found.breaks) == (2, 2, [])


def test_the_command_prints_what_it_verified_and_the_first_broken_event(
    new_migrated_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, organization_id, ids = new_migrated_database(), uuid4(), [uuid4() for _ in range(3)]
    monkeypatch.setenv("EPOCH_DATABASE_URL", url)
    insert = _INSERT.replace("'user', 'ada@example.com'", "'system', 'Epoch Voice'")
    for event_id in ids:
        execute(url, insert, event_id, organization_id, "thing.changed")

    assert main(["audit", "verify", "--ends"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(f"organization {organization_id}: 3 events, end ")
    counts = "1 chains, 3 events, 0 erased fields, 0 organizations being erased, 0 chain ends of earlier runs matched"
    assert printed[-1] == f"{counts}: all verified."

    execute(url, "ALTER TABLE audit_event DISABLE TRIGGER USER")
    execute(url, "UPDATE audit_event SET subject_name = 'Nain Website' WHERE id = $1", ids[1])

    assert main(["audit", "verify"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"BROKEN organization {organization_id}: event number 2 (id {ids[1]}): subject_name was changed",
        f"{counts}: 1 BROKEN.",
    ]
