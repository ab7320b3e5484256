"""Answers the carrier's callbacks about incoming calls with the next steps of the call, and records its events."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bind_contextvars

from calls.call_state import LegEvent
from calls.greetings.audio_urls import AudioUrls
from calls.incoming import flow as flows
from calls.incoming.admission import IncomingAdmissionService
from calls.incoming.block_requests import BlockRequestService
from calls.incoming.call_context import IncomingContext, IncomingContextService
from calls.incoming.call_forms import FinishedRecording, FinishedTranscription, IncomingCall
from calls.incoming.call_state import ACCEPTED, BLOCKED, UNANSWERED
from calls.incoming.called_numbers import CalledNumberLookup
from calls.incoming.flow import ACCEPT_KEY, BLOCK_KEY, CallFlow, FlowUrls
from calls.incoming.prompts import DEFAULT_LANGUAGE, prompts_in
from calls.incoming.records import accepting_leg
from calls.incoming.transcription_jobs import TranscriptionToFetch, enqueue_transcription_fetch
from calls.incoming.voicemail_recorder import VoicemailMailer, VoicemailRecorder
from calls.limits.admission_queue import OrganizationSemaphores
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_duration import MAX_CALL_MINUTES
from calls.limits.prices import PriceList
from calls.models import Call, CallStatus
from calls.services import CallService
from calls.tenant_lookup import TenantResolver
from carrier.call_steps import CallStep, HangUp
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.app_key import AppKey

CONNECTION_WAIT_SECONDS = 3.0
"""The longest wait for a database connection: longer than a page's, because a late answer is better than none."""
_ENGLISH = prompts_in(DEFAULT_LANGUAGE)
NOT_IN_SERVICE = flows.say_and_hang_up(_ENGLISH.not_in_service)
UNAVAILABLE = flows.say_and_hang_up(_ENGLISH.unavailable)
"""The answer to a refused call, and to every callback that we failed to process."""
log = structlog.get_logger("epoch.calls")


class _LockedCall(msgspec.Struct, frozen=True):
    """A call on record, locked in one transaction."""

    session: AsyncSession
    call: Call
    flow: CallFlow

    async def record(self, leg: str, event: LegEvent) -> None:
        await CallService(self.session).record_event(self.call.organization_id, self.call.carrier_sid, leg, event)

    async def record_own(self, kind: str, *, phone_leg: str | None = None) -> None:
        """Record an event of our own, for the caller's leg or for a forwarded phone's leg."""
        event = LegEvent(is_child=phone_leg is not None, kind=kind, sequence=-1, occurred_at=utc_now())
        await self.record(phone_leg or self.call.carrier_sid, event)

    async def record_own_all(self, kinds: Sequence[str]) -> None:
        for kind in kinds:
            await self.record_own(kind)

    async def block(self) -> list[CallStep]:
        """Put the caller on the block list; return the next steps."""
        await BlockRequestService(self.session).block_caller(self.call)
        await self.record_own(BLOCKED)
        return flows.say_and_hang_up(self.flow.prompts.blocked, self.flow.language)

    async def accepting_leg(self) -> str | None:
        events = await CallService(self.session).events(self.call.organization_id, self.call.id)
        return accepting_leg(events)


