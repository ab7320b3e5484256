"""Endpoints for the widget: ``/widget/voicemail-greetings`` lists recordings, ``/widget/voicemail-drop`` plays one.

A voicemail drop plays the recording into the mailbox that the widget's own call has reached; the call then ends.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.agent_identification import AgentIdentification
from calls.greetings.names import repeated_names
from calls.greetings.voicemail_drop import Requester, VoicemailDropper
from calls.greetings.voicemail_greetings import GreetingSummary, VoicemailGreetingService
from calls.models import Call
from kit.db.database import Database
from kit.errors import NotFound
from kit.parsing import parse_uuid
from kit.schemas import ResponseModel
from kit.text import format_duration
from widget.client_ids import identity_of
from widget.token_auth import AuthenticatedWidget, WidgetRequest

_encode = msgspec.json.Encoder().encode


class VoicemailGreetingChoice(ResponseModel, frozen=True, kw_only=True):
    """A voicemail greeting as the widget offers it."""

    id: str
    name: str
    """With length and time of creation if another one has the same name."""
    seconds: int
    shared: bool
    """False for the member's own."""


class VoicemailGreetingChoices(ResponseModel, frozen=True, kw_only=True):
    """The answer of ``/widget/voicemail-greetings``; empty after the call. The first one is the default of a drop."""

    greetings: Sequence[VoicemailGreetingChoice]


class VoicemailDropRequest(WidgetRequest, frozen=True):
    """The body that a widget sends for a voicemail drop."""

    greeting_id: Any = None
    """The id of the voicemail greeting to play; None for the first one of the list."""


class VoicemailGreetingsHandler:
    """Lists the voicemail greetings for a drop in the widget's live call. Made once at start."""

    def __init__(self, database: Database, agent_identification: AgentIdentification) -> None:
        self._database = database
        self._agent_identification = agent_identification

    async def __call__(self, widget: AuthenticatedWidget, request: WidgetRequest) -> bytes:
        async with self._database.tenant_session(widget.organization_id) as session:
            call = await _own_call(session, widget, request)
            user_id = await self._agent_identification.find_user_id(session, widget.token_id, widget.ticket.client_id)
            service = VoicemailGreetingService(session, widget.organization_id, user_id)
            # Not refused after the call: a refusal would appear as an error in the page's console.
            greetings = () if call.status.is_final else await service.list_all()
        repeated = repeated_names([greeting.name for greeting in greetings])
        choices = [
            VoicemailGreetingChoice(
                id=str(greeting.id),
                name=_with_length_and_time(greeting) if greeting.name in repeated else greeting.name,
                seconds=greeting.seconds,
                shared=greeting.is_shared,
            )
            for greeting in greetings
        ]
        return _encode(VoicemailGreetingChoices(greetings=choices))


class VoicemailDropHandler:
    """Drops a voicemail greeting in the widget's connected call, which then ends for the widget. Made once at start."""

    def __init__(
        self, database: Database, dropper: VoicemailDropper, agent_identification: AgentIdentification
    ) -> None:
        self._database = database
        self._dropper = dropper
        self._agent_identification = agent_identification

    async def __call__(self, widget: AuthenticatedWidget, request: VoicemailDropRequest) -> bytes:
        greeting_id = None if request.greeting_id is None else _parse_id(request.greeting_id)
        async with self._database.tenant_session(widget.organization_id) as session:
            user_id = await self._agent_identification.find_user_id(session, widget.token_id, widget.ticket.client_id)

        async def find(session: AsyncSession) -> Call:
            return await _own_call(session, widget, request)

        await self._dropper.drop(Requester(widget.organization_id, user_id), find, greeting_id)
        return b""


async def _own_call(session: AsyncSession, widget: AuthenticatedWidget, request: WidgetRequest) -> Call:
    """The requested call, if this widget placed it: both have the same identity at the carrier. Raises: NotFound."""
    query = sa.select(Call).where(
        Call.owned_by(widget.organization_id),
        Call.token_id == widget.token_id,
        Call.call_id == _parse_id(request.call_id),
        Call.identity == identity_of(widget.token_id, widget.ticket.client_id),
    )
    call: Call | None = await session.scalar(query.order_by(Call.id).limit(1))
    if call is None:
        raise NotFound
    return call


def _with_length_and_time(greeting: GreetingSummary) -> str:
    # A format that every language of the widget can show.
    return f"{greeting.name}, {format_duration(greeting.seconds)}, {greeting.created_at:%Y-%m-%d %H:%M} UTC"


def _parse_id(given: object) -> UUID:
    """Raises: NotFound, as for an unknown id."""
    try:
        return parse_uuid(str(given or ""))
    except ValueError as error:
        raise NotFound from error
