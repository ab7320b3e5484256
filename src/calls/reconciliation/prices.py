"""Asks the carrier what calls cost, some minutes after their end: only then it knows."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from calls.leg_reports import total_price
from calls.limits.limit_alerts import LimitAlerts
from calls.models import Call
from calls.services import CallService
from carrier.port import Carrier, CarrierError, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database

CALLS_PER_RUN = 500
"""Of one run; the next goes on."""
CONCURRENT_REQUESTS = 5
RETRY_INTERVAL = dt.timedelta(hours=1)
MAX_PRICE_AGE = dt.timedelta(hours=12)
"""After a call's end; then the daily comparison reads the prices of the whole day at once."""
log = structlog.get_logger("epoch.voice")


class _UnpricedCall(msgspec.Struct, frozen=True):
    id: UUID
    organization_id: UUID
    carrier_sid: str
    ended_at: dt.datetime


class PriceUpdater:
    """Replaces estimates by prices, and corrects what was spent."""

    def __init__(self, jobs: Database, carrier: Carrier, watch: LimitAlerts | None = None) -> None:
        """``jobs`` must see every organization's calls."""
        self._jobs = jobs
        self._carrier = carrier
        self._watch = watch

    async def run(self, now: dt.datetime | None = None) -> int:
        """Ask about the calls that are due, those that wait longest first; return how many have a price now."""
        asked_at = now or utc_now()
        todo, priced = iter(await self._due(asked_at)), 0

        async def work() -> None:
            nonlocal priced
            for call in todo:
                try:
                    priced += await self._update(call, asked_at)
                except CarrierError as error:
                    # It stays due: the next run asks again.
                    log.warning("price_not_told", call=str(call.id), error=type(error).__name__)

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENT_REQUESTS):
                group.create_task(work())
        if priced:
            log.info("calls_priced", priced=priced)
        return priced

    async def _due(self, now: dt.datetime) -> list[_UnpricedCall]:
        query = (
            sa.select(Call.id, Call.organization_id, Call.carrier_sid, sa.func.coalesce(Call.ended_at, Call.started_at))
            .where(Call.price_due_at <= now)
            .order_by(Call.price_due_at)
            .limit(CALLS_PER_RUN)
        )
        async with self._jobs.sessions() as session:
            return [_UnpricedCall(*row) for row in await session.execute(query)]

    async def _update(self, call: _UnpricedCall, now: dt.datetime) -> bool:
        try:
            legs = [await self._carrier.leg(call.carrier_sid), *await self._carrier.dialled_legs(call.carrier_sid)]
        except NotFoundAtCarrier:
            legs = []
        micros = total_price(legs) if legs else None
        async with self._jobs.sessions() as session, session.begin():
            if micros is not None:
                await CallService(session).set_price(call.organization_id, call.id, micros, watch=self._watch)
                return True
            again = now + RETRY_INTERVAL if legs and now < call.ended_at + MAX_PRICE_AGE else None
            await session.execute(sa.update(Call).where(Call.id == call.id).values(price_due_at=again))
        return False
