"""Finds the sessions that block a migration, and the time limit that stopped one of its statements."""

import asyncio
import enum
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import asyncpg
import msgspec
from sqlalchemy.exc import DBAPIError

from kit.db.connector import Connector
from kit.db.database import PATIENT_CONNECT_SECONDS
from kit.db.lock_limits import LOCK_MILLISECONDS, LOCK_MILLISECONDS_AGAINST_VACUUM

POLL_SECONDS = 0.05
# No text of a statement: it may contain a number or a secret.
_BLOCKERS = """
SELECT pid, usename, application_name, state, backend_type = 'autovacuum worker' AS is_vacuum,
       extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds
FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids($1)) ORDER BY xact_start, pid
"""


class TimeLimit(enum.Enum):
    """A limit on the time of a migration's statement."""

    LOCK = enum.auto()
    """The time that it waits for a lock."""
    STATEMENT = enum.auto()
    """The time that it takes in all."""


class Blocker(msgspec.Struct, frozen=True):
    """A session that holds a lock which the migration waits for, or is ahead of the migration in waiting for it."""

    process_id: int
    user: str | None
    application: str | None
    state: str | None
    """None when the database's user may not see other users' sessions; ``seconds`` is None too."""
    seconds: int | None
    """Age of its transaction."""
    is_vacuum: bool | None

    @property
    def text(self) -> str:
        """Process id, user, application, state and age, as far as they are known, for people."""
        if self.is_vacuum:
            return f"the automatic vacuum {self.process_id}"
        details = [f"user {self.user}"] if self.user else []
        details += [f"application {self.application!r}"] if self.application else []
        details += [self.state] if self.state else []
        details += [f"transaction of {self.seconds} s"] if self.seconds is not None else []
        return f"session {self.process_id} ({', '.join(details)})" if details else f"session {self.process_id}"


def exceeded_limit(error: DBAPIError) -> TimeLimit | None:
    """The time limit that caused ``error``, None for another cause. A deadlock counts as the limit for locks."""
    driver_error = error.orig.__cause__ if error.orig is not None else None
    if isinstance(driver_error, (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)):
        return TimeLimit.LOCK
    return TimeLimit.STATEMENT if isinstance(driver_error, asyncpg.QueryCanceledError) else None


def lock_milliseconds(blockers: Iterable[Blocker]) -> int:
    """The time to wait for a lock that ``blockers`` held at the attempt before."""
    if any(blocker.is_vacuum for blocker in blockers):
        return LOCK_MILLISECONDS_AGAINST_VACUUM
    return LOCK_MILLISECONDS


class BlockerWatch:
    """Finds, inside ``async with``, the sessions that block one server process."""

    def __init__(self, database_url: str, process_id: int) -> None:
        self._url = database_url
        self._process_id = process_id
        self._task: asyncio.Task[None] | None = None
        self.blockers: list[Blocker] = []
        """The sessions that the last poll with a result found."""

    async def __aenter__(self) -> Self:
        connection = await Connector(self._url).open(None, seconds=PATIENT_CONNECT_SECONDS)
        self._task = asyncio.create_task(self._watch(connection))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            # A watch that lost its connection keeps the result of its last poll.
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, connection: Any) -> None:
        try:
            while True:
                if rows := await connection.fetch(_BLOCKERS, self._process_id):
                    self.blockers = [
                        Blocker(
                            process_id=row["pid"],
                            user=row["usename"],
                            application=row["application_name"],
                            state=row["state"],
                            seconds=row["seconds"],
                            is_vacuum=row["is_vacuum"],
                        )
                        for row in rows
                    ]
                await asyncio.sleep(POLL_SECONDS)
        finally:
            connection.terminate()
