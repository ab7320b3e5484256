"""Phone numbers of organizations in the database (list, rename, default, release), and stored discrepancies.

Nothing in this module calls the carrier.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from events.emit import emit
from events.event_types import EventType
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from phone_numbers import rules
from phone_numbers.errors import NumberInUse
from phone_numbers.from_numbers import FromNumber
from phone_numbers.models import RELEASED_BY_STAFF, NumberDiscrepancy
from phone_numbers.schemas import PhoneNumberInfo
from tenants.models import PhoneNumber, VerificationState, VerifiedNumber
from tenants.services import OrganizationService

MAX_NUMBER_CHOICES = 100
"""The most bought numbers that the filter of a list of calls offers."""
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
        """``limit`` + 1 held numbers, newest first, including those being released."""
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
        """The number that calls show by default; None without a usable number."""
        e164: str | None = await self._session.scalar(PhoneNumber.caller_id_of(organization_id))
        return e164

    async def list_from_numbers(self, organization_id: UUID) -> Sequence[FromNumber]:
        """The numbers that calls may show: the default number first, verified numbers last."""
        bought = PhoneNumber.usable(sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.name), organization_id)
        verified = (
            sa.select(VerifiedNumber.id, VerifiedNumber.e164, VerifiedNumber.name)
            .where(VerifiedNumber.owned_by(organization_id), VerifiedNumber.state == VerificationState.VERIFIED)
            .order_by(VerifiedNumber.id)
        )
        return [FromNumber(*row) for query in (bought, verified) for row in await self._session.execute(query)]

    async def list_ever_held(self, organization_id: UUID) -> Sequence[FromNumber]:
        """The newest numbers, including released and verified ones, for the filter of a list of calls."""
        query = sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.name).where(
            PhoneNumber.owned_by(organization_id)
        )
        newest = query.order_by(PhoneNumber.released_at.is_not(None), PhoneNumber.id.desc()).limit(MAX_NUMBER_CHOICES)
        verified = sa.select(VerifiedNumber.id, VerifiedNumber.e164, VerifiedNumber.name).where(
            VerifiedNumber.owned_by(organization_id),
            VerifiedNumber.state.in_((VerificationState.VERIFIED, VerificationState.EXPIRED)),
        )
        return [FromNumber(*row) for query in (newest, verified) for row in await self._session.execute(query)]

    async def get_default_id(self, organization_id: UUID) -> UUID | None:
        """The id of the default number; None without a usable number."""
        number_id: UUID | None = await self._session.scalar(PhoneNumber.default_of(organization_id))
        return number_id

    async def update(
        self, organization_id: UUID, number_id: UUID, *, by: Actor, name: str | None = None, default: bool | None = None
    ) -> PhoneNumber:
        """Rename the number, make it the default, or both; None leaves that field unchanged.

        Raises:
            NotFound: the organization does not hold it.
            ValidationFailed: the name cannot be stored, the number is being released, or ``default`` is False for the
                default number: another number must be made the default.
        """
        new_name = None if name is None else rules.parse_number_name(name)
        # The lock serializes concurrent changes, so that one number is the default.
        await OrganizationService(self._session).lock(organization_id)
        number = await self._find_locked(organization_id, number_id)
        if number is None:
            raise NotFound
        if new_name is not None and new_name != number.name:
            change: dict[str, object] = {"before": {"name": number.name}, "after": {"name": new_name}}
            number.name = new_name
            await self._record(number, by, "phone_number.renamed", change)
        if default is not None:
            await self._set_default(number, by, default=default)
        return number

    async def _set_default(self, number: PhoneNumber, by: Actor, *, default: bool) -> None:
        organization_id = number.organization_id
        is_default = await self.get_default_id(organization_id) == number.id
        if not default and is_default:
            raise ValidationFailed([("default", "To change the default, make another number the default")])
        if not default:
            return
        if number.releasing_at is not None:
            raise ValidationFailed([("default", "This number is being released. Make another number the default")])
        others = sa.update(PhoneNumber).where(PhoneNumber.owned_by(organization_id), PhoneNumber.id != number.id)
        await self._session.execute(others.where(PhoneNumber.is_default).values(is_default=False))
        number.is_default = True
        if not is_default:
            await self._record(number, by, "phone_number.made_default")

    async def record_purchase(self, number: PhoneNumber, *, by: Actor) -> None:
        """Write to the audit log that ``number`` was bought, and emit the event."""
        await self._record(number, by, "phone_number.bought")
        info = PhoneNumberInfo.of(number, await self.get_default_id(number.organization_id))
        await self._emit(EventType.PHONE_NUMBER_ADDED, number, info)

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
            info = msgspec.structs.replace(PhoneNumberInfo.of(number, None), status="released")
            await self._emit(EventType.PHONE_NUMBER_RELEASED, number, info)

    async def _emit(self, event_type: EventType, number: PhoneNumber, info: PhoneNumberInfo) -> None:
        await emit(self._session, number.organization_id, event_type, info, subject_id=number.id)

    async def _find_locked(self, organization_id: UUID, number_id: UUID) -> PhoneNumber | None:
        query = sa.select(PhoneNumber).where(*is_held_by(organization_id), PhoneNumber.id == number_id)
        number: PhoneNumber | None = await self._session.scalar(query.with_for_update())
        return number

    async def _record(
        self, number: PhoneNumber, by: Actor, action: str, details: dict[str, object] | None = None
    ) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=number.organization_id,
            subject_id=number.id,
            subject_name=number.e164,
            details=details,
        )


class NumberDiscrepancyService:
    """Discrepancies between the numbers of all organizations and the carrier's list."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def replace_all(self, found: Sequence[NumberDiscrepancy], now: datetime) -> None:
        """Store the discrepancies that the comparison at ``now`` found, and delete all others."""
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
        """Check that no organization holds the number by now. Raises: NumberInUse."""
        held = sa.select(PhoneNumber.id).where(PhoneNumber.released_at.is_(None), PhoneNumber.e164 == discrepancy.e164)
        if await self._session.scalar(held.limit(1)) is not None:
            raise NumberInUse

    async def mark_released(self, discrepancy: NumberDiscrepancy, *, by: Actor) -> None:
        """Record that staff released the number, also in the audit log; the next comparison deletes the discrepancy."""
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
    """The filter of an organization's held numbers, including those being released."""
    return PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None)
