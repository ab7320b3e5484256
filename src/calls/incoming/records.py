"""Updates the record of an incoming call from its events: state, minutes, cost; emits the event of a missed call."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from calls.call_state import CallState, imposed_end
from calls.incoming.call_state import ACCEPTED, IncomingEvent, billed_minutes, derive_incoming_state
from calls.incoming.missed_calls import MissedCallService
from calls.incoming.usage_recorder import IncomingUsageRecorder
from calls.limits.alert_mails import AlertMailer
from calls.models import LIVE_STATUSES, MISSED_STATUSES, Call, CallEvent, CallStatus
from calls.schemas import CallInfo
from events.emit import emit
from events.event_types import EventType
from kit.clock import utc_now

_UNACCEPTED_STATUSES = frozenset({CallStatus.NO_ANSWER, CallStatus.ABANDONED, CallStatus.VOICEMAIL})
"""Final statuses of calls that the carrier may have ended at our request before a phone accepted them."""


class IncomingRecordService:
    """Derives incoming calls from their events, and counts their minutes."""

    def __init__(self, session: AsyncSession, alert_mailer: AlertMailer | None) -> None:
        self._session = session
        self._usage = IncomingUsageRecorder(session, alert_mailer)

    async def derive(self, call: Call, rows: Sequence[CallEvent]) -> None:
        """Derive the locked ``call`` from all its events, add the difference to the usage, and emit a missed call."""
        events, was_live = [_event(row) for row in rows], call.status in LIVE_STATUSES
        _apply(call, derive_incoming_state(events))
        minutes = billed_minutes(events)
        cost = call.cost_micros if call.is_priced else minutes * (call.rate_micros or 0)
        if (minutes, cost) != (call.billed_minutes, call.cost_micros):
            more_minutes, more_micros = minutes - call.billed_minutes, cost - call.cost_micros
            call.billed_minutes, call.cost_micros = minutes, cost
            await self._usage.add(call.organization_id, minutes=more_minutes, micros=more_micros)
        if was_live and call.status in MISSED_STATUSES:
            call.missed_at = utc_now()
            await MissedCallService(self._session).find_return(call)
            # Flushed first: the trigger's event of the call's end must precede the event of the missed call.
            await self._session.flush()
            await emit(
                self._session, call.organization_id, EventType.CALL_MISSED, CallInfo.of(call), subject_id=call.id
            )


def accepting_leg(rows: Sequence[CallEvent]) -> str | None:
    """The carrier's id of the forwarded phone's leg that accepted the call; None when none did."""
    return next((row.leg_sid for row in rows if row.kind == ACCEPTED), None)


def _apply(call: Call, state: CallState) -> None:
    call.status, call.duration = state.status, state.duration
    call.answered_at, call.ended_at = state.answered_at, state.ended_at
    imposed = imposed_end(state, termination_reason=call.termination_reason, limit_minutes=call.limit_minutes)
    if call.termination_reason is not None and state.status in _UNACCEPTED_STATUSES:
        imposed = call.termination_reason
    call.end_reason, call.carrier_error = imposed or state.end_reason, state.carrier_error


def _event(row: CallEvent) -> IncomingEvent:
    return IncomingEvent(
        leg=row.leg_sid,
        is_child=row.is_child,
        kind=row.kind,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        duration=row.duration,
        error_code=row.error_code,
    )
