"""Starts, holds and ends all calls of the sandbox; connects browsers' calls with socket, audio, clock and callbacks."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain
from typing import Protocol

from sandbox.account_store import AccountStore
from sandbox.audio_track import Samples
from sandbox.call_engine import Call
from sandbox.call_errors import CallError
from sandbox.callback_environment import CallbackEnvironment
from sandbox.callback_sender import CallbackSender
from sandbox.incoming_call import IncomingCall
from sandbox.incoming_calls import IncomingCalls
from sandbox.legs import Leg, TokenIdentity
from sandbox.media_interface import BadOfferError, Media
from sandbox.outbound_calls import OutboundCalls
from sandbox.recordings import Recordings
from sandbox.sandbox_numbers import far_end_of
from sandbox.simulation import SimulationSettings
from sandbox.switches import Switches

MAX_CALLS = 500
CLOSE_SECONDS = 3.0
BAD_OFFER = CallError(31100, "The session description cannot be answered")

logger = logging.getLogger(__name__)

MediaNegotiator = Callable[[str, Callable[[str], None]], Awaitable[Media]]
"""Answers a session description (SDP); its callable argument gets the DTMF digits in the audio."""


class Socket(Protocol):
    """The browser's end of the signalling."""

    def send(self, kind: str, payload: dict[str, object]) -> None: ...


class SocketEnvironment(CallbackEnvironment):
    """The ``CallEnvironment`` of one call; its socket changes when the browser reconnects."""

    def __init__(self, socket: Socket, recordings: Recordings, callbacks: CallbackSender, channel: str) -> None:
        super().__init__(callbacks, channel)
        self.socket: Socket | None = socket
        self._recordings = recordings

    def store_mailbox_recording(self, call_sid: str, samples: Samples) -> str:
        return self._recordings.add(call_sid, samples, begun=self.now(), source="mailbox").sid

    def send_signal(self, kind: str, payload: dict[str, object]) -> None:
        if self.socket is not None:
            self.socket.send(kind, payload)


class CallRegistry:
    """Starts, finds and ends calls."""

    def __init__(
        self,
        store: AccountStore,
        recordings: Recordings,
        callbacks: CallbackSender,
        negotiate: MediaNegotiator,
        *,
        speed: float,
    ) -> None:
        self._store, self._recordings = store, recordings
        self._callbacks = callbacks
        self._negotiate = negotiate
        self._speed = speed
        self.set_switches(Switches())
        self._calls: dict[str, tuple[Call, SocketEnvironment]] = {}
        self._previous_legs = store.legs()
        self.outbound = OutboundCalls(speed=speed)
        self.incoming = IncomingCalls(callbacks, recordings)
        self._deleted_sids: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def set_switches(self, switches: Switches) -> None:
        """Set the behaviour of calls that begin from now on."""
        self.switches = switches
        self.simulation = SimulationSettings(far_end_of, self._speed, switches)

    def calls(self) -> list[Call]:
        """The calls from browsers, newest first; the oldest ended calls are dropped."""
        return [call for call, _ in reversed(self._calls.values())]

    def legs(self) -> list[tuple[Call | IncomingCall | None, Leg]]:
        """All legs of each call, newest first; legs of earlier runs have no call."""
        outgoing: Iterable[tuple[Call | IncomingCall | None, Leg]] = (
            (call, leg) for call in self.calls() for leg in (call.child, call.parent) if leg is not None
        )
        incoming = ((call, line.leg) for call in self.incoming.calls() for line in reversed(call.lines))
        previous = ((None, leg) for leg in (*self.outbound.legs, *self._previous_legs))
        every = chain(outgoing, incoming, previous)
        return [(call, leg) for call, leg in every if leg.sid not in self._deleted_sids]

    def delete_leg(self, leg: Leg) -> None:
        """Delete an ended leg."""
        self._deleted_sids.add(leg.sid)

    def start_call(
        self, socket: Socket, caller: TokenIdentity, *, temporary_sid: str, params: dict[str, str], offer: str
    ) -> None:
        """Start a call of ``caller``."""
        application = self._store.application(caller.application_sid)
        environment = SocketEnvironment(socket, self._recordings, self._callbacks, temporary_sid)
        call = Call(
            environment,
            self.simulation,
            caller,
            temporary_sid=temporary_sid,
            params=params,
            voice_url=(application and application.voice_url) or None,
            status_url=(application and application.status_callback) or None,
        )
        self._calls[call.sid] = (call, environment)
        self._drop_oldest()
        self._run(self._start(call, offer))

    def renegotiate(self, call: Call, offer: str) -> None:
        """Answer an ICE restart of a live call."""
        self._run(self._renegotiate(call, offer))

    def find(self, sid: object, identity: str) -> Call | None:
        """The live call of ``identity`` with the carrier's SID or the browser's temporary one."""
        for call, _ in self._calls.values():
            if not call.is_over and call.caller.identity == identity and sid in (call.sid, call.temporary_sid):
                return call
        return None

    def attach(self, token: object, identity: str, socket: Socket) -> bool:
        """Attach the live call with this reattach token to ``socket``; False when there is none."""
        for call, environment in self._calls.values():
            if not call.is_over and call.caller.identity == identity and call.reattach_token == token:
                environment.socket = socket
                call.attach()
                return True
        return False

    def detach(self, socket: Socket, grace_seconds: float) -> None:
        """Let the calls of the closed ``socket`` wait for the browser to reconnect."""
        for call, environment in list(self._calls.values()):
            if environment.socket is socket:
                environment.socket = None
                call.detach(grace_seconds)

    async def close(self) -> None:
        """End all calls and their audio, within ``CLOSE_SECONDS``."""
        for call in self.calls():
            call.complete()
            call.complete_child()
        self.incoming.complete_all()
        closing = [call.media.closed() for call in self.calls() if call.media is not None]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._tasks, *closing, return_exceptions=True), CLOSE_SECONDS)
        # The product asks about these calls after a restart, for prices and the daily reconciliation.
        self._store.save_legs([leg for _, leg in self.legs() if leg.is_over][: 2 * MAX_CALLS])

    async def _start(self, call: Call, offer: str) -> None:
        try:
            media = await self._negotiate(offer, call.add_digits)
        except BadOfferError as error:
            logger.warning("An offer could not be answered: %s", error)
            call.reject(BAD_OFFER)
        else:
            call.start(media)

    async def _renegotiate(self, call: Call, offer: str) -> None:
        if call.media is None:
            return
        try:
            answer = await call.media.renegotiate(offer)
        except BadOfferError as error:
            logger.warning("An offer could not be answered: %s", error)
            call.reject(BAD_OFFER)
        else:
            _, environment = self._calls[call.sid]
            environment.send_signal("answer", {"callsid": call.sid, "sdp": answer})

    def _drop_oldest(self) -> None:
        if len(self._calls) > MAX_CALLS:
            oldest_ended = next((sid for sid, (call, _) in self._calls.items() if call.is_over), None)
            if oldest_ended is not None:
                del self._calls[oldest_ended]

    def _run(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
