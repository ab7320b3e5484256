"""Delivery of webhooks: endpoints that hang or ask to wait, processes that die, deliveries that are sent again."""

import asyncio
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
from support.waiting import wait_until
from support.webhook_receiver import OK, Received, WebhookReceiver, answer
from webhooks.deliverer import WebhookDeliverer
from webhooks.deliveries import DeliveryService
from webhooks.delivery_store import LEASE, DeliveryStore
from webhooks.fan_out import queue_deliveries
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from webhooks.resolver import DnsResolver
from webhooks.schedule import EAGER_FAILURES, EAGER_PERIOD
from webhooks.sender import TOTAL_SECONDS, WebhookSender
from webhooks.signatures import new_secret, secret_encryptor

pytestmark = pytest.mark.anyio
DEAD = 200


class Note(ResponseModel, frozen=True, kw_only=True):
    number: int


async def never_pause(*_: object) -> None:
    raise AssertionError("nothing fails for three days here")


def deliverer_of(jobs: Database, settings: Settings, *, total_seconds: float = TOTAL_SECONDS) -> WebhookDeliverer:
    sender = WebhookSender(DnsResolver(), is_sandbox=True, total_seconds=total_seconds)
    return WebhookDeliverer(jobs, sender, secret_encryptor(settings.secret_keys), pause=never_pause)


async def organization_with(jobs: Database, settings: Settings, *urls: str) -> UUID:
    """An organization with an endpoint for each address, which gets missed calls."""
    tenant = await Factory(jobs, settings).tenant()
    secret = secret_encryptor(settings.secret_keys).encrypt(new_secret().encode())
    async with jobs.sessions() as session, session.begin():
        session.add_all(
            WebhookEndpoint(
                organization_id=tenant.organization.id, url=url, events=[EventType.CALL_MISSED.value], secret=secret
            )
            for url in urls
        )
    return tenant.organization.id


async def emit_notes(jobs: Database, organization_id: UUID, *numbers: int) -> None:
    for number in numbers:
        async with jobs.sessions() as session, session.begin():
            note = Note(number=number)
            await emit(session, organization_id, EventType.CALL_MISSED, note, subject_id=organization_id)


async def test_endpoints_that_hang_delay_no_other_one(
    jobs: Database, own_settings: Settings, receiver: WebhookReceiver
) -> None:
    def respond(request: Received) -> bytes | None:
        return OK if request.path == "/living" else None

    receiver.respond = respond
    base = receiver.url.removesuffix("/hook")
    dead = [f"{base}/dead{number}" for number in range(DEAD)]
    organization_id = await organization_with(jobs, own_settings, *dead)
    sequencer = EventSequencer(jobs, {}, [queue_deliveries])
    # On a busy machine the requests that hang would end before the living endpoint was asked.
    deliverer = deliverer_of(jobs, own_settings, total_seconds=10 * TOTAL_SECONDS)
    await emit_notes(jobs, organization_id, 1)
    await sequencer.run_once()
    deliverer.start()
    try:
        await wait_until(lambda: receiver.open_requests == DEAD)
        # All of them hang. One that is new, of the same organization, does not wait for any.
        async with jobs.sessions() as session, session.begin():
            secret = await session.scalar(sa.select(WebhookEndpoint.secret).limit(1))
            assert secret is not None
            session.add(
                WebhookEndpoint(
                    organization_id=organization_id,
                    url=f"{base}/living",
                    events=[EventType.CALL_MISSED.value],
                    secret=secret,
                )
            )
        await emit_notes(jobs, organization_id, 2, 3)
        await sequencer.run_once()
        living = await receiver.wait_for(2, "/living")
        assert [request.event["data"]["number"] for request in living] == [2, 3]
        assert len([request for request in receiver.received if request.path != "/living"]) == DEAD
        assert receiver.open_requests >= DEAD
    finally:
        await deliverer.stop()


async def planned(jobs: Database, organization_id: UUID) -> tuple[WebhookEndpoint, list[WebhookDelivery]]:
    """The only endpoint, with its deliveries in the order of their events."""
    async with jobs.sessions() as session:
        mine = sa.select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization_id)
        endpoint = (await session.scalars(mine)).one()
        query = sa.select(WebhookDelivery).where(WebhookDelivery.organization_id == organization_id)
        return endpoint, list(await session.scalars(query.order_by(WebhookDelivery.sequence)))


async def test_each_event_is_tried_at_once_while_an_endpoint_begins_to_fail(
    jobs: Database, own_settings: Settings, receiver: WebhookReceiver
) -> None:
    receiver.respond = lambda _: answer(500)
    organization_id = await organization_with(jobs, own_settings, receiver.url)
    sequencer, deliverer = EventSequencer(jobs, {}, [queue_deliveries]), deliverer_of(jobs, own_settings)
    await emit_notes(jobs, organization_id, *range(24))
    await sequencer.run_once()
    await deliverer.run_due()
    numbers = {request.event["data"]["number"] for request in receiver.received}
    assert numbers == set(range(24))
    endpoint, deliveries = await planned(jobs, organization_id)
    assert endpoint.due_at is not None
    assert endpoint.failing_since is not None
    assert endpoint.failures <= EAGER_FAILURES
    for delivery in deliveries:
        assert delivery.next_attempt_at is not None
        last = dt.datetime.fromisoformat(delivery.attempts[-1]["at"])
        wait = delivery.next_attempt_at - last
        # The second attempt of those that became due while the others were tried is planned for later.
        assert len(delivery.attempts) > 1 or wait < dt.timedelta(seconds=30)
    assert endpoint.due_at == min(each.next_attempt_at for each in deliveries if each.next_attempt_at is not None)

    # An endpoint that fails for longer gets one delivery at a time, and its own waits.
    async with jobs.sessions() as session, session.begin():
        mine = WebhookEndpoint.organization_id == organization_id
        long_ago = {"failing_since": endpoint.failing_since - EAGER_PERIOD, "due_at": utc_now()}
        await session.execute(sa.update(WebhookEndpoint).where(mine).values(**long_ago))
        due = sa.update(WebhookDelivery).where(WebhookDelivery.organization_id == organization_id)
        await session.execute(due.values(next_attempt_at=utc_now()))
    before = len(receiver.received)
    await deliverer.run_due()
    await emit_notes(jobs, organization_id, 24)
    await sequencer.run_once()
    await deliverer.run_due()
    assert len(receiver.received) == before + 1
    endpoint, _ = await planned(jobs, organization_id)
    assert endpoint.due_at is not None
    assert endpoint.due_at - utc_now() > dt.timedelta(seconds=30)


