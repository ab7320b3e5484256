"""Sends due deliveries in the background of each process that runs jobs.

An endpoint is the unit of work: one process at a time holds its lease, sends the due deliveries and releases it.
Endpoints do not wait for each other, so those that hang delay no other one. See docs/decisions/0274.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import utc_now
from kit.db.database import Database
from kit.encryption import Encryptor
from kit.leased_work import LeasedWork
from webhooks.delivery_store import IS_ANY_DUE, LEASE, Attempt, ClaimedEndpoint, DeliveryStore, DueDelivery
from webhooks.metrics import DELIVERIES, OUTCOMES
from webhooks.models import WebhookEndpoint
from webhooks.schedule import PAUSE_AFTER
from webhooks.sender import Answer, WebhookSender
from webhooks.signatures import signature_headers

POLL_SECONDS = 0.2
MAX_ENDPOINTS_AT_A_TIME = 2000
CONCURRENT_OF_ENDPOINT = 10
"""Deliveries to one endpoint at the same time, as long as it works."""
WANTED_FILES = 8192
_FILES_OF_OTHERS = 256
PauseEndpoint = Callable[[AsyncSession, WebhookEndpoint, str], Awaitable[None]]
"""Pauses the endpoint and mails its owners, with the last answer."""


class WebhookDeliverer(LeasedWork[ClaimedEndpoint]):
    """Claims endpoints, sends their deliveries and stores the results."""

    def __init__(
        self, database: Database, sender: WebhookSender, encryptor: Encryptor, *, pause: PauseEndpoint
    ) -> None:
        """``database`` must see all rows."""
        super().__init__(
            "webhooks.deliverer",
            most=MAX_ENDPOINTS_AT_A_TIME,
            poll_seconds=POLL_SECONDS,
            renew_seconds=LEASE.total_seconds() / 3,
        )
        self._database = database
        self._sender = sender
        self._encryptor = encryptor
        self._pause = pause
        self._failing = asyncio.Semaphore()

    def start(self) -> None:
        """Begin to send, in the server's event loop."""
        # A limit that leaves no room still serves one endpoint after the other.
        self.most = max(1, min(MAX_ENDPOINTS_AT_A_TIME, _raise_file_limit() - _FILES_OF_OTHERS))
        super().start()

    async def claim(self, most: int) -> Sequence[ClaimedEndpoint]:
        if not await self._database.has_row(IS_ANY_DUE):
            return ()
        of_one = max(1, self.most * 3 // 4)
        used = Counter(endpoint.organization_id for endpoint in self.serving)
        busy = [organization for organization, count in used.items() if count >= of_one]
        async with self._database.sessions() as session, session.begin():
            return await DeliveryStore(session, self.owner).claim(most=most, of_one=of_one, busy=busy)

    async def serve(self, row: ClaimedEndpoint) -> None:
        attempts = await self._send_all(row)
        for attempt in attempts:
            DELIVERIES.labels(OUTCOMES[attempt.state]).inc()
        if any(attempt.answer.is_success for attempt in attempts):
            await self._store(row, attempts)
        else:
            # A thousand that time out at once would take all connections, and those that work would wait behind them.
            async with self._failing:
                await self._store(row, attempts)

    async def renew(self, row_ids: Collection[UUID]) -> None:
        async with self._database.sessions() as session, session.begin():
            await DeliveryStore(session, self.owner).renew(row_ids)

    async def release_all(self) -> None:
        async with self._database.sessions() as session, session.begin():
            await DeliveryStore(session, self.owner).release_all()

    async def _send_all(self, endpoint: ClaimedEndpoint) -> Sequence[Attempt]:
        keys = [key.decode() for each in endpoint.secrets if (key := self._encryptor.decrypt(each, seconds=None))]
        waiting, attempts = list(endpoint.deliveries), list[Attempt]()

        async def send_in_turn() -> None:
            # After a failure the others wait until they are claimed again: at once, or when the endpoint may work.
            while waiting and all(attempt.answer.is_success for attempt in attempts):
                attempts.append(await self._send(endpoint, keys, waiting.pop(0)))

        await asyncio.gather(*(send_in_turn() for _ in range(min(CONCURRENT_OF_ENDPOINT, len(waiting)))))
        return attempts

    async def _send(self, endpoint: ClaimedEndpoint, keys: Sequence[str], delivery: DueDelivery) -> Attempt:
        now = utc_now()
        if not keys:
            unreadable = Answer(None, "Not sent: the secret cannot be read any more. Rotate the secret.")
            return Attempt(delivery, now, unreadable)
        headers = signature_headers(delivery.event_id, delivery.body, now, keys)
        return Attempt(delivery, now, await self._sender.post(endpoint.url, delivery.body.encode(), headers))

    async def _store(self, endpoint: ClaimedEndpoint, attempts: Sequence[Attempt]) -> None:
        async with self._database.sessions() as session, session.begin():
            row = await DeliveryStore(session, self.owner).store(endpoint, attempts)
            if row is None or row.failing_since is None or row.paused_at is not None or not attempts:
                return
            if utc_now() - row.failing_since >= PAUSE_AFTER:
                await self._pause(session, row, attempts[-1].answer.text)


def _raise_file_limit() -> int:
    """Raise this process's limit of open files, one for each connection, as far as it may; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return WANTED_FILES if soft == resource.RLIM_INFINITY else soft
