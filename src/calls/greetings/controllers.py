"""API endpoints: recordings for greetings (``…/audio``), voicemail greetings, and the voicemail drop in a call."""

from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.audio_decoder import AUDIO_DECODER, DecodedAudio
from calls.greetings.audio_decoder_process import MAX_FILE_BYTES
from calls.greetings.audio_urls import AUDIO_URLS
from calls.greetings.errors import (
    AudioInUse,
    AudioTooLarge,
    CallNotConnected,
    DecoderBusy,
    NotOwnCall,
    NoVoicemailGreeting,
    TooManyRecordings,
    TooManyVoicemailGreetings,
)
from calls.greetings.models import MAX_NAME_CHARACTERS
from calls.greetings.names import parse_name
from calls.greetings.schemas import DropVoicemail, GreetingAudioInfo, RenameRecording, VoicemailGreetingInfo
from calls.greetings.services import GreetingAudioService
from calls.greetings.voicemail_drop import VoicemailDropper
from calls.greetings.voicemail_greetings import VoicemailGreetingService
from calls.schemas import CallInfo
from carrier.port import CARRIER
from kit.db.paging import PageQuery
from kit.http.app_key import DATABASE
from kit.http.byte_ranges import ranged_response
from kit.http.tenant_concurrency import ASKS_CARRIER, READS_UPLOAD
from kit.http.uploads import FORM_OVERHEAD_BYTES, read_upload
from kit.schemas import Page
from phone_numbers.errors import CarrierNotAnswering
from tenants.auth import current_member
from tenants.errors import RoleTooLow
from tenants.guards import requires_member, requires_role
from tenants.models import Role
from tenants.rules import ensure_role

_MEMBER = (requires_member,)
_ADMIN = (requires_member, requires_role(Role.ADMIN))


_UPLOAD: dict[str, Any] = {
    "opt": READS_UPLOAD,
    "request_max_body_size": MAX_FILE_BYTES + FORM_OVERHEAD_BYTES,
}
"""Options of a handler whose request body is a recording."""


async def accept_any_type(_: Request[Any, Any, Any]) -> None:
    """``before_request`` hook that replaces the check for a JSON body."""


