"""Reconciliation of the carrier's numbers with the stored ones: repairs and reported discrepancies."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from calls.models import Call, CallStatus
from carrier.port import Carrier, OwnedNumber
from kit.actor import Actor
from kit.db.database import ADMIN_ROLE, Database
from kit.ids import first_uuid7
from phone_numbers.models import NumberDiscrepancy
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.reconcile_job import PeriodicNumberReconciliation
from phone_numbers.reconciliation import NumberReconciler, ReconciliationReport
from sandbox.account_store import Number
from support.epoch_command import run_epoch
from support.factories import Factory
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState

pytestmark = pytest.mark.anyio
At = Callable[[str], Awaitable[list[OwnedNumber]]]
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
SOURCES = str(Path(__file__).resolve().parents[3] / "src")


def purchase_id_of(requested_at: datetime) -> UUID:
    """The id of a purchase asked for at that time."""
    return UUID(int=first_uuid7(requested_at).int | (uuid7().int & ((1 << 80) - 1)))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Front desk", "at the carrier, not held here"),
        pytest.param(f"pn:{uuid7()}", "at the carrier, not held here", id="a purchase that nobody knows"),
        pytest.param(
            f"pn:{purchase_id_of(datetime.now(UTC) - timedelta(days=400))}", "at the carrier, not held here", id="old"
        ),
        pytest.param(
            f"pn:ffffffffffff:{uuid7()}", "at the carrier, named for another deployment", id="another deployment"
        ),
    ],
)
async def test_an_unexplained_number_is_reported_and_never_released(
    carrier: Carrier, reconciler: NumberReconciler, number: str, at_carrier: At, name: str, reason: str
) -> None:
    bought = await carrier.buy_number(number, friendly_name=name)
    report = await reconciler.compare()
    assert {found.carrier_sid: found.reason for found in report.discrepancies}[bought.sid] == reason
    assert [owned.sid for owned in await at_carrier(number)] == [bought.sid]
    await carrier.release_number(bought.sid)


async def test_a_number_of_a_failed_purchase_is_released_at_once(
    make: Factory, database: Database, carrier: Carrier, reconciler: NumberReconciler, number: str, at_carrier: At
) -> None:
    tenant = await make.tenant(number=False)
    async with database.sessions() as session, session.begin():
        purchase = NumberPurchase(organization_id=tenant.organization.id, e164=number, state=PurchaseState.FAILED)
        session.add(purchase)
    await carrier.buy_number(number, friendly_name=f"pn:{purchase.id}")
    await reconciler.compare()
    assert await at_carrier(number) == []


async def test_a_number_that_the_carrier_no_longer_has_is_reported(
    make: Factory, database: Database, reconciler: NumberReconciler, number: str, held: Rows
) -> None:
    tenant = await make.tenant(number=False)
    async with database.sessions() as session, session.begin():
        row = PhoneNumber(
            organization_id=tenant.organization.id,
            e164=number,
            carrier_sid=f"PN{uuid4().hex}",
            created_at=datetime.now(UTC) - timedelta(minutes=5),
        )
        session.add(row)
    for _ in range(2):
        report = await reconciler.compare()
    [found] = [found for found in report.discrepancies if found.carrier_sid == row.carrier_sid]
    assert (found.last_digits, found.reason) == (number[-4:], "held here, not at the carrier")
    assert len(await held(tenant.organization.id)) == 1
    [kept] = await discrepancies_of(database, number)
    assert (kept.carrier_sid, kept.reason, kept.last_seen_at > kept.created_at) == (row.carrier_sid, found.reason, True)

    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(PhoneNumber).where(PhoneNumber.id == row.id))
    await reconciler.compare()
    assert await discrepancies_of(database, number) == []


async def discrepancies_of(database: Database, number: str) -> list[NumberDiscrepancy]:
    async with database.sessions() as session:
        return list(await session.scalars(sa.select(NumberDiscrepancy).where(NumberDiscrepancy.e164 == number)))


async def test_a_row_without_the_carriers_id_gets_it(
    make: Factory, database: Database, carrier: Carrier, reconciler: NumberReconciler, number: str, held: Rows
) -> None:
    tenant = await make.tenant(number=False)
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=tenant.organization.id, e164=number))
    bought = await carrier.buy_number(number, friendly_name="From before")
    await reconciler.compare()
    assert [row.carrier_sid for row in await held(tenant.organization.id)] == [bought.sid]


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
async def test_a_deleted_organization_keeps_its_numbers_for_thirty_days(
    make: Factory,
    database: Database,
    provisioning: NumberProvisioning,
    reconciler: NumberReconciler,
    number: str,
    at_carrier: At,
    actor: Actor,
    days: int,
    is_kept: bool,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    await provisioning.purchaser.buy(organization_id, number, by=actor)
    deleted = sa.update(Organization).where(Organization.id == organization_id)
    async with database.sessions() as session, session.begin():
        await session.execute(deleted.values(deleted_at=datetime.now(UTC) - timedelta(days=days)))
    await reconciler.finish_pending()
    assert len(await at_carrier(number)) == is_kept


async def test_a_release_waits_for_the_end_of_a_live_call(
    make: Factory,
    database: Database,
    provisioning: NumberProvisioning,
    reconciler: NumberReconciler,
    number: str,
    held: Rows,
    actor: Actor,
) -> None:
    tenant = await make.tenant(number=False)
    organization_id = tenant.organization.id
    bought = await provisioning.purchaser.buy(organization_id, number, by=actor)
    call = Call(
        organization_id=organization_id,
        carrier_sid=f"CA{uuid4().hex}",
        token_id=(await make.token(tenant)).id,
        identity="w_test",
        from_number=number,
        to_number="+12125550147",
        status=CallStatus.IN_PROGRESS,
        started_at=datetime.now(UTC),
    )
    ordered = sa.update(PhoneNumber).where(PhoneNumber.id == bought.id).values(releasing_at=datetime.now(UTC))
    async with database.sessions() as session, session.begin():
        session.add(call)
        await session.execute(ordered)

    assert (await reconciler.finish_pending()).postponed >= 1
    assert len(await held(organization_id)) == 1
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(Call).where(Call.id == call.id).values(status=CallStatus.COMPLETED))
    await reconciler.finish_pending()
    assert await held(organization_id) == []


class _RecordingReconciler(NumberReconciler):
    """Records the names of the methods that are called."""

    def __init__(self, database: Database, carrier: Carrier, provisioning: NumberProvisioning) -> None:
        super().__init__(database, carrier, provisioning)
        self.calls: list[str] = []

    async def compare(self) -> ReconciliationReport:
        self.calls.append("compare")
        return ReconciliationReport()

    async def finish_pending(self) -> ReconciliationReport:
        self.calls.append("settle")
        return ReconciliationReport()


async def test_every_tenth_run_compares_the_whole_list(
    database: Database, carrier: Carrier, provisioning: NumberProvisioning
) -> None:
    reconciler, compared = _RecordingReconciler(database, carrier, provisioning), list[str]()
    reconciliation = PeriodicNumberReconciliation(reconciler, compared.append)
    for _ in range(11):
        await reconciliation.run()
    assert reconciler.calls == ["compare", *["settle"] * 9, "compare"]
    assert compared == ["numbers.compared"] * 2


@pytest.mark.slow
async def test_the_command_starts_a_sandbox_of_its_own_and_adopts_what_a_crash_left(
    new_migrated_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_migrated_database()
    database = Database(url, role=ADMIN_ROLE)
    e164, now = "+14155550111", datetime.now(UTC)
    async with database.sessions() as session, session.begin():
        organization = Organization(name="Acme", slug="acme", country="US")
        session.add(organization)
        await session.flush()
        purchase = NumberPurchase(organization_id=organization.id, e164=e164, state=PurchaseState.REQUESTED)
        session.add(purchase)
    bought = Number(sid="PN" + "1" * 32, e164=e164, friendly_name=f"pn:{purchase.id}", created=now, updated=now)
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "numbers.json").write_bytes(msgspec.json.encode([bought]))
    # An address from an earlier run, at which nobody answers any more.
    (tmp_path / "sandbox" / "address").write_text("localhost:1")

    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("EPOCH_")},
        "PYTHONPATH": SOURCES,
        "EPOCH_DATABASE_URL": url,
        "EPOCH_DATA_DIR": str(tmp_path),
    }
    ended = await asyncio.to_thread(run_epoch, environ, "carrier", "reconcile")
    assert ended.returncode == 0
    assert ended.stdout == ("Numbers: 1 adopted, 0 purchases given up, 0 released, 0 put off, 0 to look at.\n")
    async with database.sessions() as session:
        rows = await session.execute(sa.select(PhoneNumber.e164, PhoneNumber.carrier_sid))
        assert [tuple(row) for row in rows] == [(e164, bought.sid)]
    await database.stop()
