"""Two deployments on one carrier account: neither changes numbers that the other one may own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

import pytest
import sqlalchemy as sa

from carrier.port import Carrier, OwnedNumber
from epoch.phone_number_jobs import build_number_provisioning, build_number_reconciler
from kit.actor import Actor
from kit.db.database import ADMIN_ROLE, Database
from kit.deployment import Deployment, DeploymentService
from phone_numbers.errors import ReleasesPaused
from support.factories import Factory
from tenants.models import NumberPurchase, Organization, PhoneNumber, PurchaseState

pytestmark = pytest.mark.anyio
At = Callable[[str], Awaitable[list[OwnedNumber]]]


@pytest.fixture
async def other(new_migrated_database: Callable[[], str]) -> AsyncIterator[Database]:
    """A second deployment's database, which is fresh and has a name of its own."""
    database = Database(new_migrated_database(), role=ADMIN_ROLE)
    async with database.sessions() as session, session.begin():
        await DeploymentService(session).become_separate()
    yield database
    await database.stop()


async def read_deployment(database: Database) -> Deployment:
    async with database.sessions() as session:
        return await DeploymentService(session).read()


async def mark_as_copy(database: Database) -> None:
    """Make the database one that was restored from another server's backup."""
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text("UPDATE deployment SET database_identity = 'another server/1'"))


async def copy_number(source: Database, target: Database, organization_id: UUID) -> PhoneNumber:
    """Copy an organization's only number and its purchase, as a restored backup has them; return the copied row."""
    async with source.sessions() as session:
        organization = await session.get_one(Organization, organization_id)
        number = (await session.scalars(sa.select(PhoneNumber).where(PhoneNumber.owned_by(organization_id)))).one()
        purchase = (
            await session.scalars(sa.select(NumberPurchase).where(NumberPurchase.owned_by(organization_id)))
        ).one()
    copied = PhoneNumber(
        id=number.id,
        organization_id=organization_id,
        e164=number.e164,
        carrier_sid=number.carrier_sid,
        created_at=number.created_at,
    )
    async with target.sessions() as session, session.begin():
        session.add(Organization(id=organization.id, name="Copy", slug=organization.slug, country="US"))
        await session.flush()
        session.add(
            NumberPurchase(
                id=purchase.id,
                organization_id=organization_id,
                e164=purchase.e164,
                state=purchase.state,
                carrier_sid=purchase.carrier_sid,
            )
        )
        session.add(copied)
    return copied


class CopiedNumber(NamedTuple):
    """A number that the first deployment bought, and its row in the copy."""

    organization_id: UUID
    row: PhoneNumber


@pytest.fixture
async def copied(
    make: Factory,
    database: Database,
    carrier: Carrier,
    other: Database,
    tenant_database: Database,
    number: str,
    actor: Actor,
) -> CopiedNumber:
    """A number bought in the first deployment, whose rows the ``other`` one has too."""
    organization_id = (await make.tenant(number=False)).organization.id
    await build_number_provisioning(tenant_database, carrier).purchaser.buy(organization_id, number, by=actor)
    return CopiedNumber(organization_id, await copy_number(database, other, organization_id))


async def test_a_fresh_deployment_reports_the_numbers_of_the_other_and_keeps_them(
    make: Factory,
    carrier: Carrier,
    other: Database,
    tenant_database: Database,
    number: str,
    at_carrier: At,
    actor: Actor,
) -> None:
    organization_id = (await make.tenant(number=False)).organization.id
    bought = await build_number_provisioning(tenant_database, carrier).purchaser.buy(organization_id, number, by=actor)

    report = await build_number_reconciler(other, carrier).compare()

    reported = {found.carrier_sid: found.reason for found in report.discrepancies}
    assert reported[bought.carrier_sid] == "at the carrier, named for another deployment"
    assert report.released == 0
    assert [owned.sid for owned in await at_carrier(number)] == [bought.carrier_sid]


async def test_a_restored_backup_changes_nothing_until_the_operator_confirms_it(
    copied: CopiedNumber, carrier: Carrier, other: Database, number: str, at_carrier: At, actor: Actor
) -> None:
    organization_id, row = copied
    await mark_as_copy(other)
    assert (await read_deployment(other)).is_copy
    # The backup is from the time of the purchase, and the organization was deleted in it long ago.
    async with other.sessions() as session, session.begin():
        await session.execute(sa.update(NumberPurchase).values(state=PurchaseState.REQUESTED, carrier_sid=None))
        await session.execute(sa.update(Organization).values(deleted_at=sa.text("now() - interval '60 days'")))

    report = await build_number_reconciler(other, carrier).compare()
    assert (report.is_paused, report.adopted, report.released) == (True, 0, 0)
    with pytest.raises(ReleasesPaused):
        await build_number_provisioning(other, carrier).releaser.release(organization_id, row.id, by=actor)
    assert len(await at_carrier(number)) == 1


async def test_a_copy_that_is_separate_now_closes_its_row_and_leaves_the_number(
    copied: CopiedNumber, carrier: Carrier, other: Database, number: str, at_carrier: At, actor: Actor
) -> None:
    organization_id, row = copied

    await build_number_provisioning(other, carrier).releaser.release(organization_id, row.id, by=actor)

    async with other.sessions() as session:
        assert (await session.get_one(PhoneNumber, row.id)).released_at is not None
    assert len(await at_carrier(number)) == 1


async def test_a_moved_database_owns_what_the_original_owned(
    copied: CopiedNumber,
    database: Database,
    carrier: Carrier,
    other: Database,
    number: str,
    at_carrier: At,
    actor: Actor,
) -> None:
    organization_id, row = copied
    name = (await read_deployment(database)).name
    async with other.sessions() as session, session.begin():
        await session.execute(sa.text("UPDATE deployment SET name = :name, separate_since = NULL"), {"name": name})
    await mark_as_copy(other)
    async with other.sessions() as session, session.begin():
        assert not (await DeploymentService(session).confirm_move()).is_copy

    await build_number_provisioning(other, carrier).releaser.release(organization_id, row.id, by=actor)
    assert await at_carrier(number) == []