class GreetingAudioController(Controller):
    """Recordings of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/audio"
    tags = ("Incoming calls",)

    @get(guards=_MEMBER, summary="Recordings for greetings, newest first")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[GreetingAudioInfo]:
        service = GreetingAudioService(db_session)
        rows = await service.page(organization_id, after=page_query.after, limit=page_query.limit)
        used = await service.used_ids(organization_id)
        return page_query.to_page(rows, lambda row: GreetingAudioInfo.of(row, used))

    @post(
        guards=_ADMIN,
        summary="Add a recording: a WAV or MP3 file of at most 10 MB and 2 minutes",
        refusals=(AudioTooLarge, TooManyRecordings, DecoderBusy),
        before_request=accept_any_type,
        **_UPLOAD,
    )
    async def add(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], name: FromQuery[str] = ""
    ) -> GreetingAudioInfo:
        """Stored as WAV, 8 kHz, mono. Without ``name`` it gets the file's name.

        A name that another recording has gets a number.
        """
        given, audio = await _read_recording(request, name)
        by = current_member(request).actor
        # No transaction may be open while a file is read and decoded.
        async with DATABASE.get(request.app).tenant_session(organization_id, by.user_id, actor=by) as session:
            service = GreetingAudioService(session)
            row = await service.add(organization_id, given, audio, by=by)
            return GreetingAudioInfo.of(row, ())

    @get("/{audio_id:uuid}", guards=_MEMBER, summary="One recording")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], audio_id: FromPath[UUID]
    ) -> GreetingAudioInfo:
        service = GreetingAudioService(db_session)
        row = await service.get(organization_id, audio_id)
        return GreetingAudioInfo.of(row, await service.used_ids(organization_id))

    @get("/{audio_id:uuid}/content", guards=_MEMBER, summary="The audio of a recording", media_type="audio/wav")
    async def content(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        audio_id: FromPath[UUID],
    ) -> Response[bytes]:
        """Answers a header ``Range`` with that part (206)."""
        wav = await GreetingAudioService(db_session).wav(organization_id, audio_id)
        return ranged_response(wav, "audio/wav", request.headers.get("range"))

    @patch("/{audio_id:uuid}", guards=_ADMIN, summary="Rename a recording")
    async def rename(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        audio_id: FromPath[UUID],
        data: JSONBody[RenameRecording],
    ) -> GreetingAudioInfo:
        service, by = GreetingAudioService(db_session), current_member(request).actor
        row = await service.rename(organization_id, audio_id, data.name, by=by)
        return GreetingAudioInfo.of(row, await service.used_ids(organization_id))

    @delete("/{audio_id:uuid}", guards=_ADMIN, summary="Remove a recording", status_code=204, refusals=(AudioInUse,))
    async def remove(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        audio_id: FromPath[UUID],
    ) -> None:
        """Refused while a greeting plays it."""
        await GreetingAudioService(db_session).remove(organization_id, audio_id, by=current_member(request).actor)


class VoicemailGreetingController(Controller):
    """Voicemail greetings that the member of the request can use: the member's own, and shared ones."""

    path = "/organizations/{organization_id:uuid}/voicemail-greetings"
    tags = ("Calls",)
    guards = _MEMBER

    @get(summary="Voicemail greetings, newest first")
    async def index(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        page_query: NamedDependency[PageQuery],
    ) -> Page[VoicemailGreetingInfo]:
        rows = await _greetings(request, db_session).page(after=page_query.after, limit=page_query.limit)
        return page_query.to_page(rows, VoicemailGreetingInfo.of)

    @post(
        summary="Add a voicemail greeting: a WAV or MP3 file of at most 10 MB and 2 minutes",
        refusals=(AudioTooLarge, TooManyVoicemailGreetings, DecoderBusy, RoleTooLow),
        before_request=accept_any_type,
        **_UPLOAD,
    )
    async def add(
        self,
        request: Request[Any, Any, State],
        organization_id: FromPath[UUID],
        name: FromQuery[str] = "",
        shared: FromQuery[bool | None] = None,
    ) -> VoicemailGreetingInfo:
        """One's own, or shared with all members, which needs the role admin. A key's greetings are shared ones.

        A name that another greeting has gets a number.
        """
        member = current_member(request)
        is_shared = member.actor.user_id is None if shared is None else shared
        if is_shared or member.actor.user_id is None:
            ensure_role(member.role, Role.ADMIN)
        given, audio = await _read_recording(request, name)
        by = member.actor
        async with DATABASE.get(request.app).tenant_session(organization_id, by.user_id, actor=by) as session:
            service = VoicemailGreetingService(session, organization_id, by.user_id)
            added = await service.add(given, audio, shared=is_shared or by.user_id is None, by=by)
        return VoicemailGreetingInfo.of(added)

    @get("/{greeting_id:uuid}", summary="One voicemail greeting")
    async def show(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        greeting_id: FromPath[UUID],
    ) -> VoicemailGreetingInfo:
        return VoicemailGreetingInfo.of(await _greetings(request, db_session).get(greeting_id))

    @get("/{greeting_id:uuid}/content", summary="The audio of a voicemail greeting", media_type="audio/wav")
    async def content(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        greeting_id: FromPath[UUID],
    ) -> Response[bytes]:
        """Answers a header ``Range`` with that part (206)."""
        wav = await _greetings(request, db_session).wav(greeting_id)
        return ranged_response(wav, "audio/wav", request.headers.get("range"))

    @patch("/{greeting_id:uuid}", summary="Rename a voicemail greeting", refusals=(RoleTooLow,))
    async def rename(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        greeting_id: FromPath[UUID],
        data: JSONBody[RenameRecording],
    ) -> VoicemailGreetingInfo:
        """One's own; a shared one needs the role admin."""
        member, service = current_member(request), _greetings(request, db_session)
        return VoicemailGreetingInfo.of(await service.rename(greeting_id, data.name, role=member.role, by=member.actor))

    @delete("/{greeting_id:uuid}", summary="Remove a voicemail greeting", status_code=204, refusals=(RoleTooLow,))
    async def remove(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        greeting_id: FromPath[UUID],
    ) -> None:
        """One's own; a shared one needs the role admin."""
        member = current_member(request)
        await _greetings(request, db_session).remove(greeting_id, role=member.role, by=member.actor)


class VoicemailDropController(Controller):
    """Voicemail drop in a connected outgoing call."""

    path = "/organizations/{organization_id:uuid}/calls/{call_id:uuid}/voicemail-drop"
    tags = ("Calls",)
    guards = _MEMBER

    @post(
        summary="Leave a voicemail greeting in the mailbox that a call has reached",
        status_code=200,
        opt=ASKS_CARRIER,
        refusals=(NotOwnCall, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering),
    )
    async def drop(
        self, request: Request[Any, Any, State], call_id: FromPath[UUID], data: JSONBody[DropVoicemail]
    ) -> CallInfo:
        """The carrier plays the voicemail greeting to the mailbox and hangs up. For the agent the call ends at once.

        Members do so in calls that they placed themselves; admins and keys in every call.
        """
        member = current_member(request)
        return CallInfo.of(await voicemail_dropper(request).drop_as_member(member, call_id, data.greeting_id))


def voicemail_dropper(request: Request[Any, Any, State]) -> VoicemailDropper:
    """A ``VoicemailDropper`` with the application's objects."""
    app = request.app
    return VoicemailDropper(DATABASE.get(app), CARRIER.get(app), AUDIO_URLS.get(app))


def _greetings(request: Request[Any, Any, State], session: AsyncSession) -> VoicemailGreetingService:
    member = current_member(request)
    return VoicemailGreetingService(session, member.organization_id, member.actor.user_id)


async def _read_recording(request: Request[Any, Any, State], name: str) -> tuple[str, DecodedAudio]:
    """Name and audio of the recording in a request's body; an empty ``name`` is replaced by the file's.

    Raises: AudioTooLarge, MalformedRequest, ValidationFailed, DecoderBusy.
    """
    given = parse_name(name)
    upload = await read_upload(request, max_bytes=MAX_FILE_BYTES, too_large=AudioTooLarge)
    stem = PurePosixPath(upload.file_name).stem if upload.file_name.isprintable() else ""
    return given or stem[:MAX_NAME_CHARACTERS], await AUDIO_DECODER.get(request.app).decode(upload.content)
