"""Purchases and releases of numbers while the carrier is unavailable, silent or faulty."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from carrier.port import Carrier, NumberQuery, OwnedNumber
from carrier.transport import MAX_RETRY_AFTER_SECONDS
from carrier.twilio import TwilioCarrier
from epoch.phone_number_jobs import build_number_provisioning, build_number_reconciler
from kit.actor import Actor
from kit.audit import AuditEvent
from kit.db.database import Database
from kit.errors import DomainError, Unavailable
from kit.http.problems import problem_body, problem_headers
from kit.settings import Settings
from phone_numbers.address_rules import is_available_now
from phone_numbers.carrier_refusals import NUMBER_REFUSALS, describe_refusal, number_refusal
from phone_numbers.errors import (
    AddressRequired,
    BundleRequired,
    CarrierAccountLimited,
    CarrierBusy,
    CarrierNotAnswering,
    NoNumbersInAreaCode,
    NumberNotAvailable,
    PurchaseUnconfirmed,
    ReleaseUnconfirmed,
)
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.reconciliation import NumberReconciler
from support.factories import Factory
from support.faulty_carrier import Fault, FaultyCarrier, Refusal
from support.local_http import local_client
from tenants.models import NumberPurchase, PhoneNumber, PurchaseState

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
At = Callable[[str], Awaitable[list[OwnedNumber]]]
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
Purchases = Callable[[UUID], Awaitable[list[NumberPurchase]]]


async def test_a_purchase_whose_answer_is_lost_is_found_in_the_list(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    number: str,
    at_carrier: At,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": Fault.ANSWER_LOST}
    bought = await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert [owned.sid for owned in await at_carrier(number)] == [bought.carrier_sid]


@pytest.mark.parametrize("fault", list(Fault))
async def test_an_unconfirmed_purchase_is_not_repeated_and_is_settled_later(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    database: Database,
    carrier: Carrier,
    number: str,
    at_carrier: At,
    held: Rows,
    purchases: Purchases,
    actor: Actor,
    fault: Fault,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": fault}
    if fault is Fault.ANSWER_LOST:
        # After the search, the carrier's list of numbers fails as well.
        faulty_carrier.faults, faulty_carrier.exempt_once = {"POST": fault, "GET": Fault.UNAVAILABLE}, ["GET"]
    with pytest.raises(PurchaseUnconfirmed) as refusal:
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert problem_body(refusal.value)["status"] == 503
    assert len(await at_carrier(number)) == (fault is Fault.ANSWER_LOST)

    await build_number_reconciler(database, carrier, abandoned_after=timedelta()).compare()
    assert [owned.sid for owned in await at_carrier(number)] == [row.carrier_sid for row in await held(organization_id)]
    settled = PurchaseState.COMPLETED if fault is Fault.ANSWER_LOST else PurchaseState.FAILED
    assert [purchase.state for purchase in await purchases(organization_id)] == [settled]

    faulty_carrier.faults = {}
    await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert len(await at_carrier(number)) == 1
    assert len(await held(organization_id)) == 1


@pytest.mark.parametrize(("asked", "told"), [(None, 60), ("17", 17), ("86400", MAX_RETRY_AFTER_SECONDS), ("soon", 60)])
async def test_a_purchase_that_the_carrier_had_no_time_for_keeps_nobody_waiting(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    number: str,
    at_carrier: At,
    purchases: Purchases,
    actor: Actor,
    asked: str | None,
    told: int,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": Refusal(429, 20429, asked)}
    with pytest.raises(CarrierBusy) as refusal:
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert (problem_body(refusal.value)["status"], problem_headers(refusal.value)) == (503, {"Retry-After": str(told)})
    assert [purchase.state for purchase in await purchases(organization_id)] == [PurchaseState.FAILED]
    faulty_carrier.faults = {}
    bought = await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert [owned.sid for owned in await at_carrier(number)] == [bought.carrier_sid]


@pytest.mark.parametrize(("status", "refused"), [(429, CarrierBusy), (503, CarrierNotAnswering)])
async def test_a_refused_search_passes_on_the_carriers_retry_after(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    actor: Actor,
    status: int,
    refused: type[DomainError],
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"GET": Refusal(status, 20001, "90")}
    with pytest.raises(refused) as refusal:
        await faulty_provisioning.searcher.search(organization_id, NumberQuery("US"), by=actor)
    assert problem_headers(refusal.value) == {"Retry-After": "90"}


async def test_the_retry_after_of_one_response_is_not_used_for_another(
    faulty_carrier: FaultyCarrier, faulty_provisioning: NumberProvisioning, make: Factory, actor: Actor
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    for fault, told in ((Refusal(503, 20503, "90"), {"Retry-After": "90"}), (Refusal(503, 20503), {})):
        faulty_carrier.faults = {"GET": fault}
        with pytest.raises(CarrierNotAnswering) as refusal:
            await faulty_provisioning.searcher.search(organization_id, NumberQuery("US"), by=actor)
        assert problem_headers(refusal.value) == told


@pytest.mark.parametrize("fault", list(Fault))
async def test_no_purchase_is_begun_while_the_carrier_is_unavailable(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    number: str,
    purchases: Purchases,
    actor: Actor,
    fault: Fault,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"GET": fault}
    with pytest.raises(CarrierNotAnswering) as refusal:
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert problem_body(refusal.value)["status"] == 503
    assert await purchases(organization_id) == []


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_release_that_the_carrier_does_not_confirm_is_finished_later(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    reconciler: NumberReconciler,
    number: str,
    at_carrier: At,
    held: Rows,
    actor: Actor,
    fault: Fault,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    bought = await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    faulty_carrier.faults = {"DELETE": fault}
    with pytest.raises(ReleaseUnconfirmed):
        await faulty_provisioning.releaser.release(organization_id, bought.id, by=actor)
    assert all(row.releasing_at is not None for row in await held(organization_id))

    await reconciler.finish_pending()
    assert await held(organization_id) == []
    assert await at_carrier(number) == []


async def test_a_number_that_another_organization_still_claims_is_released(
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    database: Database,
    number: str,
    at_carrier: At,
    held: Rows,
    purchases: Purchases,
    actor: Actor,
) -> None:
    other = (await make.tenant(number=False)).organization.id
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=other, e164=number))
    organization_id = (await make.tenant(number=False)).organization.id
    with pytest.raises(NumberNotAvailable):
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert await at_carrier(number) == []
    assert await held(organization_id) == []
    assert [purchase.state for purchase in await purchases(organization_id)] == [PurchaseState.FAILED]


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Refusal(400, 10002), CarrierAccountLimited),
        (Refusal(400, 21404), CarrierAccountLimited),
        (Refusal(403, 21404), CarrierAccountLimited),
        (Refusal(400, 21421), NumberNotAvailable),
        (Refusal(400, 21422), NumberNotAvailable),
        (Refusal(400, 21451), NoNumbersInAreaCode),
        (Refusal(400, 21452), NoNumbersInAreaCode),
        (Refusal(400, 21613), AddressRequired),
        (Refusal(400, 21615), AddressRequired),
        (Refusal(400, 21631), AddressRequired),
        (Refusal(400, 21649), BundleRequired),
        (Refusal(400, 20429), CarrierBusy),
        (Refusal(403, 20403), Unavailable),
        (Refusal(401, 20003), Unavailable),
        (Refusal(400, 99999), NumberNotAvailable),
    ],
)
async def test_a_refused_purchase_says_why_and_leaves_the_organization_free(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    number: str,
    at_carrier: At,
    purchases: Purchases,
    actor: Actor,
    refused: Refusal,
    error: type[DomainError],
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": refused}
    with pytest.raises(error) as raised:
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert type(raised.value) is error
    assert [purchase.state for purchase in await purchases(organization_id)] == [PurchaseState.FAILED]
    assert "DELETE" not in faulty_carrier.methods

    faulty_carrier.faults = {}
    await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert len(await at_carrier(number)) == 1


def test_each_code_has_its_own_sentence_and_a_line_for_staff() -> None:
    refusals = {code: number_refusal(code) for code in NUMBER_REFUSALS}
    # A trial account has two codes.
    assert len({refusal.message for refusal in refusals.values()}) == len(refusals) - 1
    assert all(str(code) in describe_refusal(code) for code in refusals)
    assert "did not sell" in number_refusal(99999).message


async def test_a_refused_purchase_is_stored_with_its_sentence_and_the_carriers_code(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    database: Database,
    number: str,
    purchases: Purchases,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"POST": Refusal(400, 21649)}
    with pytest.raises(BundleRequired) as refusal:
        await faulty_provisioning.purchaser.buy(organization_id, number, by=actor)
    assert [purchase.failure for purchase in await purchases(organization_id)] == [refusal.value.message]
    query = sa.select(AuditEvent.details).where(
        AuditEvent.organization_id == organization_id, AuditEvent.action == "phone_number.not_bought"
    )
    async with database.sessions() as session:
        assert await session.scalar(query) == {"reason": refusal.value.message, "carrier_error": "21649"}


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (Refusal(429, 20429), CarrierBusy),
        (Refusal(400, 21452), NoNumbersInAreaCode),
    ],
)
async def test_a_refused_search_says_why(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    actor: Actor,
    refused: Refusal,
    error: type[DomainError],
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"GET": refused}
    with pytest.raises(error):
        await faulty_provisioning.searcher.search(organization_id, NumberQuery(country="US"), by=actor)


@pytest.mark.parametrize("refused", [Refusal(401, 20003), Refusal(403, 20403)])
async def test_refused_credentials_are_not_an_empty_search_result(
    faulty_carrier: FaultyCarrier,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    actor: Actor,
    refused: Refusal,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    faulty_carrier.faults = {"GET": refused}
    with pytest.raises(Unavailable) as raised:
        await faulty_provisioning.searcher.search(organization_id, NumberQuery(country="US"), by=actor)
    assert problem_body(raised.value)["detail"] == "Service temporarily unavailable"


async def test_a_number_that_needs_an_address_is_shown_as_such_and_not_bought(
    settings: Settings,
    faulty_provisioning: NumberProvisioning,
    make: Factory,
    purchases: Purchases,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    async with local_client(base_url=f"http://{settings.sandbox_address}") as sandbox:
        (await sandbox.put("/sandbox/switches", json={"address_required": ["NZ"]})).raise_for_status()
        try:
            search = NumberQuery(country="NZ")
            [first, *_] = await faulty_provisioning.searcher.search(organization_id, search, by=actor)
            assert not is_available_now(first)
            with pytest.raises(AddressRequired):
                await faulty_provisioning.purchaser.buy(organization_id, first.e164, by=actor)
        finally:
            await sandbox.delete("/sandbox/switches")
    assert await purchases(organization_id) == []


async def test_no_connection_is_held_while_the_carrier_is_asked(
    settings: Settings, make: Factory, number: str, actor: Actor
) -> None:
    assert settings.database_url is not None
    database = Database(settings.database_url)
    carrier = _ConnectionCountingCarrier(settings, database)
    provisioning = build_number_provisioning(database, carrier)
    organization_id = (await make.tenant(number=False)).organization.id
    bought = await provisioning.purchaser.buy(organization_id, number, by=actor)
    await provisioning.releaser.release(organization_id, bought.id, by=actor)
    assert carrier.connections == [0, 0, 0, 0]  # search, buy; list, release
    await carrier.close()
    await database.stop()


class _ConnectionCountingCarrier(TwilioCarrier):
    """The Twilio adapter; records at each request how many database connections are in use."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(settings.twilio, api_base=f"http://{settings.sandbox_address}", signaling=None)
        self._database = database
        self.connections: list[int] = []

    def _get_client(self) -> object:
        pool = self._database.engine.pool
        assert isinstance(pool, QueuePool)
        self.connections.append(pool.checkedout())
        return super()._get_client()
