"""Plays a greeting into the mailbox that a call has reached, and frees the agent."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.call_state import STATUS_BY_CARRIER_STATUS, VOICEMAIL_DROPPED, LegEvent
from calls.greetings.audio_links import AudioLinks
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


class Caller(msgspec.Struct, frozen=True):
    """The one who leaves a greeting: a member or an API key, or a phone."""

    organization_id: UUID
    user_id: UUID | None
    """The person whose own greetings can be left; None for a key, and for a phone whose person is not known."""
    actor: Actor | None = None
    """None for a phone."""


class _Connection(msgspec.Struct, frozen=True):
    """A connected call at the carrier, and the greeting for it."""

    call_id: UUID
    parent_sid: str
    leg_sid: str
    greeting_id: UUID


class VoicemailDropper:
    """Leaves greetings. No transaction is open while the carrier is asked."""

    def __init__(self, database: Database, carrier: Carrier, links: AudioLinks) -> None:
        self._database, self._carrier, self._links = database, carrier, links

    async def drop_as_member(self, who: MemberAuth, call_id: UUID, greeting_id: UUID | None) -> Call:
        """As ``drop``, in the call with our id ``call_id``.

        Raises: NotFound, NotOwnCall, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering.
        """

        async def find(session: AsyncSession) -> Call:
            call = await CallService(session).get(who.organization_id, call_id)
            if not may_leave_greeting(call, who):
                raise NotOwnCall
            return call

        return await self.drop(Caller(who.organization_id, who.actor.user_id, who.actor), find, greeting_id)

    async def drop(
        self, caller: Caller, find_call: Callable[[AsyncSession], Awaitable[Call]], greeting_id: UUID | None
    ) -> Call:
        """Let the called leg leave the call, hear the greeting and end; the call is over for everybody else.

        ``find_call`` finds the call and makes sure that ``caller`` may end it. Without ``greeting_id`` the greeting is
        the person's newest one, else the newest shared one.

        Raises: NotFound, CallNotConnected, NoVoicemailGreeting, CarrierNotAnswering, and what ``find_call`` raises.
        """
        organization_id, user_id = caller.organization_id, caller.user_id
        async with self._database.tenant_session(organization_id, user_id) as session:
            connection = await _connection(session, caller, await find_call(session), greeting_id)
        url = self._links.url(organization_id, connection.greeting_id)
        try:
            await self._carrier.play_and_hang_up(connection.leg_sid, url)
        except (NotInProgressAtCarrier, NotFoundAtCarrier) as error:
            raise CallNotConnected from error
        except CarrierError as error:
            raise CarrierNotAnswering from error
        async with self._database.tenant_session(organization_id, user_id, actor=caller.actor) as session:
            dropped = LegEvent(is_child=True, kind=VOICEMAIL_DROPPED, sequence=-1, occurred_at=utc_now())
            calls = CallService(session)
            await calls.record_event(organization_id, connection.parent_sid, connection.leg_sid, dropped)
            return await calls.get(organization_id, connection.call_id)


def may_leave_greeting(call: Call, who: MemberAuth) -> bool:
    """True for the member who placed the call, and for everybody who may end other people's calls: admins and keys."""
    is_own = call.agent_is_member and call.agent == who.actor.name[:MAX_AGENT_CHARACTERS]
    return is_own or who.role.rank >= Role.ADMIN.rank


async def _connection(session: AsyncSession, caller: Caller, call: Call, greeting_id: UUID | None) -> _Connection:
    greetings = VoicemailGreetingService(session, caller.organization_id, caller.user_id)
    if call.direction != Direction.OUTBOUND or call.status is not CallStatus.IN_PROGRESS:
        raise CallNotConnected
    events = await CallService(session).events(caller.organization_id, call.id)
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
