"""Erases a phone number from an organization's calls and other data in the database.

Jobs erase it at the carrier, in the audit log, and in older calls that one request cannot search.
"""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.models import IncomingCaller, Voicemail
from calls.incoming.transcription_jobs import TranscriptionToFetch, enqueue_transcription_fetch
from calls.limits.destinations import parse_stored_number
from calls.limits.models import BlockedNumber, CallDestination
from calls.models import LIVE_STATUSES, Call, is_inbound
from calls.outcomes.models import CallChange
from events.emit import erase_events
from kit.actor import SYSTEM, Actor
from kit.audit import record
from kit.e164 import masked
from kit.errors import DomainError, ValidationFailed
from kit.jobs.queue import JobQueue
from phone_numbers.verified_numbers.services import VerifiedNumberService
from privacy.anonymize import CallAnonymizationService
from privacy.audit_erasure import enqueue_number_erasure
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.errors import NumberInLiveCall
from privacy.number_matcher import NumberMatcher
from privacy.number_mentions import PAGE_TEXTS, SearchBatch, call_id_in, search_batches
from widget.models import BlockedOrigin, EmbedToken

ERASE_NUMBER = "calls.erase_number"
MAX_BATCHES_PER_REQUEST = 40
"""Batches of calls that one request searches; a job searches the older calls."""
_MAX_CALLS_PER_TRANSACTION = 20_000
"""A transaction stops after the batch that exceeds this."""
_CALLS_PER_STATEMENT = 1000


class NumberOccurrences(msgspec.Struct, frozen=True):
    """Counts of calls that contain a phone number, or contained it before it was erased."""

    calls: int
    """Calls to or from the number, rejected calls included."""
    mentioning_calls: int
    """Other calls with text from a page or a member that contains the number."""
    is_complete: bool = True
    """False when older calls were not searched yet."""
    is_blocked: bool = False
    """True if the number is on the organization's block list."""
    was_unblocked: bool = False


class RemainingSearch(msgspec.Struct, frozen=True):
    """The payload of a job: the part of a search that the request left to it."""

    organization_id: UUID
    number: str
    country: str
    before: UUID
    """Calls with lower ids are not searched yet."""


