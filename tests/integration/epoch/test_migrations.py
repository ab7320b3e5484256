"""Migrations: up, down and up again on data; equal to the models; newer databases are refused."""

import asyncio
import datetime as dt
import functools
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from epoch.migrations import NewerDatabase, alembic_config, upgrade
from epoch.models import metadata
from events.models import EVENT_OUTBOX
from kit.db.database import ADMIN_ROLE, owner_engine
from kit.deployment import DeploymentRow

pytestmark = pytest.mark.slow

T = TypeVar("T")
FIRST = "5eb01b58f72a"
JOB_TABLES = {"pgqueuer", "pgqueuer_log"}
WRITTEN_BY_THE_DATABASE = {"audit_chain", "event_outbox", DeploymentRow.__tablename__}
"""Tables whose rows triggers and migrations insert."""
VALUES: dict[object, object] = {
    str: "text",
    int: 1,
    bool: True,
    bytes: b"\x00\xff",
    dt.date: dt.date(2026, 11, 26),
    object: {"a": [1, None]},  # JSON
    list: ["a.com"],
}
BY_NAME: dict[str, object] = {
    "call.url": "https://crm.example.com/contacts/1",
    "call.extension": "204",
    "call.direction": "outbound",
    "call_change.source": "user",
    "membership.missed_digest": "daily",
    "embed_token.from_numbers": [uuid.UUID(int=1)],
}
"""Values for columns whose constraints accept only some values of their type."""


def run(url: str, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
    """Run ``work`` in a transaction as the database's owner."""

    async def inside() -> T:
        engine = owner_engine(url)
        try:
            async with engine.begin() as connection:
                return await work(connection)
        finally:
            await engine.dispose()

    return asyncio.run(inside())


async def enter_as_admin(connection: AsyncConnection) -> None:
    if await connection.scalar(sa.text("SELECT 1 FROM pg_policies WHERE policyname = 'everything' LIMIT 1")):
        await connection.execute(sa.text(f"SET LOCAL ROLE {ADMIN_ROLE}"))


def accepted_value(column: sa.Column[Any], ids: dict[str, uuid.UUID]) -> object:
    """A value that ``column`` takes; its parent's id where it refers to one."""
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    if isinstance(column.type, sa.Enum):
        return column.type.enums[0]
    if isinstance(column.type, sa.Uuid):
        return uuid.uuid4()
    if isinstance(column.type, sa.TIMESTAMP):
        return sa.func.now()
    if isinstance(column.type, ARRAY) and isinstance(column.type.item_type, sa.LargeBinary):
        return [VALUES[bytes]]
    return BY_NAME.get(f"{column.table.name}.{column.name}") or VALUES[column.type.python_type]


def columns_by_table(connection: sa.Connection) -> dict[str, set[str]]:
    found = sa.inspect(connection)
    return {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}


async def fill(connection: AsyncConnection) -> dict[str, int]:
    """A row in each table of the models that the database has; how many each table holds."""
    await enter_as_admin(connection)
    ids = {name: uuid7() for name in metadata.tables}
    present = await connection.run_sync(columns_by_table)
    for table in metadata.sorted_tables:
        if (held := present.get(table.name)) is not None and table.name not in WRITTEN_BY_THE_DATABASE:
            row = {column.name: accepted_value(column, ids) for column in table.columns if column.name in held}
            # The ids of the job queue's library are integers.
            key = 1 if table.name in JOB_TABLES else ids[table.name]
            await connection.execute(sa.insert(table).values({**row, "id": key}))
    # Deferred triggers write rows too; this runs them now.
    await connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
    return await counts(connection)


async def counts(connection: AsyncConnection) -> dict[str, int]:
    await enter_as_admin(connection)
    present = await connection.run_sync(columns_by_table)
    return {
        name: await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for name, table in metadata.tables.items()
        if name in present
    }


@pytest.fixture
def empty_url(new_database: Callable[[], str]) -> str:
    return new_database()


def test_the_models_and_the_migrations_are_the_same_schema(database_url: str) -> None:
    command.check(alembic_config(database_url))


def test_the_migrations_have_no_branches() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1


def test_up_down_and_up_again_on_data(empty_url: str) -> None:
    upgrade(empty_url)
    filled = run(empty_url, fill)
    assert set(filled) == set(metadata.tables)
    assert set(filled.values()) == {1}

    command.downgrade(alembic_config(empty_url), FIRST)
    first = run(empty_url, counts)
    assert first
    assert set(first.values()) == {1}
    upgrade(empty_url)
    assert {name: rows for name, rows in run(empty_url, counts).items() if name in first} == first
    command.check(alembic_config(empty_url))

    command.downgrade(alembic_config(empty_url), "base")
    assert run(empty_url, counts) == {}
    upgrade(empty_url)
    assert set(run(empty_url, fill).values()) == {1}


def test_an_upgrade_that_is_not_needed_does_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    before = run(empty_url, fill)
    upgrade(empty_url)
    assert run(empty_url, counts) == before


def test_a_newer_database_is_refused_and_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    before = run(empty_url, fill)

    async def age(connection: AsyncConnection) -> None:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = 'ffffffffffff'"))

    async def version(connection: AsyncConnection) -> str | None:
        found: str | None = await connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found

    run(empty_url, age)
    with pytest.raises(NewerDatabase, match=r"ffffffffffff.*run the version of Epoch Voice that migrated it"):
        upgrade(empty_url)
    assert run(empty_url, version) == "ffffffffffff"
    assert run(empty_url, counts) == before


OLD_TRAIL: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    (
        "calling_rules.changed",
        "",
        {
            "before": {"blocked_numbers": ["+12125550147"], "countries": ["CA"]},
            "after": {"blocked_numbers": ["+12125550147", "+442079460018"], "countries": ["CA"]},
        },
    ),
    ("calling_rules.changed", "", {"before": {"limits": {}}, "after": {"limits": {"calls_per_day": 1000000}}}),
    ("calling_rules.changed", "", {"before": {"blocked_numbers": []}, "after": {"blocked_numbers": ["…0147"]}}),
    ("call.viewed", "Call to +1 212-555-0147", None),
    ("call.cut_off", "+12125550147", {"reason": "Ticket 1234567"}),
    ("records.exported", "Calls", {"rows": 3, "filters": {"q": "(212) 555-0147", "since": "2026-11-01"}}),
    ("phone_number.adopted", "+12125550199", {"reason": "Moved"}),
)


