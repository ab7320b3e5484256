"""Sends due webhook deliveries in the background of each process that runs jobs.

A process leases an endpoint, sends the due deliveries to it and releases the lease. Endpoints do not wait for each
other, so an endpoint that does not answer delays no other endpoint. See docs/decisions/0274.
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
from webhooks.metrics import DELIVERIES, OUTCOME_BY_STATE
from webhooks.models import WebhookEndpoint
from webhooks.schedule import PAUSE_AFTER
from webhooks.sender import Answer, WebhookSender
from webhooks.signatures import signature_headers

POLL_SECONDS = 0.2
MAX_ENDPOINTS_AT_A_TIME = 2000
MAX_DELIVERIES_AT_A_TIME = 10
"""Deliveries to one endpoint at the same time, until one fails."""
WANTED_OPEN_FILES = 8192
_OPEN_FILES_FOR_OTHERS = 256
"""Open files that are left for the rest of the process."""
PauseEndpoint = Callable[[AsyncSession, WebhookEndpoint, str], Awaitable[None]]
"""Pauses the endpoint and mails the organization's owners; the text is the last answer."""


class WebhookDeliverer(LeasedWork[ClaimedEndpoint]):
    """Claims endpoints, sends their deliveries and stores the results."""

    def __init__(
        self, database: Database, sender: WebhookSender, encryptor: Encryptor, *, pause: PauseEndpoint
    ) -> None:
        """``database`` must see all rows."""
        super().__init__(
            "webhooks.deliverer",
            max_rows=MAX_ENDPOINTS_AT_A_TIME,
            poll_seconds=POLL_SECONDS,
            renew_seconds=LEASE.total_seconds() / 3,
        )
        self._database = database
        self._sender = sender
        self._encryptor = encryptor
        self._pause = pause
        self._failure_storing = asyncio.Semaphore()

    def start(self) -> None:
        """Start in the server's event loop."""
        # With a very low limit of open files, endpoints are served one after the other.
        self.max_rows = max(1, min(MAX_ENDPOINTS_AT_A_TIME, _raise_file_limit() - _OPEN_FILES_FOR_OTHERS))
        super().start()

    async def claim(self, limit: int) -> Sequence[ClaimedEndpoint]:
        if not await self._database.has_row(IS_ANY_DUE):
            return ()
        organization_limit = max(1, self.max_rows * 3 // 4)
        served = Counter(endpoint.organization_id for endpoint in self.serving)
        busy = [organization for organization, count in served.items() if count >= organization_limit]
        async with self._database.sessions() as session, session.begin():
            store = DeliveryStore(session, self.owner)
            return await store.claim(limit=limit, organization_limit=organization_limit, busy=busy)

    async def serve(self, row: ClaimedEndpoint) -> None:
        attempts = await self._send_all(row)
        for attempt in attempts:
            DELIVERIES.labels(OUTCOME_BY_STATE[attempt.state]).inc()
        if any(attempt.answer.is_success for attempt in attempts):
            await self._store(row, attempts)
        else:
            # One at a time: if many endpoints time out together, they must not take all database connections.
            async with self._failure_storing:
                await self._store(row, attempts)

    async def renew(self, row_ids: Collection[UUID]) -> None:
        async with self._database.sessions() as session, session.begin():
            await DeliveryStore(session, self.owner).renew(row_ids)

    async def release_all(self) -> None:
        async with self._database.sessions() as session, session.begin():
            await DeliveryStore(session, self.owner).release_all()

    async def _send_all(self, endpoint: ClaimedEndpoint) -> Sequence[Attempt]:
        keys = [key.decode() for secret in endpoint.secrets if (key := self._encryptor.decrypt(secret, seconds=None))]
        waiting, attempts = list(endpoint.deliveries), list[Attempt]()

        async def send_waiting() -> None:
            # After a failure the remaining deliveries wait until the endpoint is leased again.
            while waiting and all(attempt.answer.is_success for attempt in attempts):
                attempts.append(await self._send(endpoint, keys, waiting.pop(0)))

        await asyncio.gather(*(send_waiting() for _ in range(min(MAX_DELIVERIES_AT_A_TIME, len(waiting)))))
        return attempts

    async def _send(self, endpoint: ClaimedEndpoint, keys: Sequence[str], delivery: DueDelivery) -> Attempt:
        now = utc_now()
        if not keys:
            not_sent = Answer(None, "Not sent: the secret cannot be read any more. Rotate the secret.")
            return Attempt(delivery, now, not_sent)
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
    """Raise this process's limit of open files to ``WANTED_OPEN_FILES`` if allowed; return the limit.

    Each connection needs an open file.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(WANTED_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return WANTED_OPEN_FILES if soft == resource.RLIM_INFINITY else soft
