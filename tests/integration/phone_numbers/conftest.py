"""Fixtures of phone number tests: the service, the reconciler, numbers at the carrier."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from carrier.port import Carrier, OwnedNumber
from carrier.twilio import TwilioCarrier
from epoch.phone_number_jobs import build_number_provisioning, build_number_reconciler
from kit.actor import Actor, ActorKind
from kit.db.database import Database
from kit.settings import Settings
from phone_numbers.provisioning import NumberProvisioning
from phone_numbers.reconciliation import NumberReconciler
from support.factories import Factory, Tenant, sign_in
from support.faulty_carrier import FaultyCarrier
from support.local_http import local_client
from tenants.models import NumberPurchase, Organization, PhoneNumber

# Area codes of the United States that no other test uses, 94 numbers in each.
_unused_numbers = (f"+1{area}5550{last}" for area in ("907", "208", "406") for last in itertools.chain(range(106, 200)))
At = Callable[[str], Awaitable[list[OwnedNumber]]]
Switches = Callable[..., Awaitable[None]]
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]


@pytest.fixture
def number() -> str:
    """A number for sale that no other test touches."""
    return next(_unused_numbers)


@pytest.fixture
def provisioning(tenant_database: Database, carrier: Carrier) -> NumberProvisioning:
    """Purchase and release as requests use them, with a carrier that the test may replace."""
    return build_number_provisioning(tenant_database, carrier)


@pytest.fixture
async def tenant(client: httpx.AsyncClient, make: Factory) -> Tenant:
    """An organization in the US without a number, whose owner is signed in."""
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    return tenant


@pytest.fixture
async def faulty_carrier(settings: Settings) -> AsyncIterator[FaultyCarrier]:
    """A proxy in front of the sandbox carrier that makes requests fail as the test says."""
    assert settings.sandbox_address is not None
    async with FaultyCarrier(settings.sandbox_address).serving() as proxy:
        yield proxy


@pytest.fixture
async def carrier_with_faults(faulty_carrier: FaultyCarrier, settings: Settings) -> AsyncIterator[Carrier]:
    """The carrier, reached through ``faulty_carrier``."""
    carrier = TwilioCarrier(settings.twilio, api_base=f"http://{faulty_carrier.address}", signaling=None)
    yield carrier
    await carrier.close()


@pytest.fixture
def faulty_provisioning(carrier_with_faults: Carrier, tenant_database: Database) -> NumberProvisioning:
    """Purchase and release that reach the carrier through ``faulty_carrier``."""
    return build_number_provisioning(tenant_database, carrier_with_faults)


@pytest.fixture
def reconciler(database: Database, carrier: Carrier) -> NumberReconciler:
    """The reconciler over all organizations."""
    return build_number_reconciler(database, carrier)


@pytest.fixture
def at_carrier(carrier: Carrier) -> At:
    """The entries of one number in the carrier's account."""

    async def listed(e164: str) -> list[OwnedNumber]:
        return [owned for owned in await carrier.owned_numbers(e164=e164) if owned.e164 == e164]

    return listed


@pytest.fixture
def held(database: Database) -> Rows:
    """The rows of the numbers that an organization holds."""

    async def rows(organization_id: UUID) -> list[PhoneNumber]:
        query = sa.select(PhoneNumber).where(PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None))
        async with database.sessions() as session:
            return list((await session.scalars(query.order_by(PhoneNumber.id))).all())

    return rows


@pytest.fixture
def purchases(database: Database) -> Callable[[UUID], Awaitable[list[NumberPurchase]]]:
    """An organization's purchases, oldest first."""

    async def rows(organization_id: UUID) -> list[NumberPurchase]:
        query = sa.select(NumberPurchase).where(NumberPurchase.owned_by(organization_id))
        async with database.sessions() as session:
            return list((await session.scalars(query.order_by(NumberPurchase.id))).all())

    return rows


@pytest.fixture
def set_limits(database: Database) -> Callable[[UUID, dict[str, int]], Awaitable[None]]:
    async def change(organization_id: UUID, limits: dict[str, int]) -> None:
        async with database.sessions() as session, session.begin():
            await session.execute(
                sa.update(Organization).where(Organization.id == organization_id).values(limits=limits)
            )

    return change


@pytest.fixture
async def switches(settings: Settings) -> AsyncIterator[Switches]:
    """Sets the sandbox carrier's switches; they are reset after the test."""
    async with local_client(base_url=f"http://{settings.sandbox_address}") as sandbox:

        async def put(**values: object) -> None:
            (await sandbox.put("/sandbox/switches", json=values)).raise_for_status()

        yield put
        await sandbox.delete("/sandbox/switches")


@pytest.fixture
def actor() -> Actor:
    """The product itself, acting in an organization."""
    return Actor(ActorKind.SYSTEM, None, "A test")
