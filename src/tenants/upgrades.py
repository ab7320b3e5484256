"""Stores owners' requests for a bigger plan and the answers of staff."""

from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from tenants.errors import AlreadyApplied
from tenants.models import UpgradeOutcome, UpgradeRequest
from tenants.plans import Plan


class UpgradeRequestService:
    """Requests for a bigger plan; each organization has at most one open request."""

    class Repository(SQLAlchemyAsyncRepository[UpgradeRequest]):
        model_type = UpgradeRequest

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def get_open(self, organization_id: UUID) -> UpgradeRequest | None:
        """The organization's open request, if any."""
        return await self._repository.get_one_or_none(
            UpgradeRequest.owned_by(organization_id), UpgradeRequest.resolved_at.is_(None)
        )

    async def resolve(self, organization_id: UUID, request_id: UUID, *, new_plan: Plan | None, by: Actor) -> None:
        """Approve an open request with ``new_plan``, or decline it with None. It does not change the plan itself.

        Of two concurrent answers the first one counts. Raises: AlreadyApplied.
        """
        outcome = UpgradeOutcome.DECLINED if new_plan is None else UpgradeOutcome.APPROVED
        is_request = UpgradeRequest.owned_by(organization_id), UpgradeRequest.id == request_id
        answered = (
            sa.update(UpgradeRequest)
            .where(*is_request, UpgradeRequest.resolved_at.is_(None))
            .values(resolved_at=utc_now(), outcome=outcome, new_plan=new_plan)
            .returning(UpgradeRequest.id)
        )
        if await self._session.scalar(answered) is None:
            raise AlreadyApplied
        await record(
            self._session,
            by,
            f"upgrade.{outcome.value}",
            organization_id=organization_id,
            subject_id=request_id,
        )

    async def create(self, organization_id: UUID, *, by: Actor) -> bool:
        """Request a bigger plan; False when a request is open already."""
        # One statement, so that two requests at once make one row.
        statement = (
            insert(UpgradeRequest)
            .values(id=uuid7(), organization_id=organization_id, requested_by=by.user_id)
            .on_conflict_do_nothing(index_elements=["organization_id"], index_where=sa.text("resolved_at IS NULL"))
            .returning(UpgradeRequest.id)
        )
        request_id = await self._session.scalar(statement)
        if request_id is None:
            return False
        await record(self._session, by, "upgrade.requested", organization_id=organization_id, subject_id=request_id)
        return True