def test_numbers_in_the_audit_log_are_masked_once_and_the_log_is_append_only_again(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "b3f6d8e1024a")
    trail = metadata.tables["audit_event"]

    async def write(connection: AsyncConnection) -> None:
        await enter_as_admin(connection)
        for number, (action, subject, details) in enumerate(OLD_TRAIL):
            row = {"action": action, "subject_name": subject, "details": details}
            who = {"actor_kind": "user", "actor_name": "ada@example.com", "address": ""}
            await connection.execute(sa.insert(trail).values(id=uuid.UUID(int=number), **row, **who))

    async def read(connection: AsyncConnection) -> list[tuple[str, str, Any]]:
        await enter_as_admin(connection)
        query = sa.select(trail.c.action, trail.c.subject_name, trail.c.details).order_by(trail.c.id)
        return [tuple(row) for row in await connection.execute(query)]

    async def change(connection: AsyncConnection) -> None:
        await connection.execute(sa.update(trail).values(subject_name="nobody"))

    async def is_walled(connection: AsyncConnection) -> bool | None:
        query = "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'audit_event'"
        forced: bool | None = await connection.scalar(sa.text(query))
        return forced

    run(empty_url, write)
    upgrade(empty_url)
    assert run(empty_url, read) == [
        (
            "calling_rules.changed",
            "",
            {
                "before": {"blocked_numbers": ["…0147"], "countries": ["CA"]},
                "after": {"blocked_numbers": ["…0147", "…0018"], "countries": ["CA"]},
            },
        ),
        *OLD_TRAIL[1:3],
        ("call.viewed", "Call to …0147", None),
        ("call.cut_off", "…0147", {"reason": "Ticket 1234567"}),
        ("records.exported", "Calls", {"rows": 3, "filters": {"q": "…0147", "since": "2026-11-01"}}),
        OLD_TRAIL[6],
    ]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        run(empty_url, change)
    assert run(empty_url, is_walled)


