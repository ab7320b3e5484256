"""Refused calls on record: each of them in ordinary use, and beyond a measure only how many.

An embed token is public: whoever has one may ask for calls all day. Their refusals must not fill the table of calls, so
those beyond the hour's measure share some places of their token's, the latest in place of the oldest.
"""

import datetime as dt
from collections import Counter
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.callback_forms import OutgoingCall
from calls.limits.call_duration import UsageSnapshot
from calls.limits.metrics import REJECTED_CALLS
from calls.limits.models import CappedRejection
from kit.clock import utc_now
from kit.errors import DomainError
from kit.http.app_key import AppKey

HOURLY_CAP_PER_TOKEN = 300
"""Refusals of one token that are recorded within an hour."""
HOURLY_CAP_PER_ORGANIZATION = 1000
SLOTS_PER_TOKEN = 200
"""Of a token. A phone asks for its reason within seconds: more are refused in them by no means that limits let pass."""
_HOUR = dt.timedelta(hours=1)
log = structlog.get_logger("epoch.voice")


def is_over_cap(usage: UsageSnapshot) -> bool:
    """True when another refusal is counted instead of recorded."""
    return (
        usage.token.hour_rejected >= HOURLY_CAP_PER_TOKEN
        or usage.organization.hour_rejected >= HOURLY_CAP_PER_ORGANIZATION
    )


class UncheckedRejections:
    """Counts in this process what it refused because the books could not be asked, which count refusals otherwise."""

    def __init__(self) -> None:
        self._hour = utc_now()
        self._of: Counter[UUID] = Counter()

    def count(self, token_id: UUID) -> int:
        """Count one more of the token, which must be one of ours; how many there were before within the hour."""
        if utc_now() - self._hour > _HOUR:
            self._hour, self._of = utc_now(), Counter()
        self._of[token_id] += 1
        return self._of[token_id] - 1


UNCHECKED_REJECTIONS: AppKey[UncheckedRejections] = AppKey("unchecked_rejections")


async def store_capped_rejection(
    session: AsyncSession, organization_id: UUID, asked: OutgoingCall, refusal: DomainError, number: int
) -> None:
    """Keep a refusal's reason in place of an older one's; before it ``number`` were refused within the hour."""
    REJECTED_CALLS.labels(refusal.code).inc()
    if number == HOURLY_CAP_PER_TOKEN:
        log.warning("refusals_no_longer_recorded", organization=str(organization_id), token=str(asked.token_id))
    told = {
        "carrier_sid": asked.call_sid,
        "call_id": asked.call_id,
        "end_reason": refusal.code,
        "rejected_at": utc_now(),
    }
    key = {
        "id": uuid7(),
        "organization_id": organization_id,
        "token_id": asked.token_id,
        "slot": number % SLOTS_PER_TOKEN,
    }
    statement = insert(CappedRejection).values({**key, **told})
    await session.execute(statement.on_conflict_do_update(index_elements=["token_id", "slot"], set_=told))
