"""Periodic tasks: run at the times of a cron expression, by a single worker of all machines.

Also has the protocol of objects that work in the background of the application.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from kit.db.outage import is_outage
from kit.failures import FAILURES
from kit.jobs.metrics import PERIODIC_TASKS, TaskOutcome

log = structlog.get_logger("epoch.jobs")


class BackgroundService(Protocol):
    """An object that works in the background from the application's start to its end."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class PeriodicTask(msgspec.Struct, frozen=True, kw_only=True):
    """A function that runs at the times of a cron expression, never twice at the same time."""

    name: str
    cron: str
    """In UTC; an optional sixth field is seconds."""
    work: Callable[[], Awaitable[None]]
    expected: tuple[type[Exception], ...] = ()
    """Errors of other services, which are logged as warnings."""

    async def run_once(self) -> None:
        """Run the work once; log its exceptions, so that the next run tries again."""
        outcome = TaskOutcome.PUT_OFF
        try:
            await self.work()
            outcome = TaskOutcome.SUCCEEDED
        except self.expected as error:
            log.warning("periodic_task_put_off", task=self.name, error=str(error))
        except Exception as error:
            if is_outage(error):
                log.warning("periodic_task_skipped", task=self.name, error=type(error).__name__)
            else:
                outcome = TaskOutcome.FAILED
                log.error("periodic_task_failed", task=self.name, exc_info=error)
                FAILURES.notify_listener(error)
        PERIODIC_TASKS.labels(self.name, outcome).inc()
