"""Writes due calls into HubSpot, in the background of each process that runs jobs.

A connection is the unit of work: one process at a time holds its lease and writes its calls one after the other, so
that a HubSpot account gets one request at a time. See docs/decisions/0297.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm.call_writer import CallWriter, WriteResult
from crm.hubspot_api import HubSpotApi, HubSpotRefused, HubSpotUnreachable
from crm.metrics import WRITES, WriteOutcome
from crm.models import FailureReason, HubSpotConnection
from crm.sync_store import IS_ANY_DUE, LEASE, ClaimedConnection, DueCall, SyncStore
from kit.db.database import Database
from kit.encryption import Encryptor
from kit.failures import FAILURES
from kit.leased_work import LeasedWork

POLL_SECONDS = 0.5
MAX_CONNECTIONS_AT_A_TIME = 100
MAX_CALLS_PER_LEASE = 50
"""The most calls that are written under one lease; then other connections are served."""
BreakConnection = Callable[[AsyncSession, HubSpotConnection], Awaitable[None]]
"""Marks a connection as broken and mails the organization's owners."""


class HubSpotCallSync(LeasedWork[ClaimedConnection]):
    """Leases connections, writes their calls and stores the results."""

    def __init__(
        self, database: Database, api: HubSpotApi, encryptor: Encryptor, *, break_connection: BreakConnection
    ) -> None:
        """``database`` must have a role that sees all rows."""
        super().__init__(
            "crm.call_sync",
            max_rows=MAX_CONNECTIONS_AT_A_TIME,
            poll_seconds=POLL_SECONDS,
            renew_seconds=LEASE.total_seconds() / 3,
        )
        self._database = database
        self._api = api
        self._encryptor = encryptor
        self._break_connection = break_connection

    async def claim(self, limit: int) -> Sequence[ClaimedConnection]:
        if not await self._database.has_row(IS_ANY_DUE):
            return ()
        async with self._database.sessions() as session, session.begin():
            return await SyncStore(session, self.owner).claim(limit)

    async def serve(self, row: ClaimedConnection) -> None:
        token = self._encryptor.decrypt(row.access_token, seconds=None)
        if token is None:
            await self._mark_broken(row)
            return
        async with self._api.session(token.decode()) as hubspot:
            writer = CallWriter(hubspot, row.portal_id)
            for _ in range(MAX_CALLS_PER_LEASE):
                async with self._database.sessions() as session, session.begin():
                    due = await SyncStore(session, self.owner).next_call(row)
                if due is None:
                    break
                if not await self._write(row, writer, due):
                    return
        async with self._database.sessions() as session, session.begin():
            await SyncStore(session, self.owner).release(row)

    async def renew(self, row_ids: Collection[UUID]) -> None:
        async with self._database.sessions() as session, session.begin():
            await SyncStore(session, self.owner).renew(row_ids)

    async def release_all(self) -> None:
        async with self._database.sessions() as session, session.begin():
            await SyncStore(session, self.owner).release_all()

    async def _write(self, connection: ClaimedConnection, writer: CallWriter, due: DueCall) -> bool:
        """Write one call and store the result; return False when no further call may be tried now."""
        retry_after: int | None = None
        try:
            result: WriteResult | None = await writer.write(due.call, due.engagement_id)
        except HubSpotUnreachable as error:
            result, retry_after = None, error.retry_after
            WRITES.labels(WriteOutcome.RETRIED).inc()
        except HubSpotRefused:
            WRITES.labels(WriteOutcome.BROKEN).inc()
            await self._mark_broken(connection)
            return False
        except Exception as error:
            # A call that cannot be written must not stop the other calls.
            FAILURES.report(error, where=self.name)
            result = WriteResult(due.engagement_id, FailureReason.FAULT)
        if result is not None and result.names_record:
            WRITES.labels(result.reason or WriteOutcome.WRITTEN).inc()
        async with self._database.sessions() as session, session.begin():
            store = SyncStore(session, self.owner)
            if result is None:
                await store.postpone(connection, due, retry_after)
                return False
            await store.store(connection, due, result)
        return True

    async def _mark_broken(self, connection: ClaimedConnection) -> None:
        async with self._database.sessions() as session, session.begin():
            row = await SyncStore(session, self.owner).lock_unchanged(connection)
            if row is not None and row.broken_at is None:
                row.leased_until = row.leased_by = None
                await self._break_connection(session, row)
