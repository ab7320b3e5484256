"""Verified numbers in the database: requests, results of checks, removal, and limits of validation calls.

Nothing in this module calls the carrier.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import SYSTEM, Actor
from kit.audit import record
from kit.clock import utc_now
from kit.db.rate_limit import hit_or_raise, uncount_use
from kit.e164 import masked
from kit.errors import NotFound, TooMany
from kit.rounding import divide_up
from phone_numbers.errors import NumberVerifiedAlready, TooManyVerifiedNumbers
from phone_numbers.services import is_held_by
from tenants.models import PhoneNumber, VerificationState, VerifiedNumber
from tenants.services import OrganizationService

MAX_VERIFIED_NUMBERS = 10
"""The most verified numbers of an organization, in any state."""
CALLS_PER_NUMBER, CALLS_PER_ORGANIZATION = 3, 10
"""The most validation calls within a day: to one number, by all organizations together; and of one organization."""
CONFIRMATION_PERIOD = timedelta(minutes=30)
"""The time after which an unconfirmed number counts as failed. The carrier's call lasts some minutes at most."""
_CALLS_WINDOW = timedelta(days=1)
_HOUR_SECONDS = 3600
_CHECK_WRITE_INTERVAL = timedelta(days=1)
"""The least time between two writes of ``checked_at`` of a verified number."""


class VerificationRequest(msgspec.Struct, frozen=True):
    """A stored request for a validation call, made before the carrier is asked."""

    number_id: UUID
    previous: VerificationState | None
    """The number's state before the request; None for a new number."""
    requested_at: datetime


def is_up_to_date(row: VerifiedNumber, *, is_listed: bool) -> bool:
    """True when ``store_check`` would change nothing in ``row``."""
    if is_listed:
        is_recent = row.checked_at is not None and row.checked_at >= utc_now() - _CHECK_WRITE_INTERVAL
        return row.state is VerificationState.VERIFIED and is_recent
    return row.state in (VerificationState.FAILED, VerificationState.EXPIRED) or (
        row.state is VerificationState.PENDING and row.requested_at >= utc_now() - CONFIRMATION_PERIOD
    )