class NumberErasureService:
    """Erases a number from one organization's data. A long search continues in a job of ``queue``."""

    def __init__(self, session: AsyncSession, queue: JobQueue, at_carrier: CarrierCallDeletion) -> None:
        self._session = session
        self._queue = queue
        self._at_carrier = at_carrier

    async def count(self, organization_id: UUID, number: str, country: str) -> NumberOccurrences:
        """Count the calls that contain ``number`` (E.164), in at most ``MAX_BATCHES_PER_REQUEST`` batches."""
        party_calls = sa.select(sa.func.count()).where(Call.owned_by(organization_id), _is_party(number))
        is_blocked = (
            await self._session.scalar(sa.select(_blocked_number_query(organization_id, number).exists())) or False
        )
        calls, mentions, batches = await self._session.scalar(party_calls) or 0, 0, 0
        async for batch in search_batches(
            self._session, organization_id, NumberMatcher(number, country), number=number, before=None
        ):
            calls, mentions, batches = calls + len(batch.rejected), mentions + batch.mentioning_calls, batches + 1
            if batch.last is not None and batches == MAX_BATCHES_PER_REQUEST:
                return NumberOccurrences(calls, mentions, is_complete=False, is_blocked=is_blocked)
        return NumberOccurrences(calls, mentions, is_blocked=is_blocked)

    async def erase(
        self,
        organization_id: UUID,
        number: str,
        country: str,
        *,
        by: Actor,
        unblock: bool = False,
    ) -> NumberOccurrences:
        """Erase ``number`` (E.164) from the organization's calls; return how many contained it. Safe to repeat.

        Calls to or from the number are anonymized. Of other calls, all metadata is erased if it contains the number,
        because it may contain names as well; so are name, company, URL, agent and so on that contain it. ``country`` is
        the organization's country. Unless ``unblock``, the number stays on the block list, so that it is not called
        again. A job erases the number from the organization's audit events.

        Raises: NumberInLiveCall; then nothing is erased.
        """
        is_own = Call.owned_by(organization_id)
        live = sa.select(Call.id).where(is_own, _is_party(number), Call.status.in_(LIVE_STATUSES))
        if await self._session.scalar(live.limit(1)) is not None:
            raise NumberInLiveCall
        calls = await self._erase_calls(organization_id, number)
        await self._session.execute(
            sa.delete(CallDestination).where(
                CallDestination.owned_by(organization_id), CallDestination.number == number
            )
        )
        await self._session.execute(
            sa.delete(IncomingCaller).where(IncomingCaller.owned_by(organization_id), IncomingCaller.number == number)
        )
        await VerifiedNumberService(self._session).erase(organization_id, number)
        await _erase_from_origins(self._session, organization_id, NumberMatcher(number, country))
        await _erase_from_changes(self._session, organization_id, NumberMatcher(number, country))
        await _erase_from_transcripts(self._session, organization_id, NumberMatcher(number, country))
        search = await self._erase_mentions(organization_id, number, country, before=None)
        unblocked = unblock and await self._unblock(organization_id, number)
        erased = NumberOccurrences(
            calls + search.calls, search.mentioning_calls, search.is_complete, was_unblocked=unblocked
        )
        # The reason is free text that staff entered, and the audit log keeps it.
        by = msgspec.structs.replace(by, reason=NumberMatcher(number, country).mask_in(by.reason))
        await _record_audit(self._session, organization_id, number, erased, by)
        await enqueue_number_erasure(self._session, self._queue, organization_id, number, country)
        return erased

    async def continue_search(self, remaining: RemainingSearch) -> None:
        """Search older calls for the number of an erasure and erase it there, up to the limits of one transaction."""
        organization_id, number = remaining.organization_id, remaining.number
        erased = await self._erase_mentions(organization_id, number, remaining.country, before=remaining.before)
        if erased.calls or erased.mentioning_calls or erased.is_complete:
            await _record_audit(self._session, organization_id, number, erased, SYSTEM)

    async def _unblock(self, organization_id: UUID, number: str) -> bool:
        found = await self._session.scalar(_blocked_number_query(organization_id, number))
        await self._session.execute(sa.delete(BlockedNumber).where(BlockedNumber.id == found))
        return found is not None

    async def _erase_calls(self, organization_id: UUID, number: str) -> int:
        conditions = Call.owned_by(organization_id), _is_party(number), Call.erased_at.is_(None)
        query, erased = sa.select(Call.id, Call.carrier_sid).where(*conditions), 0
        while found := (await self._session.execute(query.limit(_CALLS_PER_STATEMENT))).all():
            erased += await CallAnonymizationService(self._session).anonymize(call_id_in([row.id for row in found]))
            await self._at_carrier.enqueue(self._session, [row.carrier_sid for row in found])
        return erased

    async def _erase_mentions(
        self, organization_id: UUID, number: str, country: str, *, before: UUID | None
    ) -> NumberOccurrences:
        """Erase the number from rejected calls and from texts of other calls, up to the limits of one transaction.

        A job continues with the older calls.
        """
        calls, mentions, batches = 0, 0, 0
        async for batch in search_batches(
            self._session, organization_id, NumberMatcher(number, country), number=number, before=before
        ):
            calls, mentions, batches = calls + len(batch.rejected), mentions + batch.mentioning_calls, batches + 1
            await self._erase_batch(batch)
            if batch.last is not None and (
                batches == MAX_BATCHES_PER_REQUEST or calls + mentions >= _MAX_CALLS_PER_TRANSACTION
            ):
                remaining = RemainingSearch(organization_id, number, country, batch.last)
                await self._queue.enqueue(self._session, ERASE_NUMBER, msgspec.json.encode(remaining))
                return NumberOccurrences(calls, mentions, is_complete=False)
        return NumberOccurrences(calls, mentions)

    async def _erase_batch(self, batch: SearchBatch) -> None:
        if batch.rejected:
            await CallAnonymizationService(self._session).anonymize(
                call_id_in([call_id for call_id, _ in batch.rejected])
            )
            await self._at_carrier.enqueue(self._session, [sid for _, sid in batch.rejected])
        for name, ids in batch.mentions.items():
            if ids:
                emptied = sa.update(Call).where(call_id_in(ids)).values({PAGE_TEXTS[name]: None})
                await self._session.execute(emptied, execution_options={"synchronize_session": False})
                await erase_events(self._session, sa.select(Call.id).where(call_id_in(ids)))


def _is_party(number: str) -> sa.ColumnElement[bool]:
    """The condition for calls to ``number``, and incoming calls from it or answered on it."""
    is_other_side = sa.and_(is_inbound(), sa.or_(Call.from_number == number, Call.answered_by == number))
    return sa.or_(Call.to_number == number, is_other_side)


