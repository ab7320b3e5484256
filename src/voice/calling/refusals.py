"""Refused calls on record: each of them in ordinary use, and beyond a measure only how many.

An embed token is public: whoever has one may ask for calls all day. Their refusals must not fill the table of calls, so
those beyond the hour's measure share some places of their token's, the latest in place of the oldest.
"""

from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.errors import DomainError
from voice.calling.budget import Books
from voice.calling.metrics import REFUSED_CALLS
from voice.calling.models import FoldedRefusal
from voice.webhooks import OutgoingCall

PER_TOKEN = 300
"""Refusals of one token that are recorded within an hour."""
PER_ORGANIZATION = 1000
PLACES = 200
"""Of a token. A phone asks for its reason within seconds: more are refused in them by no means that limits let pass."""
log = structlog.get_logger("epoch.voice")


def is_beyond_measure(books: Books) -> bool:
    """True when another refusal is counted instead of recorded."""
    return books.token.hour_refused >= PER_TOKEN or books.organization.hour_refused >= PER_ORGANIZATION


async def fold_refusal(
    session: AsyncSession, organization_id: UUID, asked: OutgoingCall, refusal: DomainError, books: Books
) -> None:
    """Keep a refusal's reason in place of an older one's; the books must be open, and count it."""
    REFUSED_CALLS.labels(refusal.code).inc()
    if books.token.hour_refused == PER_TOKEN:
        log.warning("refusals_no_longer_recorded", organization=str(organization_id), token=str(asked.token_id))
    told = {
        "carrier_sid": asked.call_sid,
        "call_id": asked.call_id,
        "end_reason": refusal.code,
        "refused_at": utc_now(),
    }
    place = {
        "id": uuid7(),
        "organization_id": organization_id,
        "token_id": asked.token_id,
        "place": books.token.hour_refused % PLACES,
    }
    statement = insert(FoldedRefusal).values({**place, **told})
    await session.execute(statement.on_conflict_do_update(index_elements=["token_id", "place"], set_=told))
