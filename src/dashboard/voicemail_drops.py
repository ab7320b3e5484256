"""Voicemail drop, on the page of a connected call: leaves a recorded greeting in the mailbox that the call reached."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.greetings.controllers import voicemail_dropper
from calls.greetings.errors import CallNotConnected, NotOwnCall, NoVoicemailGreeting
from calls.greetings.voicemail_drop import may_drop_voicemail
from calls.greetings.voicemail_greetings import VoicemailGreetingService
from calls.models import Call, CallStatus, Direction
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.recording_names import recording_choices
from kit.http.forms import read_form
from kit.http.tenant_concurrency import ASKS_CARRIER
from phone_numbers.errors import CarrierNotAnswering
from tenants.auth import MemberAuth, current_member


class VoicemailDropPages(Controller):
    """The form on the page of a connected call."""

    path = "/dashboard/{slug:str}/calls/{call_id:uuid}/voicemail-drop"
    guards = (requires_membership,)

    @post(opt=ASKS_CARRIER)
    async def drop(
        self, request: Request[Any, Any, State], slug: FromPath[str], call_id: FromPath[UUID]
    ) -> Response[str]:
        form, url = await read_form(request, "greeting"), f"/dashboard/{slug}/calls/{call_id}"
        try:
            greeting_id = UUID(form["greeting"]) if form["greeting"] else None
        except ValueError:
            return redirect(request, url, "Choose a greeting of the list", is_problem=True)
        try:
            await voicemail_dropper(request).drop_as_member(current_member(request), call_id, greeting_id)
        except (NotOwnCall, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering) as refusal:
            return redirect(request, url, refusal.message, is_problem=True)
        return redirect(request, url, "The mailbox hears the greeting. The call has ended for you")


async def voicemail_greeting_choices(session: AsyncSession, member: MemberAuth, call: Call) -> list[tuple[str, str]]:
    """Id and label of each greeting that ``member`` can leave in ``call``; none unless the call is connected."""
    if not may_drop_voicemail(call, member):
        return []
    if call.direction != Direction.OUTBOUND or call.status is not CallStatus.IN_PROGRESS:
        return []
    service = VoicemailGreetingService(session, member.organization_id, member.actor.user_id)
    return recording_choices(await service.list_all(), member.zone)
