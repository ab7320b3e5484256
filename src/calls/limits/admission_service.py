"""Checks one outgoing call against every rule and limit, and stores it, in one transaction."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.callback_forms import OutgoingCall
from calls.errors import ClientBusy, OwnNumber
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_context import CALL_CONTEXT_STATEMENT, CallContext, CallContextService
from calls.limits.call_duration import AllowedTime, UsageSnapshot, allowed_time
from calls.limits.destinations import Destination, parse_destination
from calls.limits.insert_call import CallInsertService
from calls.limits.limit_alerts import LimitAlertService
from calls.limits.prices import PriceList
from calls.limits.rejection_alerts import RejectionAlertService
from calls.limits.rejections import RejectionService
from calls.limits.rules import ensure_destination, ensure_may_call
from calls.limits.usage_counters import UsageCounters, UsageDelta, reservation_end, reserve
from calls.models import Call, CallStatus, stored_details
from kit.clock import utc_now
from kit.db.raw import CompiledStatement, raw_connection
from kit.errors import DomainError
from phone_numbers.errors import FromNotAllowed
from phone_numbers.from_numbers import FromNumber, FromNumberInputs, choose_from_number
from tenants.models import PhoneNumber

REPLAY_PERIOD = dt.timedelta(minutes=5)
"""A call's request may be repeated for this long: the carrier does so within seconds; signatures never expire."""
_LOCK_FROM_NUMBERS = CompiledStatement(
    PhoneNumber.usable(
        sa.select(PhoneNumber.id, PhoneNumber.e164), sa.bindparam("organization", type_=sa.Uuid())
    ).with_for_update(read=True)
)


class _Attempt(msgspec.Struct, frozen=True):
    """One requested call with the data that the decision depends on."""

    organization_id: UUID
    outgoing: OutgoingCall
    now: dt.datetime
    dialled: Destination | DomainError
    """The destination, or the error when the dialled number is not valid."""
    counters: UsageCounters
    """Locked until the transaction ends."""
    usage: UsageSnapshot
    context: CallContext
    from_number: FromNumber | FromNotAllowed | None
    """The caller id, or the error when the page chose a number that it may not use; None without any number."""


