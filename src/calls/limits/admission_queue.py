"""How many calls of one organization are judged at the same time in one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from kit.http.app_key import AppKey

MAX_CONCURRENT_ADMISSIONS = 3
"""One that has the books, and others that are ready for them: more would only wait for the books, too."""
ADMISSION_WAIT_SECONDS = 8.0
"""The carrier listens for fifteen. What would wait longer is refused, lest the line grow longer than anybody waits."""


class OrganizationSemaphores:
    """Lets calls of one organization wait without a connection: the connections are there for the others' calls."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def acquire(self, organization_id: UUID) -> AsyncIterator[None]:
        """To be held while a call of the organization is judged. Raises: TimeoutError."""
        turn = self._of.setdefault(organization_id, asyncio.Semaphore(MAX_CONCURRENT_ADMISSIONS))
        async with asyncio.timeout(ADMISSION_WAIT_SECONDS):
            await turn.acquire()
        try:
            yield
        finally:
            turn.release()


ADMISSION_QUEUE: AppKey[OrganizationSemaphores] = AppKey("admission_queue")
