"""Voicemail drop: plays a recorded greeting into the mailbox that answered a call, and ends the call for the agent."""

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
    """The person whose own greetings may be used; None for an API key and for a phone of an unknown person."""
    actor: Actor | None = None
    """None for a phone."""


class _Connection(msgspec.Struct, frozen=True):
    """A connected call at the carrier, and the greeting to play."""

    call_id: UUID
    parent_sid: str
    leg_sid: str
    greeting_id: UUID


class VoicemailDropper:
    """Drops greetings. No transaction is open during requests to the carrier."""

    def __init__(self, database: Database, carrier: Carrier, audio_urls: AudioUrls) -> None:
        self._database, self._carrier, self._audio_urls = database, carrier, audio_urls

    async def drop_as_member(self, who: MemberAuth, call_id: UUID, greeting_id: UUID | None) -> Call:
        """As ``drop``, in the call with our id ``call_id``.

        Raises: NotFound, NotOwnCall, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering.
        """

        async def find(session: AsyncSession) -> Call:
            call = await CallService(session).get(who.organization_id, call_id)
            if not may_leave_greeting(call, who):
                raise NotOwnCall
            return call

        return await self.drop(Requester(who.organization_id, who.actor.user_id, who.actor), find, greeting_id)

    async def drop(
        self, requester: Requester, find_call: Callable[[AsyncSession], Awaitable[Call]], greeting_id: UUID | None
    ) -> Call:
        """Take the called leg out of the call, play it the greeting and hang up; the call ends for everybody else now.

        ``find_call`` finds the call and ensures that ``requester`` may end it. Without ``greeting_id`` the
        person's newest greeting is played, else the newest shared one.

        Raises: NotFound, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering, and what ``find_call`` raises.
        """
        organization_id, user_id = requester.organization_id, requester.user_id
        async with self._database.tenant_session(organization_id, user_id) as session:
            connection = await _connection(session, requester, await find_call(session), greeting_id)
        url = self._audio_urls.url(organization_id, connection.greeting_id)
        try:
            await self._carrier.play_and_hang_up(connection.leg_sid, url)
        except (NotInProgressAtCarrier, NotFoundAtCarrier) as error:
            raise CallNotConnected from error
        except CarrierError as error:
            raise CarrierNotAnswering from error
        async with self._database.tenant_session(organization_id, user_id, actor=requester.actor) as session:
            dropped = LegEvent(is_child=True, kind=VOICEMAIL_DROPPED, sequence=-1, occurred_at=utc_now())
            calls = CallService(session)
            await calls.record_event(organization_id, connection.parent_sid, connection.leg_sid, dropped)
            return await calls.get(organization_id, connection.call_id)


def may_leave_greeting(call: Call, who: MemberAuth) -> bool:
    """True for the member who placed the call, and for everybody who may end other people's calls: admins and keys."""
    is_own = call.agent_is_member and call.agent == who.actor.name[:MAX_AGENT_CHARACTERS]
    return is_own or who.role.rank >= Role.ADMIN.rank


async def _connection(session: AsyncSession, requester: Requester, call: Call, greeting_id: UUID | None) -> _Connection:
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
    return _Connection(call.id, call.carrier_sid, leg, chosen.id)


def _is_answer(kind: str) -> bool:
    return STATUS_BY_CARRIER_STATUS.get(kind) is CallStatus.IN_PROGRESS
