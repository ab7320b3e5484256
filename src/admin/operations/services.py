"""Reads the figures of all organizations for the operations page and the home page.

Each query is bounded and answered by an index.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from admin.operations.metrics_service import CarrierStatus, MetricsService, RecentExchanges
from admin.operations.reconciliation_service import ReconciliationSummary, ReconciliationSummaryService
from calls.limits.models import Alert, CallingPause
from calls.models import Call, CallStatus
from kit.ids import first_uuid7
from kit.jobs.models import DEAD_LETTER_STATUS, QueuedJob
from kit.jobs.queue import Backlog, backlog
from tenants.models import Organization, UpgradeRequest

LIST_ROWS = 20
"""Rows of each list."""
CHART_HOURS = 24
MAX_CALLS_READ = 100_000
"""The charts count at most the latest calls, this many; the page says so when there were more."""
COUNT_CAP = 10_000
"""Counts of live calls and jobs stop here."""
# Written as in the partial index: with a parameter the planner could not use the index.
_IS_LIVE = sa.text("call.status IN ('initiated','ringing','in-progress')")


class HourlyCounts(NamedTuple):
    """Calls and exchanges that began within one hour, UTC."""

    start: dt.datetime
    calls: int
    """Without refused calls."""
    refused: int
    exchanges: int
    exchanges_refused: int


class Pause(NamedTuple):
    """A pause of all calls."""

    reason: str
    since: dt.datetime
    ends_live_calls: bool
    """True when it also ended the calls that were live."""


class Queue(NamedTuple):
    """The jobs that wait or have failed."""

    backlog: Sequence[Backlog]
    """Waiting jobs by kind; counted up to ``COUNT_CAP``."""
    dead_letters: int
    """Jobs that failed for good in the last month; counted up to ``COUNT_CAP``."""


class OperationsSnapshot(NamedTuple):
    """All figures of the operations page."""

    pause: Pause | None
    live_count: int
    """Counted up to ``COUNT_CAP``."""
    live_calls: Sequence[Any]
    alerts: Sequence[Any]
    hourly_counts: Sequence[HourlyCounts]
    """The latest is last."""
    counts_whole_day: bool
    """False when there were more calls than ``MAX_CALLS_READ``."""
    countries: Sequence[Any]
    exchanges: RecentExchanges
    carrier: CarrierStatus
    queue: Queue
    reconciliation: ReconciliationSummary


class OperationsService:
    """Reads the figures of all organizations for the operations page and the home page."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read_snapshot(self, now: dt.datetime) -> OperationsSnapshot:
        """Read all figures."""
        first = now.replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=CHART_HOURS - 1)
        metrics = MetricsService(self._session)
        calls, exchanges = await self._calls_by_hour(first), await metrics.exchanges_by_hour(first)
        starts = [first + dt.timedelta(hours=number) for number in range(CHART_HOURS)]
        return OperationsSnapshot(
            pause=await self.current_pause(),
            live_count=await self._capped_count(sa.select(Call.id).where(_IS_LIVE)),
            live_calls=await self._live_calls(),
            alerts=await self._alerts(),
            hourly_counts=[
                HourlyCounts(start, *calls.get(start, (0, 0)), *exchanges.get(start, (0, 0))) for start in starts
            ],
            counts_whole_day=sum(sum(pair) for pair in calls.values()) < MAX_CALLS_READ,
            countries=await self._countries(first),
            exchanges=await metrics.recent_exchanges(now),
            carrier=await metrics.carrier_status(now),
            queue=await self._queue(),
            reconciliation=await ReconciliationSummaryService(self._session).read(LIST_ROWS, now),
        )

    async def current_pause(self) -> Pause | None:
        """The current pause of all calls; None while there is none."""
        query = sa.select(CallingPause.reason, CallingPause.created_at, CallingPause.ends_live_calls)
        row = (await self._session.execute(query.limit(1))).one_or_none()
        return None if row is None else Pause(*row)

    async def open_upgrade_requests(self, limit: int) -> Sequence[Any]:
        """Unanswered upgrade requests with organization and requester, the oldest first."""
        query = (
            sa.select(
                UpgradeRequest.id,
                UpgradeRequest.created_at,
                UpgradeRequest.organization_id,
                Organization.name.label("organization_name"),
                Organization.plan,
                User.email,
                User.name,
            )
            .join(Organization, Organization.id == UpgradeRequest.organization_id)
            .outerjoin(User, User.id == UpgradeRequest.requested_by)
            .where(UpgradeRequest.resolved_at.is_(None), Organization.deleted_at.is_(None))
            .order_by(UpgradeRequest.id)
            .limit(limit)
        )
        return (await self._session.execute(query)).all()

    async def _calls_by_hour(self, first: dt.datetime) -> Mapping[dt.datetime, tuple[int, int]]:
        calls = _latest_calls(first)
        is_refused = calls.c.status == CallStatus.REFUSED
        query = sa.select(
            sa.func.date_trunc("hour", calls.c.started_at, "UTC"),
            sa.func.count().filter(~is_refused),
            sa.func.count().filter(is_refused),
        ).group_by(sa.literal_column("1"))
        return {start: (placed, refused) for start, placed, refused in await self._session.execute(query)}

    async def _countries(self, first: dt.datetime) -> Sequence[Any]:
        calls = _latest_calls(first)
        query = (
            sa.select(calls.c.country, sa.func.count().label("calls"))
            .where(calls.c.status != CallStatus.REFUSED, calls.c.country.is_not(None))
            .group_by(calls.c.country)
            .order_by(sa.desc("calls"), calls.c.country)
            .limit(LIST_ROWS)
        )
        return (await self._session.execute(query)).all()

    async def _live_calls(self) -> Sequence[Any]:
        query = (
            sa.select(Call.id, Call.to_number, Call.status, Call.started_at, Call.organization_id, Organization.name)
            .join(Organization, Organization.id == Call.organization_id)
            .where(_IS_LIVE)
            .order_by(Call.started_at.desc())
            .limit(LIST_ROWS)
        )
        return (await self._session.execute(query)).all()

    async def _alerts(self) -> Sequence[Any]:
        query = (
            sa.select(
                Alert.id,
                Alert.kind,
                Alert.created_at,
                Alert.organization_id,
                Organization.name,
                Organization.suspended_at,
            )
            .join(Organization, Organization.id == Alert.organization_id)
            .where(Alert.resolved_at.is_(None))
            .order_by(Alert.id.desc())
            .limit(LIST_ROWS)
        )
        return (await self._session.execute(query)).all()

    async def _queue(self) -> Queue:
        dead_letters = await self._capped_count(sa.select(QueuedJob.id).where(QueuedJob.status == DEAD_LETTER_STATUS))
        return Queue(await backlog(self._session, limit=COUNT_CAP), dead_letters)

    async def _capped_count(self, query: sa.Select[Any]) -> int:
        capped = query.limit(COUNT_CAP).subquery()
        return int(await self._session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0)


def _latest_calls(first: dt.datetime) -> Any:
    # Ids begin with their time, so the primary key answers this.
    since = first_uuid7(first)
    return (
        sa.select(Call.started_at, Call.status, Call.country)
        .where(Call.id >= since)
        .order_by(Call.id.desc())
        .limit(MAX_CALLS_READ)
        .subquery()
    )