class AdmissionService:
    """Admits or rejects outgoing calls."""

    WARM_UP_STATEMENTS = (CALL_CONTEXT_STATEMENT, _LOCK_FROM_NUMBERS)
    """Statements of every call, which are prepared in advance."""

    def __init__(self, session: AsyncSession, *, prices: PriceList, alert_mailer: AlertMailer) -> None:
        self._session = session
        self._prices = prices
        self._alerts = LimitAlertService(session, alert_mailer)
        self._rejection_alerts = RejectionAlertService(session, alert_mailer)

    async def admit(
        self, organization_id: UUID, country: str, outgoing: OutgoingCall, *, raises_busy: bool = False
    ) -> Call | None:
        """Store the requested call: admitted (``initiated``) or ``refused`` with its reason.

        ``country`` is the organization's home. Every rule of the exchange is checked again, because an access token
        outlives a revocation. A repeated request returns the stored call. None means that nothing is to be dialled: the
        organization has no such token; the call is on record and over, too old to be repeated, or would be rejected
        now; or it was only counted, because too many calls were rejected within the hour.

        Raises:
            ClientBusy: only with ``raises_busy``; nothing is stored, as the client's last call may end in a moment.
        """
        attempt = await self._load(organization_id, country, outgoing)
        if attempt is None:
            return None
        if attempt.context.is_stored:
            return await self._find_existing(attempt)
        try:
            destination, from_number = _ensure_allowed(attempt)
            minute_price = self._prices.minute_price(destination)
            time = _allowed_time(attempt, destination, minute_price)
        except DomainError as rejection:
            if raises_busy and isinstance(rejection, ClientBusy):
                raise
            return await self._reject(attempt, rejection)
        return await self._insert(attempt, destination, from_number, time, minute_price)

    async def _load(self, organization_id: UUID, country: str, outgoing: OutgoingCall) -> _Attempt | None:
        """Lock the usage counters and read the call's context; None when the organization has no such token."""
        now, dialled = utc_now(), _parse(outgoing.dialled, country)
        counters = UsageCounters(self._session, organization_id, outgoing.token_id, outgoing.identity)
        usage = await counters.lock_and_read(now)
        context = await CallContextService(self._session).load(
            organization_id,
            outgoing.token_id,
            now,
            number=dialled.number if isinstance(dialled, Destination) else None,
            carrier_sid=outgoing.call_sid,
        )
        if context is None:
            return None
        if context.has_overdue_reservations and await counters.release_overdue_reservations(now):
            usage = await counters.lock_and_read(now)
        from_number = _choose_from_number(await self._lock_from_numbers(organization_id), outgoing, dialled, context)
        usage = context.with_incoming(usage)
        return _Attempt(organization_id, outgoing, now, dialled, counters, usage, context, from_number)

    async def _lock_from_numbers(self, organization_id: UUID) -> Sequence[FromNumber]:
        # Locked until the call is stored: a concurrent release of the number either sees the call or precedes it.
        connection = await raw_connection(self._session)
        rows = await connection.fetch(_LOCK_FROM_NUMBERS, organization=organization_id)
        return [FromNumber(*row) for row in rows]

    async def _find_existing(self, attempt: _Attempt) -> Call | None:
        """The stored call of a repeated request; None when it is not to be dialled again."""
        query = sa.select(Call).where(
            Call.owned_by(attempt.organization_id), Call.carrier_sid == attempt.outgoing.call_sid
        )
        call: Call | None = await self._session.scalar(query)
        if call is None or call.status is CallStatus.REFUSED:
            return call
        is_over = call.status.is_final or call.started_at <= attempt.now - REPLAY_PERIOD
        return None if is_over or not _is_allowed(attempt) else call

    async def _reject(self, attempt: _Attempt, rejection: DomainError) -> Call | None:
        """Store and count a rejection; return the call, None when it is only counted or on record already."""
        rejections = RejectionService(self._session)
        is_stored, call = await rejections.store(
            attempt.organization_id,
            attempt.outgoing,
            rejection,
            usage=attempt.usage,
            from_number=attempt.from_number if isinstance(attempt.from_number, FromNumber) else None,
        )
        if is_stored:
            await attempt.counters.apply(UsageDelta(rejected=1))
            await attempt.counters.delete_unused_identity()
            await self._rejection_alerts.check(
                attempt.organization_id,
                attempt.outgoing.token_id,
                attempt.context,
                attempt.usage,
                rejection,
                attempt.now,
            )
        return call

    async def _insert(
        self, attempt: _Attempt, destination: Destination, from_number: FromNumber, time: AllowedTime, minute_price: int
    ) -> Call | None:
        """Store an admitted call and reserve its minutes; None when a call with its carrier id is on record."""
        minutes = time.minutes
        delta = reserve(minutes, minute_price)
        is_foreign = attempt.context.is_foreign(destination.country)
        call = await CallInsertService(self._session).insert_admitted(
            attempt.organization_id,
            attempt.outgoing,
            attempt.counters.delta_parameters(delta),
            now=attempt.now,
            is_foreign=is_foreign,
            from_number=from_number.number,
            from_number_id=from_number.id,
            to_number=destination.number,
            status=CallStatus.INITIATED,
            country=destination.country,
            limit_minutes=minutes,
            rate_micros=minute_price,
            reserved_until=reservation_end(attempt.now, minutes),
            end_details=stored_details(time.shortened_by),
        )
        if call is not None:
            await self._check_alerts(attempt, delta, is_foreign=is_foreign)
        return call

    async def _check_alerts(self, attempt: _Attempt, delta: UsageDelta, *, is_foreign: bool) -> None:
        organization_id, token_id, context = attempt.organization_id, attempt.outgoing.token_id, attempt.context
        await self._alerts.check_usage(organization_id, token_id, context, attempt.usage, delta, attempt.now)
        if is_foreign and not context.called_within_hour:
            await self._alerts.check_foreign(organization_id, token_id, context, attempt.now)


def _allowed_time(attempt: _Attempt, destination: Destination, minute_price: int) -> AllowedTime:
    """The time that the call may last. Raises: the errors of ``allowed_time``."""
    request = attempt.context.call_request(destination, minute_price)
    return allowed_time(attempt.context.limits, attempt.usage, request)


def _parse(dialled: str, country: str) -> Destination | DomainError:
    try:
        return parse_destination(dialled, country)
    except DomainError as error:
        return error


def _choose_from_number(
    numbers: Sequence[FromNumber], outgoing: OutgoingCall, dialled: Destination | DomainError, context: CallContext
) -> FromNumber | FromNotAllowed | None:
    match_area_code_of = dialled.number if context.matches_area_code and isinstance(dialled, Destination) else None
    inputs = FromNumberInputs(
        requested=outgoing.from_number,
        member_number_id=outgoing.member_number_id,
        last_number=context.last_number,
        match_area_code_of=match_area_code_of,
    )
    try:
        # Verified numbers can be shown only by an organization that holds a phone number too.
        verified = map(FromNumber, context.verified_ids, context.verified_numbers) if numbers else ()
        return choose_from_number([*numbers, *verified], context.token_numbers, inputs)
    except FromNotAllowed as error:
        return error


def _ensure_allowed(attempt: _Attempt) -> tuple[Destination, FromNumber]:
    """Check the rules, not the limits; return the call's destination and the number that it shows.

    Raises: the errors of the rules.
    """
    from_number = ensure_may_call(attempt.context, attempt.from_number)
    if isinstance(attempt.dialled, DomainError):
        raise attempt.dialled
    if attempt.context.is_own_number:
        raise OwnNumber
    ensure_destination(attempt.context, attempt.dialled)
    return attempt.dialled, from_number


def _is_allowed(attempt: _Attempt) -> bool:
    try:
        _ensure_allowed(attempt)
    except DomainError:
        return False
    return True
