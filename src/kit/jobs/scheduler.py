"""Periodic tasks: work that one worker of all machines does at the times of a cron expression."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from kit.db.database import is_outage

log = structlog.get_logger("epoch.jobs")


class BackgroundService(Protocol):
    """A part that works beside the requests, from the application's start to its end."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class PeriodicTask(msgspec.Struct, frozen=True, kw_only=True):
    """Work that is repeated as long as the product runs; it never runs twice at the same time."""

    name: str
    cron: str
    """UTC; a sixth field is seconds."""
    work: Callable[[], Awaitable[None]]
    expected: tuple[type[Exception], ...] = ()
    """Errors that keep the work from being done without being a mistake of ours."""

    async def run_once(self) -> None:
        """Do the work and log what it raises; the next run tries again."""
        try:
            await self.work()
        except self.expected as error:
            log.warning("periodic_task_put_off", task=self.name, error=str(error))
        except Exception as error:
            if is_outage(error):
                log.warning("periodic_task_skipped", task=self.name, error=type(error).__name__)
            else:
                log.error("periodic_task_failed", task=self.name, exc_info=error)
