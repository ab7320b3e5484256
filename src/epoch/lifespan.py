"""The lifespan of an application: its parts start with it and stop with it."""

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
    """The lifespan; ``closing`` is called in its order after ``background`` has stopped in reverse order."""

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncGenerator[None, None]:
        await database.start()
        if warm_connections:
            await database.warm_up(warm_connections, by=AdmissionService.WARM_UP_STATEMENTS)
        for part in background:
            part.start()
        readiness.set_ready()
        try:
            yield
        finally:
            for part in reversed(background):
                await part.stop()
            for close in closing:
                await close()

    return lifespan