async def test_a_receiver_that_asks_to_wait_gets_nothing_sooner(
    jobs: Database, own_settings: Settings, receiver: WebhookReceiver
) -> None:
    receiver.respond = lambda _: answer(503, "", "Retry-After: 3600")
    organization_id = await organization_with(jobs, own_settings, receiver.url)
    sequencer, deliverer = EventSequencer(jobs, {}, [queue_deliveries]), deliverer_of(jobs, own_settings)
    for number in range(3):
        await emit_notes(jobs, organization_id, number)
        await sequencer.run_once()
        await deliverer.run_due()
    assert [request.event["data"]["number"] for request in receiver.received] == [0]


async def test_what_a_dead_process_held_is_sent_by_another(
    jobs: Database, own_settings: Settings, receiver: WebhookReceiver
) -> None:
    organization_id = await organization_with(jobs, own_settings, receiver.url)
    await emit_notes(jobs, organization_id, 1, 2)
    await EventSequencer(jobs, {}, [queue_deliveries]).run_once()
    async with jobs.sessions() as session, session.begin():
        claimed = await DeliveryStore(session, uuid4()).claim(limit=1000, organization_limit=1000, busy=[])
    [held] = [endpoint for endpoint in claimed if endpoint.organization_id == organization_id]
    assert len(held.deliveries) == 2
    other = deliverer_of(jobs, own_settings)
    await other.run_due()
    assert receiver.received == []  # the lease holds
    async with jobs.sessions() as session, session.begin():
        expired = sa.update(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization_id)
        await session.execute(expired.values(leased_until=WebhookEndpoint.leased_until - LEASE))
    await other.run_due()
    assert [request.event["data"]["number"] for request in receiver.received] == [1, 2]
    assert [request.headers["webhook-id"] for request in receiver.received] == [
        str(delivery.event_id) for delivery in held.deliveries
    ]
    # The first process was not dead: its results come too late and are not stored.
    async with jobs.sessions() as session, session.begin():
        assert await DeliveryStore(session, uuid4()).store(held, []) is None
        query = sa.select(WebhookDelivery.state).where(WebhookDelivery.organization_id == organization_id)
        assert set(await session.scalars(query)) == {DeliveryState.DELIVERED}


@pytest.mark.parametrize("status", [200, 500])
async def test_a_delivery_that_is_sent_again_while_it_is_sent_arrives_twice(
    jobs: Database, own_settings: Settings, receiver: WebhookReceiver, status: int
) -> None:
    organization_id = await organization_with(jobs, own_settings, receiver.url)
    deliverer = deliverer_of(jobs, own_settings)
    await emit_notes(jobs, organization_id, 1)
    await EventSequencer(jobs, {}, [queue_deliveries]).run_once()
    asked = asyncio.Event()

    async def ask_again() -> None:
        """Send it again while the receiver has it and has not answered."""
        await wait_until(lambda: receiver.open_requests == 1)
        endpoint, [delivery] = await planned(jobs, organization_id)
        async with jobs.sessions() as session, session.begin():
            await DeliveryService(session).resend(endpoint, delivery.id)
        asked.set()

    receiver.delay = asked.wait
    receiver.respond = lambda _: answer(status)
    await asyncio.gather(deliverer.run_due(), ask_again())
    first, second = await receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    _, [delivery] = await planned(jobs, organization_id)
    assert [attempt["status"] for attempt in delivery.attempts] == [status, status]
    assert delivery.state == (DeliveryState.DELIVERED if status == 200 else DeliveryState.PENDING)


async def test_a_test_event_locks_its_endpoint_before_it_stores_a_delivery(jobs: Database, settings: Settings) -> None:
    """Storing a delivery takes a weak lock on the endpoint's row, so the strong lock must be taken before."""
    organization_id = await organization_with(jobs, settings, "http://127.0.0.1:9/hook")
    async with jobs.sessions() as session:
        endpoint = await session.scalar(sa.select(WebhookEndpoint).where(WebhookEndpoint.owned_by(organization_id)))
    assert endpoint is not None
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    async with jobs.sessions() as session, session.begin():
        connection = await session.connection()
        sa.event.listen(connection.sync_connection, "before_cursor_execute", note)
        await DeliveryService(session).send_test(endpoint)
    lock = next(number for number, each in enumerate(statements) if "FOR UPDATE" in each)
    stored = next(number for number, each in enumerate(statements) if "INSERT INTO webhook_delivery" in each)
    assert lock < stored
