"""Calls that the account places by REST, such as a test call: one leg, without a browser and without audio."""

import asyncio
from datetime import UTC, datetime

from sandbox.legs import Leg, Status, new_sid
from sandbox.sandbox_numbers import Behaviour, FarEnd, far_end_of
from sandbox.simulation import DIAL_SETUP_SECONDS

SENTENCE_SECONDS = 3.0
"""The duration of a call, whatever its document says."""


class OutboundCalls:
    """Places the calls and holds their legs, newest first."""

    def __init__(self, *, speed: float) -> None:
        self._speed = speed
        self.legs: list[Leg] = []

    def place(self, *, to: str, caller_id: str) -> Leg:
        """Begin a call. Needs a running event loop."""
        leg = Leg(new_sid("CA"), caller_id, to, datetime.now(UTC))
        self.legs.insert(0, leg)
        self._schedule(DIAL_SETUP_SECONDS, leg, far_end_of(to))
        return leg

    def _schedule(self, seconds: float, leg: Leg, far_end: FarEnd) -> None:
        asyncio.get_running_loop().call_later(seconds / self._speed, self._advance, leg, far_end)

    def _advance(self, leg: Leg, far_end: FarEnd) -> None:
        """Take the next step of a call that has not ended."""
        if leg.is_over:
            return
        unanswered = {Behaviour.BUSY: Status.BUSY, Behaviour.FAILS: Status.FAILED}.get(far_end.behaviour)
        if unanswered is not None:
            self._end(leg, unanswered)
        elif leg.status is Status.QUEUED:
            leg.status = Status.RINGING
            self._schedule(far_end.ring_seconds, leg, far_end)
        elif leg.status is Status.RINGING and far_end.behaviour is Behaviour.NEVER_ANSWERS:
            self._end(leg, Status.NO_ANSWER)
        elif leg.status is Status.RINGING:
            leg.status, leg.answered = Status.IN_PROGRESS, datetime.now(UTC)
            self._schedule(SENTENCE_SECONDS, leg, far_end)
        else:
            self._end(leg, Status.COMPLETED)

    @staticmethod
    def _end(leg: Leg, status: Status) -> None:
        leg.status, leg.ended = status, datetime.now(UTC)
