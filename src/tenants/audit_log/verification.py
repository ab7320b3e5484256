"""Verifies the audit log's hash chains, one for each organization and one for the platform: recomputes every digest and
compares the ends, in one read-only snapshot of the database.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.audit import AuditChain, AuditEvent
from kit.audit_chain import ERASABLE_FIELDS, PLATFORM_CHAIN, event_digest, field_digest
from kit.db.database import Database
from tenants.audit_log.saved_ends import ERASED_ACTION, SavedEnds, are_ends_of, erased_end
from tenants.models import Organization

PAGE_ROWS = 2000
MAX_REPORTED_BREAKS = 100
_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_EVENTS = sa.select(
    sa.func.coalesce(AuditEvent.organization_id, PLATFORM_CHAIN).label("chain_id"),
    AuditEvent.id,
    AuditEvent.sequence,
    AuditEvent.created_at,
    AuditEvent.actor_kind,
    AuditEvent.actor_id,
    AuditEvent.action,
    AuditEvent.subject_id,
    AuditEvent.actor_name,
    AuditEvent.subject_name,
    AuditEvent.address,
    # In PostgreSQL's text form, which the digest covers.
    sa.func.coalesce(sa.cast(AuditEvent.details, sa.Text), "").label("details"),
    AuditEvent.field_salts,
    AuditEvent.field_digests,
    AuditEvent.digest,
)


class ChainBreak(msgspec.Struct, frozen=True):
    """The first event of a chain that does not verify."""

    chain_id: UUID
    number: int | None
    """The event's sequence number in its chain; None when it has none."""
    event_id: UUID | None
    """None when the event with that sequence number is missing."""
    problem: str


class ChainEnd(NamedTuple):
    """The verified end of a chain. A copy kept outside the database shows later if the whole chain was rebuilt."""

    chain_id: UUID
    length: int
    digest: str
    """Hexadecimal."""


class AuditVerification(msgspec.Struct):
    """The result of a verification."""

    chains: int = 0
    events: int = 0
    erased_fields: int = 0
    being_erased: int = 0
    """Chains of organizations whose erasure has begun; they are not verified."""
    breaks: list[ChainBreak] = []
    """At most ``MAX_REPORTED_BREAKS``, one for each chain."""
    break_count: int = 0
    matched_ends: int = 0
    """The number of saved ends that were found in their chain, or in the event of their organization's erasure."""
    ends: list[ChainEnd] = []
    """The end of the platform's chain, or the ends of all chains."""

    def add_break(self, chain_id: UUID, number: int | None, event_id: UUID | None, problem: str) -> None:
        self.break_count += 1
        if len(self.breaks) < MAX_REPORTED_BREAKS:
            self.breaks.append(ChainBreak(chain_id, number, event_id, problem))


class AuditVerifier:
    """Verifies all chains; ``database`` must see all rows. It changes nothing and blocks no writer."""

    def __init__(self, database: Database, *, page_rows: int = PAGE_ROWS) -> None:
        self._database = database
        self._page_rows = page_rows

    async def verify(self, *, all_ends: bool = False, saved_ends: SavedEnds | None = None) -> AuditVerification:
        """Recompute every chain; with ``all_ends`` the result has the end of each chain, else of the platform's.

        Each chain must still contain its ``saved_ends``, or have been erased with its organization.
        """
        result, unmatched_ends = AuditVerification(), dict(saved_ends or {})
        erased_ends: dict[UUID, tuple[int, str]] = {}
        async with self._database.sessions() as session:
            # One snapshot hides both an event that is added meanwhile and the chain's new end.
            await session.connection(execution_options=_SNAPSHOT)
            marked = sa.select(Organization.id).where(Organization.erasing_at.is_not(None))
            being_erased = set(await session.scalars(marked))
            await _report_unchained(session, result)
            events = self._read_events(session)
            event = await anext(events, None)
            async for end in self._read_ends(session):
                event = await _report_chains_without_end(events, event, result, before=end.id)
                chain = _ChainCheck(end, result, unmatched_ends.pop(end.id, {}))
                while event is not None and event.chain_id == end.id:
                    chain.add(event)
                    if event.action == ERASED_ACTION and end.id == PLATFORM_CHAIN:
                        erased_ends |= erased_end(event)
                    event = await anext(events, None)
                if end.id in being_erased:
                    result.being_erased += 1
                else:
                    chain.finish(includes_end=all_ends or end.id == PLATFORM_CHAIN)
            await _report_chains_without_end(events, event, result, before=None)
        for chain_id, ends in unmatched_ends.items():
            if are_ends_of(ends, erased_ends.get(chain_id)):
                result.matched_ends += len(ends)
            else:
                problem = "its chain is missing, and no erasure of its organization is recorded"
                result.add_break(chain_id, 1, None, problem)
        return result

    async def _read_ends(self, session: AsyncSession) -> AsyncIterator[Any]:
        """The stored ends of all chains, by chain."""
        query = sa.select(AuditChain.id, AuditChain.length, AuditChain.digest).order_by(AuditChain.id)
        page = (await session.execute(query.limit(self._page_rows))).all()
        while page:
            for end in page:
                yield end
            page = (await session.execute(query.where(AuditChain.id > page[-1].id).limit(self._page_rows))).all()

    async def _read_events(self, session: AsyncSession) -> AsyncIterator[Any]:
        """All events with a sequence number, by chain and sequence number; the platform's chain first."""
        is_chained, organization_id, sequence = (
            AuditEvent.sequence.is_not(None),
            AuditEvent.organization_id,
            AuditEvent.sequence,
        )
        platform = _EVENTS.where(organization_id.is_(None), is_chained).order_by(sequence).limit(self._page_rows)
        page = (await session.execute(platform)).all()
        while page:
            for event in page:
                yield event
            page = (await session.execute(platform.where(sequence > page[-1].sequence))).all()
        others = (
            _EVENTS.where(organization_id.is_not(None), is_chained)
            .order_by(organization_id, sequence)
            .limit(self._page_rows)
        )
        page = (await session.execute(others)).all()
        while page:
            for event in page:
                yield event
            last = sa.tuple_(sa.literal(page[-1].chain_id), sa.literal(page[-1].sequence))
            page = (await session.execute(others.where(sa.tuple_(organization_id, sequence) > last))).all()


