"""``POST /widget/missed-calls``: lists a signed-in member's unseen missed calls, or marks them as seen.

It serves the widget on our own pages.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from calls.agent_identification import AgentIdentification
from calls.incoming.missed_calls import MissedCallService
from calls.models import Call
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import ValidationFailed
from kit.schemas import ResponseModel, rfc3339
from widget.token_auth import AuthenticatedWidget, WidgetRequest

MAX_LISTED = 5
_ZonedTime = Annotated[dt.datetime, msgspec.Meta(tz=True)]
_encode = msgspec.json.Encoder().encode


class MissedCall(ResponseModel, frozen=True, kw_only=True, rename="camel"):
    """A missed call as the widget lists it; fields are named as in phone.js."""

    id: str
    number: str
    """The caller's, E.164."""
    called: str
    """The organization's number that was called, E.164."""
    started_at: str | None


class MissedCalls(ResponseModel, frozen=True, kw_only=True, rename="camel"):
    """The answer of ``/widget/missed-calls``; without calls unless the person is a signed-in member."""

    count: int
    """The number of all unseen calls, at most ``MAX_COUNTED``; also those whose callers cannot be called."""
    calls: Sequence[MissedCall]
    """Newest first, at most ``MAX_LISTED``."""
    as_of: str | None
    """The time of the answer, RFC 3339: ``seen_until`` of the request that marks these calls as seen."""


class MissedCallsRequest(WidgetRequest, frozen=True):
    """The body that a widget sends."""

    seen_until: Any = None
    """RFC 3339: calls that were missed until this time are marked as seen."""

    def to_time(self) -> dt.datetime | None:
        """``seen_until``. Raises: ValidationFailed."""
        try:
            return None if self.seen_until is None else msgspec.convert(self.seen_until, _ZonedTime)
        except msgspec.ValidationError as error:
            raise ValidationFailed([("seen_until", "Send the as_of of the list, a time with its zone")]) from error


class MissedCallsHandler:
    """Returns the missed calls that a verified member has not seen. Made once at start."""

    def __init__(self, database: Database, agent_identification: AgentIdentification) -> None:
        self._database = database
        self._agent_identification = agent_identification

    async def __call__(self, widget: AuthenticatedWidget, request: MissedCallsRequest) -> bytes:
        seen_until, now = request.to_time(), utc_now()
        # A client id belongs to a member only if our own page was rendered for that member.
        user_id = await self._find_user_id(widget)
        if user_id is None:
            return _encode(MissedCalls(count=0, calls=(), as_of=None))
        async with self._database.tenant_session(widget.organization_id, user_id) as session:
            service = MissedCallService(session)
            if seen_until is not None:
                await service.mark_seen(widget.organization_id, user_id, min(seen_until, now))
                await session.flush()
            unseen = await service.unseen(widget.organization_id, user_id, limit=MAX_LISTED)
            calls = [_missed_call(call) for call in unseen.newest]
        return _encode(MissedCalls(count=unseen.count, calls=calls, as_of=now.isoformat()))

    async def _find_user_id(self, widget: AuthenticatedWidget) -> UUID | None:
        client_id = widget.ticket.client_id
        if not self._agent_identification.may_be_signed(widget.token_id, client_id):
            return None
        async with self._database.tenant_session(widget.organization_id) as session:
            return await self._agent_identification.find_user_id(session, widget.token_id, client_id)


def _missed_call(call: Call) -> MissedCall:
    return MissedCall(
        id=str(call.id),
        number=call.from_number or "",
        called=call.to_number,
        started_at=rfc3339(call.started_at),
    )
