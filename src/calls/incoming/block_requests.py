"""Puts incoming callers who press 9 on the organization's block list, so that it never calls them again."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.models import BlockedNumber
from calls.models import Call
from kit.actor import SYSTEM
from kit.audit import record
from kit.clock import utc_now
from kit.e164 import masked


class BlockRequestService:
    """Blocks numbers whose owners asked not to be called."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def block_caller(self, call: Call) -> bool:
        """Block calls to the caller of ``call``, and store the proof of the request; False for withheld numbers.

        A number that the organization has blocked itself gets the proof too. A second request changes nothing.
        """
        if call.from_number is None:
            return False
        proof = {"asked_at": utc_now(), "asked_number": call.to_number, "attestation": call.attestation}
        row = {"id": uuid7(), "organization_id": call.organization_id, "number": call.from_number, **proof}
        statement = insert(BlockedNumber).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=["organization_id", "number"], set_=proof, where=BlockedNumber.asked_at.is_(None)
        )
        blocked: UUID | None = await self._session.scalar(statement.returning(BlockedNumber.id))
        if blocked is not None:
            await record(
                self._session,
                SYSTEM,
                "blocked_number.requested",
                organization_id=call.organization_id,
                subject_id=blocked,
                subject_name=masked(call.from_number),
                details={"called": call.to_number, "attestation": call.attestation},
            )
        return True
