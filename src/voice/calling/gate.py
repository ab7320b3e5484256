"""The gate: every rule and limit asked about one call, and the call written down, in one transaction."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from kit.clock import utc_now
from kit.e164 import InvalidPhoneNumber
from kit.errors import DomainError
from kit.readers import Prepared, reader_in
from kit.text import is_storable
from tenants.models import PhoneNumber
from voice.calling.alerts import Watch
from voice.calling.budget import Books, grant
from voice.calling.ledger import Entry, Ledger, hold, slot_until
from voice.calling.metrics import REFUSED_CALLS
from voice.calling.places import Destination, destination_of
from voice.calling.prices import Prices
from voice.calling.refusals import fold_refusal, is_beyond_measure
from voice.calling.standing import ensure_destination, ensure_may_call, standing_of
from voice.errors import PhoneBusy
from voice.models import Call, CallStatus
from voice.webhooks import OutgoingCall

REPLAYED_WITHIN = dt.timedelta(minutes=5)
"""How long a request for a call may be repeated: the carrier repeats within seconds, and its signature never ages."""
_DIALLED_CHARACTERS = 32
_OPTIONAL = ("from_number", "ended_at", "end_reason", "country", "limit_minutes", "rate_micros", "slot_until")
_CALLS_FROM = Prepared(PhoneNumber.calls_for(sa.bindparam("organization", type_=sa.Uuid())).with_for_update(read=True))
_INSERT = Prepared(
    sa.text(
        """
        INSERT INTO call (id, organization_id, token_id, carrier_sid, call_id, identity, origin, metadata, agent,
            agent_is_member, from_number, to_number, status, started_at, ended_at, end_reason, country, limit_minutes,
            rate_micros, slot_until)
        VALUES (:id, :organization_id, :token_id, :carrier_sid, :call_id, :identity, :origin, :details, :agent,
            :agent_is_member, :from_number, :to_number, :status, :started_at, :ended_at, :end_reason, :country,
            :limit_minutes, :rate_micros, :slot_until)
        ON CONFLICT (carrier_sid) DO NOTHING RETURNING id
        """
    )
)


class Gate:
    """Admits and refuses calls."""

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
        ledger = Ledger(session, organization_id, asked.token_id, asked.identity)
        books = await ledger.open(now)
        if await ledger.release_overdue(now):
            books = await ledger.open(now)
        standing = await standing_of(
            session, organization_id, asked.token_id, now, number=number, carrier_sid=asked.call_sid
        )
        if standing is None:
            return None
        # Shared until the call is written: a release that begins meanwhile must see the call, or be seen by it.
        held = await (await reader_in(session)).fetch_row(_CALLS_FROM, organization=organization_id)
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
        call = await _write(
            session,
            organization_id,
            asked,
            from_number=own,
            to_number=destination.number,
            status=CallStatus.INITIATED,
            started_at=now,
            country=destination.country,
            limit_minutes=minutes,
            rate_micros=rate,
            slot_until=slot_until(now, minutes),
        )
        if call is not None:
            entry = hold(minutes, rate)
            await ledger.post(entry)
            is_foreign = standing.is_foreign(destination.country)
            await ledger.note_destination(destination.number, is_foreign=is_foreign, now=now)
            await self._watch.used(session, organization_id, asked.token_id, standing, books, entry, now)
            if is_foreign and not standing.called_within_hour:
                await self._watch.called_abroad(session, organization_id, standing, asked.token_id, now)
        return call


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
        await fold_refusal(session, organization_id, asked, refusal, books)
    else:
        call = await write_refused(session, organization_id, asked, refusal, from_number=own)
        if call is None:
            return None
    await ledger.post(Entry(refused=1))
    await ledger.forget_phone()
    return call


async def write_refused(
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
    return await _write(
        session,
        organization_id,
        asked,
        from_number=from_number,
        to_number=dialled if is_storable(dialled) else "",
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


async def _write(session: AsyncSession, organization_id: UUID, asked: OutgoingCall, **more: object) -> Call | None:
    """The new record; None when there is one with this carrier id, be it another organization's."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "organization_id": organization_id,
        "token_id": asked.token_id,
        "carrier_sid": asked.call_sid,
        "call_id": asked.call_id,
        "identity": asked.identity,
        "origin": asked.origin,
        "agent": asked.agent,
        "agent_is_member": asked.agent_is_member,
        **dict.fromkeys(_OPTIONAL),
        **more,
    }
    details = None if asked.metadata is None else msgspec.json.encode(asked.metadata).decode()
    if await (await reader_in(session)).fetch_row(_INSERT, **values, details=details) is None:
        return None
    # As it was written; the session does not need to know it.
    return Call(**values, details=asked.metadata, duration=0)
