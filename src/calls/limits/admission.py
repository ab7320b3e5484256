"""The gate: every rule and limit asked about one call, and the call written down, in one transaction."""

import datetime as dt
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.callback_forms import OutgoingCall
from calls.errors import ClientBusy
from calls.limits.call_context import (
    CALL_CONTEXT_STATEMENT,
    ensure_destination,
    ensure_may_call,
    load_call_context,
)
from calls.limits.call_duration import UsageSnapshot, allowed_minutes
from calls.limits.destinations import Destination, parse_destination
from calls.limits.insert_call import insert_admitted_call, insert_call
from calls.limits.limit_alerts import LimitAlerts
from calls.limits.metrics import REJECTED_CALLS
from calls.limits.prices import PriceList
from calls.limits.rejections import (
    HOURLY_CAP_PER_TOKEN,
    UncheckedRejections,
    is_over_cap,
    store_capped_rejection,
)
from calls.limits.usage_counters import (
    UsageCounters,
    UsageDelta,
    reservation_end,
    reserve,
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

REPLAY_PERIOD = dt.timedelta(minutes=5)
"""How long a request for a call may be repeated: the carrier repeats within seconds, and its signature never ages."""
CONNECTION_WAIT_SECONDS = 3.0
"""How long a call waits for a connection: the carrier waits longer, and a late call is better than a refused one."""
_MAX_DIALLED_CHARACTERS = 32
_LOCK_CALLER_NUMBER = CompiledStatement(
    PhoneNumber.caller_id_of(sa.bindparam("organization", type_=sa.Uuid())).with_for_update(read=True)
)


class CallAdmission:
    """Admits and refuses calls."""

    WARM_UP_STATEMENTS = (CALL_CONTEXT_STATEMENT, _LOCK_CALLER_NUMBER)
    """What it reads of every call."""

    def __init__(self, prices: PriceList, watch: LimitAlerts) -> None:
        self._prices = prices
        self._watch = watch

    async def admit(
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
        ledger = UsageCounters(session, organization_id, asked.token_id, asked.identity)
        books = await ledger.lock_and_read(now)
        standing = await load_call_context(
            reader, organization_id, asked.token_id, now, number=number, carrier_sid=asked.call_sid
        )
        if standing is None:
            return None
        if standing.has_overdue and await ledger.release_overdue_reservations(now):
            books = await ledger.lock_and_read(now)
        # Shared until the call is written: a release that begins meanwhile must see the call, or be seen by it.
        held = await reader.fetch_row(_LOCK_CALLER_NUMBER, organization=organization_id)
        own: str | None = None if held is None else held[0]
        rate = 0 if destination is None else self._prices.minute_price(destination.country)
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
                minutes = allowed_minutes(standing.limits, books, standing.call_request(destination, rate))
        except ClientBusy as busy:
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
        entry, is_foreign = reserve(minutes, rate), standing.is_foreign(destination.country)
        call = await insert_admitted_call(
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
            reserved_until=reservation_end(now, minutes),
        )
        if call is not None:
            await self._watch.check_usage(session, organization_id, asked.token_id, standing, books, entry, now)
            if is_foreign and not standing.called_within_hour:
                await self._watch.check_foreign(session, organization_id, standing, asked.token_id, now)
        return call


CALL_ADMISSION: AppKey[CallAdmission] = AppKey("call_admission")


def admission_session(database: Database, organization_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
    """A transaction for admitting a call: it waits longer for a connection than pages do, and keeps its plans."""
    return database.tenant_session(organization_id, keep_plans=True, wait_seconds=CONNECTION_WAIT_SECONDS)


async def _refuse(
    session: AsyncSession,
    organization_id: UUID,
    asked: OutgoingCall,
    refusal: DomainError,
    ledger: UsageCounters,
    books: UsageSnapshot,
    own: str | None,
) -> Call | None:
    """Record and count a refusal; None when it is only counted, or on record already."""
    if is_over_cap(books):
        call = None
        await store_capped_rejection(session, organization_id, asked, refusal, books.token.hour_rejected)
    else:
        call = await _write_refused(session, organization_id, asked, refusal, from_number=own)
        if call is None:
            return None
    await ledger.apply(UsageDelta(rejected=1))
    await ledger.delete_unused_identity()
    return call


async def store_unchecked_rejection(
    session: AsyncSession, organization_id: UUID, asked: OutgoingCall, unjudged: UncheckedRejections
) -> Call | None:
    """Record a call that nobody could judge; None when it is only counted, or on record already."""
    if (number := unjudged.count(asked.token_id)) < HOURLY_CAP_PER_TOKEN:
        return await _write_refused(session, organization_id, asked, Unavailable())
    await store_capped_rejection(session, organization_id, asked, Unavailable(), number)
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
    now, dialled = utc_now(), asked.dialled[:_MAX_DIALLED_CHARACTERS]
    REJECTED_CALLS.labels(refusal.code).inc()
    return await insert_call(
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
        return parse_destination(dialled, country), None
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
    may_be_dialled = refusal is None and not known.status.is_final and known.started_at > now - REPLAY_PERIOD
    return known if may_be_dialled else None
