"""Requests the prices of ended calls from the carrier, which sets them some minutes after the end."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from calls.leg_reports import total_price
from calls.limits.alert_mails import AlertMailer
from calls.models import Call
from calls.services import CallService
from carrier.port import Carrier, CarrierError, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database

CALLS_PER_RUN = 500
"""The next run requests the other prices."""
CONCURRENT_REQUESTS = 5
RETRY_INTERVAL = dt.timedelta(hours=1)
MAX_PRICE_AGE = dt.timedelta(hours=12)
"""The time after a call's end in which its price is requested; later the daily reconciliation reads it."""
log = structlog.get_logger("epoch.calls")


class _UnpricedCall(msgspec.Struct, frozen=True):
    id: UUID
    organization_id: UUID
    carrier_sid: str
    ended_at: dt.datetime


class PriceUpdater:
    """Replaces estimated costs of calls by the carrier's prices, and corrects the spending. Made once at start."""

    def __init__(self, job_database: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None) -> None:
        """``job_database`` must see every organization's calls."""
        self._job_database = job_database
        self._carrier = carrier
        self._alert_mailer = alert_mailer

    async def run(self, now: dt.datetime | None = None) -> int:
        """Request the prices that are due, the oldest first; return the number of calls that got one."""
        requested_at = now or utc_now()
        remaining, priced = iter(await self._due(requested_at)), 0

        async def work() -> None:
            nonlocal priced
            for call in remaining:
                try:
                    # Two statements: ``priced += await …`` would lose what other tasks add during the wait.
                    is_priced = await self._update(call, requested_at)
                    priced += is_priced
                except CarrierError as error:
                    # The call stays due: the next run repeats the request.
                    log.warning("price_request_failed", call_id=str(call.id), error=type(error).__name__)

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
        async with self._job_database.sessions() as session:
            return [_UnpricedCall(*row) for row in await session.execute(query)]

    async def _update(self, call: _UnpricedCall, now: dt.datetime) -> bool:
        try:
            legs = [await self._carrier.leg(call.carrier_sid), *await self._carrier.dialled_legs(call.carrier_sid)]
        except NotFoundAtCarrier:
            legs = []
        price = total_price(legs) if legs else None
        async with self._job_database.sessions() as session, session.begin():
            if price is not None:
                await CallService(session, alert_mailer=self._alert_mailer).set_price(
                    call.organization_id, call.id, price
                )
                return True
            next_request = now + RETRY_INTERVAL if legs and now < call.ended_at + MAX_PRICE_AGE else None
            await session.execute(sa.update(Call).where(Call.id == call.id).values(price_due_at=next_request))
        return False
