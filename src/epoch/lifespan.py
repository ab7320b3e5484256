"""Builds the application's lifespan, which starts and stops the database and the background services."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar

from calls.limits.admission_service import AdmissionService
from epoch.readiness import Readiness
from kit.db.database import Database
from kit.jobs.scheduler import BackgroundService


def build_lifespan(
    readiness: Readiness,
    database: Database,
    *,
    warm_connections: int,
    background: Sequence[BackgroundService],
    closing: Sequence[Callable[[], Awaitable[None]]],
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Return the lifespan. At the end it stops ``background`` in reverse order, then calls ``closing`` in order."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None, None]:
        await database.start()
        if warm_connections:
            await database.warm_up(warm_connections, statements=AdmissionService.WARM_UP_STATEMENTS)
        for service in background:
            service.start()
        readiness.set_ready()
        try:
            yield
        finally:
            for service in reversed(background):
                await service.stop()
            for close in closing:
                await close()

    return lifespan
