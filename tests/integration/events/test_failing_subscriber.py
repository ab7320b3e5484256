"""A subscriber of the event log that fails for one organization: no event is lost, other organizations get theirs."""

from collections.abc import Sequence
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from events.emit import emit
from events.event_types import EventType
from events.metrics import EVENT_GAUGES, OLDEST_WAITING_METRIC
from events.models import EVENT_OUTBOX, OrganizationEvent
from events.sequencer import EventSequencer
from kit.db.database import Database
from kit.schemas import ResponseModel
from kit.settings import Settings
from support.factories import Factory
from support.waiting import wait_until
from webhooks.fan_out import queue_deliveries
from webhooks.models import WebhookDelivery, WebhookEndpoint
from webhooks.signatures import new_secret, secret_encryptor

pytestmark = pytest.mark.anyio


class Note(ResponseModel, frozen=True, kw_only=True):
    number: int


class FaultySubscriber:
    """A subscriber that raises for one organization: in Python, or by a statement that the database refuses."""

    def __init__(self, organization_id: UUID, *, statement: str | None) -> None:
        self.organization_id: UUID | None = organization_id
        self._statement = statement

    async def __call__(self, session: AsyncSession, events: Sequence[OrganizationEvent]) -> None:
        if self.organization_id in {event.organization_id for event in events}:
            if self._statement is None:
                raise KeyError(str(self.organization_id))
            await session.execute(sa.text(self._statement))


async def listening_organization(jobs: Database, settings: Settings) -> UUID:
    """An organization with an endpoint, and no event that waits."""
    organization_id = (await Factory(jobs, settings).tenant()).organization.id
    secret = secret_encryptor(settings.secret_keys).encrypt(new_secret().encode())
    async with jobs.sessions() as session, session.begin():
        url, events = "http://127.0.0.1:1/hook", [EventType.CALL_MISSED.value]
        session.add(WebhookEndpoint(organization_id=organization_id, url=url, events=events, secret=secret))
    await EventSequencer(jobs, {}).run_once()
    return organization_id


async def add(jobs: Database, organization_id: UUID, number: int) -> None:
    async with jobs.sessions() as session, session.begin():
        note = Note(number=number)
        await emit(session, organization_id, EventType.CALL_MISSED, note, subject_id=organization_id)


async def sequences(jobs: Database, organization_id: UUID) -> list[int]:
    """The numbers of the organization's events that wait for its endpoint."""
    async with jobs.sessions() as session:
        query = sa.select(WebhookDelivery.sequence).where(WebhookDelivery.organization_id == organization_id)
        return list(await session.scalars(query.order_by(WebhookDelivery.sequence)))


async def waiting(jobs: Database, organization_id: UUID) -> int:
    async with jobs.sessions() as session:
        mine = EVENT_OUTBOX.c.organization == organization_id
        found = await session.scalar(sa.select(sa.func.count()).select_from(EVENT_OUTBOX).where(mine))
        return found or 0


@pytest.mark.parametrize("statement", [None, "SELECT 1 / 0"])
async def test_a_subscriber_that_fails_for_one_organization_delays_that_one_alone(
    jobs: Database, own_settings: Settings, statement: str | None
) -> None:
    failing, other = [await listening_organization(jobs, own_settings) for _ in range(2)]
    faulty = FaultySubscriber(failing, statement=statement)
    sequencer = EventSequencer(jobs, {}, [queue_deliveries, faulty])
    for number in range(3):
        await add(jobs, failing, number)
        await add(jobs, other, number)
    with capture_logs() as logged:
        assert await sequencer.run_once() == 3
    assert len(await sequences(jobs, other)) == 3
    assert (await sequences(jobs, failing), await waiting(jobs, failing)) == ([], 3)
    [line] = [line for line in logged if line["event"] == "events_held_back"]
    assert (line["organization_id"], line["log_level"]) == (str(failing), "error")

    # Later events wait behind the earlier ones, also for another process; the gauge tells how long.
    await add(jobs, failing, 3)
    await add(jobs, other, 3)
    assert await EventSequencer(jobs, {}, [queue_deliveries, faulty]).run_once() == 1
    assert (len(await sequences(jobs, other)), await waiting(jobs, failing)) == (4, 4)
    assert (await EVENT_GAUGES.measure(jobs))[OLDEST_WAITING_METRIC] > 0

    faulty.organization_id = None
    await wait_until(lambda: numbers_all(sequencer), pause=0.1)
    given = await sequences(jobs, failing)
    assert given == list(range(given[0], given[0] + 4))  # in their order, each once, without a gap
    assert (await waiting(jobs, failing), len(await sequences(jobs, other))) == (0, 4)


async def numbers_all(sequencer: EventSequencer) -> bool:
    return await sequencer.run_once() > 0


async def test_an_organization_that_fails_again_waits_longer(jobs: Database, own_settings: Settings) -> None:
    failing = await listening_organization(jobs, own_settings)
    sequencer = EventSequencer(jobs, {}, [FaultySubscriber(failing, statement=None)])
    await add(jobs, failing, 1)
    waits: list[float] = []

    async def failed_twice() -> bool:
        with capture_logs() as logged:
            await sequencer.run_once()
        waits.extend(line["seconds"] for line in logged if line["event"] == "events_held_back")
        return len(waits) == 2

    await wait_until(failed_twice, pause=0.1)
    assert waits == [1.0, 2.0]
    # Another process numbers it.
    assert await EventSequencer(jobs, {}).run_once() == 1
