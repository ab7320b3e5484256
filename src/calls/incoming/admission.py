"""Admits or refuses one incoming call by plan, pause and limits, and stores it, in one transaction."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.errors import CallsPaused, TooManyCalls, TooManyCallsAtOnce, refusal_details
from calls.incoming.admission_statements import COUNT_CALLER, INSERT_CALL
from calls.incoming.call_context import IncomingContext, IncomingContextService
from calls.incoming.call_duration import allowed_time
from calls.incoming.call_forms import IncomingCall
from calls.incoming.usage import IncomingSpending, IncomingUsageService
from calls.limits import limit_names
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_duration import AllowedTime
from calls.limits.destinations import Destination
from calls.limits.limit_details import limit_details
from calls.limits.prices import PriceList
from calls.limits.rejection_alerts import emit_limit_reached, mail_refused_caller
from calls.models import Call, CallEvent, CallStatus, Direction, stored_details
from kit.clock import utc_now
from kit.db.raw import raw_connection
from kit.e164 import region_of
from kit.errors import DomainError
from tenants import rules as tenant_rules

_HOUR = dt.timedelta(hours=1)


class StoredCall(msgspec.Struct, frozen=True):
    """A call on record, with its context."""

    call: Call
    context: IncomingContext


class IncomingAdmissionService:
    """Admits incoming calls. Each incoming call locks its organization's row of ``incoming_usage``."""

    def __init__(self, session: AsyncSession, prices: PriceList, alert_mailer: AlertMailer) -> None:
        self._session = session
        self._alert_mailer = alert_mailer
        self._prices = prices
        self._usage = IncomingUsageService(session)

    async def admit(self, organization_id: UUID, incoming: IncomingCall) -> StoredCall | None:
        """Store a call, ``initiated`` or ``refused`` with its reason; a repeated request returns the stored call.

        None if nothing is stored: the number is no longer held, another organization has the carrier id, or the caller
        is more than one call above its limit of the hour. Such calls are rejected unanswered, so that a flood of them
        costs nothing.
        """
        now = utc_now()
        used = await self._usage.lock_and_read(organization_id)
        context = await IncomingContextService(self._session).load(
            organization_id, incoming.called, now, lock=True, call_sid=incoming.call_sid
        )
        if context is None:
            return None
        if context.is_stored:
            known = await self._find(organization_id, incoming.call_sid)
            return None if known is None else StoredCall(known, context)
        calls = await self._count_caller(organization_id, incoming.caller, now)
        try:
            minute_price = self._minute_price(context)
            time = _allowed_time(context, calls, used, incoming.caller, minute_price)
        except DomainError as refusal:
            if calls > context.limits[_caller_limit(incoming.caller)] + 1:
                return None
            await emit_limit_reached(self._session, organization_id, refusal)
            await mail_refused_caller(self._session, self._alert_mailer, organization_id, context.holder, refusal)
            details = stored_details(refusal_details(refusal))
            return await self._store(
                context, incoming, now, status=CallStatus.REFUSED, end_reason=refusal.code, end_details=details
            )
        admitted = {
            "limit_minutes": time.minutes,
            "rate_micros": minute_price,
            "end_details": stored_details(time.shortened_by),
        }
        return await self._store(context, incoming, now, status=CallStatus.INITIATED, **admitted)

    async def record_events(self, call: Call, kinds: Sequence[str], now: dt.datetime) -> None:
        """Record events that the carrier does not send (sequence -1) for the caller's leg."""
        for kind in kinds:
            values = {
                "id": uuid7(),
                "organization_id": call.organization_id,
                "call_record_id": call.id,
                "leg_sid": call.carrier_sid,
                "is_child": False,
                "kind": kind,
                "sequence": -1,
                "occurred_at": now,
            }
            await self._session.execute(insert(CallEvent).values(values).on_conflict_do_nothing())

    async def _find(self, organization_id: UUID, call_sid: str) -> Call | None:
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == call_sid)
        call: Call | None = await self._session.scalar(query)
        return call

    async def _count_caller(self, organization_id: UUID, caller: str | None, now: dt.datetime) -> int:
        """Count this call; return the number of the caller's calls within the hour."""
        connection = await raw_connection(self._session)
        parameters = {"number": caller or "", "now": now, "hour_ago": now - _HOUR}
        row = await connection.fetch_row(COUNT_CALLER, id=uuid7(), organization=organization_id, **parameters)
        return int(row["calls"])

    def _minute_price(self, context: IncomingContext) -> int:
        """The highest price per minute of any leg that the call may have, in millionths of a US dollar."""
        home = context.organization.country
        phones = (self._prices.minute_price(Destination(phone, region_of(phone) or home)) for phone in context.phones)
        return max((self._prices.incoming, *phones))

    async def _store(
        self, context: IncomingContext, incoming: IncomingCall, now: dt.datetime, **columns: object
    ) -> StoredCall | None:
        """Store the call; None when another organization has one with this carrier id."""
        is_refused = columns["status"] is CallStatus.REFUSED
        values: dict[str, Any] = {
            "id": uuid7(),
            "organization_id": context.organization.id,
            "carrier_sid": incoming.call_sid,
            "identity": "",
            "direction": Direction.INBOUND.value,
            "from_number": incoming.caller,
            "to_number": context.number,
            "attestation": incoming.attestation,
            "started_at": now,
            "ended_at": now if is_refused else None,
            **dict.fromkeys(("end_reason", "end_details", "limit_minutes", "rate_micros")),
            **columns,
        }
        details = values["end_details"]
        # A raw connection takes JSON parameters as text.
        encoded = None if details is None else msgspec.json.encode(details).decode()
        connection = await raw_connection(self._session)
        if await connection.fetch_row(INSERT_CALL, **{**values, "end_details": encoded}) is None:
            return None
        # The stored values; the session does not track this object.
        return StoredCall(Call(duration=0, version=1, **values), context)


def _allowed_time(
    context: IncomingContext, calls: int, used: IncomingSpending, caller: str | None, minute_price: int
) -> AllowedTime:
    """The time that the call may last, and the limit that shortens it.

    Raises: OrganizationSuspended, PlanTooLow, CallsPaused, TooManyCalls, TooManyCallsAtOnce, CallLimitReached.
    """
    tenant_rules.ensure_not_suspended(context.organization.is_suspended)
    tenant_rules.ensure_widget_plan(context.organization.plan)
    if context.is_paused:
        raise CallsPaused
    of_caller = _caller_limit(caller)
    if calls > context.limits[of_caller]:
        raise TooManyCalls(limit_details(context.limits, of_caller, calls - 1))
    live = used.live_calls
    if live >= context.limits[limit_names.LIVE_CALLS]:
        raise TooManyCallsAtOnce(limit_details(context.limits, limit_names.LIVE_CALLS, live))
    return allowed_time(context.limits, used, is_forwarded=bool(context.phones), rate_micros=minute_price)


def _caller_limit(caller: str | None) -> str:
    """The name of the limit on this caller's calls within an hour."""
    return limit_names.CALLS_OF_CALLER_PER_HOUR if caller else limit_names.WITHHELD_CALLS_PER_HOUR
