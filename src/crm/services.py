"""Connects and removes an organization's HubSpot account; counts, lists and retries calls that could not be written."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from crm.hubspot_api import TokenInfo
from crm.models import CrmCallState, FailureReason, HubSpotCall, HubSpotConnection
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.encryption import Encryptor
from kit.errors import NotFound
from kit.secret_keys import SecretKeys
from tenants.models import Organization


class CallCounts(msgspec.Struct, frozen=True):
    """Calls of an organization on their way to HubSpot."""

    waiting: int
    failed: int


def token_encryptor(keys: SecretKeys) -> Encryptor:
    """The encryptor of stored tokens."""
    return Encryptor(keys, "hubspot")


class HubSpotService:
    """The HubSpot connection of one organization at a time. Tokens must have passed ``TokenCheck`` before."""

    def __init__(self, session: AsyncSession, encryptor: Encryptor) -> None:
        self._session = session
        self._encryptor = encryptor

    async def find(self, organization_id: UUID) -> HubSpotConnection | None:
        """The organization's connection; None without one."""
        query = sa.select(HubSpotConnection).where(HubSpotConnection.owned_by(organization_id))
        return await self._session.scalar(query)

    async def connect(self, organization_id: UUID, token: str, info: TokenInfo, *, by: Actor) -> HubSpotConnection:
        """Connect an account, or replace the token of the connection; waiting calls are then written."""
        # Locks the organization's row, so that two concurrent requests do not both add a connection.
        await self._session.execute(
            sa.select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        )
        query = sa.select(HubSpotConnection).where(HubSpotConnection.owned_by(organization_id))
        connection = await self._session.scalar(query.with_for_update())
        encrypted = self._encryptor.encrypt(token.encode())
        if connection is None:
            connection = HubSpotConnection(
                organization_id=organization_id,
                access_token=encrypted,
                portal_id=info.portal_id,
                scopes=info.scopes,
                failures=0,
                calls_without_record=0,
            )
            self._session.add(connection)
        else:
            if connection.portal_id != info.portal_id:
                await self._forget_engagements(connection)
            connection.access_token, connection.portal_id, connection.scopes = encrypted, info.portal_id, info.scopes
            connection.broken_at, connection.failures, connection.due_at = None, 0, utc_now()
        await self._session.flush()
        await self._record(connection, by, "hubspot.connected")
        return connection

    async def remove(self, organization_id: UUID, *, by: Actor) -> None:
        """Delete the token and the waiting calls' rows; HubSpot keeps the written calls. Raises: NotFound."""
        query = sa.select(HubSpotConnection).where(HubSpotConnection.owned_by(organization_id))
        connection = await self._session.scalar(query.with_for_update())
        if connection is None:
            raise NotFound
        await self._record(connection, by, "hubspot.removed")
        await self._session.delete(connection)
        await self._session.flush()

    async def count(self, organization_id: UUID) -> CallCounts:
        """Count the calls that wait and those that failed."""
        states = (CrmCallState.WAITING, CrmCallState.FAILED)
        counted = [sa.func.count().filter(HubSpotCall.state == state) for state in states]
        query = sa.select(*counted).where(HubSpotCall.owned_by(organization_id), HubSpotCall.state.in_(states))
        row = (await self._session.execute(query)).one()
        return CallCounts(waiting=row[0], failed=row[1])

    async def list_failures(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[HubSpotCall]:
        """``limit`` + 1 calls that could not be written, newest first."""
        query = sa.select(HubSpotCall).where(*self._failed(organization_id))
        if after is not None:
            query = query.where(HubSpotCall.id < after)
        rows: Sequence[HubSpotCall] = (
            await self._session.scalars(query.order_by(HubSpotCall.id.desc()).limit(limit + 1))
        ).all()
        return rows

    async def retry(self, organization_id: UUID, failure_id: UUID) -> HubSpotCall:
        """Queue one failed call again. Raises: NotFound, also for a call that waits or is written."""
        connection = await self._lock_connection(organization_id)
        query = sa.select(HubSpotCall).where(*self._failed(organization_id), HubSpotCall.id == failure_id)
        failed = await self._session.scalar(query.with_for_update())
        if connection is None or failed is None:
            raise NotFound
        if failed.reason is FailureReason.CALL_DELETED:
            failed.engagement_id = None
        failed.state, failed.requested, failed.requested_at = CrmCallState.WAITING, failed.requested + 1, utc_now()
        failed.reason = failed.detail = failed.failed_at = None
        connection.due_at = utc_now()
        await self._session.flush()
        return failed

    async def retry_all(self, organization_id: UUID) -> int:
        """Queue all failed calls again; return their number."""
        connection = await self._lock_connection(organization_id)
        if connection is None:
            return 0
        is_deleted = HubSpotCall.reason == FailureReason.CALL_DELETED
        requeued = {
            "engagement_id": sa.case((is_deleted, None), else_=HubSpotCall.engagement_id),
            "state": CrmCallState.WAITING,
            "requested": HubSpotCall.requested + 1,
            "requested_at": sa.func.now(),
            "reason": None,
            "detail": None,
            "failed_at": None,
        }
        changed = await self._session.execute(
            sa.update(HubSpotCall).where(*self._failed(organization_id)).values(requeued),
            execution_options={"synchronize_session": False},
        )
        connection.due_at = utc_now()
        await self._session.flush()
        return changed.rowcount if isinstance(changed, sa.CursorResult) else 0

    async def _lock_connection(self, organization_id: UUID) -> HubSpotConnection | None:
        query = sa.select(HubSpotConnection).where(HubSpotConnection.owned_by(organization_id))
        return await self._session.scalar(query.with_for_update())

    async def _forget_engagements(self, connection: HubSpotConnection) -> None:
        """Delete the ids of calls in the previous account, because HubSpot's ids are valid in one account only."""
        of_connection = HubSpotCall.owned_by(connection.organization_id), HubSpotCall.connection_id == connection.id
        await self._session.execute(
            sa.delete(HubSpotCall).where(*of_connection, HubSpotCall.state == CrmCallState.LOGGED)
        )
        await self._session.execute(sa.update(HubSpotCall).where(*of_connection).values(engagement_id=None))

    def _failed(self, organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
        return HubSpotCall.owned_by(organization_id), HubSpotCall.state == CrmCallState.FAILED

    async def _record(self, connection: HubSpotConnection, by: Actor, action: str) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=connection.organization_id,
            subject_id=connection.id,
            subject_name=f"HubSpot account {connection.portal_id}",
        )
