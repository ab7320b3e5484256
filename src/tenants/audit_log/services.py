"""Lists and exports the audit log of an organization."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import ActorKind
from kit.audit import AuditEvent
from kit.csv_export import CSV_BATCH_ROWS, Cell, csv_of
from kit.db.reading_session import ReadingSessionFactory
from kit.errors import ValidationFailed
from kit.parsing import parse_uuid
from kit.schemas import rfc3339
from kit.text import is_valid_text

_MAX_FILTER_CHARACTERS = 254
STAFF_DISPLAY_NAME = "Epoch Voice staff"
CSV_COLUMNS = (
    "id",
    "at",
    "action",
    "actor_kind",
    "actor_id",
    "actor_name",
    "subject_id",
    "subject_name",
    "address",
    "details",
)


class AuditFilters(msgspec.Struct, frozen=True):
    """The filters of the list and the export."""

    action: str | None = None
    """One action like ``embed_token.revoked``, or ``embed_token`` for all actions on embed tokens."""
    actor: str | None = None
    """The actor's id, or a part of the name in any case."""
    since: datetime | None = None
    until: datetime | None = None


def parse_filters(
    action: str | None, actor: str | None, since: datetime | None, until: datetime | None
) -> AuditFilters:
    """Parse the filters of a query string; empty text means no filter. Raises: ValidationFailed."""
    for field, typed in (("action", action), ("actor", actor)):
        if typed and not is_valid_text(typed):
            raise ValidationFailed([(field, "Control characters are not allowed")])
        if typed and len(typed) > _MAX_FILTER_CHARACTERS:
            raise ValidationFailed([(field, f"At most {_MAX_FILTER_CHARACTERS} characters")])
    return AuditFilters(
        action=(action or "").strip() or None,
        actor=(actor or "").strip() or None,
        since=since,
        until=until,
    )


class AuditLogService:
    """The audit log of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_events(
        self, organization_id: UUID, filters: AuditFilters, *, after: UUID | None, limit: int
    ) -> Sequence[AuditEvent]:
        """``limit`` + 1 events of the organization, newest first."""
        # Reads the ids from the index alone: for whole events PostgreSQL would scan the rows of all organizations.
        found = (
            sa.select(AuditEvent.id)
            .where(AuditEvent.organization_id == organization_id, *_conditions(filters))
            .order_by(AuditEvent.id.desc())
            .limit(limit + 1)
        )
        if after is not None:
            found = found.where(AuditEvent.id < after)
        query = (
            sa.select(AuditEvent)
            .where(AuditEvent.organization_id == organization_id, AuditEvent.id.in_(found))
            .order_by(AuditEvent.id.desc())
        )
        rows: Sequence[AuditEvent] = (await self._session.scalars(query)).all()
        for row in rows:
            if row.actor_kind == ActorKind.STAFF:
                _hide_staff_identity(self._session, row)
        return rows

    async def list_actions(self, organization_id: UUID) -> Sequence[str]:
        """The actions among the latest 1,000 events, for the filter."""
        latest = (
            sa.select(AuditEvent.action)
            .where(AuditEvent.organization_id == organization_id)
            .order_by(AuditEvent.id.desc())
            .limit(1000)
            .subquery()
        )
        return (await self._session.scalars(sa.select(latest.c.action).distinct().order_by(latest.c.action))).all()


def export_audit_csv(
    reading: ReadingSessionFactory, organization_id: UUID, filters: AuditFilters
) -> AsyncGenerator[bytes, None]:
    """The chunks of a CSV file with all events that match ``filters``, newest first."""

    async def read(after: UUID | None) -> Sequence[AuditEvent]:
        async with reading.tenant_session(organization_id) as session:
            return await AuditLogService(session).list_events(
                organization_id, filters, after=after, limit=CSV_BATCH_ROWS
            )

    return csv_of(CSV_COLUMNS, read, _cells)


def _cells(event: AuditEvent) -> Sequence[Cell]:
    return (
        str(event.id),
        rfc3339(event.created_at),
        event.action,
        event.actor_kind,
        None if event.actor_id is None else str(event.actor_id),
        event.actor_name,
        None if event.subject_id is None else str(event.subject_id),
        event.subject_name,
        event.address,
        None if event.details is None else msgspec.json.encode(event.details).decode(),
    )


def _conditions(filters: AuditFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.action is not None:
        is_of_subject = AuditEvent.action.startswith(f"{filters.action}.", autoescape=True)
        conditions.append(sa.or_(AuditEvent.action == filters.action, is_of_subject))
    if filters.actor is not None:
        conditions.append(_is_actor(filters.actor))
    if filters.since is not None:
        conditions.append(AuditEvent.created_at >= filters.since)
    if filters.until is not None:
        conditions.append(AuditEvent.created_at < filters.until)
    return conditions


def _is_actor(actor: str) -> sa.ColumnElement[bool]:
    """The filter by actor. Staff match only their display name: a match by their own names would reveal them."""
    is_match = AuditEvent.actor_name.icontains(actor, autoescape=True)
    with contextlib.suppress(ValueError):
        is_match = sa.or_(AuditEvent.actor_id == parse_uuid(actor), is_match)
    is_staff = AuditEvent.actor_kind == ActorKind.STAFF
    is_other_match = sa.and_(~is_staff, is_match)
    return sa.or_(is_other_match, is_staff) if actor.casefold() in STAFF_DISPLAY_NAME.casefold() else is_other_match


def _hide_staff_identity(session: AsyncSession, row: AuditEvent) -> None:
    """Customers see that staff acted; the person, IP address and reason are shown in the back office only."""
    session.expunge(row)
    row.actor_id, row.actor_name, row.address = None, STAFF_DISPLAY_NAME, ""
    row.details = {key: value for key, value in (row.details or {}).items() if key != "reason"} or None
