"""Stored values that another EPOCH_SECRET_KEY encrypted are counted and renewed, and never cause a 500."""

import datetime as dt
from collections.abc import AsyncIterator

import msgspec
import pyotp
import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.second_factor import SecondFactorService
from accounts.totp import TotpSecrets
from crm.models import HubSpotConnection
from crm.services import token_encryptor
from epoch.cli.check_results import CheckFailed, CheckWarned
from epoch.cli.commands import count_stored_secrets, renew_stored_secrets
from epoch.cli.database_checks import check_secret_key
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.jobs.models import QueuedJob
from kit.jobs.queue import JobQueue, enqueue
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.databases import PATIENT_SECONDS
from support.factories import Factory
from webhooks.delivery_store import signing_secrets
from webhooks.models import WebhookEndpoint
from webhooks.signatures import secret_encryptor

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
    user, tenant = await Factory(database, own_settings).user(), await Factory(database, own_settings).tenant()
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(QueuedJob))
        await session.execute(sa.update(User).values(totp_secret=None))
        encrypted = TotpSecrets(SecretKeys(OLD)).encrypt(user.id, pyotp.random_base32())
        await session.execute(sa.update(User).where(User.id == user.id).values(totp_secret=encrypted))
        await JobQueue(database, SecretKeys(OLD)).enqueue(session, "mail", b"of the old secret")
        await JobQueue(database, SecretKeys(NEW)).enqueue(session, "mail", b"of the new secret")
        await enqueue(session, "mail", b"never encrypted")
        await session.execute(sa.delete(WebhookEndpoint))
        await session.execute(sa.delete(HubSpotConnection))
        sealed = token_encryptor(SecretKeys(OLD)).encrypt(b"pat-")
        session.add(HubSpotConnection(organization_id=tenant.organization.id, access_token=sealed, portal_id="1"))
        session.add_all(
            [
                WebhookEndpoint(
                    organization_id=tenant.organization.id,
                    url="https://crm.example/",
                    events=["call.ended"],
                    secret=secret_encryptor(SecretKeys(secret)).encrypt(b"whsec_"),
                )
                for secret in (OLD, NEW)
            ]
        )
    return user


async def test_the_predecessors_are_renewed_and_the_rest_is_left_alone(
    database: Database, own_settings: Settings, user: User
) -> None:
    rotating = msgspec.structs.replace(own_settings, secret_key=NEW, secret_key_previous=(OLD,))
    with pytest.raises(CheckWarned) as told:
        await check_secret_key(rotating)
    assert str(told.value) == (
        "1 second factor, 1 waiting job, 1 webhook and 1 HubSpot token still encrypted with EPOCH_SECRET_KEY_PREVIOUS:"
        " run `epoch rotate-secrets`"
    )
    async with database.sessions() as session:
        before = (await session.scalars(sa.select(QueuedJob.payload).order_by(QueuedJob.id))).all()
    found, left = await renew_stored_secrets(rotating)
    assert (found.old_second_factors, found.old_jobs, found.old_webhooks, found.old_tokens) == (1, 1, 1, 1)
    assert (left.old, left.unreadable) == (None, None)
    async with database.sessions() as session:
        after = (await session.scalars(sa.select(QueuedJob.payload).order_by(QueuedJob.id))).all()
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True, True]
    alone = msgspec.structs.replace(own_settings, secret_key=NEW)
    assert await check_secret_key(alone) == "decrypts everything that is stored"


@pytest.mark.parametrize("is_newest_current", [True, False])
async def test_a_webhooks_former_secret_is_renewed_while_it_signs(
    database: Database, own_settings: Settings, user: User, is_newest_current: bool
) -> None:
    """It was rotated after the last renewal: its newest secret alone is encrypted with the present key, or neither."""
    seal = {key: secret_encryptor(SecretKeys(key)).encrypt for key in (OLD, NEW)}
    rotated = {
        "secret": seal[NEW if is_newest_current else OLD](b"newest"),
        "previous_secret": seal[OLD](b"former"),
        "previous_secret_until": utc_now() + dt.timedelta(hours=1),
    }
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(WebhookEndpoint).values(rotated))
    found, left = await renew_stored_secrets(
        msgspec.structs.replace(own_settings, secret_key=NEW, secret_key_previous=(OLD,))
    )
    assert (found.old_webhooks, left.old_webhooks, left.unreadable_webhooks) == (2, 0, 0)
    alone = secret_encryptor(SecretKeys(NEW))
    async with database.sessions() as session:
        for endpoint in await session.scalars(sa.select(WebhookEndpoint)):
            readable = [alone.decrypt(each, seconds=None) for each in signing_secrets(endpoint, utc_now())]
            assert readable == [b"newest", b"former"]


async def test_secrets_that_no_key_decrypts_are_named_and_kept(
    database: Database, own_settings: Settings, user: User
) -> None:
    lost = msgspec.structs.replace(own_settings, secret_key=NEW)
    with pytest.raises(
        CheckFailed, match=r"^1 second factor, 1 waiting job, 1 webhook and 1 HubSpot token cannot be decrypted: put"
    ):
        await check_secret_key(lost)
    async with database.sessions() as session, session.begin():
        row = await session.get_one(User, user.id)
        assert not await SecondFactorService(session, TotpSecrets(lost.secret_keys)).verify(row, "123456")
    _, left = await renew_stored_secrets(lost)
    assert (left.unreadable_second_factors, left.unreadable_jobs, left.unreadable_webhooks) == (1, 1, 1)
    assert left.unreadable_tokens == 1
    found = await count_stored_secrets(msgspec.structs.replace(lost, secret_key_previous=(OLD,)))
    assert found.unreadable is None
