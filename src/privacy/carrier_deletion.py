"""Deletes erased calls at the carrier too, as soon as it takes it."""

import datetime as dt
from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.port import Carrier, NotAtCarrier
from kit.jobs.queue import Item, Lane, Outbox

KIND = "calls.erase_at_carrier"
KIND_BY_AGE = "calls.erase_at_carrier_by_age"
"""Apart, because there may be very many of them, and nobody who asked to be forgotten should wait behind them."""
_AT_ONCE = 20
"""Calls of one piece of work: each is some requests to the carrier."""


class CallsAtCarrier:
    """The carrier's own records of calls. ``outbox`` is where their deletion is left."""

    def __init__(self, outbox: Outbox, carrier: Carrier) -> None:
        self._outbox = outbox
        self._carrier = carrier
        for kind, give_up_after in ((KIND, dt.timedelta(days=7)), (KIND_BY_AGE, dt.timedelta(days=60))):
            outbox.add_lane(
                Lane(
                    kind=kind,
                    handle=self._forget,
                    handle_seconds=60,
                    retry_seconds=(5, 30, 120, 600, 3600),
                    give_up_after=give_up_after,
                )
            )

    def forget(self, session: AsyncSession, sids: Sequence[str], *, by_age: bool = False) -> None:
        """Have the calls of these callers' legs deleted once the transaction under way is committed."""
        kind = KIND_BY_AGE if by_age else KIND
        for start in range(0, len(sids), _AT_ONCE):
            self._outbox.put(session, kind, msgspec.json.encode(sids[start : start + _AT_ONCE]))

    async def _forget(self, item: Item) -> None:
        """Delete both legs of some calls; what is gone already is as it should be."""
        for call_sid in msgspec.json.decode(item.body, type=list[str]):
            for leg in await self._carrier.dialled_legs(call_sid):
                await self._delete(leg.sid)
            await self._delete(call_sid)

    async def _delete(self, sid: str) -> None:
        try:
            await self._carrier.delete_call(sid)
        except NotAtCarrier:
            return
