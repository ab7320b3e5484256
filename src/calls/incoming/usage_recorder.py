"""Adds the usage of incoming calls to the counters, and alerts owners of limits that are nearly used up."""

import datetime as dt
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.usage import IncomingUsageService, start_of_today
from calls.limits.alert_mails import AlertMailer
from calls.limits.limit_alerts import LimitAlertService
from calls.limits.limit_holder import load_limit_holder
from kit.clock import utc_now


class IncomingUsageRecorder:
    """Adds usage in the session's transaction."""

    def __init__(self, session: AsyncSession, alert_mailer: AlertMailer | None) -> None:
        """``alert_mailer`` mails owners; without it they get no mail."""
        self._session = session
        self._alert_mailer = alert_mailer

    async def add(
        self, organization_id: UUID, *, minutes: int = 0, micros: int = 0, used_at: dt.datetime | None = None
    ) -> None:
        """Add a call's usage as ``IncomingUsageService.add`` does; only usage of today can cause an alert."""
        usage = IncomingUsageService(self._session)
        after = await usage.add(organization_id, minutes=minutes, micros=micros, used_at=used_at)
        is_of_today = used_at is None or used_at >= start_of_today()
        if self._alert_mailer is None or not is_of_today or (minutes <= 0 and micros <= 0):
            return
        now = utc_now()
        holder = await load_limit_holder(self._session, organization_id, now)
        if holder is None:
            return
        total = await usage.with_outgoing(organization_id, after)
        alerts = LimitAlertService(self._session, self._alert_mailer)
        await alerts.check_incoming(organization_id, holder, total, minutes=minutes, micros=micros, now=now)
