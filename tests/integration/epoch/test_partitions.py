"""The monthly partitions of events and deliveries: made ahead, repaired, dropped by age, with tenant isolation."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DBAPIError

from epoch.app import create_app
from epoch.cli.doctor import run_checks
from epoch.migrations import alembic_config, upgrade
from epoch.partition_job import build_partition_job
from epoch.partition_metrics import measure_partitions
from epoch.partitions import EVENTS, find_partition_faults
from epoch.process_role import ProcessRole
from events.models import OrganizationEvent
from events.sequencer import EventSequencer
from events.services import EventService
from kit.clock import utc_now
from kit.db import partitions
from kit.db.database import ADMIN_ROLE, REQUEST_ROLE, Database, owner_engine
from kit.db.partitions import (
    LocksUnavailable,
    PartitionChanges,
    bound_of,
    month_after,
    month_of,
    read_layout,
    suffix_of,
)
from kit.settings import Settings
from support.partitions import (
    END,
    add_event,
    at,
    execute,
    maintain,
    make_organization,
    partition_names,
    partitions_of_events,
)
from support.ports import unused_port
from support.widget_client import browser_at
from webhooks.models import WebhookDelivery

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def url(new_migrated_database: Callable[[], str]) -> str:
    return new_migrated_database()


@pytest.fixture
async def rows(url: str) -> AsyncIterator[Database]:
    found = Database(url, role=ADMIN_ROLE)
    yield found
    await found.stop()


def counted(table: str) -> str:
    return str(sa.select(sa.func.count()).select_from(sa.table(table)))


def gauges(*, unplaced: int = 0, missing: int = 0, late: int = 0) -> dict[str, float]:
    counted = {"unplaced": unplaced, "missing": missing, "late": late}
    return {f"epoch_partition_months_{name}": months for name, months in counted.items()}


async def test_partitions_are_made_ahead_and_rows_go_to_that_of_their_month(url: str, rows: Database) -> None:
    months = [month_after(END, count) for count in range(3)]
    # The first of them was made by the migration.
    assert await maintain(url, at(END)) == PartitionChanges(created=tuple(map(suffix_of, months[1:])))
    assert await maintain(url, at(END)) == PartitionChanges()
    owner = await make_organization(rows)
    for number, moment in enumerate((utc_now(), *map(at, months), at(month_after(END, 3))), start=1):
        await add_event(rows, owner, moment, number)
    suffixes = [f"before_{END:%Y_%m}", *map(suffix_of, months), "default"]
    assert await partitions_of_events(rows) == [
        partition_names(suffix, number) for number, suffix in enumerate(suffixes, start=1)
    ]


async def test_rows_without_a_month_are_named_and_moved_into_one(
    url: str, rows: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await find_partition_faults(rows) == []
    # As if the scheduler had stopped: the present month has no partition.
    monkeypatch.setattr(partitions, "MONTHS_AHEAD", 4)
    await execute(url, *(f"DROP TABLE IF EXISTS {name}" for name in await _months(url)))
    owner = await make_organization(rows)
    month = month_after(END)
    await add_event(rows, owner, at(month), 1)
    assert await partitions_of_events(rows) == [partition_names("default", 1)]
    [fault] = await find_partition_faults(rows)
    named = f"organization_event has rows without a partition of their month ({month:%Y_%m})"
    assert fault.startswith(f"{named}: run `epoch migrate`")
    checked = await run_checks(msgspec.structs.replace(settings, database_url=url))
    [found] = [check for check in checked if check.part == "partitions"]
    assert (found.ok, found.detail) == (False, fault)

    await build_partition_job(url, rows).run_once()
    assert await partitions_of_events(rows) == [partition_names(suffix_of(month), 1)]
    assert await find_partition_faults(rows) == []
    assert await execute(url, "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'organization_event_default'")
    # The delivery still belongs to the event.
    async with rows.sessions() as session, session.begin():
        await session.execute(sa.delete(OrganizationEvent))
        assert await session.scalar(sa.select(sa.func.count()).select_from(WebhookDelivery)) == 0


async def test_a_month_that_nobody_made_is_a_warning(url: str, rows: Database, settings: Settings) -> None:
    next_month = suffix_of(month_after(END))
    assert await measure_partitions(rows) == gauges()
    [fault] = await find_partition_faults(rows, now=at(END))
    assert fault.startswith(f"organization_event has no partition for {next_month}: run `epoch migrate`")
    # One month earlier, there is a month left to make that partition.
    assert await find_partition_faults(rows, now=at(month_after(END, -1))) == []
    await maintain(url, at(END))
    [late] = await find_partition_faults(rows, now=at(END, 3) + EVENTS.retention)
    assert late.startswith(f"organization_event keeps old partitions (before_{END:%Y_%m}): ")

    owner = await make_organization(rows)
    await execute(url, *(f"DROP TABLE {name}" for name in await _months(url)))
    month = month_after(month_of(utc_now()), 2)
    await add_event(rows, owner, at(month), 1)
    assert await measure_partitions(rows) == gauges(unplaced=1)
    served = create_app(msgspec.structs.replace(settings, database_url=url), role=ProcessRole.SERVE)
    async with served.lifespan(), browser_at(served, "203.0.113.7", settings.public_url) as browser:
        answer = await browser.get("/health/dependencies")
    assert answer.status_code == 200
    [warning] = answer.json()["warnings"]
    assert warning.startswith(
        f"partitions: organization_event has rows without a partition of their month ({month:%Y_%m})"
    )


async def test_rows_that_are_too_old_for_a_month_are_no_work_for_the_owner(url: str, rows: Database) -> None:
    months = [*await _months(url), *(f"{table.name}_before_{END:%Y_%m}" for table in reversed(EVENTS.tables))]
    await execute(url, *(f"DROP TABLE {name}" for name in months))
    assert await measure_partitions(rows) == gauges(missing=2)
    await maintain(url, utc_now())
    owner = await make_organization(rows)
    await add_event(rows, owner, utc_now() - dt.timedelta(days=100), 1)
    assert await partitions_of_events(rows) == [partition_names("default", 1)]
    assert await find_partition_faults(rows) == []
    # No server listens here: a connection of the owner would fail.
    nowhere = f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch"
    await build_partition_job(nowhere, rows).work()
    assert await partitions_of_events(rows) == []


async def _months(url: str) -> list[str]:
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            layout = await read_layout(connection, EVENTS)
        assert layout is not None
        suffixes = [suffix for suffix in layout.attached if not suffix.startswith("before_")]
        return [f"{table.name}_{suffix}" for table in reversed(EVENTS.tables) for suffix in suffixes]
    finally:
        await engine.dispose()


async def test_old_months_are_dropped_whole_and_everything_newer_stays(url: str, rows: Database) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    months = [month_after(END, count) for count in range(3)]
    for number, moment in enumerate((utc_now(), *map(at, months)), start=1):
        await add_event(rows, owner, moment, number)
    # It is kept for 30 days after the first partition's end, and dropped on the next day.
    last_day = at(END, 1) + EVENTS.retention
    assert (await maintain(url, last_day - dt.timedelta(days=1))).dropped == ()
    assert (await maintain(url, last_day)).dropped == (f"before_{END:%Y_%m}",)
    assert [number for *_, number in await partitions_of_events(rows)] == [2, 3, 4]
    dropped = (await maintain(url, at(month_after(END, 2), 1) + EVENTS.retention)).dropped
    assert dropped == (suffix_of(months[0]), suffix_of(months[1]))
    assert await partitions_of_events(rows) == [partition_names(suffix_of(months[2]), 4)]


async def test_an_interrupted_detachment_is_finished_by_the_next_run(
    url: str, rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    await add_event(rows, owner, at(END), 1)
    late = at(month_after(END), 1) + EVENTS.retention

    async def killed(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(partitions, "_drop", killed)
        with pytest.raises(ConnectionResetError):
            await maintain(url, late)
    await maintain(url, late)
    for name in ("before_" + suffix_of(END), suffix_of(END)):
        assert await execute(url, f"SELECT to_regclass('webhook_delivery_{name}') IS NULL")
        assert await execute(url, f"SELECT to_regclass('organization_event_{name}') IS NULL")


async def test_two_processes_at_once_make_and_drop_once(url: str, rows: Database) -> None:
    await asyncio.gather(*(maintain(url, at(END)) for _ in range(3)))
    assert len(await _months(url)) == 2 * 3
    late = at(month_after(END), 1) + EVENTS.retention
    await asyncio.gather(*(maintain(url, late) for _ in range(3)))
    async with rows.sessions() as session:
        layout = await read_layout(session, EVENTS)
    assert layout is not None
    assert layout.detached == frozenset()
    assert suffix_of(END) not in layout.attached


async def test_rows_are_added_while_a_month_is_dropped(url: str, rows: Database) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    added, stopped = 0, asyncio.Event()

    async def add() -> None:
        nonlocal added
        while not stopped.is_set():
            await add_event(rows, owner, at(month_after(END, 2)), added + 1)
            added += 1

    adding = asyncio.create_task(add())
    changes = await maintain(url, at(month_after(END, 2), 1) + EVENTS.retention)
    stopped.set()
    await adding
    assert len(changes.dropped) == 3
    assert added
    assert len(await partitions_of_events(rows)) == added


async def test_a_partition_that_a_session_reads_is_dropped_by_the_next_run(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "LOCK_ATTEMPTS", 2)
    monkeypatch.setattr(partitions, "LOCK_PAUSE_SECONDS", 0.01)
    reader = await asyncpg.connect(url)
    await reader.execute(f"SET ROLE {ADMIN_ROLE}")
    await reader.execute("BEGIN; SELECT count(*) FROM organization_event")
    late = at(END, 1) + EVENTS.retention
    with pytest.raises(LocksUnavailable):
        await maintain(url, late)
    await reader.close()
    assert f"before_{END:%Y_%m}" in (await maintain(url, late)).dropped


async def test_old_rows_in_default_partitions_are_deleted_row_by_row(url: str, rows: Database) -> None:
    owner = await make_organization(rows)
    now = utc_now()
    for number, days in enumerate((62, 60, 0), start=1):
        await add_event(rows, owner, now - dt.timedelta(days=days), number)
    await build_partition_job(url, rows).run_once()
    assert [number for *_, number in await partitions_of_events(rows)] == [2, 3]
    # Not dropped yet, and out of sight for customers: the API promises 30 days.
    async with rows.sessions() as session:
        events = await EventService(session).list_after(owner[0], 0, limit=10)
    assert [event.sequence for event in events] == [3]


async def test_two_sequencers_assign_no_sequence_number_twice_over_two_partitions(url: str, rows: Database) -> None:
    owner = await make_organization(rows)
    # The earlier number is in another partition, whose unique key does not cover the new rows.
    await add_event(rows, owner, at(END), 1)
    async with rows.sessions() as session, session.begin():
        await session.execute(
            sa.text("INSERT INTO event_counter (id, organization, last_sequence) VALUES (:id, :organization, 1)"),
            {"id": uuid4(), "organization": owner[0]},
        )
        await session.execute(
            sa.text(
                "INSERT INTO event_outbox (organization, type, content)"
                " SELECT :organization, 'limit.reached', '{}' FROM generate_series(1, 40)"
            ),
            {"organization": owner[0]},
        )
    sequencers = [EventSequencer(rows, {}) for _ in range(3)]
    while sum(await asyncio.gather(*(sequencer.run_once() for sequencer in sequencers))):
        pass
    async with rows.sessions() as session:
        numbers = list(await session.scalars(sa.select(OrganizationEvent.sequence)))
    assert sorted(numbers) == list(range(1, 42))


@pytest.mark.parametrize("role", [REQUEST_ROLE, ADMIN_ROLE, "epoch_lookup", "epoch_staff"])
async def test_no_role_reaches_a_partition_except_through_its_table(url: str, rows: Database, role: str) -> None:
    await maintain(url, at(END))
    owner, other = await make_organization(rows), await make_organization(rows)
    await add_event(rows, owner, at(END), 1)
    for name in (suffix_of(END), f"before_{END:%Y_%m}"):
        for table in EVENTS.tables:
            partition = sa.table(f"{table.name}_{name}")
            for statement in (counted(partition.name), str(sa.delete(partition))):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await execute(url, statement, role=role)
    if role == REQUEST_ROLE:
        for organization_id, seen in ((owner[0], 1), (other[0], 0)):
            for table in EVENTS.tables:
                own = f"SELECT set_config('app.organization', '{organization_id}', false)"
                assert await execute(url, own, counted(table.name), role=role) == seen


async def test_even_with_a_grant_a_partition_shows_no_row(url: str, rows: Database) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    await add_event(rows, owner, at(END), 1)
    for table in EVENTS.tables:
        name = f"{table.name}_{suffix_of(END)}"
        await execute(url, f"GRANT SELECT ON {name} TO {REQUEST_ROLE}", "SELECT 1")
        assert await execute(url, counted(name), role=REQUEST_ROLE) == 0


async def test_an_invalid_row_is_refused_by_each_partition(url: str, rows: Database) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    for month in (END, month_after(END, 3)):  # one of a month, and one of none
        event_id = await add_event(rows, owner, at(month), 1)
        with pytest.raises(DBAPIError, match="uq_organization_event_organization_id_sequence_"):
            await add_event(rows, owner, at(month, 16), 1)
        async with rows.sessions() as session:
            delivery = sa.insert(WebhookDelivery).values(
                organization_id=owner[0],
                endpoint_id=owner[1],
                event_id=UUID(int=event_id.int + 7),
                sequence=1,
                type="call.ended",
                retry_until=utc_now(),
            )
            with pytest.raises(DBAPIError, match="fk_webhook_delivery_event_id"):
                await session.execute(delivery)


async def test_reads_of_recent_events_leave_out_old_partitions(url: str, rows: Database) -> None:
    await maintain(url, at(END))
    owner = await make_organization(rows)
    explain = sa.text(
        "EXPLAIN SELECT * FROM organization_event WHERE organization_id = :owner AND sequence > 0 AND id >= :first"
        " ORDER BY sequence LIMIT 100"
    )
    async with rows.sessions() as session:
        plan = "\n".join(await session.scalars(explain, {"owner": owner[0], "first": UUID(bound_of(month_after(END)))}))
    assert f"organization_event_{suffix_of(month_after(END))}" in plan
    assert f"organization_event_{suffix_of(END)}" not in plan
    assert "organization_event_before" not in plan


async def test_an_ordinary_owner_partitions_maintains_and_merges_tables(
    url_of_plain_owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = url_of_plain_owner
    await asyncio.to_thread(upgrade, url)
    monkeypatch.setattr(partitions, "MONTHS_AHEAD", 4)
    rows = Database(url, role=ADMIN_ROLE)
    owner, month = await make_organization(rows), month_after(END)
    for number, moment in enumerate((utc_now(), at(END), at(month)), start=1):
        await add_event(rows, owner, moment, number)
    assert await partitions_of_events(rows) == [
        partition_names(f"before_{END:%Y_%m}", 1),
        partition_names(suffix_of(END), 2),
        partition_names("default", 3),
    ]
    # The rows of the default partition are hidden from their owner too.
    await maintain(url, utc_now())
    assert await partitions_of_events(rows) == [
        partition_names(f"before_{END:%Y_%m}", 1),
        partition_names(suffix_of(END), 2),
        partition_names(suffix_of(month), 3),
    ]
    assert suffix_of(END) in (await maintain(url, at(month, 1) + EVENTS.retention)).dropped
    await asyncio.to_thread(command.downgrade, alembic_config(url), "b92d5f71e3a8")
    assert await execute(url, counted("webhook_delivery"), role=ADMIN_ROLE) == 1
    await rows.stop()
