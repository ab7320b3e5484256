"""The gate: every rule and limit asked about one call, and the call written down, in one transaction."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.callback_forms import OutgoingCall
from calls.errors import PhoneBusy
from calls.limits.call_context import (
    READ,
    ensure_destination,
    ensure_may_call,
    standing_of,
)
from calls.limits.call_duration import Books, grant
from calls.limits.destinations import Destination, destination_of
from calls.limits.insert_call import write_admitted, write_call
from calls.limits.limit_alerts import Watch
from calls.limits.metrics import REFUSED_CALLS
from calls.limits.prices import Prices
from calls.limits.rejections import (
    PER_TOKEN,
    Unjudged,
    fold_refusal,
    is_beyond_measure,
)
from calls.limits.usage_counters import (
    Entry,
    Ledger,
    hold,
    slot_until,
)
from calls.models import Call, CallStatus
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.raw import CompiledStatement, raw_connection
from kit.e164 import InvalidPhoneNumber
from kit.errors import DomainError, Unavailable
from kit.http.app_key import AppKey
from kit.text import is_valid_text
from tenants.models import PhoneNumber

REPLAYED_WITHIN = dt.timedelta(minutes=5)
"""How long a request for a call may be repeated: the carrier repeats within seconds, and its signature never ages."""
_DIALLED_CHARACTERS = 32
_CALLS_FROM = CompiledStatement(
    PhoneNumber.calls_for(sa.bindparam("organization", type_=sa.Uuid())).with_for_update(read=True)
)


class Gate:
    """Admits and refuses calls."""

    LOOK_UPS = (READ, _CALLS_FROM)
    """What it reads of every call."""

    def __init__(self, prices: Prices, watch: Watch) -> None:
        self._prices = prices
        self._watch = watch

    async def place(
        self, session: AsyncSession, organization_id: UUID, country: str, asked: OutgoingCall, *, may_wait: bool = False
    ) -> Call | None:
        """Record a call that a browser asks for: admitted (``initiated``) or ``refused`` with its reason.

        ``country`` is where the organization is at home. Every guard of the exchange is asked again, because an access
        token outlives a revocation. A second request for the same call returns the first one's record. None means that
        nothing is to be dialled: nobody stands behind the identity, the call is known and over, too old to be repeated
        or would not be admitted any more, or so many were refused within the hour that this one is only counted.

        Raises:
            PhoneBusy: with ``may_wait``, and nothing is written: the phone's last call may be over in a moment.
        """
        destination, refusal = _read(asked.dialled, country)
        now, number = utc_now(), None if destination is None else destination.number
        reader = await raw_connection(session)
        ledger = Ledger(session, organization_id, asked.token_id, asked.identity)
        books = await ledger.open(now)
        standing = await standing_of(
            reader, organization_id, asked.token_id, now, number=number, carrier_sid=asked.call_sid
        )
        if standing is None:
            return None
        if standing.has_overdue and await ledger.release_overdue(now):
            books = await ledger.open(now)
        # Shared until the call is written: a release that begins meanwhile must see the call, or be seen by it.
        held = await reader.fetch_row(_CALLS_FROM, organization=organization_id)
        own: str | None = None if held is None else held[0]
        rate = 0 if destination is None else self._prices.of(destination.country)
        minutes = 0
        try:
            ensure_may_call(standing, own)
            if destination is None:
                raise refusal or InvalidPhoneNumber
            if standing.is_own_number:
                raise InvalidPhoneNumber
            ensure_destination(standing, destination)
            refusal = None
            if not standing.known:
                minutes = grant(standing.limits, books, standing.wanted(destination, rate))
        except PhoneBusy as busy:
            if may_wait:
                raise
            refusal = busy
        except DomainError as refused:
            refusal = refused
        if standing.known:
            return await _repeated(session, organization_id, asked.call_sid, refusal, now)
        if refusal is not None or destination is None:
            why = refusal or InvalidPhoneNumber()
            return await _refuse(session, organization_id, asked, why, ledger, books, own)
        entry, is_foreign = hold(minutes, rate), standing.is_foreign(destination.country)
        call = await write_admitted(
            reader,
            ledger,
            organization_id,
            asked,
            entry,
            now=now,
            is_foreign=is_foreign,
            from_number=own,
            to_number=destination.number,
            status=CallStatus.INITIATED,
            country=destination.country,
            limit_minutes=minutes,
            rate_micros=rate,
            slot_until=slot_until(now, minutes),
        )
        if call is not None:
            await self._watch.used(session, organization_id, asked.token_id, standing, books, entry, now)
            if is_foreign and not standing.called_within_hour:
                await self._watch.called_abroad(session, organization_id, standing, asked.token_id, now)
        return call


CALL_ADMISSION: AppKey[Gate] = AppKey("call_admission")
ADMISSION_DATABASE: AppKey[Database] = AppKey("admission_database")
"""The connections on which calls are admitted; pages do not use them."""


async def _refuse(
    session: AsyncSession,
    organization_id: UUID,
    asked: OutgoingCall,
    refusal: DomainError,
    ledger: Ledger,
    books: Books,
    own: str | None,
) -> Call | None:
    """Record and count a refusal; None when it is only counted, or on record already."""
    if is_beyond_measure(books):
        call = None
        await fold_refusal(session, organization_id, asked, refusal, books.token.hour_refused)
    else:
        call = await _write_refused(session, organization_id, asked, refusal, from_number=own)
        if call is None:
            return None
    await ledger.post(Entry(refused=1))
    await ledger.forget_phone()
    return call


async def write_unjudged(
    session: AsyncSession, organization_id: UUID, asked: OutgoingCall, unjudged: Unjudged
) -> Call | None:
    """Record a call that nobody could judge; None when it is only counted, or on record already."""
    if (number := unjudged.count(asked.token_id)) < PER_TOKEN:
        return await _write_refused(session, organization_id, asked, Unavailable())
    await fold_refusal(session, organization_id, asked, Unavailable(), number)
    return None


async def _write_refused(
    session: AsyncSession,
    organization_id: UUID,
    asked: OutgoingCall,
    refusal: DomainError,
    *,
    from_number: str | None = None,
) -> Call | None:
    """Record a call that is not dialled, with its reason; None when the call is on record already."""
    now, dialled = utc_now(), asked.dialled[:_DIALLED_CHARACTERS]
    REFUSED_CALLS.labels(refusal.code).inc()
    return await write_call(
        await raw_connection(session),
        organization_id,
        asked,
        from_number=from_number,
        to_number=dialled if is_valid_text(dialled) else "",
        status=CallStatus.REFUSED,
        started_at=now,
        ended_at=now,
        end_reason=refusal.code,
    )


def _read(dialled: str, country: str) -> tuple[Destination | None, DomainError | None]:
    try:
        return destination_of(dialled, country), None
    except DomainError as refusal:
        return None, refusal


async def _repeated(
    session: AsyncSession, organization_id: UUID, carrier_sid: str, refusal: DomainError | None, now: dt.datetime
) -> Call | None:
    """The record of a call that was asked for before; None when it is not to be dialled (again)."""
    query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == carrier_sid)
    known: Call | None = await session.scalar(query)
    if known is None or known.status is CallStatus.REFUSED:
        return known
    may_be_dialled = refusal is None and not known.status.is_final and known.started_at > now - REPLAYED_WITHIN
    return known if may_be_dialled else None
