"""What happens to the numbers that an organization holds, in the database. Nothing here calls the carrier."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound
from phone_numbers.errors import NumberInUse
from tenants.models import PhoneNumber

IsInUse = Callable[[AsyncSession, UUID, str], Awaitable[bool]]
"""Whether a live call of the organization comes from the number; calls are another room's."""


class PhoneNumberService(SQLAlchemyAsyncRepositoryService[PhoneNumber]):
    """The numbers that an organization holds."""

    class Repository(SQLAlchemyAsyncRepository[PhoneNumber]):
        model_type = PhoneNumber

    repository_type = Repository

    async def page(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[PhoneNumber]:
        """``limit`` + 1 numbers that are held, those being released included, newest first."""
        query = sa.select(PhoneNumber).where(*held_by(organization_id)).order_by(PhoneNumber.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(PhoneNumber.id < after)
        rows: Sequence[PhoneNumber] = (await self.repository.session.scalars(query)).all()
        return rows

    async def held(self, organization_id: UUID, number_id: UUID, *, locked: bool = False) -> PhoneNumber:
        """One number that is held. Raises: NotFound."""
        query = sa.select(PhoneNumber).where(*held_by(organization_id), PhoneNumber.id == number_id)
        number: PhoneNumber | None = await self.repository.session.scalar(query.with_for_update() if locked else query)
        if number is None:
            raise NotFound
        return number

    async def begin_release(
        self, organization_id: UUID, number_id: UUID, *, is_in_use: IsInUse, by: Actor
    ) -> PhoneNumber:
        """Write down that the number goes back; asking again changes nothing.

        Raises:
            NotFound: the organization does not hold it.
            NumberInUse: a live call comes from it.
        """
        number = await self.held(organization_id, number_id, locked=True)
        if await is_in_use(self.repository.session, organization_id, number.e164):
            raise NumberInUse
        if number.releasing_at is None:
            number.releasing_at = utc_now()
            await audited(self.repository.session, by, "phone_number.releasing", number)
        return number

    async def finish_release(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> None:
        """Write down that the carrier has it back. The row stays: calls were made from it."""
        query = sa.select(PhoneNumber).where(*held_by(organization_id), PhoneNumber.id == number_id).with_for_update()
        number = await self.repository.session.scalar(query)
        if number is not None:
            number.released_at = utc_now()
            await audited(self.repository.session, by, "phone_number.released", number)


def held_by(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """The filter of the numbers that the organization holds, those being released included."""
    return PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None)


async def audited(session: AsyncSession, by: Actor, action: str, number: PhoneNumber) -> None:
    """Leave ``action`` in the audit trail."""
    await record(
        session,
        by,
        action,
        organization_id=number.organization_id,
        subject_id=number.id,
        subject_name=number.e164,
    )