def _blocked_number_query(organization_id: UUID, number: str) -> sa.Select[UUID]:
    return sa.select(BlockedNumber.id).where(BlockedNumber.owned_by(organization_id), BlockedNumber.number == number)


async def _erase_from_origins(session: AsyncSession, organization_id: UUID, matcher: NumberMatcher) -> None:
    """Erase the number from stored origins of pages, which can contain any text."""
    for model, origin in ((BlockedOrigin, BlockedOrigin.origin), (EmbedToken, EmbedToken.last_origin)):
        query = sa.select(model.id, origin).where(
            model.owned_by(organization_id), origin.regexp_match(matcher.sql_pattern)
        )
        found = [row_id for row_id, text in await session.execute(query) if matcher.matches_text(text)]
        if not found:
            continue
        is_found = model.id == sa.any_(sa.cast(found, ARRAY(sa.Uuid)))
        if model is BlockedOrigin:
            await session.execute(sa.delete(BlockedOrigin).where(is_found))
        else:
            await session.execute(sa.update(EmbedToken).where(is_found).values(last_origin=None))
            await erase_events(session, sa.select(EmbedToken.id).where(is_found))


async def _erase_from_changes(session: AsyncSession, organization_id: UUID, matcher: NumberMatcher) -> None:
    """Delete the changes of calls whose note or tags contain the number; they also have a call's earlier notes."""
    texts = CallChange.note, CallChange.tags
    query = sa.select(CallChange.id, *texts).where(
        CallChange.owned_by(organization_id),
        sa.or_(*(sa.cast(text, sa.Text).regexp_match(matcher.sql_pattern) for text in texts)),
    )
    found = [
        row.id for row in await session.execute(query) if matcher.matches_value([row.note or "", *(row.tags or ())])
    ]
    is_found = CallChange.id == sa.any_(sa.cast(found, ARRAY(sa.Uuid)))
    await erase_events(session, sa.select(CallChange.call_record_id).where(is_found))
    await session.execute(sa.delete(CallChange).where(is_found))


async def _erase_from_transcripts(session: AsyncSession, organization_id: UUID, matcher: NumberMatcher) -> None:
    """Erase the transcripts of voicemails that contain the number; a job deletes them at the carrier."""
    query = (
        sa.select(Voicemail.id, Voicemail.transcript, Voicemail.transcription_sid, Voicemail.recording_sid)
        .add_columns(Call.carrier_sid)
        .join(Call, Call.id == Voicemail.call_record_id)
        .where(Voicemail.owned_by(organization_id), Voicemail.transcript.regexp_match(matcher.sql_pattern))
    )
    found = [row for row in await session.execute(query) if matcher.matches_text(row.transcript)]
    is_found = Voicemail.id == sa.any_(sa.cast([row.id for row in found], ARRAY(sa.Uuid)))
    erased = {"transcript": None, "transcript_status": None, "transcription_sid": None}
    await session.execute(sa.update(Voicemail).where(is_found).values(erased))
    for row in found:
        # The job that fetches transcripts deletes one at the carrier whose voicemail has no transcript status.
        transcription = TranscriptionToFetch(organization_id, row.carrier_sid, row.recording_sid, row.transcription_sid)
        await enqueue_transcription_fetch(session, transcription)


async def _record_audit(
    session: AsyncSession, organization_id: UUID, number: str, erased: NumberOccurrences, by: Actor
) -> None:
    """Record the erasure in the audit log, with the masked number only, because events of the log are kept."""
    details = {"number": masked(number), "calls": erased.calls, "metadata_of_calls": erased.mentioning_calls}
    unblocked = {"unblocked": True} if erased.was_unblocked else {}
    await record(
        session,
        by,
        "call_data.number_erased",
        organization_id=organization_id,
        subject_id=organization_id,
        subject_name=masked(number),
        details={**details, **({} if erased.is_complete else {"goes_on": True}), **unblocked},
    )


def parse_number_to_erase(typed: str, country: str) -> str:
    """Parse the typed number to E.164. Raises: ValidationFailed."""
    if not typed.strip():
        raise ValidationFailed([("number", "Enter a phone number")])
    try:
        return parse_stored_number(typed, country)
    except DomainError as refusal:
        raise ValidationFailed([("number", refusal.message)]) from refusal
