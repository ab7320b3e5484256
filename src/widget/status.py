"""``POST /widget/status``: waits up to 2 s for the final state of a widget's call and returns its state, or null
without a call. Any success means that the token is valid.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from kit.parsing import parse_uuid
from kit.schemas import ResponseModel
from widget.refusals import RefusalDetails
from widget.token_auth import AuthenticatedWidget, WidgetRequest

_POLL_DELAYS_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25)
"""Delays between the lookups of a call that has not ended; 2 s in all."""
_MAX_LOOKUPS_OF_UNKNOWN_CALL = 6
"""Lookups of a call without a record, 1 s in all: a call is stored before the carrier dials or rejects it."""
_encode = msgspec.json.Encoder().encode


class CallSummary(ResponseModel, frozen=True, kw_only=True):
    """The state of a call, for the widget that placed it."""

    status: str
    number: str | None
    """The dialled number as the server parsed it, E.164; null if the dialled text is no number."""
    from_: str | None = msgspec.field(name="from")
    """The number that the call shows, E.164; null if none was chosen."""
    duration: int
    """Whole seconds connected."""
    end_reason: str | None
    message: str | None
    """The sentence for people, if the call was rejected, the carrier did not dial, or the product ended the call."""
    help: str | None
    """The next step and the person who can take it, in whole sentences; may begin with the text of ``message``."""
    details: RefusalDetails | None
    """The facts in ``help``, for sentences in other languages."""


class WidgetStatus(ResponseModel, frozen=True, kw_only=True):
    """The answer of ``/widget/status``."""

    call: CallSummary | None


class CallLookupResult(msgspec.Struct, frozen=True):
    """The state of a call, and whether it is final."""

    summary: CallSummary
    is_over: bool


CallLookup = Callable[[AuthenticatedWidget, UUID], Awaitable[CallLookupResult | None]]
"""Finds a call of a widget's token by the widget's call id. The package ``calls`` implements it."""


class StatusHandler:
    """Returns the state of the widget's call.

    Unless the request has ``wait: false``, it waits up to 2 s for a final state, 1 s for an unknown call.
    """

    def __init__(self, find_call: CallLookup) -> None:
        self._find_call = find_call

    async def __call__(self, widget: AuthenticatedWidget, request: WidgetRequest) -> bytes:
        result = await self._find(widget, request)
        return _encode(WidgetStatus(call=None if result is None else result.summary))

    async def _find(self, widget: AuthenticatedWidget, request: WidgetRequest) -> CallLookupResult | None:
        try:
            call_id = parse_uuid(request.call_id or "")
        except ValueError:
            return None
        if not request.wait:
            return await self._find_call(widget, call_id)
        return await self._wait_for_final(widget, call_id)

    async def _wait_for_final(self, widget: AuthenticatedWidget, call_id: UUID) -> CallLookupResult | None:
        result = await self._find_call(widget, call_id)
        for count, delay in enumerate(_POLL_DELAYS_SECONDS):
            if count >= _MAX_LOOKUPS_OF_UNKNOWN_CALL if result is None else result.is_over:
                break
            await asyncio.sleep(delay)
            result = await self._find_call(widget, call_id)
        return result
