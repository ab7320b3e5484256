"""Metrics of webhook deliveries: attempts by outcome, and the age of the oldest one that nobody sends."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from events.emit import emit
from events.event_types import EventType
from events.sequencer import EventSequencer
from kit.clock import utc_now
from kit.db.database import Database
from kit.schemas import ResponseModel
from kit.settings import Settings
from support.factories import Factory
from support.metrics import Growth
from support.webhook_receiver import WebhookReceiver, answer
from webhooks.deliverer import WebhookDeliverer
from webhooks.fan_out import queue_deliveries
from webhooks.metrics import DELIVERY_GAUGES, OLDEST_DUE_METRIC
from webhooks.models import WebhookDelivery, WebhookEndpoint
from webhooks.resolver import DnsResolver
from webhooks.sender import WebhookSender
from webhooks.signatures import new_secret, secret_encryptor

pytestmark = pytest.mark.anyio


class Note(ResponseModel, frozen=True, kw_only=True):
    number: int


async def due_endpoint(jobs: Database, settings: Settings, url: str) -> UUID:
    """An endpoint with one delivery that is due."""
    organization_id = (await Factory(jobs, settings).tenant()).organization.id
    secret = secret_encryptor(settings.secret_keys).encrypt(new_secret().encode())
    endpoint = WebhookEndpoint(
        organization_id=organization_id, url=url, events=[EventType.CALL_MISSED.value], secret=secret
    )
    async with jobs.sessions() as session, session.begin():
        session.add(endpoint)
        await emit(session, organization_id, EventType.CALL_MISSED, Note(number=1), subject_id=organization_id)
    await EventSequencer(jobs, {}, [queue_deliveries]).run_once()
    return endpoint.id


async def change(jobs: Database, endpoint_id: UUID, **values: object) -> None:
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).values(values))


@pytest.mark.parametrize(
    ("status", "retry_until", "outcome"),
    [
        (204, dt.timedelta(days=3), "delivered"),
        (500, dt.timedelta(days=3), "retried"),
        (500, dt.timedelta(0), "given_up"),
    ],
)
async def test_attempts_are_counted_by_outcome(
    jobs: Database,
    own_settings: Settings,
    receiver: WebhookReceiver,
    status: int,
    retry_until: dt.timedelta,
    outcome: str,
) -> None:
    receiver.respond = lambda _: answer(status)

    async def ignore(*_: object) -> None:
        """Leave the endpoint as it is."""

    sender = WebhookSender(DnsResolver(), is_sandbox=True)
    deliverer = WebhookDeliverer(jobs, sender, secret_encryptor(own_settings.secret_keys), pause=ignore)
    endpoint_id = await due_endpoint(jobs, own_settings, receiver.url)
    async with jobs.sessions() as session, session.begin():
        mine = sa.update(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
        await session.execute(mine.values(retry_until=utc_now() + retry_until))
    counted = Growth("epoch_webhook_deliveries_total", outcome=outcome)
    await deliverer.run_due()
    assert counted.amount >= 1
    await change(jobs, endpoint_id, due_at=None)


async def test_the_oldest_due_delivery_is_told_unless_somebody_sends_it_or_it_is_paused(
    jobs: Database, own_settings: Settings
) -> None:
    async def oldest_due_seconds() -> float:
        return (await DELIVERY_GAUGES.measure(jobs))[OLDEST_DUE_METRIC]

    assert await oldest_due_seconds() == 0
    endpoint_id = await due_endpoint(jobs, own_settings, "http://127.0.0.1:1/hook")
    await change(jobs, endpoint_id, due_at=sa.func.now() - dt.timedelta(minutes=10))
    assert 600 <= await oldest_due_seconds() < 3600
    for given in (
        {"leased_until": sa.func.now() + dt.timedelta(minutes=1), "leased_by": uuid4()},
        {"leased_until": None, "leased_by": None, "paused_at": sa.func.now()},
        {"paused_at": None, "due_at": sa.func.now() + dt.timedelta(minutes=10)},
    ):
        await change(jobs, endpoint_id, **given)
        assert await oldest_due_seconds() == 0
    # A process that died holds its endpoints no longer than its lease.
    died = {"leased_until": sa.func.now() - dt.timedelta(seconds=1), "leased_by": uuid4()}
    await change(jobs, endpoint_id, due_at=sa.func.now() - dt.timedelta(minutes=10), **died)
    assert await oldest_due_seconds() >= 600
