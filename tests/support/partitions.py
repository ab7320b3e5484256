"""Adds events with webhook deliveries to the tables that are partitioned by month, and reads their partitions."""

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa

from epoch.partitions import EVENTS
from events.event_types import EventType
from events.models import OrganizationEvent
from kit.clock import utc_now
from kit.db.database import Database, owner_engine
from kit.db.partitions import PartitionChanges, maintain_partitions, month_after, month_of
from kit.ids import first_uuid7
from webhooks.models import WebhookDelivery, WebhookEndpoint

_ORGANIZATION = """
INSERT INTO organization (id, slug, name, country) VALUES (:id, :slug, 'Acme', 'US')
"""
END = month_after(month_of(utc_now()), 2)
"""The end of the first partition of a database that is migrated now."""


def at(month: dt.date, day: int = 15) -> dt.datetime:
    """Midnight (UTC) of a day of the month."""
    return dt.datetime(month.year, month.month, day, tzinfo=dt.UTC)


async def execute(url: str, *statements: str, role: str | None = None) -> Any:
    """Run statements as the owner or as ``role``; return the value of the last one."""
    connection = await asyncpg.connect(url)
    try:
        if role is not None:
            await connection.execute(f"SET ROLE {role}")
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def maintain(url: str, now: dt.datetime) -> PartitionChanges:
    """Create and drop partitions as the hourly job would at ``now``."""
    engine = owner_engine(url)
    try:
        async with engine.connect() as connection:
            return await maintain_partitions(connection, EVENTS, now)
    finally:
        await engine.dispose()


async def make_organization(rows: Database) -> tuple[UUID, UUID]:
    """Make an organization with a webhook endpoint; return the ids of both."""
    organization_id = uuid4()
    async with rows.sessions() as session, session.begin():
        await session.execute(sa.text(_ORGANIZATION), {"id": organization_id, "slug": f"o-{organization_id}"})
        endpoint = WebhookEndpoint(
            organization_id=organization_id, url="https://a.example/", events=["call.ended"], secret="sealed"
        )
        session.add(endpoint)
    return organization_id, endpoint.id


async def add_event(rows: Database, owner: tuple[UUID, UUID], moment: dt.datetime, sequence: int) -> UUID:
    """Add an event of the time ``moment`` with its delivery; return the event's id.

    ``owner`` are the ids of the organization and of its endpoint.
    """
    event_id = UUID(int=first_uuid7(moment).int + sequence)
    async with rows.sessions() as session, session.begin():
        session.add(
            OrganizationEvent(
                id=event_id,
                organization_id=owner[0],
                sequence=sequence,
                type=EventType.CALL_ENDED,
                body="{}",
                created_at=moment,
            )
        )
        await session.flush()
        session.add(
            WebhookDelivery(
                organization_id=owner[0],
                endpoint_id=owner[1],
                event_id=event_id,
                sequence=sequence,
                type="call.ended",
                retry_until=moment,
            )
        )
    return event_id


async def partitions_of_events(rows: Database) -> list[tuple[str, str, int]]:
    """The partition of each event, that of its delivery, and the event's sequence number."""
    query = sa.text(
        "SELECT e.tableoid::regclass::text, d.tableoid::regclass::text, e.sequence FROM organization_event e"
        " JOIN webhook_delivery d ON d.event_id = e.id ORDER BY e.sequence"
    )
    async with rows.sessions() as session:
        return [tuple(row) for row in await session.execute(query)]


def partition_names(suffix: str, sequence: int) -> tuple[str, str, int]:
    """The row of ``partitions_of_events`` for an event in the partitions with ``suffix``."""
    return f"organization_event_{suffix}", f"webhook_delivery_{suffix}", sequence
