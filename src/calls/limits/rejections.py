"""Stores rejected calls up to an hourly cap; above it only counts them.

An embed token is public: anybody who has it can request calls all day. Rejections above the cap must not fill the table
of calls: each token has a fixed number of slots for them, and the newest rejection overwrites the oldest.
"""

import datetime as dt
from collections import Counter
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.callback_forms import OutgoingCall
from calls.errors import refusal_details
from calls.limits.call_duration import UsageSnapshot
from calls.limits.insert_call import CallInsertService
from calls.limits.metrics import REJECTED_CALLS
from calls.limits.models import CappedRejection
from calls.models import Call, CallStatus, stored_details
from kit.clock import utc_now
from kit.errors import DomainError, Unavailable
from kit.text import is_valid_text
from phone_numbers.from_numbers import FromNumber

HOURLY_CAP_PER_TOKEN = 300
"""The most rejections of one token that are stored as calls within an hour."""
HOURLY_CAP_PER_ORGANIZATION = 1000
SLOTS_PER_TOKEN = 200
"""More slots than one token can fill before its widget asks for the reason, which it does within seconds."""
_MAX_DIALLED_CHARACTERS = 32
_HOUR = dt.timedelta(hours=1)
log = structlog.get_logger("epoch.calls")


def is_over_cap(usage: UsageSnapshot) -> bool:
    """True when a further rejection is not stored as a call."""
    return (
        usage.token.hour_rejected >= HOURLY_CAP_PER_TOKEN
        or usage.organization.hour_rejected >= HOURLY_CAP_PER_ORGANIZATION
    )


class UncheckedRejections:
    """Counts, by token, calls that this process rejected because they could not be checked. Made once at start."""

    def __init__(self) -> None:
        self._hour_start = utc_now()
        self._by_token: Counter[UUID] = Counter()

    def count(self, token_id: UUID) -> int:
        """Count a call of the token, which must exist; return the number of earlier ones within the hour."""
        if utc_now() - self._hour_start > _HOUR:
            self._hour_start, self._by_token = utc_now(), Counter()
        self._by_token[token_id] += 1
        return self._by_token[token_id] - 1


class RejectionService:
    """Stores rejected calls with their reason."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def store(
        self,
        organization_id: UUID,
        outgoing: OutgoingCall,
        rejection: DomainError,
        *,
        usage: UsageSnapshot,
        from_number: FromNumber | None,
    ) -> tuple[bool, Call | None]:
        """Store a rejection as a call, or above the cap in a slot. Return True, and the call if one was stored.

        ``from_number`` is the number that it would have shown. False when the call is on record already.
        """
        if is_over_cap(usage):
            await self.store_capped(organization_id, outgoing, rejection, earlier_rejections=usage.token.hour_rejected)
            return True, None
        call = await self._store_call(organization_id, outgoing, rejection, from_number=from_number)
        return call is not None, call

    async def store_unchecked(
        self, organization_id: UUID, outgoing: OutgoingCall, earlier_rejections: int
    ) -> Call | None:
        """Store a call that could not be checked; None when it is only counted or on record already.

        ``earlier_rejections`` is the number of the token's calls that could not be checked within the hour.
        """
        if earlier_rejections < HOURLY_CAP_PER_TOKEN:
            return await self._store_call(organization_id, outgoing, Unavailable())
        await self.store_capped(organization_id, outgoing, Unavailable(), earlier_rejections=earlier_rejections)
        return None

    async def store_capped(
        self, organization_id: UUID, outgoing: OutgoingCall, rejection: DomainError, *, earlier_rejections: int
    ) -> None:
        """Overwrite the token's oldest slot; ``earlier_rejections`` are the token's within the hour."""
        REJECTED_CALLS.labels(rejection.code).inc()
        if earlier_rejections == HOURLY_CAP_PER_TOKEN:
            log.warning("rejection_cap_reached", organization=str(organization_id), token=str(outgoing.token_id))
        slot = {"token_id": outgoing.token_id, "slot": earlier_rejections % SLOTS_PER_TOKEN}
        values = {
            "carrier_sid": outgoing.call_sid,
            "call_id": outgoing.call_id,
            "end_reason": rejection.code,
            "end_details": stored_details(refusal_details(rejection)),
            "rejected_at": utc_now(),
        }
        statement = insert(CappedRejection).values(id=uuid7(), organization_id=organization_id, **slot, **values)
        await self._session.execute(statement.on_conflict_do_update(index_elements=list(slot), set_=values))

    async def _store_call(
        self,
        organization_id: UUID,
        outgoing: OutgoingCall,
        rejection: DomainError,
        *,
        from_number: FromNumber | None = None,
    ) -> Call | None:
        """Store a call that is not dialled, with its reason; None when the call is on record already."""
        now, dialled = utc_now(), outgoing.dialled[:_MAX_DIALLED_CHARACTERS]
        REJECTED_CALLS.labels(rejection.code).inc()
        return await CallInsertService(self._session).insert(
            organization_id,
            outgoing,
            from_number=None if from_number is None else from_number.number,
            from_number_id=None if from_number is None else from_number.id,
            to_number=dialled if is_valid_text(dialled) else "",
            status=CallStatus.REFUSED,
            started_at=now,
            ended_at=now,
            end_reason=rejection.code,
            end_details=stored_details(refusal_details(rejection)),
        )
