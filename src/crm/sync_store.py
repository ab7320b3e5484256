"""Database statements of the HubSpot sync: lease connections whose calls are due, and store the results of attempts."""

import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.models import Call
from crm.call_writer import WriteResult
from crm.models import CrmCallState, FailureReason, HubSpotCall, HubSpotConnection
from kit.clock import utc_now
from kit.db.raw import CompiledStatement
from webhooks.schedule import wait_after

LEASE = dt.timedelta(seconds=60)
"""Longer than all requests about one call may take; renewed before each call."""
GIVE_UP_AFTER = dt.timedelta(days=3)
"""A call fails when HubSpot could not be reached for this long."""
MIN_RETRY_WAIT = dt.timedelta(seconds=10)
"""The least wait without ``Retry-After``: HubSpot's rate limits have windows of 10 seconds."""


class ClaimedConnection(msgspec.Struct, frozen=True):
    """A connection leased by this process, which alone writes its calls."""

    id: UUID
    organization_id: UUID
    access_token: str
    """Encrypted."""
    portal_id: str


class DueCall(msgspec.Struct, frozen=True):
    """A call to write, in its present state."""

    id: UUID
    """The id of the row in ``hubspot_call``."""
    requested: int
    requested_at: dt.datetime
    engagement_id: str | None
    call: Call


