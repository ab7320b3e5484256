"""Semaphores that limit how many calls of one organization this process checks at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

MAX_CONCURRENT_ADMISSIONS = 3
"""One call holds the lock on the usage counters, the others wait. More would only occupy more database connections."""
ADMISSION_WAIT_SECONDS = 8.0
"""The carrier waits fifteen seconds for an answer. A call that would wait longer than this is rejected."""


class OrganizationSemaphores:
    """One semaphore for each organization. Waiting calls hold no database connection, so that others can use it."""

    def __init__(self) -> None:
        self._semaphores: WeakValueDictionary[UUID, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def acquire(self, organization_id: UUID) -> AsyncIterator[None]:
        """Hold the organization's semaphore while one of its calls is checked. Raises: TimeoutError."""
        semaphore = self._semaphores.setdefault(organization_id, asyncio.Semaphore(MAX_CONCURRENT_ADMISSIONS))
        async with asyncio.timeout(ADMISSION_WAIT_SECONDS):
            await semaphore.acquire()
        try:
            yield
        finally:
            semaphore.release()
