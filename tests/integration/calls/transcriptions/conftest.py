"""Fixtures of the transcript tests: a carrier's account, a job queue, an organization that has transcripts on."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from calls.incoming.transcription_jobs import TranscriptionFetcher
from kit.db.database import Database
from kit.http.app_key import JOB_QUEUE
from kit.jobs.queue import JobQueue
from kit.settings import Settings
from privacy.carrier_deletion import CarrierCallDeletion
from support.carrier_account import CarrierAccount, open_carrier_account
from support.factories import Tenant
from support.jobs import forget_jobs
from support.voicemail_transcripts import change_incoming_call_settings


@pytest.fixture(scope="module", autouse=True)
async def idle_application(app: Litestar) -> AsyncIterator[None]:
    """The running application, which runs no jobs during these tests."""
    await JOB_QUEUE.get(app).stop(drain_seconds=0)
    yield
    JOB_QUEUE.get(app).start()


@pytest.fixture(autouse=True)
async def no_other_jobs(database: Database) -> None:
    await forget_jobs(database)


@pytest.fixture
async def account(settings: Settings, tmp_path: Path) -> AsyncIterator[CarrierAccount]:
    async with open_carrier_account(settings.twilio, tmp_path) as opened:
        yield opened


@pytest.fixture
def queue(account: CarrierAccount, database: Database, settings: Settings) -> JobQueue:
    """A queue whose jobs fetch transcripts from the test's account, and delete there."""
    queue = JobQueue(database, settings.secret_keys)
    TranscriptionFetcher(queue, account.carrier, database)
    CarrierCallDeletion(queue, account.carrier, database)
    return queue


@pytest.fixture
async def switched_on(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await change_incoming_call_settings(owner, tenant, transcribe=True)
