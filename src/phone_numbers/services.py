"""Lists and releases the phone numbers of an organization in the database. Nothing here calls the carrier."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from phone_numbers.errors import NumberInUse
from phone_numbers.models import RELEASED_BY_STAFF, NumberDiscrepancy
from tenants.models import PhoneNumber

NumberInUseCheck = Callable[[AsyncSession, UUID, str], Awaitable[bool]]
"""True if a live call of the organization comes from the number. The package ``calls`` implements it."""


class PhoneNumberService:
    """Phone numbers that an organization holds."""

    class Repository(SQLAlchemyAsyncRepository[PhoneNumber]):
        model_type = PhoneNumber

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._numbers = self.Repository(session=session)

    async def list_held(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[PhoneNumber]:
        """``limit`` + 1 held numbers, those being released included, newest first."""
        query = (
            sa.select(PhoneNumber).where(*is_held_by(organization_id)).order_by(PhoneNumber.id.desc()).limit(limit + 1)
        )
        if after is not None:
            query = query.where(PhoneNumber.id < after)
        rows: Sequence[PhoneNumber] = (await self._session.scalars(query)).all()
        return rows

    async def list_all_carrier_sids(self) -> frozenset[str]:
        """The carrier's ids of the held numbers of every organization that the session sees."""
        query = sa.select(PhoneNumber.carrier_sid).where(
            PhoneNumber.released_at.is_(None), PhoneNumber.carrier_sid.is_not(None)
        )
        return frozenset(sid for sid in await self._session.scalars(query) if sid is not None)

    async def get_held(self, organization_id: UUID, number_id: UUID) -> PhoneNumber:
        """One held number. Raises: NotFound."""
        number = await self._numbers.get_one_or_none(*is_held_by(organization_id), PhoneNumber.id == number_id)
        if number is None:
            raise NotFound
        return number

    async def get_caller_id(self, organization_id: UUID) -> str | None:
        """The number that calls come from now; None without one."""
        e164: str | None = await self._session.scalar(PhoneNumber.caller_id_of(organization_id))
        return e164

    async def record_purchase(self, number: PhoneNumber, *, by: Actor) -> None:
        """Write to the audit log that ``number`` was bought."""
        await self._record(number, by, "phone_number.bought")

    async def begin_release(
        self, organization_id: UUID, number_id: UUID, *, is_in_use: NumberInUseCheck, by: Actor
    ) -> PhoneNumber:
        """Mark the number as being released; a second call changes nothing.

        Raises:
            NotFound: the organization does not hold it.
            NumberInUse: a live call comes from it.
        """
        number = await self._find_locked(organization_id, number_id)
        if number is None:
            raise NotFound
        if await is_in_use(self._session, organization_id, number.e164):
            raise NumberInUse
        if number.releasing_at is None:
            number.releasing_at = utc_now()
            await self._record(number, by, "phone_number.releasing")
        return number

    async def finish_release(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> None:
        """Mark the number as released. The row stays, because calls refer to it."""
        number = await self._find_locked(organization_id, number_id)
        if number is not None:
            number.released_at = utc_now()
            await self._record(number, by, "phone_number.released")

    async def _find_locked(self, organization_id: UUID, number_id: UUID) -> PhoneNumber | None:
        query = sa.select(PhoneNumber).where(*is_held_by(organization_id), PhoneNumber.id == number_id)
        number: PhoneNumber | None = await self._session.scalar(query.with_for_update())
        return number

    async def _record(self, number: PhoneNumber, by: Actor, action: str) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=number.organization_id,
            subject_id=number.id,
            subject_name=number.e164,
        )


class NumberDiscrepancyService:
    """Discrepancies of all organizations together."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace_all(self, found: Sequence[NumberDiscrepancy], now: datetime) -> None:
        """Store what the comparison of ``now`` found, and delete what it did not find again."""
        carrier_sids = {(row.e164, row.reason): row.carrier_sid for row in found}
        values = [
            {"id": uuid7(), "e164": e164, "carrier_sid": sid, "reason": reason, "last_seen_at": now}
            for (e164, reason), sid in carrier_sids.items()
        ]
        if values:
            statement = insert(NumberDiscrepancy).values(values)
            changed = {"last_seen_at": now, "carrier_sid": statement.excluded.carrier_sid}
            await self._session.execute(
                statement.on_conflict_do_update(index_elements=["e164", "reason"], set_=changed)
            )
        await self._session.execute(sa.delete(NumberDiscrepancy).where(NumberDiscrepancy.last_seen_at < now))

    async def ensure_not_held(self, discrepancy: NumberDiscrepancy) -> None:
        """Raises: NumberInUse, when an organization holds the number meanwhile."""
        held = sa.select(PhoneNumber.id).where(PhoneNumber.released_at.is_(None), PhoneNumber.e164 == discrepancy.e164)
        if await self._session.scalar(held.limit(1)) is not None:
            raise NumberInUse

    async def mark_released(self, discrepancy: NumberDiscrepancy, *, by: Actor) -> None:
        """Record that staff released the number, also in the audit log. The next comparison deletes the report."""
        same_number = sa.and_(NumberDiscrepancy.e164 == discrepancy.e164, NumberDiscrepancy.reason == RELEASED_BY_STAFF)
        await self._session.execute(sa.delete(NumberDiscrepancy).where(same_number))
        await self._session.execute(
            sa.update(NumberDiscrepancy).where(NumberDiscrepancy.id == discrepancy.id).values(reason=RELEASED_BY_STAFF)
        )
        await record(
            self._session,
            by,
            "phone_number.unexplained_released",
            subject_id=discrepancy.id,
            subject_name=discrepancy.e164,
            details={"carrier_sid": discrepancy.carrier_sid, "reported": discrepancy.reason},
        )


def is_held_by(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """The filter of an organization's held numbers, those being released included."""
    return PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None)
