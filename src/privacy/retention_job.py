"""Anonymizes calls older than their organization's retention period, in batches; jobs delete them at the carrier."""

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.rounding import divide_up
from privacy.anonymize import CallAnonymizationService
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.number_mentions import call_id_in
from privacy.rules import MAX_RETENTION_MONTHS, MIN_RETENTION_MONTHS
from tenants.models import Organization

CALLS_PER_TRANSACTION = 500
"""A small number keeps locks short."""
MAX_CALLS_PER_ORGANIZATION = 100_000
"""Maximum in one run; the next run continues."""
ORGANIZATIONS_PER_QUERY = 1000
_ORGANIZATIONS_PER_TRANSACTION = 100
"""Most organizations have few expired calls, so a separate transaction for each would take most of the run."""
_NO_CALL = UUID(int=0)
log = structlog.get_logger("epoch.privacy")

# The first call of each organization that is not erased. The index finds it without reading earlier calls.
_ORGANIZATIONS_WITH_EXPIRED_CALLS = sa.text(
    """
    SELECT o.id, o.calls_erased_through, first.id AS first_call, coalesce(o.retention_months, :months) AS months
    FROM organization o CROSS JOIN LATERAL (
        SELECT c.id FROM call c
        WHERE c.organization_id = o.id AND c.id > coalesce(o.calls_erased_through, :no_call)
        ORDER BY c.id LIMIT 1
    ) first
    WHERE o.id > :after AND o.id <= :through AND first.id < :latest
    """
).bindparams(
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("no_call", "after", "through", "latest")),
    sa.bindparam("months", type_=sa.Integer()),
)
# The next calls of a group of organizations, at most :share for each.
_NEXT_CALLS = sa.text(
    """
    SELECT c.organization_id, c.id, c.carrier_sid, c.erased_at
    FROM unnest(CAST(:organizations AS uuid[]), CAST(:lasts AS uuid[]), CAST(:untils AS uuid[])) AS d (id, last, until)
    CROSS JOIN LATERAL (
        SELECT * FROM call
        WHERE organization_id = d.id AND id > d.last AND id < d.until ORDER BY id LIMIT :share
    ) c
    """
)
_SAVE_PROGRESS = sa.text(
    """
    UPDATE organization o SET calls_erased_through = d.last
    FROM unnest(CAST(:organizations AS uuid[]), CAST(:lasts AS uuid[])) AS d (id, last) WHERE o.id = d.id
    """
)


class _ExpiredCalls(NamedTuple):
    """The range of an organization's calls to erase: ids after ``last`` and before ``until``."""

    organization_id: UUID
    last: UUID
    until: UUID


class RetentionJob:
    """Erases expired calls of all organizations, here and at the carrier; ``database`` must see all rows.

    Ids sort by time. Each organization's row has the id of its last erased call, so a run reads only calls after it.
    When a worker dies, its finished batches stay committed. Made once at start.
    """

    def __init__(self, database: Database, at_carrier: CarrierCallDeletion, *, default_months: int) -> None:
        self._database = database
        self._at_carrier = at_carrier
        self._default = default_months

    async def run(self, now: dt.datetime | None = None) -> int:
        """Erase the expired calls; return their number."""
        moment, after, erased = now or utc_now(), _NO_CALL, 0
        while (through := await self._end_of_next_group(after)) is not None:
            due = []
            for organization_id, last, first_call, months in await self._find_due(moment, after, through):
                until = _id_at(months_before(moment, months))
                if first_call < until:
                    due.append(_ExpiredCalls(organization_id, last or _NO_CALL, until))
            erased += await self._erase(due)
            after = through
        if erased:
            log.info("calls_erased_by_age", calls=erased)
        return erased

    async def _end_of_next_group(self, after: UUID) -> UUID | None:
        """The last id of the next group of organizations after ``after``; None when there are no more."""
        ids = sa.select(Organization.id).where(Organization.id > after).order_by(Organization.id)
        group = ids.limit(ORGANIZATIONS_PER_QUERY).subquery()
        last = sa.select(group.c.id).order_by(group.c.id.desc()).limit(1)
        async with self._database.sessions() as session:
            found: UUID | None = await session.scalar(last)
            return found

    async def _find_due(
        self, now: dt.datetime, after: UUID, through: UUID
    ) -> list[tuple[UUID, UUID | None, UUID, int]]:
        """Organizations with calls that may be expired: id, last erased call, next call, months of retention."""
        values = {
            "months": self._default,
            "no_call": _NO_CALL,
            "after": after,
            "through": through,
            # The shortest allowed retention period.
            "latest": _id_at(months_before(now, MIN_RETENTION_MONTHS)),
        }
        async with self._database.sessions() as session:
            return [tuple(row) for row in await session.execute(_ORGANIZATIONS_WITH_EXPIRED_CALLS, values)]

    async def _erase(self, due: Sequence[_ExpiredCalls]) -> int:
        erased, waiting = 0, deque(due)
        remaining = dict.fromkeys((expired.organization_id for expired in due), MAX_CALLS_PER_ORGANIZATION)
        while waiting:
            group = [waiting.popleft() for _ in range(min(_ORGANIZATIONS_PER_TRANSACTION, len(waiting)))]
            share = divide_up(CALLS_PER_TRANSACTION, len(group))
            async with self._database.sessions() as session, session.begin():
                progress, newly_erased = await self._erase_next(session, group, share)
            erased += newly_erased
            for expired in group:
                calls, last = progress.get(expired.organization_id, (0, expired.last))
                remaining[expired.organization_id] -= calls
                if calls == share and remaining[expired.organization_id] > 0:
                    waiting.append(expired._replace(last=last))
        return erased

    async def _erase_next(
        self, session: AsyncSession, group: Sequence[_ExpiredCalls], share: int
    ) -> tuple[Mapping[UUID, tuple[int, UUID]], int]:
        """Erase the next calls of a group of organizations, at most ``share`` for each.

        Return the number of calls and the last id for each organization, and the number of newly erased calls in all.
        """
        ranges = dict(zip(("organizations", "lasts", "untils"), map(list, zip(*group, strict=True)), strict=True))
        calls = (await session.execute(_NEXT_CALLS, {**ranges, "share": share})).all()
        # A job deletes them at the carrier, so an outage of the carrier does not stop the erasure here.
        sids = [call.carrier_sid for call in calls if call.erased_at is None]
        await self._at_carrier.enqueue(session, sids, by_age=True)
        erased = await CallAnonymizationService(session).anonymize(call_id_in([call.id for call in calls]))
        progress: dict[UUID, tuple[int, UUID]] = {}
        for call in calls:
            count, last = progress.get(call.organization_id, (0, _NO_CALL))
            progress[call.organization_id] = count + 1, max(last, call.id)
        # Last, because the update locks the organizations' rows, and new calls wait for these locks.
        await session.execute(
            _SAVE_PROGRESS, {"organizations": list(progress), "lasts": [last for _, last in progress.values()]}
        )
        return progress, erased


def months_before(moment: dt.datetime, months: int) -> dt.datetime:
    """The same day and time ``months`` earlier, or the month's last day when it has no such day."""
    if not 0 <= months <= MAX_RETENTION_MONTHS:
        raise ValueError(f"months must be from 0 to {MAX_RETENTION_MONTHS}")
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month + 1)


def _id_at(moment: dt.datetime) -> UUID:
    return first_uuid7(moment)
