"""A process killed at any step of a purchase or release: the carrier's numbers equal the stored ones afterwards."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from carrier.port import Carrier, OwnedNumber
from carrier.twilio import TwilioCarrier
from epoch.phone_number_jobs import build_number_provisioning, build_number_reconciler
from kit.actor import Actor
from kit.db.database import Database
from kit.settings import Settings
from phone_numbers import rules
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.reconciliation import NumberReconciler
from support.factories import Factory
from support.preloaded_processes import start_script
from tenants.models import NumberPurchase, PhoneNumber, PurchaseState

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
At = Callable[[str], Awaitable[list[OwnedNumber]]]
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
Purchases = Callable[[UUID], Awaitable[list[NumberPurchase]]]
Die = Callable[[str, UUID, str], Awaitable[None]]
SCRIPT = Path(__file__).with_name("killed_purchase.py")


@pytest.fixture
def die(settings: Settings) -> Die:
    """Runs a purchase or a release in a process of its own until it is killed at a point."""
    environ = {
        **os.environ,
        "EPOCH_DATABASE_URL": settings.database_url or "",
        "EPOCH_SANDBOX_ADDRESS": settings.sandbox_address or "",
        "EPOCH_DATA_DIR": str(settings.data_dir),
    }

    async def run(point: str, organization_id: UUID, subject: str) -> None:
        process = await start_script(SCRIPT, (point, str(organization_id), subject), environ)
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL

    return run


@pytest.mark.parametrize(
    ("point", "before", "after"),
    [
        ("before-buying", PurchaseState.REQUESTED, PurchaseState.FAILED),
        ("after-buying", PurchaseState.REQUESTED, PurchaseState.COMPLETED),
        ("bought", PurchaseState.COMPLETED, PurchaseState.COMPLETED),
    ],
)
async def test_a_purchase_killed_at_any_step_is_adopted_or_marked_as_failed(
    die: Die,
    make: Factory,
    database: Database,
    carrier: Carrier,
    reconciler: NumberReconciler,
    number: str,
    at_carrier: At,
    held: Rows,
    purchases: Purchases,
    point: str,
    before: PurchaseState,
    after: PurchaseState,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    await die(point, organization_id, number)
    [purchase] = await purchases(organization_id)
    # The application's own sweep may have been here already.
    assert purchase.state in (before, after)
    if point == "before-buying":
        await reconciler.compare()
        [young] = await purchases(organization_id)
        assert young.state is PurchaseState.REQUESTED, "somebody may still be waiting for the carrier"

    for _ in range(2):
        await build_number_reconciler(database, carrier, abandoned_after=timedelta()).compare()

        [purchase] = await purchases(organization_id)
        assert purchase.state is after
        there, rows = await at_carrier(number), await held(organization_id)
        assert [owned.sid for owned in there] == [row.carrier_sid for row in rows]
        assert len(rows) == (after is PurchaseState.COMPLETED)
        names = [rules.parse_friendly_name(owned.friendly_name) for owned in there]
        assert [name and name.purchase_id for name in names] == [purchase.id for _ in rows]


@pytest.mark.parametrize("point", ["before-releasing", "after-releasing", "released"])
async def test_a_release_killed_at_any_step_is_finished(
    die: Die,
    make: Factory,
    provisioning: NumberProvisioning,
    reconciler: NumberReconciler,
    number: str,
    at_carrier: At,
    held: Rows,
    actor: Actor,
    point: str,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    bought = await provisioning.purchaser.buy(organization_id, number, by=actor)
    await die(point, organization_id, str(bought.id))
    assert all(row.releasing_at is not None for row in await held(organization_id))

    for _ in range(2):
        await reconciler.finish_pending()
        assert await held(organization_id) == []
        assert await at_carrier(number) == []


class _ProcessCrash(BaseException):
    """Ends a request at once; no error handler catches it."""


class _CrashingCarrier(TwilioCarrier):
    """The adapter in a process that ends before or after it buys."""

    point = ""

    async def buy_number(self, e164: str, **fields: Any) -> OwnedNumber:
        if self.point == "before-buying":
            raise _ProcessCrash
        await super().buy_number(e164, **fields)
        raise _ProcessCrash


@pytest.mark.parametrize("point", ["before-buying", "after-buying"])
async def test_the_next_purchase_finishes_the_one_that_a_crash_left(
    make: Factory,
    settings: Settings,
    tenant_database: Database,
    carrier: Carrier,
    number: str,
    at_carrier: At,
    held: Rows,
    actor: Actor,
    point: str,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    crashing = _CrashingCarrier(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
    crashing.point = point
    with pytest.raises(_ProcessCrash):
        await build_number_provisioning(tenant_database, crashing).purchaser.buy(organization_id, number, by=actor)
    await crashing.close()

    provisioning = build_number_provisioning(tenant_database, carrier, abandoned_after=timedelta())
    bought = await provisioning.purchaser.buy(organization_id, number, by=actor)
    assert [row.id for row in await held(organization_id)] == [bought.id]
    assert [owned.sid for owned in await at_carrier(number)] == [bought.carrier_sid]
