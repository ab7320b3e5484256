"""The carrier's usage trigger alerts staff when a day of the account costs twice what the limits allow."""

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from calls.limits.models import CallingPause
from kit.audit import AuditEvent
from kit.db.database import Database
from support.callback_client import CallbackClient

pytestmark = pytest.mark.anyio


async def events_of(database: Database, trigger: str) -> list[AuditEvent]:
    async with database.sessions() as session:
        of_trigger = AuditEvent.details["trigger"].astext == trigger
        query = sa.select(AuditEvent).where(AuditEvent.action == "carrier.usage_alert", of_trigger)
        return list(await session.scalars(query))


def fired() -> float:
    return REGISTRY.get_sample_value("epoch_carrier_usage_alerts_total") or 0.0


async def test_a_signed_alert_is_in_the_audit_log_and_the_metrics_and_stops_no_call(
    callbacks: CallbackClient, database: Database
) -> None:
    sid, before = "UT" + "1" * 32, fired()
    form = {
        "UsageTriggerSid": sid,
        "UsageCategory": "totalprice",
        "TriggerValue": "50.00",
        "CurrentValue": "50.12",
        "Recurring": "daily",
        "DateFired": "Sun, 29 Nov 2026 01:00:00 +0000",
        "IdempotencyToken": "t1",
    }
    assert (await callbacks.send("/voice/usage-alert", form)).status_code == 204
    (event,) = await events_of(database, sid)
    assert (event.actor_kind, event.organization_id) == ("system", None)
    assert event.details == {"trigger": sid, "limit": "50.00", "cost": "50.12", "at": form["DateFired"]}
    assert fired() == before + 1
    async with database.sessions() as session:
        assert await session.scalar(sa.select(sa.func.count(CallingPause.id))) == 0


async def test_an_alert_with_a_wrong_signature_is_refused(callbacks: CallbackClient, database: Database) -> None:
    sid = "UT" + "2" * 32
    headers = {"x-twilio-signature": "forged"}
    assert (await callbacks.send("/voice/usage-alert", {"UsageTriggerSid": sid}, headers)).status_code == 403
    assert await events_of(database, sid) == []