class VerifiedNumberService:
    """Verified numbers of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list_all(self, organization_id: UUID) -> Sequence[VerifiedNumber]:
        """The verified numbers in every state, newest first, except those that are being removed."""
        query = sa.select(VerifiedNumber).where(*_is_not_removed(organization_id))
        return (await self._session.scalars(query.order_by(VerifiedNumber.id.desc()))).all()

    async def get(self, organization_id: UUID, number_id: UUID) -> VerifiedNumber:
        """One verified number, locked until the transaction ends. Raises: NotFound."""
        query = sa.select(VerifiedNumber).where(*_is_not_removed(organization_id), VerifiedNumber.id == number_id)
        row: VerifiedNumber | None = await self._session.scalar(query.with_for_update())
        if row is None:
            raise NotFound
        return row

    async def request(self, organization_id: UUID, e164: str, name: str, *, by: Actor) -> VerificationRequest:
        """Store a request to verify ``e164``, and count the validation call.

        Raises:
            NumberVerifiedAlready: the organization holds or verified this number.
            TooManyVerifiedNumbers: the organization has reached its limit of verified numbers.
            TooMany: too many validation calls within a day.
        """
        await OrganizationService(self._session).lock(organization_id)
        held = sa.select(PhoneNumber.id).where(*is_held_by(organization_id), PhoneNumber.e164 == e164)
        rows = await self.list_all(organization_id)
        row = next((row for row in rows if row.e164 == e164), None)
        previous = None if row is None else row.state
        if previous is VerificationState.VERIFIED or await self._session.scalar(held) is not None:
            raise NumberVerifiedAlready
        if row is None and len(rows) >= MAX_VERIFIED_NUMBERS:
            raise TooManyVerifiedNumbers
        now = utc_now()
        await self._count_call(organization_id, e164, now)
        if row is None:
            row = VerifiedNumber(organization_id=organization_id, e164=e164)
            self._session.add(row)
        row.name, row.state, row.requested_at = name, VerificationState.PENDING, now
        await self._session.flush()
        await self._record(row, by, "verified_number.requested")
        return VerificationRequest(row.id, previous, now)

    async def withdraw(self, organization_id: UUID, request: VerificationRequest, *, by: Actor) -> None:
        """Undo ``request``, because the carrier does not call the number: a new number is deleted.

        The validation call is not counted.
        """
        row = await self.get(organization_id, request.number_id)
        for key in _counter_keys(organization_id, row.e164):
            await uncount_use(self._session, key, window=_CALLS_WINDOW, used_at=request.requested_at)
        if request.previous is None:
            await self._session.delete(row)
        else:
            row.state = request.previous
        await self._record(row, by, "verified_number.not_called")

    async def begin_removal(self, organization_id: UUID, number_id: UUID, *, by: Actor) -> str:
        """Mark the number as removed, so that no call shows it; return the number, E.164. Raises: NotFound."""
        row = await self.get(organization_id, number_id)
        await self._record(row, by, "verified_number.removed")
        e164 = row.e164
        await self._remove(organization_id, e164)
        return e164

    async def finish_removal(self, organization_id: UUID, number_id: UUID) -> None:
        """Delete the row, after the carrier has deleted the number."""
        conditions = VerifiedNumber.owned_by(organization_id), VerifiedNumber.id == number_id
        await self._session.execute(sa.delete(VerifiedNumber).where(*conditions))

    async def erase(self, organization_id: UUID, e164: str) -> None:
        """Remove the number ``e164``, if it is a verified number; the audit log has the erasure that requests this."""
        await self._remove(organization_id, e164)

    async def _remove(self, organization_id: UUID, e164: str) -> None:
        conditions = *_is_not_removed(organization_id), VerifiedNumber.e164 == e164
        # The carrier's name of the number contains the row's id, so that number and name can be erased at once.
        erased = {"state": VerificationState.REMOVING, "e164": sa.cast(VerifiedNumber.id, sa.Text), "name": ""}
        await self._session.execute(sa.update(VerifiedNumber).where(*conditions).values(erased))

    async def store_check(self, organization_id: UUID, number_id: UUID, *, is_listed: bool, read_at: datetime) -> None:
        """Store whether the carrier listed the number as verified at ``read_at``. Raises: NotFound."""
        row = await self.get(organization_id, number_id)
        # The number's holder may have confirmed it after the list was read.
        is_newer = row.checked_at is not None and row.checked_at > read_at
        if is_up_to_date(row, is_listed=is_listed) or (is_newer and not is_listed):
            return
        if is_listed:
            row.checked_at = utc_now()
            if row.state is not VerificationState.VERIFIED:
                row.state = VerificationState.VERIFIED
                await self._record(row, SYSTEM, "verified_number.verified")
        elif row.state is VerificationState.VERIFIED:
            row.state = VerificationState.EXPIRED
            await self._record(row, SYSTEM, "verified_number.expired")
        else:
            await self._fail(row)

    async def store_failure(self, organization_id: UUID, number_id: UUID) -> None:
        """Store that the validation call ended without the code; a verified number stays verified. Raises: NotFound."""
        row = await self.get(organization_id, number_id)
        if row.state is VerificationState.PENDING:
            await self._fail(row)

    async def _fail(self, row: VerifiedNumber) -> None:
        row.state = VerificationState.FAILED
        await self._record(row, SYSTEM, "verified_number.failed")

    async def _count_call(self, organization_id: UUID, e164: str, now: datetime) -> None:
        """Count in this transaction: a request that is refused for another reason is rolled back, and not counted.

        Raises: TooMany.
        """
        limits = (CALLS_PER_ORGANIZATION, "for your organization"), (CALLS_PER_NUMBER, "to one number")
        for key, (limit, scope) in zip(_counter_keys(organization_id, e164), limits, strict=True):
            try:
                await hit_or_raise(self._session, key, limit=limit, window=_CALLS_WINDOW, now=now)
            except TooMany as error:
                hours = divide_up(error.retry_after, _HOUR_SECONDS)
                advice = f"Try again after midnight (UTC), in {hours} {'hour' if hours == 1 else 'hours'}"
                sentence = f"The carrier makes at most {limit} verification calls a day {scope}. {advice}"
                raise TooMany(sentence, retry_after=error.retry_after) from error

    async def _record(self, row: VerifiedNumber, by: Actor, action: str) -> None:
        """Record with the masked number, because the person who requests a call may not be the number's holder."""
        await record(
            self._session,
            by,
            action,
            organization_id=row.organization_id,
            subject_id=row.id,
            subject_name=masked(row.e164),
        )


def _counter_keys(organization_id: UUID, e164: str) -> tuple[str, str]:
    """The keys of the counters of validation calls: of an organization, and to a number."""
    # The number is hashed, because the key is stored for days and the number's holder did not ask for these calls.
    digest = hashlib.sha256(e164.encode()).hexdigest()[:32]
    return f"verify:{organization_id}", f"verify:{digest}"


def _is_not_removed(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return VerifiedNumber.owned_by(organization_id), VerifiedNumber.state != VerificationState.REMOVING
