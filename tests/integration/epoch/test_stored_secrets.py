"""Second factors and jobs that were encrypted with another EPOCH_SECRET_KEY are counted, renewed, and never a 500."""

from collections.abc import AsyncIterator

import msgspec
import pyotp
import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.second_factor import SecondFactorService
from accounts.totp import TotpSecrets
from epoch.cli.check_results import CheckFailed
from epoch.cli.commands import count_stored_secrets, renew_stored_secrets
from epoch.cli.doctor import check_secret_key
from kit.db.database import ADMIN_ROLE, Database
from kit.jobs.models import QueuedJob
from kit.jobs.queue import JobQueue, enqueue
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.databases import PATIENT_SECONDS
from support.factories import Factory

pytestmark = pytest.mark.anyio
OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
async def database(own_settings: Settings) -> AsyncIterator[Database]:
    assert own_settings.database_url is not None
    opened = Database(own_settings.database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    yield opened
    await opened.stop()


@pytest.fixture
async def user(database: Database, own_settings: Settings) -> User:
    """A user whose second factor, and some waiting jobs, were encrypted with ``OLD``."""
    user = await Factory(database, own_settings).user()
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(QueuedJob))
        await session.execute(sa.update(User).values(totp_secret=None))
        encrypted = TotpSecrets(SecretKeys(OLD)).encrypt(user.id, pyotp.random_base32())
        await session.execute(sa.update(User).where(User.id == user.id).values(totp_secret=encrypted))
        await JobQueue(database, SecretKeys(OLD)).enqueue(session, "mail", b"of the old secret")
        await JobQueue(database, SecretKeys(NEW)).enqueue(session, "mail", b"of the new secret")
        await enqueue(session, "mail", b"never encrypted")
    return user


async def test_the_predecessors_are_renewed_and_the_rest_is_left_alone(
    database: Database, own_settings: Settings, user: User
) -> None:
    rotating = msgspec.structs.replace(own_settings, secret_key=NEW, secret_key_previous=(OLD,))
    assert await check_secret_key(rotating) == (
        "1 second factor and 1 waiting job still encrypted with EPOCH_SECRET_KEY_PREVIOUS: run `epoch rotate-secrets`"
    )
    async with database.sessions() as session:
        before = (await session.scalars(sa.select(QueuedJob.payload).order_by(QueuedJob.id))).all()
    found, left = await renew_stored_secrets(rotating)
    assert (found.old_second_factors, found.old_jobs) == (1, 1)
    assert (left.old, left.unreadable) == (None, None)
    async with database.sessions() as session:
        after = (await session.scalars(sa.select(QueuedJob.payload).order_by(QueuedJob.id))).all()
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, True]
    alone = msgspec.structs.replace(own_settings, secret_key=NEW)
    assert await check_secret_key(alone) == "decrypts everything that is stored"


async def test_secrets_that_no_key_decrypts_are_named_and_kept(
    database: Database, own_settings: Settings, user: User
) -> None:
    lost = msgspec.structs.replace(own_settings, secret_key=NEW)
    with pytest.raises(CheckFailed, match=r"^1 second factor and 1 waiting job cannot be decrypted: put the secret"):
        await check_secret_key(lost)
    async with database.sessions() as session, session.begin():
        row = await session.get_one(User, user.id)
        assert not await SecondFactorService(session, TotpSecrets(lost.secret_keys)).verify(row, "123456")
    _, left = await renew_stored_secrets(lost)
    assert (left.unreadable_second_factors, left.unreadable_jobs) == (1, 1)
    found = await count_stored_secrets(msgspec.structs.replace(lost, secret_key_previous=(OLD,)))
    assert found.unreadable is None
