"""Records the carrier's events about calls; stores events of unknown calls until their call is on record."""

import asyncio
from uuid import UUID

import structlog
from structlog.contextvars import bind_contextvars

from calls.call_state import LegEvent
from calls.limits.alert_mails import AlertMailer
from calls.services import CallService
from calls.tenant_lookup import TenantResolver
from calls.unmatched_events import UnmatchedEventService
from kit.concurrency import KeyedConcurrency
from kit.db.database import Database
from kit.errors import Unavailable
from kit.http.app_key import AppKey

# The carrier may report a call before the transaction that stores the call is committed.
_LOOKUP_RETRY_SECONDS = (0.1, 0.2, 0.3, 0.4, 0.4)
MAX_CONCURRENT_EVENTS = 2
"""Events of one organization that are stored at a time: more would occupy connections while a call's row is locked."""
MAX_WAITING_EVENTS = 1000
EVENT_WAIT_SECONDS = 10.0
"""The carrier waits fifteen seconds for an answer."""
log = structlog.get_logger("epoch.calls")


class CallEventRecorder:
    """Finds the call of each event and records it. Made once at start; each event is one transaction."""

    def __init__(self, database: Database, tenants: TenantResolver, alert_mailer: AlertMailer) -> None:
        self._database = database
        self._alert_mailer = alert_mailer
        self._tenants = tenants
        self._slots = KeyedConcurrency(
            Unavailable, limit=MAX_CONCURRENT_EVENTS, max_waiting=MAX_WAITING_EVENTS, seconds=EVENT_WAIT_SECONDS
        )

    async def record(self, parent_sid: str, leg_sid: str, event: LegEvent) -> None:
        """Record an event of the leg ``leg_sid``; ``parent_sid`` is the parent leg of its call.

        Raises: Unavailable, when too many events of the organization are waiting.
        """
        organization_id = await self._find_organization(parent_sid)
        if organization_id is None:
            log.warning("event_of_unknown_call", kind=event.kind)
            async with self._database.tenant_session(None) as session:
                await UnmatchedEventService(session).store(parent_sid, leg_sid, event)
            return
        async with (
            self._slots.slot(organization_id),
            self._database.tenant_session(organization_id, keep_plans=True) as session,
        ):
            calls = CallService(session, alert_mailer=self._alert_mailer)
            call = await calls.record_event(organization_id, parent_sid, leg_sid, event)
            if call is not None:
                bind_contextvars(call_id=str(call.id))

    async def _find_organization(self, parent_sid: str) -> UUID | None:
        organization_id = await self._tenants.tenant_of_call(parent_sid)
        for seconds in _LOOKUP_RETRY_SECONDS:
            if organization_id is not None:
                break
            await asyncio.sleep(seconds)
            organization_id = await self._tenants.tenant_of_call(parent_sid)
        return organization_id


CALL_EVENT_RECORDER: AppKey[CallEventRecorder] = AppKey("call_event_recorder")
