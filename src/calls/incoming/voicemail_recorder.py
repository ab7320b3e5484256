"""Stores and charges voicemails, mails members about them, and finds recordings that the carrier never reported."""

import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from calls.call_state import LegEvent
from calls.incoming.call_context import CalledOrganization, IncomingContextService
from calls.incoming.call_state import BLOCKED, RECORDED, TRANSCRIPTION_ASKED, VOICEMAIL_OFFERED
from calls.incoming.transcripts import is_transcribable
from calls.incoming.usage_recorder import IncomingUsageRecorder
from calls.incoming.voicemail_schemas import VoicemailInfo
from calls.incoming.voicemails import VoicemailService
from calls.limits.alert_mails import AlertMailer
from calls.limits.prices import PriceList
from calls.models import Call, CallEvent, CallStatus, is_inbound
from calls.services import CallService
from carrier.port import Carrier, CarrierError
from events.emit import emit
from events.event_types import EventType
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.mail import Mail
from kit.rounding import divide_up
from tenants.models import Membership

CHECK_AFTER = dt.timedelta(minutes=3)
"""The time after a call's end after which an unreported recording is looked for: the carrier reports it in seconds."""
CHECKED_PERIOD = dt.timedelta(days=1)
"""Only calls of this period are checked."""
CALLS_PER_RUN = 100
RECORDING_CHECKED = "recording-checked"
"""Kind of the event which marks that the carrier was asked for unreported recordings of a call."""
SendMail = Callable[[AsyncSession, Mail], Awaitable[None]]
log = structlog.get_logger("epoch.calls")


class VoicemailMailer:
    """Mails members about new voicemails: with a link, without audio or phone numbers. Made once at start."""

    def __init__(self, send: SendMail, public_url: str) -> None:
        """``send`` sends a mail; links begin with ``public_url``."""
        self._send = send
        self._public_url = public_url

    async def send(self, session: AsyncSession, organization: CalledOrganization, voicemail_id: UUID, to: str) -> None:
        """Send a member a mail about a new voicemail once the transaction is committed."""
        page = f"{self._public_url}/dashboard/{organization.slug}/voicemails/{voicemail_id}"
        mail = Mail(
            to=to,
            subject=f"New voicemail for {organization.name}",
            paragraphs=(
                f"Somebody called {organization.name} and left a message.",
                "Sign in to hear it. An admin chooses who gets these mails, under Incoming calls in the settings.",
            ),
            action=("Hear the message", page),
        )
        await self._send(session, mail)


class VoicemailRecorder:
    """Stores voicemails in the session's transaction."""

    def __init__(
        self, session: AsyncSession, mailer: VoicemailMailer, alert_mailer: AlertMailer, prices: PriceList
    ) -> None:
        self._session = session
        self._mailer = mailer
        self._usage = IncomingUsageRecorder(session, alert_mailer)
        self._prices = prices

    async def store(self, organization_id: UUID, call_sid: str, recording_sid: str, seconds: int) -> bool:
        """Store a voicemail and mail the members to notify; False if it is stored already, or must not be kept."""
        call = await CallService(self._session).lock(organization_id, call_sid)
        if call is None or call.erased_at is not None:
            return False
        if await self._has_event(call, BLOCKED):
            await VoicemailService(self._session).discard(call, recording_sid)
            return False
        is_transcription_requested = await self._has_event(call, TRANSCRIPTION_ASKED)
        voicemail_id = await VoicemailService(self._session).store(
            call, recording_sid, seconds, is_transcription_requested=is_transcription_requested
        )
        if voicemail_id is None:
            return False
        await self._charge(call, seconds)
        event = LegEvent(is_child=False, kind=RECORDED, sequence=-1, occurred_at=utc_now())
        await CallService(self._session).record_event(organization_id, call_sid, call_sid, event)
        message = VoicemailInfo.of(await VoicemailService(self._session).get(organization_id, voicemail_id))
        # The subject is the call, so that erasing the call erases the event.
        await emit(self._session, organization_id, EventType.VOICEMAIL_RECEIVED, message, subject_id=call.id)
        await self._notify(call, voicemail_id)
        return True

    async def discard(self, call: Call, recording_sid: str, seconds: int) -> None:
        """Delete the recording of a caller who then pressed 9, and charge its minutes. ``call`` must be locked."""
        if await self._has_event(call, BLOCKED):
            return  # A repeated request.
        if not await VoicemailService(self._session).discard(call, recording_sid):
            await self._charge(call, seconds)

    async def _has_event(self, call: Call, kind: str) -> bool:
        own_rows = CallEvent.owned_by(call.organization_id), CallEvent.call_record_id == call.id
        return await self._session.scalar(sa.select(sa.exists().where(*own_rows, CallEvent.kind == kind))) or False

    async def _charge(self, call: Call, seconds: int) -> None:
        """Charge a recording, and its transcription if requested: the carrier bills both even if they are deleted."""
        is_transcription_billed = is_transcribable(seconds) and await self._has_event(call, TRANSCRIPTION_ASKED)
        price = self._prices.recording + (self._prices.transcription if is_transcription_billed else 0)
        await self._usage.add(call.organization_id, micros=divide_up(seconds, 60) * price)

    async def _notify(self, call: Call, voicemail_id: UUID) -> None:
        context = await IncomingContextService(self._session).load(call.organization_id, call.to_number, utc_now())
        if context is None or context.settings is None or not context.settings.notify:
            return
        query = (
            sa.select(User.email)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.owned_by(call.organization_id), Membership.id.in_(context.settings.notify))
            .order_by(Membership.id)
        )
        for email in await self._session.scalars(query):
            await self._mailer.send(self._session, context.organization, voicemail_id, email)