def is_due() -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions for claiming a connection: it has due calls, it is not broken, and no process holds its lease."""
    is_free = sa.or_(HubSpotConnection.leased_until.is_(None), HubSpotConnection.leased_until < sa.func.now())
    return HubSpotConnection.due_at <= sa.func.now(), HubSpotConnection.broken_at.is_(None), is_free


IS_ANY_DUE = CompiledStatement(sa.select(sa.literal(1)).select_from(HubSpotConnection).where(*is_due()).limit(1))
"""Finds a row when the calls of a connection are due."""


class SyncStore:
    """Statements in a session that sees all rows; ``owner`` names the process that holds the leases."""

    def __init__(self, session: AsyncSession, owner: UUID) -> None:
        self._session = session
        self._owner = owner

    async def claim(self, limit: int) -> Sequence[ClaimedConnection]:
        """Lease up to ``limit`` connections with due calls; those that have waited longest come first."""
        due = (
            sa.select(HubSpotConnection.id)
            .where(*is_due())
            .order_by(HubSpotConnection.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        columns = (
            HubSpotConnection.id,
            HubSpotConnection.organization_id,
            HubSpotConnection.access_token,
            HubSpotConnection.portal_id,
        )
        leased = sa.update(HubSpotConnection).where(HubSpotConnection.id.in_(due))
        leased = leased.values(leased_until=sa.func.now() + LEASE, leased_by=self._owner)
        return [ClaimedConnection(*row) for row in await self._session.execute(leased.returning(*columns))]

    async def next_call(self, connection: ClaimedConnection) -> DueCall | None:
        """Renew the lease and return the call that has waited longest; None without one, or when the lease is lost."""
        # A replaced token counts as a lost lease: the next lease uses the new token.
        is_same_token = HubSpotConnection.access_token == connection.access_token
        renewed = sa.update(HubSpotConnection).where(*self._is_leased(connection), is_same_token)
        renewed = renewed.values(leased_until=sa.func.now() + LEASE).returning(HubSpotConnection.id)
        if await self._session.scalar(renewed) is None:
            return None
        query = (
            sa.select(HubSpotCall, Call)
            .join(Call, Call.id == HubSpotCall.call_record_id)
            .where(HubSpotCall.connection_id == connection.id, HubSpotCall.state == CrmCallState.WAITING)
            .order_by(HubSpotCall.requested_at, HubSpotCall.id)
            .limit(1)
        )
        found = (await self._session.execute(query)).one_or_none()
        if found is None:
            return None
        row, call = found
        return DueCall(row.id, row.requested, row.requested_at, row.engagement_id, call)

    async def store(self, connection: ClaimedConnection, due: DueCall, result: WriteResult) -> None:
        """Store the result of an attempt; a call that changed during the attempt stays waiting."""
        # The connection is locked first, as when calls are queued, so that the two transactions do not deadlock.
        connection_row = await self.lock_unchanged(connection)
        row = await self._lock_call(due)
        if row is None or connection_row is None:
            return
        if not result.names_record:
            await self._session.delete(row)
            return
        row.engagement_id = result.engagement_id
        if result.reason is None:
            connection_row.failures, connection_row.last_logged_at = 0, utc_now()
        if row.requested != due.requested:
            return
        if result.reason is None:
            row.state = CrmCallState.LOGGED
        else:
            _fail(row, result.reason, result.detail)

    async def release(self, connection: ClaimedConnection) -> None:
        """Release the lease; the connection is due again at once if calls wait."""
        connection_row = await self._lock_leased(connection)
        if connection_row is None:
            return
        waits = sa.exists().where(HubSpotCall.connection_id == connection.id, HubSpotCall.state == CrmCallState.WAITING)
        connection_row.leased_until = connection_row.leased_by = None
        connection_row.due_at = utc_now() if await self._session.scalar(sa.select(waits)) else None

    async def postpone(self, connection: ClaimedConnection, due: DueCall, retry_after: int | None) -> None:
        """Plan the next attempt, after HubSpot could not be reached or asked to wait.

        A call that was requested longer than ``GIVE_UP_AFTER`` ago fails.
        """
        connection_row = await self.lock_unchanged(connection)
        row = await self._lock_call(due)
        if connection_row is None:
            return
        connection_row.failures += 1
        wait = wait_after(connection_row.failures, retry_after)
        connection_row.due_at = utc_now() + (wait if retry_after else max(wait, MIN_RETRY_WAIT))
        connection_row.leased_until = connection_row.leased_by = None
        is_old = utc_now() - due.requested_at > GIVE_UP_AFTER
        if is_old and row is not None and row.requested == due.requested:
            _fail(row, FailureReason.UNREACHABLE, None)

    async def lock_unchanged(self, connection: ClaimedConnection) -> HubSpotConnection | None:
        """Lock and return the connection's row; None when another process has leased it or its token was replaced."""
        row = await self._lock_leased(connection)
        return row if row is not None and row.access_token == connection.access_token else None

    async def renew(self, connection_ids: Collection[UUID]) -> None:
        """Extend this process's leases of the connections that are served."""
        leased = HubSpotConnection.id.in_(list(connection_ids)), HubSpotConnection.leased_by == self._owner
        await self._session.execute(
            sa.update(HubSpotConnection).where(*leased).values(leased_until=sa.func.now() + LEASE)
        )

    async def release_all(self) -> None:
        """Release all leases of this process, so that another one can continue at once."""
        leased = HubSpotConnection.leased_by == self._owner
        await self._session.execute(
            sa.update(HubSpotConnection).where(leased).values(leased_until=None, leased_by=None)
        )

    async def _lock_call(self, due: DueCall) -> HubSpotCall | None:
        query = sa.select(HubSpotCall).where(HubSpotCall.id == due.id)
        return await self._session.scalar(query.with_for_update())

    async def _lock_leased(self, connection: ClaimedConnection) -> HubSpotConnection | None:
        query = sa.select(HubSpotConnection).where(*self._is_leased(connection))
        return await self._session.scalar(query.with_for_update())

    def _is_leased(self, connection: ClaimedConnection) -> tuple[sa.ColumnElement[bool], ...]:
        return HubSpotConnection.id == connection.id, HubSpotConnection.leased_by == self._owner


def _fail(row: HubSpotCall, reason: FailureReason, detail: str | None) -> None:
    row.state, row.reason, row.detail, row.failed_at = CrmCallState.FAILED, reason, detail, utc_now()
