"""A physical copy of a database has the original's identity: the public URL distinguishes the two installations."""

from collections.abc import Callable

import msgspec
import pytest

from epoch.cli.commands import confirm_moved_deployment, read_deployment, separate_copied_deployment
from epoch.server.start_up_checks import ensure_own_installation
from kit.db.database import ADMIN_ROLE, Database
from kit.deployment import DeploymentService, DeploymentUnconfirmed
from kit.environment import SettingsError
from kit.settings import Settings

pytestmark = pytest.mark.anyio
ORIGINAL, STAGING = "https://phone.example.com", "https://staging.example.com"


@pytest.fixture
async def original(settings: Settings, new_migrated_database: Callable[[], str]) -> Settings:
    """An installation with a real carrier, which has started."""
    installed = msgspec.structs.replace(
        settings, carrier="twilio", public_url=ORIGINAL, database_url=new_migrated_database()
    )
    await ensure_own_installation(installed)
    return installed


def copy_of(original: Settings) -> Settings:
    """The settings of a staging system whose database is byte for byte that of ``original``."""
    return msgspec.structs.replace(original, public_url=STAGING)


async def test_a_start_with_another_public_url_is_refused_until_somebody_says_what_it_is(original: Settings) -> None:
    staging = copy_of(original)
    await ensure_own_installation(original)
    with pytest.raises(SettingsError, match=f"installation at {ORIGINAL}, but EPOCH_PUBLIC_URL is {STAGING}"):
        await ensure_own_installation(staging)
    assert (await read_deployment(staging)).is_copy
    name = (await read_deployment(original)).name
    separate = await separate_copied_deployment(staging)
    assert not separate.is_copy
    assert (separate.name != name, separate.separate_since is not None) == (True, True)
    await ensure_own_installation(staging)


async def test_an_installation_whose_address_changed_keeps_what_it_owns(original: Settings) -> None:
    moved, name = copy_of(original), (await read_deployment(original)).name
    confirmed = await confirm_moved_deployment(moved)
    assert (confirmed.name, confirmed.is_copy, confirmed.separate_since) == (name, False, None)
    await ensure_own_installation(moved)


async def test_workers_and_jobs_of_a_copy_change_nothing_at_the_carrier(original: Settings) -> None:
    assert original.owner_url is not None
    database = Database(original.owner_url, installation_url=STAGING)
    jobs = database.for_role(ADMIN_ROLE, engine_connections=1)
    async with jobs.sessions() as session:
        with pytest.raises(DeploymentUnconfirmed):
            await DeploymentService(session).read_confirmed()
    await jobs.stop()
    await database.stop()


async def test_the_address_does_not_matter_with_the_sandbox_carrier(original: Settings) -> None:
    demo = msgspec.structs.replace(copy_of(original), carrier="sandbox")
    assert not (await read_deployment(demo)).is_copy
