"""The switchboard: every call of the sandbox, each joined to a browser's socket, the clock and the webhooks."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Protocol

from sandbox.account_store import Ledger
from sandbox.audio_source import BadOfferError, Media
from sandbox.call_engine import Call, Fault, Script
from sandbox.call_environment import Timer
from sandbox.legs import Caller, Leg
from sandbox.test_numbers import far_end
from sandbox.twiml import Verb
from sandbox.webhook_forms import Form
from sandbox.webhook_sender import Courier

REMEMBERED_CALLS = 500
CLOSE_SECONDS = 3.0
BAD_OFFER = Fault(31100, "The session description cannot be answered")

logger = logging.getLogger(__name__)

Negotiate = Callable[[str, Callable[[str], None]], Awaitable[Media]]
"""Answers an offer; the callable gets the digits heard in the audio."""


class Socket(Protocol):
    """The browser's end of the signalling."""

    def send(self, kind: str, payload: dict[str, object]) -> None: ...


class Line:
    """The ``World`` of one call; its socket changes when the browser comes back on another one."""

    def __init__(self, socket: Socket, courier: Courier, channel: str) -> None:
        self.socket: Socket | None = socket
        self._courier = courier
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._epoch = datetime.now(UTC) - timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        # From the loop's clock, which a correction of the wall clock does not move.
        return self._epoch + timedelta(seconds=self._loop.time())

    def later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self._loop.call_later(seconds, action)

    def signal(self, kind: str, payload: dict[str, object]) -> None:
        if self.socket is not None:
            self.socket.send(kind, payload)

    def fetch(self, url: str, form: Form, then: Callable[[Sequence[Verb] | None], None]) -> None:
        self._courier.fetch(url, form, then)

    def report(self, url: str, form: Form) -> None:
        self._courier.report(self._channel, url, form)


class Switchboard:
    """Finds, opens and ends calls."""

    def __init__(self, ledger: Ledger, courier: Courier, negotiate: Negotiate, *, speed: float) -> None:
        self._ledger = ledger
        self._courier = courier
        self._negotiate = negotiate
        self._script = Script(far_end, speed)
        self._calls: dict[str, tuple[Call, Line]] = {}
        self._former = ledger.legs()
        self._erased: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def calls(self) -> list[Call]:
        """Newest first; the oldest ended ones are forgotten."""
        return [call for call, _ in reversed(self._calls.values())]

    def legs(self) -> list[tuple[Call | None, Leg]]:
        """Both legs of each call, newest first; of former runs without the call."""
        both: Iterable[tuple[Call | None, Leg]] = (
            (call, leg) for call in self.calls() for leg in (call.child, call.parent) if leg is not None
        )
        former: Iterable[tuple[Call | None, Leg]] = ((None, leg) for leg in self._former)
        return [(call, leg) for call, leg in chain(both, former) if leg.sid not in self._erased]

    def forget(self, leg: Leg) -> None:
        """Drop a leg that is over from the books."""
        self._erased.add(leg.sid)

    def open(self, socket: Socket, caller: Caller, *, temporary_sid: str, params: dict[str, str], offer: str) -> None:
        """Begin a call of ``caller``."""
        application = self._ledger.application(caller.application_sid)
        line = Line(socket, self._courier, temporary_sid)
        call = Call(
            line,
            self._script,
            caller,
            temporary_sid=temporary_sid,
            params=params,
            voice_url=(application and application.voice_url) or None,
            status_url=(application and application.status_callback) or None,
        )
        self._calls[call.sid] = (call, line)
        self._forget_oldest()
        self._run(self._begin(call, offer))

    def renegotiate(self, call: Call, offer: str) -> None:
        """Answer an ICE restart of a live call."""
        self._run(self._renegotiate(call, offer))

    def find(self, sid: object, identity: str) -> Call | None:
        """The live call of ``identity`` under the carrier's SID or the browser's temporary one."""
        for call, _ in self._calls.values():
            if not call.is_over and call.caller.identity == identity and sid in (call.sid, call.temporary_sid):
                return call
        return None

    def attach(self, token: object, identity: str, socket: Socket) -> bool:
        """Join the live call behind ``token`` to ``socket``; False when there is none."""
        for call, line in self._calls.values():
            if not call.is_over and call.caller.identity == identity and call.reattach_token == token:
                line.socket = socket
                call.attach()
                return True
        return False

    def detach(self, socket: Socket, grace_seconds: float) -> None:
        """``socket`` is gone: its calls wait for the browser to come back."""
        for call, line in list(self._calls.values()):
            if line.socket is socket:
                line.socket = None
                call.detach(grace_seconds)

    async def close(self) -> None:
        """End all calls and give their audio back, within ``CLOSE_SECONDS``."""
        for call in self.calls():
            call.complete()
        closing = [call.media.closed() for call in self.calls() if call.media is not None]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._tasks, *closing, return_exceptions=True), CLOSE_SECONDS)
        # A call of yesterday is still asked about, and compared, after a night without the sandbox.
        self._ledger.keep_legs([leg for _, leg in self.legs() if leg.is_over][: 2 * REMEMBERED_CALLS])

    async def _begin(self, call: Call, offer: str) -> None:
        try:
            media = await self._negotiate(offer, call.hear_digits)
        except BadOfferError as error:
            logger.warning("An offer could not be answered: %s", error)
            call.refuse(BAD_OFFER)
        else:
            call.begin(media)

    async def _renegotiate(self, call: Call, offer: str) -> None:
        if call.media is None:
            return
        try:
            answer = await call.media.renegotiate(offer)
        except BadOfferError as error:
            logger.warning("An offer could not be answered: %s", error)
            call.refuse(BAD_OFFER)
        else:
            _, line = self._calls[call.sid]
            line.signal("answer", {"callsid": call.sid, "sdp": answer})

    def _forget_oldest(self) -> None:
        if len(self._calls) > REMEMBERED_CALLS:
            over = next((sid for sid, (call, _) in self._calls.items() if call.is_over), None)
            if over is not None:
                del self._calls[over]

    def _run(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
