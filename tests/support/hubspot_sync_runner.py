"""Runs the sequencing of events and the HubSpot sync one step at a time, and reads their rows."""

from uuid import UUID

import sqlalchemy as sa

from calls.event_data import call_info_of_row
from calls.models import Call
from crm.broken_connections import BrokenConnectionNotifier
from crm.call_sync import HubSpotCallSync
from crm.hubspot_api import HubSpotApi
from crm.models import HubSpotCall, HubSpotConnection
from crm.queueing import queue_calls
from crm.services import token_encryptor
from events.sequencer import EventSequencer
from kit.clock import utc_now
from kit.db.database import Database
from kit.mail import Mail
from kit.settings import Settings


class HubSpotSyncRunner:
    """Assigns sequence numbers to events and writes calls into HubSpot, as a process that runs jobs does."""

    def __init__(self, jobs: Database, settings: Settings) -> None:
        self.mails: list[Mail] = []
        self._jobs = jobs
        self._settings = settings
        self._sequencer = EventSequencer(jobs, {Call.__tablename__: call_info_of_row}, [queue_calls])

    def new_sync(self) -> HubSpotCallSync:
        """A sync as another process would have it."""

        async def send(_: object, mail: Mail) -> None:
            self.mails.append(mail)

        breaker = BrokenConnectionNotifier(send, self._settings.public_url)
        return HubSpotCallSync(
            self._jobs,
            HubSpotApi(self._settings.hubspot_url),
            token_encryptor(self._settings.secret_keys),
            break_connection=breaker.mark_broken,
        )

    async def assign_sequence_numbers(self) -> None:
        await self._sequencer.run_once()

    async def write(self) -> None:
        """Assign sequence numbers to events that wait, and write the calls that are due."""
        await self.assign_sequence_numbers()
        await self.new_sync().run_due()

    async def connection(self, organization_id: UUID) -> HubSpotConnection:
        async with self._jobs.sessions() as session:
            mine = HubSpotConnection.organization_id == organization_id
            return (await session.scalars(sa.select(HubSpotConnection).where(mine))).one()

    async def rows(self, organization_id: UUID) -> list[HubSpotCall]:
        """The organization's calls that wait to be written, oldest first."""
        async with self._jobs.sessions() as session:
            query = sa.select(HubSpotCall).where(HubSpotCall.organization_id == organization_id)
            return list(await session.scalars(query.order_by(HubSpotCall.id)))

    async def let_time_pass(self, organization_id: UUID) -> None:
        """Let a lease expire, and a planned attempt become due."""
        mine = HubSpotConnection.organization_id == organization_id
        past = sa.case((HubSpotConnection.due_at.is_(None), None), else_=utc_now())
        async with self._jobs.sessions() as session, session.begin():
            await session.execute(sa.update(HubSpotConnection).where(mine).values(leased_until=None, due_at=past))
