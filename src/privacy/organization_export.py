"""Exports all of an organization's data as a ZIP of JSON and CSV files, read from the database while it is sent."""

import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from calls.csv_export import CALL_COLUMNS, call_cells
from calls.greetings.models import GreetingAudio, VoicemailGreeting
from calls.incoming.settings_service import IncomingSettingsService
from calls.leg_reports import carrier_price
from calls.limits.schemas import CallingRulesInfo
from calls.limits.services import CallingRulesService
from calls.listing import CallFilters, CallListService
from calls.models import Call, CallEvent
from kit.actor import Actor
from kit.clock import utc_now
from kit.csv_export import CSV_BATCH_ROWS, Cell, csv_lines, csv_of, with_byte_order_mark
from kit.db.database import Database
from kit.db.rate_limit import hit_or_raise
from kit.db.reading_session import ReadingSessionFactory
from kit.schemas import rfc3339
from kit.zip_stream import zip_of
from privacy.export_contents import EXPORT_README, EXPORTED_TABLES
from privacy.services import RetentionService
from privacy.usage_summary import UsageSummaryService
from tenants.audit_log.organization_events import record_organization_event
from tenants.audit_log.services import AuditFilters, export_audit_csv
from tenants.members import MemberService, TeamMember
from tenants.services import OrganizationService

MAX_EXPORTS_PER_HOUR = 4
_COST_COLUMNS = (
    "country",
    "cost_micros",
    "is_carriers_price",
    "erased_at",
    "carriers_price_micros",
    "carriers_price_currency",
)
_EVENT_COLUMNS = ("call", "at", "event", "leg", "duration", "sip_code")
_MEMBER_COLUMNS = ("id", "email", "name", "role", "joined_at")
_SEPARATORS = {"tags": "; "}
"""Separators of the items of a list in one cell, by column; in other columns a space."""

_Recording = tuple[type[GreetingAudio | VoicemailGreeting], UUID]
"""The table of a recorded greeting, and its id there."""


