"""API endpoints: settings of incoming calls (``…/incoming-calls``, also of one phone number), and ``…/voicemails``."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.answer_settings import AnswerSettings, UnplayedTexts
from calls.incoming.called_numbers import CalledNumberLookup
from calls.incoming.rules import typed_phones
from calls.incoming.settings_service import IncomingSettingsService
from calls.incoming.voicemail_schemas import ChangeVoicemail, VoicemailInfo
from calls.incoming.voicemails import VoicemailService
from carrier.port import CARRIER, CarrierError, NotFoundAtCarrier
from kit.db.paging import PageQuery
from kit.errors import NotFound
from kit.http.app_key import DATABASE
from kit.http.byte_ranges import ranged_response
from kit.http.tenant_concurrency import ASKS_CARRIER
from kit.schemas import Page
from phone_numbers.errors import CarrierNotAnswering
from tenants.auth import current_member
from tenants.guards import requires_member, requires_role
from tenants.models import Role

_MEMBER = (requires_member,)
_ADMIN = (requires_member, requires_role(Role.ADMIN))


class IncomingCallsController(Controller):
    """Settings of the incoming calls of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/incoming-calls"
    tags = ("Incoming calls",)

    @get(guards=_MEMBER, summary="The answer to calls to the organization's numbers")
    async def show(self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID]) -> AnswerSettings:
        return await IncomingSettingsService(db_session).get(organization_id)

    @put(guards=_ADMIN, summary="Change the answer to calls to the organization's numbers")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[AnswerSettings],
    ) -> AnswerSettings:
        """Replaces all settings; what is left out has its default. The answer of GET can be sent back unchanged.

        A phone that the settings have already stays, also if a calling rule forbids it now; it does not ring then.
        """
        return await save_settings(request, db_session, organization_id, data)


class NumberIncomingCallsController(Controller):
    """Settings of the incoming calls of one number."""

    path = "/organizations/{organization_id:uuid}/phone-numbers/{number_id:uuid}/incoming-calls"
    tags = ("Incoming calls",)

    @get(guards=_MEMBER, summary="The answer to calls to one number; null where it follows the organization's")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], number_id: FromPath[UUID]
    ) -> AnswerSettings | None:
        return await IncomingSettingsService(db_session).get_of_number(organization_id, number_id)

    @put(guards=_ADMIN, summary="Change the answer to calls to one number; null follows the organization's")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        number_id: FromPath[UUID],
        data: JSONBody[AnswerSettings | None],
    ) -> AnswerSettings | None:
        """Replaces all settings of the number; what is left out has its default."""
        if data is None:
            by = current_member(request).actor
            await IncomingSettingsService(db_session).follow_organization(organization_id, number_id, by=by)
            return None
        return await save_settings(request, db_session, organization_id, data, number_id=number_id)


class VoicemailController(Controller):
    """Messages that callers left for the organization in the path."""

    path = "/organizations/{organization_id:uuid}/voicemails"
    tags = ("Incoming calls",)

    @get(guards=_MEMBER, summary="Voicemails, newest first")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
        heard: FromQuery[bool | None] = None,
    ) -> Page[VoicemailInfo]:
        rows = await VoicemailService(db_session).page(
            organization_id, after=page_query.after, limit=page_query.limit, heard=heard
        )
        return page_query.to_page(rows, VoicemailInfo.of)

    @get("/{voicemail_id:uuid}", guards=_MEMBER, summary="One voicemail")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], voicemail_id: FromPath[UUID]
    ) -> VoicemailInfo:
        return VoicemailInfo.of(await VoicemailService(db_session).get(organization_id, voicemail_id))

    @get(
        "/{voicemail_id:uuid}/audio",
        guards=_MEMBER,
        summary="The audio of a voicemail, as WAV",
        media_type="audio/wav",
        opt=ASKS_CARRIER,
        refusals=(CarrierNotAnswering,),
    )
    async def audio(
        self, request: Request[Any, Any, State], organization_id: FromPath[UUID], voicemail_id: FromPath[UUID]
    ) -> Response[bytes]:
        """Answers a header ``Range`` with that part (206)."""
        member, database = current_member(request), DATABASE.get(request.app)
        # No transaction may be open during the request to the carrier.
        async with database.tenant_session(organization_id, member.actor.user_id) as session:
            message = await VoicemailService(session).get(organization_id, voicemail_id)
        try:
            audio = await CARRIER.get(request.app).recording_audio(message.recording_sid)
        except NotFoundAtCarrier as error:
            raise NotFound from error
        except CarrierError as error:
            raise CarrierNotAnswering from error
        return ranged_response(audio, "audio/wav", request.headers.get("range"))

    @patch("/{voicemail_id:uuid}", guards=_MEMBER, summary="Mark a voicemail as heard or unheard")
    async def change(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        voicemail_id: FromPath[UUID],
        data: JSONBody[ChangeVoicemail],
    ) -> VoicemailInfo:
        message = await VoicemailService(db_session).mark(organization_id, voicemail_id, heard=data.heard)
        return VoicemailInfo.of(message)

    @delete("/{voicemail_id:uuid}", guards=_ADMIN, summary="Delete a voicemail, at the carrier too", status_code=204)
    async def remove(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        voicemail_id: FromPath[UUID],
    ) -> None:
        await VoicemailService(db_session).delete(organization_id, voicemail_id, by=current_member(request).actor)


async def save_settings(
    request: Request[Any, Any, State],
    session: AsyncSession,
    organization_id: UUID,
    given: AnswerSettings,
    *,
    number_id: UUID | None = None,
    unplayed: UnplayedTexts | None = None,
) -> AnswerSettings:
    """Save settings in the name of the request's member or API key. Raises: NotFound, ValidationFailed."""
    member = current_member(request)
    product_numbers = await CalledNumberLookup(DATABASE.get(request.app)).held_among(
        typed_phones(given, member.country)
    )
    return await IncomingSettingsService(session).save(
        organization_id, given, product_numbers=product_numbers, by=member.actor, number_id=number_id, unplayed=unplayed
    )
