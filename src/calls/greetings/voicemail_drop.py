"""Voicemail drop: plays a recording into the mailbox that an outgoing call reached; the call ends for the agent."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.call_state import STATUS_BY_CARRIER_STATUS, VOICEMAIL_DROPPED, LegEvent
from calls.greetings.audio_urls import AudioUrls
from calls.greetings.errors import CallNotConnected, NotOwnCall, NoVoicemailGreeting
from calls.greetings.voicemail_greetings import VoicemailGreetingService
from calls.models import MAX_AGENT_CHARACTERS, Call, CallStatus, Direction
from calls.services import CallService
from carrier.port import Carrier, CarrierError, NotFoundAtCarrier, NotInProgressAtCarrier
from kit.actor import Actor
from kit.clock import utc_now
from kit.db.database import Database
from phone_numbers.errors import CarrierNotAnswering
from tenants.auth import MemberAuth
from tenants.models import Role


class Requester(msgspec.Struct, frozen=True):
    """The member, API key or phone that requests a voicemail drop."""

    organization_id: UUID
    user_id: UUID | None
    """The member whose own voicemail greetings may be used; None for an API key, or the widget of an unknown agent."""
    actor: Actor | None = None
    """None for a widget."""


class _DropTarget(msgspec.Struct, frozen=True):
    """A connected call, its child leg at the carrier, and the voicemail greeting to play."""

    call_id: UUID
    parent_sid: str
    leg_sid: str
    greeting_id: UUID


class VoicemailDropper:
    """Performs voicemail drops. No transaction is open during requests to the carrier."""

    def __init__(self, database: Database, carrier: Carrier, audio_urls: AudioUrls) -> None:
        self._database, self._carrier, self._audio_urls = database, carrier, audio_urls

    async def drop_as_member(self, member: MemberAuth, call_id: UUID, greeting_id: UUID | None) -> Call:
        """Drop a voicemail greeting in the call with our id ``call_id``; see ``drop``.

        Raises: NotFound, NotOwnCall, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering.
        """

        async def find(session: AsyncSession) -> Call:
            call = await CallService(session).get(member.organization_id, call_id)
            if not may_drop_voicemail(call, member):
                raise NotOwnCall
            return call

        return await self.drop(Requester(member.organization_id, member.actor.user_id, member.actor), find, greeting_id)

    async def drop(
        self, requester: Requester, find_call: Callable[[AsyncSession], Awaitable[Call]], greeting_id: UUID | None
    ) -> Call:
        """Take the child leg out of the call, play the recording to it, and hang up. The agent's call ends at once.

        ``find_call`` finds the call and ensures that ``requester`` may end it. Without ``greeting_id`` the
        member's newest own one is played, else the newest shared one.

        Raises: NotFound, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering, and what ``find_call`` raises.
        """
        organization_id, user_id = requester.organization_id, requester.user_id
        async with self._database.tenant_session(organization_id, user_id) as session:
            target = await _find_target(session, requester, await find_call(session), greeting_id)
        url = self._audio_urls.url(organization_id, target.greeting_id)
        try:
            await self._carrier.play_and_hang_up(target.leg_sid, url)
        except (NotInProgressAtCarrier, NotFoundAtCarrier) as error:
            raise CallNotConnected from error
        except CarrierError as error:
            raise CarrierNotAnswering from error
        async with self._database.tenant_session(organization_id, user_id, actor=requester.actor) as session:
            dropped = LegEvent(is_child=True, kind=VOICEMAIL_DROPPED, sequence=-1, occurred_at=utc_now())
            calls = CallService(session)
            await calls.record_event(organization_id, target.parent_sid, target.leg_sid, dropped)
            return await calls.get(organization_id, target.call_id)


def may_drop_voicemail(call: Call, member: MemberAuth) -> bool:
    """True for the member who placed the call, and for admins and API keys, who may end other people's calls."""
    is_own = call.agent_is_member and call.agent == member.actor.name[:MAX_AGENT_CHARACTERS]
    return is_own or member.role.rank >= Role.ADMIN.rank


async def _find_target(
    session: AsyncSession, requester: Requester, call: Call, greeting_id: UUID | None
) -> _DropTarget:
    greetings = VoicemailGreetingService(session, requester.organization_id, requester.user_id)
    if call.direction != Direction.OUTBOUND or call.status is not CallStatus.IN_PROGRESS:
        raise CallNotConnected
    events = await CallService(session).events(requester.organization_id, call.id)
    leg = next((event.leg_sid for event in events if event.is_child and _is_answer(event.kind)), None)
    if leg is None:
        raise CallNotConnected
    if greeting_id is not None:
        chosen = await greetings.get(greeting_id)
    elif found := await greetings.list_all():
        chosen = found[0]
    else:
        raise NoVoicemailGreeting
    return _DropTarget(call.id, call.carrier_sid, leg, chosen.id)


def _is_answer(kind: str) -> bool:
    return STATUS_BY_CARRIER_STATUS.get(kind) is CallStatus.IN_PROGRESS