class CallAnswerer:
    """Answers all callbacks about incoming calls, each in one transaction. Made once at start."""

    def __init__(
        self,
        database: Database,
        tenants: TenantResolver,
        public_url: str,
        mailer: VoicemailMailer,
        alert_mailer: AlertMailer,
        audio_urls: AudioUrls,
        prices: PriceList,
    ) -> None:
        self._database = database
        self._prices = prices
        self._tenants = tenants
        self._mailer = mailer
        self._alert_mailer = alert_mailer
        self._numbers = CalledNumberLookup(database)
        # Each call locks its organization's row: the other calls of the organization wait here, without a connection.
        self._semaphores = OrganizationSemaphores()
        self._urls = FlowUrls(public_url, audio_urls)

    async def answer(self, incoming: IncomingCall) -> tuple[list[CallStep] | None, bool]:
        """Admit a new call. Return its first steps, None to reject it unanswered; and True if it was admitted."""
        organization_id = await self._numbers.holder(incoming.called)
        if organization_id is None:
            log.info("incoming_call_refused", reason="unknown_number")
            return NOT_IN_SERVICE, False
        async with self._semaphores.acquire(organization_id), self._session(organization_id) as session:
            service = IncomingAdmissionService(session, self._prices, self._alert_mailer)
            stored = await service.admit(organization_id, incoming)
            if stored is None:
                return None, False
            bind_contextvars(call_id=str(stored.call.id))
            if stored.call.status is CallStatus.REFUSED:
                log.info("incoming_call_refused", reason=stored.call.end_reason)
                return UNAVAILABLE, False
            if stored.call.status.is_final:
                return [HangUp()], False
            flow = await self._flow(stored.context, stored.call)
            await service.record_events(stored.call, flow.first_events, stored.call.started_at)
            return flows.opening_steps(flow, self._urls), True

    async def after_key(self, call_sid: str, key: str, *, in_voicemail: bool = False) -> list[CallStep]:
        """The steps after the caller pressed ``key`` in the greeting or, with ``in_voicemail``, before the message."""
        async with self._call(call_sid, may_be_over=key == BLOCK_KEY) as found:
            if found is None:
                return [HangUp()]
            if key == BLOCK_KEY and found.flow.offers_block:
                return await found.block()
            if in_voicemail:
                await found.record_own_all(found.flow.voicemail_events)
            return (flows.recording_steps if in_voicemail else flows.steps_after_greeting)(found.flow, self._urls)

    async def after_forward(
        self, call_sid: str, leg: str, event: LegEvent, *, turn: int, has_hung_up: bool
    ) -> list[CallStep]:
        """The steps after the phones of ``turn`` rang, or after one was connected; ``event`` is the result of the dial.

        ``has_hung_up``: the caller's leg has ended too.
        """
        async with self._live_call(call_sid) as live:
            if live is None:
                return [HangUp()]
            await live.record(leg, event)
            if has_hung_up or await live.accepting_leg() is not None:
                return [HangUp()]
            steps, is_last = flows.steps_after_turn(live.flow, self._urls, turn)
            if is_last:
                await live.record_own(UNANSWERED)
                if live.flow.takes_messages:
                    await live.record_own_all(live.flow.voicemail_events)
            return steps

    async def screen(self, call_sid: str) -> list[CallStep]:
        """The steps of a forwarded phone that was answered: it is asked to accept the call."""
        async with self._live_call(call_sid) as live:
            if live is None or await live.accepting_leg() is not None:
                return [HangUp()]
            return flows.screening_steps(live.flow, self._urls)

    async def accept(self, call_sid: str, leg: str, key: str, phone: str | None) -> list[CallStep]:
        """The steps of a forwarded phone that pressed ``key``; none let the carrier connect it with the caller."""
        async with self._live_call(call_sid) as live:
            if live is None or key != ACCEPT_KEY:
                return [HangUp()]
            if await live.accepting_leg() not in (None, leg):
                return [HangUp()]
            # Set before the event is recorded, so that the webhook ``call.answered`` contains the phone.
            live.call.answered_by = phone
            await live.record_own(ACCEPTED, phone_leg=leg)
            return []

    async def after_recording(self, finished: FinishedRecording) -> list[CallStep]:
        """The steps after a recording ended: the caller stopped speaking, pressed a key or hung up."""
        if finished.key == BLOCK_KEY:
            async with self._call(finished.call_sid, may_be_over=True) as found:
                if found is not None and found.flow.offers_block:
                    if finished.recording_sid is not None:
                        recorder = VoicemailRecorder(found.session, self._mailer, self._alert_mailer, self._prices)
                        await recorder.discard(found.call, finished.recording_sid, finished.seconds)
                    return await found.block()
        await self.store_recording(finished)
        async with self._live_call(finished.call_sid) as live:
            return [HangUp()] if live is None else flows.steps_after_message(live.flow)

    async def after_silence(self, call_sid: str) -> list[CallStep]:
        """The steps after the caller said nothing while a message was recorded, and did not hang up."""
        async with self._live_call(call_sid) as live:
            if live is None:
                return [HangUp()]
            await live.record_own(UNANSWERED)
            return flows.steps_after_silence(live.flow, self._urls)

    async def store_recording(self, finished: FinishedRecording) -> None:
        """Store a recording as a voicemail, once however often it is reported; its call may have ended."""
        organization_id = await self._tenants.tenant_of_call(finished.call_sid)
        if organization_id is None or finished.recording_sid is None:
            return
        async with self._session(organization_id) as session:
            recorder = VoicemailRecorder(session, self._mailer, self._alert_mailer, self._prices)
            await recorder.store(organization_id, finished.call_sid, finished.recording_sid, finished.seconds)

    async def fetch_transcription(self, finished: FinishedTranscription) -> None:
        """Enqueue the job that fetches a transcript."""
        organization_id = await self._tenants.tenant_of_call(finished.call_sid)
        if organization_id is None:
            return
        request = TranscriptionToFetch(
            organization_id, finished.call_sid, finished.recording_sid, finished.transcription_sid
        )
        async with self._session(organization_id) as session:
            await enqueue_transcription_fetch(session, request)

    def _live_call(self, call_sid: str) -> AbstractAsyncContextManager[_LockedCall | None]:
        return self._call(call_sid, may_be_over=False)

    @asynccontextmanager
    async def _call(self, call_sid: str, *, may_be_over: bool) -> AsyncIterator[_LockedCall | None]:
        """Lock the call with the caller's leg ``call_sid`` in a transaction; None if there is none, or it was refused.

        ``may_be_over``: accept a call that has ended. The carrier may report the end before the last key.
        """
        organization_id = await self._tenants.tenant_of_call(call_sid)
        if organization_id is None:
            yield None
            return
        async with self._session(organization_id) as session:
            call = await CallService(session).lock(organization_id, call_sid)
            if call is None or call.status is CallStatus.REFUSED or (call.status.is_final and not may_be_over):
                yield None
                return
            context = await IncomingContextService(session).load(organization_id, call.to_number, utc_now())
            yield None if context is None else _LockedCall(session, call, await self._flow(context, call))

    def _session(self, organization_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that keeps its query plans, and waits longer for a connection than a page's."""
        return self._database.tenant_session(organization_id, keep_plans=True, wait_seconds=CONNECTION_WAIT_SECONDS)

    async def _flow(self, context: IncomingContext, call: Call) -> CallFlow:
        held = await self._numbers.held_among(context.phones)
        rules = context.forward_rules(held)
        minutes = call.limit_minutes or MAX_CALL_MINUTES
        return context.flow(rules, at=call.started_at, caller=call.from_number, limit_minutes=minutes)


CALL_ANSWERER: AppKey[CallAnswerer] = AppKey("call_answerer")
