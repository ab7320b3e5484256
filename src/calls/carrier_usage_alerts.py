"""Alerts staff by log, metric and audit log when the carrier's usage trigger fired.

It fires when the carrier account's cost of a day has reached twice the sum of all organizations' daily limits.
"""

from collections.abc import Mapping

import structlog
from prometheus_client import Counter

from kit.actor import SYSTEM
from kit.audit import record
from kit.db.database import Database
from kit.http.app_key import AppKey

USAGE_ALERTS = Counter("epoch_carrier_usage_alerts", "Usage triggers of the carrier account that fired.")
_MAX_CHARACTERS = 64
log = structlog.get_logger("epoch.calls")


class UsageAlertRecorder:
    """Alerts staff by log, metric and audit log. Made once at start."""

    def __init__(self, database: Database) -> None:
        """``database`` must be able to record events of no organization."""
        self._database = database

    async def record(self, form: Mapping[str, str]) -> None:
        """Record the carrier's form. It stops no call: staff decide whether to pause calls."""
        names = {"trigger": "UsageTriggerSid", "limit": "TriggerValue", "cost": "CurrentValue", "at": "DateFired"}
        details = {name: form.get(field, "").replace("\x00", "")[:_MAX_CHARACTERS] for name, field in names.items()}
        USAGE_ALERTS.inc()
        log.error("carrier_usage_alert", advice="see the calls of today; `epoch calls pause` stops new ones", **details)
        async with self._database.sessions() as session, session.begin():
            await record(session, SYSTEM, "carrier.usage_alert", details=details)


USAGE_ALERT_RECORDER: AppKey[UsageAlertRecorder] = AppKey("usage_alert_recorder")
