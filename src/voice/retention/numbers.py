"""Erases a number that somebody wants forgotten: here at once, at the carrier as soon as it takes it."""

import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from carrier.port import Carrier, NotAtCarrier
from kit.actor import Actor
from kit.audit import record
from kit.e164 import masked
from kit.errors import DomainError, ValidationFailed
from kit.outbox import Item, Lane, Outbox
from voice.calling.models import CallDestination
from voice.calling.places import blockable, destination_of
from voice.models import LIVE_STATUSES, Call, CallStatus
from voice.retention.erase import erase_calls
from voice.retention.errors import NumberInLiveCall

KIND = "calls.erase_at_carrier"
_AT_ONCE = 20
"""Calls of one piece of work: each is some requests to the carrier."""
_SHORTEST = 7
_CANDIDATES = 1000


class NumberErasure:
    """Erases one organization's traces of a number. ``outbox`` is where the carrier's part is left."""

    def __init__(self, outbox: Outbox, carrier: Carrier) -> None:
        self._outbox = outbox
        self._carrier = carrier
        outbox.add_lane(
            Lane(
                kind=KIND,
                handle=self._erase_at_carrier,
                handle_seconds=60,
                retry_seconds=(5, 30, 120, 600, 3600),
                give_up_after=dt.timedelta(days=7),
            )
        )

    async def count(self, session: AsyncSession, organization_id: UUID, number: str, country: str) -> int:
        """How many calls to ``number``, E.164, would be erased, refused ones included."""
        return len(await self._found(session, organization_id, number, country))

    async def erase(self, session: AsyncSession, organization_id: UUID, number: str, country: str, *, by: Actor) -> int:
        """Erase ``number``, E.164, from the organization's calls; return how many they were. Again is no mistake.

        ``country`` is where the organization is at home. It may stay on the block list: that is how it is not called.

        Raises: NumberInLiveCall, and nothing is erased.
        """
        mine = Call.owned_by(organization_id)
        live = sa.select(Call.id).where(mine, Call.to_number == number, Call.status.in_(LIVE_STATUSES))
        if await session.scalar(live.limit(1)) is not None:
            raise NumberInLiveCall
        found = await self._found(session, organization_id, number, country)
        # One array: a parameter for each of them would be too many.
        ids = sa.cast([call_id for call_id, _ in found], ARRAY(sa.Uuid))
        erased = await erase_calls(session, sa.and_(mine, Call.id == sa.any_(ids)))
        await session.execute(
            sa.delete(CallDestination).where(
                CallDestination.owned_by(organization_id), CallDestination.number == number
            )
        )
        sids = [sid for _, sid in found]
        for start in range(0, len(sids), _AT_ONCE):
            self._outbox.put(session, KIND, msgspec.json.encode(sids[start : start + _AT_ONCE]))
        # The trail can never be erased: it tells the number apart from others, and is not it.
        details = {"number": masked(number), "calls": erased}
        await record(
            session,
            by,
            "call_data.number_erased",
            organization_id=organization_id,
            subject_id=organization_id,
            subject_name=masked(number),
            details=details,
        )
        return erased

    async def _found(
        self, session: AsyncSession, organization_id: UUID, number: str, country: str
    ) -> list[tuple[UUID, str]]:
        mine = Call.owned_by(organization_id)
        query = sa.select(Call.id, Call.carrier_sid).where(mine, Call.to_number == number)
        found = [(call_id, sid) for call_id, sid in await session.execute(query)]
        # What was refused is on record as it was dialled.
        digits = sa.func.regexp_replace(Call.to_number, "[^0-9]", "", "g")
        alike = (
            sa.select(Call.id, Call.carrier_sid, Call.to_number)
            .where(
                mine,
                Call.status == CallStatus.REFUSED,
                Call.to_number != number,
                sa.func.right(digits, _SHORTEST) == number[-_SHORTEST:],
            )
            .limit(_CANDIDATES)
        )
        for call_id, sid, dialled in await session.execute(alike):
            if _e164(dialled, country) == number:
                found.append((call_id, sid))
        return found

    async def _erase_at_carrier(self, item: Item) -> None:
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


def read_number_to_erase(typed: str, country: str) -> str:
    """E.164 of what somebody typed. Raises: ValidationFailed."""
    if not typed.strip():
        raise ValidationFailed([("number", "Enter a phone number")])
    try:
        return blockable(typed, country)
    except DomainError as refusal:
        raise ValidationFailed([("number", refusal.message)]) from refusal


def _e164(dialled: str, country: str) -> str | None:
    try:
        return destination_of(dialled, country).number
    except DomainError:
        return None
