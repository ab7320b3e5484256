"""Syncs calls to HubSpot, in the background of each process that runs jobs.

A connection is the unit of work: one process at a time holds its lease and writes its calls one after the other, so an
account gets one request at a time. See docs/decisions/0297.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm.call_writer import CallWriter, Written
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
MAX_CALLS_OF_A_TURN = 50
"""The most calls that one lease writes; then other connections are served."""
BreakConnection = Callable[[AsyncSession, HubSpotConnection], Awaitable[None]]
"""Marks a connection as broken and mails the organization's owners."""


class HubSpotCallSync(LeasedWork[ClaimedConnection]):
    """Leases connections, writes their calls and stores the results."""

    def __init__(
        self, database: Database, api: HubSpotApi, encryptor: Encryptor, *, break_connection: BreakConnection
    ) -> None:
        """``database`` must see all rows."""
        super().__init__(
            "crm.call_sync",
            most=MAX_CONNECTIONS_AT_A_TIME,
            poll_seconds=POLL_SECONDS,
            renew_seconds=LEASE.total_seconds() / 3,
        )
        self._database = database
        self._api = api
        self._encryptor = encryptor
        self._break_connection = break_connection

    async def claim(self, most: int) -> Sequence[ClaimedConnection]:
        if not await self._database.has_row(IS_ANY_DUE):
            return ()
        async with self._database.sessions() as session, session.begin():
            return await SyncStore(session, self.owner).claim(most)

    async def serve(self, row: ClaimedConnection) -> None:
        token = self._encryptor.decrypt(row.access_token, seconds=None)
        if token is None:
            await self._mark_broken(row)
            return
        async with self._api.session(token.decode()) as hubspot:
            writer = CallWriter(hubspot, row.portal_id)
            for _ in range(MAX_CALLS_OF_A_TURN):
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
        """Write one call and store the result; False when no further call may be tried now."""
        retry_after: int | None = None
        try:
            written: Written | None = await writer.write(due.call, due.engagement_id)
        except HubSpotUnreachable as error:
            written, retry_after = None, error.retry_after
            WRITES.labels(WriteOutcome.RETRIED).inc()
        except HubSpotRefused:
            WRITES.labels(WriteOutcome.BROKEN).inc()
            await self._mark_broken(connection)
            return False
        except Exception as error:
            # One call that cannot be written must not stop all others.
            FAILURES.report(error, where=self.name)
            written = Written(due.engagement_id, FailureReason.FAULT)
        if written is not None and written.is_named:
            WRITES.labels(written.reason or WriteOutcome.WRITTEN).inc()
        async with self._database.sessions() as session, session.begin():
            store = SyncStore(session, self.owner)
            if written is None:
                await store.postpone(connection, due, retry_after)
                return False
            await store.store(connection, due, written)
        return True

    async def _mark_broken(self, connection: ClaimedConnection) -> None:
        async with self._database.sessions() as session, session.begin():
            held = await SyncStore(session, self.owner).lock_held(connection)
            if held is not None and held.broken_at is None:
                held.leased_until = held.leased_by = None
                await self._break_connection(session, held)