class OrganizationExport:
    """The export of one organization's data; made for one request."""

    def __init__(self, database: Database, organization_id: UUID, *, default_months: int) -> None:
        self._database = database
        self._id = organization_id
        self._default_months = default_months

    async def count_or_raise(self) -> None:
        """Count one export, in a transaction of its own. Raises: TooMany."""
        async with self._database.sessions() as session, session.begin():
            key, window = f"export:{self._id}", dt.timedelta(hours=1)
            await hit_or_raise(session, key, limit=MAX_EXPORTS_PER_HOUR, window=window)

    async def start(self, *, by: Actor, has_bom: bool = False) -> AsyncGenerator[bytes, None]:
        """Record the export by ``by`` in the audit log; return the ZIP's chunks. Raises: NotFound.

        With ``has_bom`` each CSV file begins with a byte order mark.
        """
        async with self._database.tenant_session(self._id, by.user_id, actor=by) as session:
            organization = await OrganizationService(session).get(self._id)
            await record_organization_event(session, by, "organization.exported", organization)
            recordings = [
                (model, audio_id)
                for model in (GreetingAudio, VoicemailGreeting)
                for audio_id in await session.scalars(sa.select(model.id).where(model.owned_by(self._id)))
            ]
        now = utc_now()
        files = self.files(organization.name, now, recordings)
        return zip_of(map(_with_byte_order_mark, files) if has_bom else files, made_at=now)

    def files(
        self, name: str, now: dt.datetime, recordings: Sequence[_Recording]
    ) -> Iterator[tuple[str, AsyncIterator[bytes]]]:
        """Name and chunks of each file; none keeps a transaction open while its reader takes a chunk.

        ``recordings`` are the recorded greetings.
        """
        yield "README.txt", _text(EXPORT_README.format(name=name, today=now.date()))
        yield "organization.json", self._organization()
        yield "calling_rules.json", self._rules()
        yield "incoming_calls.json", self._incoming_calls()
        yield "usage.json", self._usage()
        yield "members.csv", self._members()
        for file, model, columns in EXPORTED_TABLES:
            yield file, self._table(model, columns)
        for model, audio_id in recordings:
            yield f"recordings/{audio_id}.wav", self._recording(model, audio_id)
        yield "calls.csv", csv_of((*CALL_COLUMNS, *_COST_COLUMNS), self._calls, _call_cells)
        yield "call_events.csv", self._events()
        yield "audit.csv", export_audit_csv(ReadingSessionFactory(self._database), self._id, AuditFilters())

    async def _organization(self) -> AsyncIterator[bytes]:
        async with self._database.tenant_session(self._id) as session:
            row = await OrganizationService(session).get(self._id)
            retention = await RetentionService(session, default_months=self._default_months).get(self._id)
        yield _json(
            {
                "id": row.id,
                "slug": row.slug,
                "name": row.name,
                "plan": row.plan,
                "country": row.country,
                "time_zone": row.zone.key,
                "created_at": rfc3339(row.created_at),
                "call_data_kept_months": retention.months,
                "call_outcomes": row.call_outcomes,
            }
        )

    async def _rules(self) -> AsyncIterator[bytes]:
        async with self._database.tenant_session(self._id) as session:
            rules = CallingRulesInfo.of(await CallingRulesService(session).get(self._id))
        yield _json(rules)

    async def _incoming_calls(self) -> AsyncIterator[bytes]:
        async with self._database.tenant_session(self._id) as session:
            service = IncomingSettingsService(session)
            settings, number_settings = await service.get(self._id), await service.list_own(self._id)
        yield _json({"organization": settings, "numbers": number_settings})

    async def _recording(self, model: type[GreetingAudio | VoicemailGreeting], audio_id: UUID) -> AsyncIterator[bytes]:
        async with self._database.tenant_session(self._id) as session:
            wav = await session.scalar(sa.select(model.wav).where(model.owned_by(self._id), model.id == audio_id))
        # None when the recording was removed meanwhile.
        if wav is not None:
            yield wav

    async def _usage(self) -> AsyncIterator[bytes]:
        async with self._database.tenant_session(self._id) as session:
            months = await UsageSummaryService(session).by_month(self._id)
        yield _json(months)

    async def _members(self) -> AsyncIterator[bytes]:
        yield csv_lines([_MEMBER_COLUMNS])
        after: UUID | None = None
        while True:
            async with self._database.tenant_session(self._id) as session:
                members = await MemberService(session).list_members(self._id, after=after, limit=CSV_BATCH_ROWS)
            if not members:
                return
            yield csv_lines(_member_cells(member) for member in members)
            after = members[-1].membership.id

    def _table(self, model: Any, columns: tuple[str, ...]) -> AsyncIterator[bytes]:
        async def read(after: UUID | None) -> Sequence[Any]:
            query = sa.select(model).where(model.owned_by(self._id)).order_by(model.id.desc()).limit(CSV_BATCH_ROWS)
            async with self._database.tenant_session(self._id) as session:
                return (await session.scalars(query if after is None else query.where(model.id < after))).all()

        def cells(row: Any) -> Sequence[Cell]:
            return [_cell(getattr(row, column), _SEPARATORS.get(column, " ")) for column in columns]

        return csv_of(columns, read, cells)

    async def _calls(self, after: UUID | None) -> Sequence[Call]:
        async with self._database.tenant_session(self._id) as session:
            return await CallListService(session).page(self._id, CallFilters(), after=after, limit=CSV_BATCH_ROWS)

    async def _events(self) -> AsyncIterator[bytes]:
        yield csv_lines([_EVENT_COLUMNS])
        after: UUID | None = None
        while calls := await self._call_ids(after):
            # Reads columns instead of objects, because there are several events for each call.
            query = (
                sa.select(
                    CallEvent.call_record_id,
                    CallEvent.occurred_at,
                    CallEvent.kind,
                    CallEvent.is_child,
                    CallEvent.duration,
                    CallEvent.sip_code,
                )
                .where(CallEvent.owned_by(self._id), CallEvent.call_record_id.in_(calls))
                .order_by(CallEvent.call_record_id.desc(), CallEvent.occurred_at, CallEvent.sequence, CallEvent.id)
            )
            async with self._database.tenant_session(self._id) as session:
                events = (await session.execute(query)).all()
            if events:
                yield csv_lines(_event_cells(event) for event in events)
            after = calls[-1]

    async def _call_ids(self, after: UUID | None) -> Sequence[UUID]:
        query = sa.select(Call.id).where(Call.owned_by(self._id)).order_by(Call.id.desc()).limit(CSV_BATCH_ROWS)
        async with self._database.tenant_session(self._id) as session:
            return (await session.scalars(query if after is None else query.where(Call.id < after))).all()


def _with_byte_order_mark(file: tuple[str, AsyncIterator[bytes]]) -> tuple[str, AsyncIterator[bytes]]:
    name, chunks = file
    return name, with_byte_order_mark(chunks) if name.endswith(".csv") else chunks


async def _text(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)


def _cell(value: Any, separator: str) -> Cell:
    if isinstance(value, dt.datetime):
        return rfc3339(value)
    if isinstance(value, list):
        return separator.join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    return value if value is None or isinstance(value, int) else str(value)


def _member_cells(member: TeamMember) -> Sequence[Cell]:
    row = member.membership
    return (str(row.id), member.email, member.name, row.role.value, rfc3339(row.created_at))


def _call_cells(call: Call) -> Sequence[Cell]:
    is_carrier_price = "yes" if call.is_priced else "no"
    price = carrier_price(call)
    return (
        *call_cells(call),
        call.country,
        call.cost_micros,
        is_carrier_price,
        rfc3339(call.erased_at),
        None if price is None else price.micros,
        None if price is None else price.currency,
    )


def _event_cells(event: Any) -> Sequence[Cell]:
    leg = "called" if event.is_child else "caller"
    return (
        str(event.call_record_id),
        rfc3339(event.occurred_at),
        event.kind,
        leg,
        event.duration,
        event.sip_code,
    )