class _ChainCheck:
    """Checks the events of one chain, in order, and reports the first that does not verify."""

    def __init__(self, end: Any, result: AuditVerification, saved_ends: Mapping[int, str]) -> None:
        self._end = end
        self._result = result
        self._saved_ends = saved_ends
        self._break: tuple[int | None, UUID | None, str] | None = None
        self._length = 0
        self._digest: bytes | None = None
        self._events = 0
        self._erased_fields = 0

    def add(self, event: Any) -> None:
        self._events += 1
        if self._break is not None:
            return
        if event.sequence != self._length + 1:
            self._break = (self._length + 1, None, "the event is missing")
            return
        if (problem := self._find_problem(event)) is not None:
            self._break = (event.sequence, event.id, problem)
            return
        if self._saved_ends.get(event.sequence, event.digest.hex()) != event.digest.hex():
            self._break = (event.sequence, event.id, "a saved end has another digest for this event")
            return
        self._length, self._digest = event.sequence, event.digest

    def finish(self, *, includes_end: bool) -> None:
        """Compare the chain with its stored end, and add the chain to the result, with its end if ``includes_end``."""
        result, end = self._result, self._end
        result.chains += 1
        result.events += self._events
        result.erased_fields += self._erased_fields
        if self._break is None and self._length < end.length:
            self._break = (self._length + 1, None, "the event is missing")
        if self._break is None and (self._length, self._digest) != (end.length, end.digest):
            self._break = (self._length, None, "the end stored in audit_chain is another")
        if self._break is None and max(self._saved_ends, default=0) > self._length:
            self._break = (self._length + 1, None, "the event is missing: a saved end is later in the chain")
        if self._break is not None:
            result.add_break(end.id, *self._break)
            return
        result.matched_ends += len(self._saved_ends)
        if includes_end and self._digest is not None:
            result.ends.append(ChainEnd(end.id, self._length, self._digest.hex()))

    def _find_problem(self, event: Any) -> str | None:
        values = (event.actor_name, event.subject_name, event.address, event.details)
        salts, digests = event.field_salts or [], event.field_digests or []
        if len(salts) != len(values) or len(digests) != len(values) or None in digests:
            return "its salts or digests are missing"
        for field, value, salt, digest in zip(ERASABLE_FIELDS, values, salts, digests, strict=True):
            if (value != "") if salt is None else (field_digest(salt, value) != digest):
                return f"{field} was changed"
        expected = event_digest(
            chain_id=event.chain_id,
            sequence=event.sequence,
            previous=self._digest,
            event_id=event.id,
            created_at=event.created_at,
            actor_kind=event.actor_kind,
            actor_id=event.actor_id,
            action=event.action,
            subject_id=event.subject_id,
            field_digests=digests,
        )
        if expected != event.digest:
            return "its content or its place in the chain was changed"
        self._erased_fields += salts.count(None)
        return None


async def _report_unchained(session: AsyncSession, result: AuditVerification) -> None:
    """Report events without a sequence number."""
    query = _EVENTS.where(AuditEvent.sequence.is_(None)).order_by(AuditEvent.id).limit(MAX_REPORTED_BREAKS)
    for event in (await session.execute(query)).all():
        result.add_break(event.chain_id, None, event.id, "it has no place in the chain")


async def _report_chains_without_end(
    events: AsyncIterator[Any], event: Any, result: AuditVerification, *, before: UUID | None
) -> Any:
    """Report the chains from ``event`` up to the chain ``before`` that have no stored end; return the next event."""
    while event is not None and (before is None or event.chain_id < before):
        result.add_break(event.chain_id, event.sequence, event.id, "its chain has no end in audit_chain")
        without_end = event.chain_id
        while event is not None and event.chain_id == without_end:
            event = await anext(events, None)
    return event
