"""Erases a phone number, a person's e-mail address, or data past the retention period from audit events.

The hash chains stay verifiable. Only the jobs' role may erase fields, so a request enqueues a job and the command line
connects as that role.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import anyio.to_thread
import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import SYSTEM, ActorKind
from kit.audit import AuditEvent, record
from kit.audit_erasure import erase_fields
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.jobs.queue import Job, JobHandler, JobQueue
from privacy.number_matcher import NumberMatcher
from privacy.retention_job import months_before
from tenants.models import Organization

ERASE_NUMBER_IN_AUDIT_LOG = "audit_log.erase_number"
EVENTS_PER_BATCH = 2000
CALL_ACTIONS = ("call.viewed", "call.cut_off", "call_data.number_erased")
"""Events whose subject and details are about a call or a called number."""
_FIELDS = (AuditEvent.actor_name, AuditEvent.subject_name, AuditEvent.address, AuditEvent.details)
log = structlog.get_logger("epoch.privacy")


class _NumberToErase(msgspec.Struct, frozen=True):
    """The payload of a job that erases a number."""

    organization_id: UUID
    number: str
    country: str


async def enqueue_number_erasure(
    session: AsyncSession, queue: JobQueue, organization_id: UUID, number: str, country: str
) -> None:
    """Enqueue the job that erases ``number`` (E.164) from the organization's events, with the session's transaction."""
    payload = msgspec.json.encode(_NumberToErase(organization_id, number, country))
    await queue.enqueue(session, ERASE_NUMBER_IN_AUDIT_LOG, payload)


class AuditNumberErasure:
    """Runs the jobs that erase a number from an organization's events. Made once at start."""

    def __init__(self, queue: JobQueue, job_database: Database) -> None:
        self._job_database = job_database
        queue.add_handler(
            JobHandler(
                kind=ERASE_NUMBER_IN_AUDIT_LOG,
                handle=self._erase,
                timeout_seconds=300,
                give_up_after=dt.timedelta(days=7),
            )
        )

    async def _erase(self, job: Job) -> None:
        to_erase = msgspec.json.decode(job.payload, type=_NumberToErase)
        matcher = NumberMatcher(to_erase.number, to_erase.country)
        is_own = AuditEvent.organization_id == to_erase.organization_id
        may_hold = sa.or_(*(sa.cast(field, sa.Text).regexp_match(matcher.sql_pattern) for field in _FIELDS))

        def fields_with_number(event: Any) -> Sequence[str]:
            # The e-mail address of a signed-in person is not erased, whatever digits it contains.
            is_email = event.actor_kind in (ActorKind.USER, ActorKind.STAFF)
            found = [] if is_email or not matcher.matches_text(event.actor_name) else ["actor_name"]
            if matcher.matches_text(event.subject_name):
                found.append("subject_name")
            return [*found, "details"] if matcher.matches_value(event.details) else found

        await _erase_in_batches(self._job_database, fields_with_number, is_own, may_hold)


async def erase_person(database: Database, email: str) -> int:
    """Erase an e-mail address from all chains, and the IP addresses from the events of its owner.

    Return the number of changed events. ``database`` must see all rows. Events keep action, time and account id.
    """
    # Does not match a part of a longer e-mail address.
    pattern = re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)
    needle = sa.func.lower(sa.literal(email))
    may_hold = sa.or_(*(sa.func.strpos(sa.func.lower(sa.cast(field, sa.Text)), needle) > 0 for field in _FIELDS))

    def fields_with_email(event: Any) -> Sequence[str]:
        found = ["actor_name", "address"] if pattern.fullmatch(event.actor_name) else []
        if pattern.search(event.subject_name):
            found.append("subject_name")
        return [*found, "details"] if pattern.search(json.dumps(event.details, ensure_ascii=False)) else found

    changed = await _erase_in_batches(database, fields_with_email, may_hold)
    async with database.sessions() as session, session.begin():
        # Recorded without the e-mail address, which would be in the log again.
        await record(session, SYSTEM, "audit_log.person_erased", details={"events": changed})
    return changed


class AuditRetention:
    """Erases clients' IP addresses, and the subject and details of events about calls, after the retention period.

    ``database`` must see all rows. Made once at start.
    """

    def __init__(self, database: Database, *, default_months: int) -> None:
        self._database = database
        self._default = default_months

    async def run(self, now: dt.datetime | None = None) -> int:
        """Erase what is due in all organizations; return the number of changed events."""
        moment, changed = now or utc_now(), 0
        async with self._database.sessions() as session:
            months_of = {
                row.id: row.retention_months or self._default
                for row in await session.execute(sa.select(Organization.id, Organization.retention_months))
            }
        by_end: dict[UUID, list[UUID]] = {}
        for organization_id, months in months_of.items():
            by_end.setdefault(first_uuid7(months_before(moment, months)), []).append(organization_id)
        for end, organizations in by_end.items():
            for start in range(0, len(organizations), EVENTS_PER_BATCH):
                is_of_batch = AuditEvent.organization_id.in_(organizations[start : start + EVENTS_PER_BATCH])
                changed += await _erase_in_batches(
                    self._database, _expired_fields, is_of_batch, AuditEvent.id < end, AuditEvent.address != ""
                )
        if changed:
            log.info("audit_events_erased_by_age", events=changed)
        return changed


def _expired_fields(event: Any) -> Sequence[str]:
    return ("address", "subject_name", "details") if event.action in CALL_ACTIONS else ("address",)


async def _erase_in_batches(
    database: Database, choose_fields: Callable[[Any], Sequence[str]], *conditions: sa.ColumnElement[bool]
) -> int:
    """Erase the fields that ``choose_fields`` returns for each matching event; return the number of changed events.

    Each batch is a transaction of its own, oldest events first.
    """
    query = (
        sa.select(AuditEvent.id, AuditEvent.actor_kind, AuditEvent.action, *_FIELDS)
        .where(*conditions)
        .order_by(AuditEvent.id)
        .limit(EVENTS_PER_BATCH)
    )
    changed, last = 0, UUID(int=0)
    while True:
        async with database.sessions() as session, session.begin():
            events = (await session.execute(query.where(AuditEvent.id > last))).all()
            # Matching is slow and needs no database; in a thread it does not block other requests.
            chosen = await anyio.to_thread.run_sync(_group_by_fields, events, choose_fields)
            for fields, ids in chosen.items():
                changed += await erase_fields(session, ids, *fields)
        if len(events) < EVENTS_PER_BATCH:
            return changed
        last = events[-1].id


def _group_by_fields(
    events: Sequence[Any], choose_fields: Callable[[Any], Sequence[str]]
) -> Mapping[tuple[str, ...], list[UUID]]:
    """The ids of events by the fields to erase."""
    groups: dict[tuple[str, ...], list[UUID]] = {}
    for event in events:
        if fields := tuple(choose_fields(event)):
            groups.setdefault(fields, []).append(event.id)
    return groups