class _UncheckedCall(msgspec.Struct, frozen=True):
    """A call whose caller was asked for a message, and of which no recording was reported."""

    organization_id: UUID
    carrier_sid: str


class MissingVoicemailFinder:
    """Asks the carrier for recordings whose callbacks were lost. Made once at start."""

    def __init__(
        self,
        job_database: Database,
        database: Database,
        carrier: Carrier,
        mailer: VoicemailMailer,
        alert_mailer: AlertMailer,
        prices: PriceList,
    ) -> None:
        """``job_database`` must see every organization's calls; changes are written through ``database``."""
        self._job_database = job_database
        self._database = database
        self._carrier = carrier
        self._mailer = mailer
        self._alert_mailer = alert_mailer
        self._prices = prices

    async def run(self, now: dt.datetime | None = None) -> int:
        """Check each call once; return the number of voicemails found. The next run repeats failed requests."""
        found = 0
        for call in await self._unchecked(now or utc_now()):
            try:
                recordings = await self._carrier.recordings(call.carrier_sid)
            except CarrierError as error:
                log.warning("recordings_not_listed", error=type(error).__name__)
                continue
            async with self._database.tenant_session(call.organization_id) as session:
                recorder = VoicemailRecorder(session, self._mailer, self._alert_mailer, self._prices)
                for recording in recordings:
                    if recording.is_complete and recording.seconds:
                        found += await recorder.store(
                            call.organization_id, call.carrier_sid, recording.sid, recording.seconds
                        )
                checked = LegEvent(is_child=False, kind=RECORDING_CHECKED, sequence=-1, occurred_at=utc_now())
                await CallService(session).record_event(
                    call.organization_id, call.carrier_sid, call.carrier_sid, checked
                )
        if found:
            log.info("lost_voicemails_found", found=found)
        return found

    async def _unchecked(self, now: dt.datetime) -> list[_UncheckedCall]:
        def has(kind: str) -> sa.ColumnElement[bool]:
            return sa.exists().where(CallEvent.call_record_id == Call.id, CallEvent.kind == kind)

        query = (
            sa.select(Call.organization_id, Call.carrier_sid)
            .where(
                # Ids begin with the time of their creation, so the primary key finds the calls of the period.
                Call.id > first_uuid7(now - CHECKED_PERIOD),
                is_inbound(),
                Call.status.in_((CallStatus.NO_ANSWER, CallStatus.ABANDONED)),
                Call.ended_at < now - CHECK_AFTER,
                Call.erased_at.is_(None),
                has(VOICEMAIL_OFFERED),
                ~has(RECORDING_CHECKED),
            )
            .order_by(Call.id)
            .limit(CALLS_PER_RUN)
        )
        async with self._job_database.sessions() as session:
            return [_UncheckedCall(*row) for row in await session.execute(query)]