def test_a_stored_former_default_follows_the_new_one_and_a_choice_stays(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "4f1b8c6d2e97")
    organization, rules = metadata.tables["organization"], metadata.tables["calling_rules"]
    stored = {
        "saved": ({}, {"live_calls": 10, "calls_per_minute": 60, "minutes_per_day": 600}),
        "chosen": ({}, {"live_calls": 7, "calls_per_day": 999}),
        "granted": ({"live_calls": 100}, {"live_calls": 10}),
    }

    async def write(connection: AsyncConnection) -> None:
        await enter_as_admin(connection)
        for number, (slug, (granted, own)) in enumerate(stored.items()):
            key = uuid.UUID(int=number)
            values = {"slug": slug, "name": slug, "country": "US", "plan": "pro", "limits": granted}
            await connection.execute(sa.insert(organization).values(id=key, **values))
            await connection.execute(sa.insert(rules).values(id=key, organization_id=key, limits=own))

    async def read(connection: AsyncConnection) -> list[Any]:
        await enter_as_admin(connection)
        return list(await connection.scalars(sa.select(rules.c.limits).order_by(rules.c.id)))

    run(empty_url, write)
    command.upgrade(alembic_config(empty_url), "4c7a1e9d3b60")
    assert run(empty_url, read) == [{"minutes_per_day": 600}, stored["chosen"][1], stored["granted"][1]]


CALL, PAUSE = uuid.UUID(int=1), uuid.UUID(int=2)
OUTBOX: tuple[dict[str, Any], ...] = (
    {"kind": "mail", "body": "gAAAA-sealed_", "attempts": 0},
    {"kind": "mail", "body": "gAAAA-later", "attempts": 3, "failure": "ConnectionError", "due": "2030-01-01"},
    {"kind": "mail", "attempts": 2, "failure": "recipient refused", "given_up": "2026-11-27"},
    {"kind": "end_call", "subject": CALL, "attempts": 1, "failure": "CallStillLive"},
    {"kind": "end_call", "subject": CALL, "attempts": 0},
    {"kind": "end_calls", "subject": PAUSE, "attempts": 0},
)
_PUT = """
    INSERT INTO outbox (id, kind, body, subject, attempts, failure, due_at, given_up_at, created_at)
    VALUES (gen_random_uuid(), :kind, :body, :subject, :attempts, :failure, CAST(:due AS timestamptz),
            CAST(:given_up AS timestamptz), CAST('2026-11-20' AS timestamptz) + :nth * interval '1 minute')
"""


def test_entries_of_the_former_outbox_become_jobs_and_entries_again(empty_url: str) -> None:
    command.upgrade(alembic_config(empty_url), "d2f64a9b1c07")

    async def put(connection: AsyncConnection) -> None:
        blank: dict[str, Any] = dict.fromkeys(("body", "subject", "failure", "given_up"))
        for nth, row in enumerate(OUTBOX):
            # Dates as text: a parameter that is cast would have to be one.
            statement = _PUT.replace(":due", f"'{row.get('due', '2026-11-28')}'")
            given_up = row.get("given_up")
            statement = statement.replace(":given_up", f"'{given_up}'" if given_up else "NULL")
            await connection.execute(sa.text(statement), {**blank, **row, "nth": nth})

    async def read(query: str, connection: AsyncConnection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.execute(sa.text(query))]

    outbox = (
        "SELECT kind, body, subject, attempts, failure, due_at, given_up_at, created_at FROM outbox ORDER BY created_at"
    )
    run(empty_url, put)
    before = run(empty_url, functools.partial(read, outbox))
    assert len(before) == len(OUTBOX)
    command.upgrade(alembic_config(empty_url), "5d0c7a91e3b8")
    jobs = (
        "SELECT entrypoint, status::text, payload, dedupe_key, attempts, headers ->> 'failure', execute_after::date"
        " FROM pgqueuer ORDER BY created"
    )
    today, end = dt.date(2026, 11, 28), f"end_call:{CALL}"
    assert run(empty_url, functools.partial(read, jobs)) == [
        ("mail", "queued", b"gAAAA-sealed_", None, 0, None, today),
        ("mail", "queued", b"gAAAA-later", None, 3, "ConnectionError", dt.date(2030, 1, 1)),
        ("mail", "failed", None, None, 1, "recipient refused", today),
        ("end_call", "queued", str(CALL).encode(), end, 1, "CallStillLive", today),
        ("end_call", "queued", str(CALL).encode(), None, 0, None, today),
        ("end_calls", "queued", str(PAUSE).encode(), None, 0, None, today),
    ]
    command.downgrade(alembic_config(empty_url), "d2f64a9b1c07")
    assert run(empty_url, functools.partial(read, outbox)) == before


def test_every_table_has_a_time_ordered_id() -> None:
    for name, table in metadata.tables.items():
        if name in JOB_TABLES or name == EVENT_OUTBOX.name:
            continue  # numbered by the database
        default = table.c.id.default
        assert isinstance(default, sa.ColumnDefault), name
        made = [default.arg(None) for _ in range(100)]
        assert {key.version for key in made} == {7}, name
        assert made == sorted(made), name
        assert [column.name for column in table.primary_key] == ["id"], name
