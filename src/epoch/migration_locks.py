"""Sessions that keep a migration from its locks."""

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


class StoppedBy(enum.Enum):
    """The time limit that ended a migration's statement."""

    LOCK_LIMIT = enum.auto()
    STATEMENT_LIMIT = enum.auto()


class Blocker(msgspec.Struct, frozen=True):
    """A session that holds a lock which the migration waits for, or waits for it longer."""

    process_id: int
    user: str | None
    application: str | None
    state: str | None
    """None, as the age: the database's user may not see other users' sessions."""
    seconds: int | None
    """Age of its transaction."""
    is_vacuum: bool | None

    @property
    def text(self) -> str:
        """Process id, user, application, state and age, as far as they are known."""
        if self.is_vacuum:
            return f"the automatic vacuum {self.process_id}"
        details = [f"user {self.user}"] if self.user else []
        details += [f"application {self.application!r}"] if self.application else []
        details += [self.state] if self.state else []
        details += [f"transaction of {self.seconds} s"] if self.seconds is not None else []
        return f"session {self.process_id} ({', '.join(details)})" if details else f"session {self.process_id}"


def stopped_by(error: DBAPIError) -> StoppedBy | None:
    """The time limit that caused ``error``; a deadlock counts as a lock that was not to be had. None: another cause."""
    driver = error.orig.__cause__ if error.orig is not None else None
    if isinstance(driver, (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)):
        return StoppedBy.LOCK_LIMIT
    return StoppedBy.STATEMENT_LIMIT if isinstance(driver, asyncpg.QueryCanceledError) else None


def lock_milliseconds(blockers: Iterable[Blocker]) -> int:
    """The time to wait for a lock that ``blockers`` had before."""
    if any(blocker.is_vacuum for blocker in blockers):
        return LOCK_MILLISECONDS_AGAINST_VACUUM
    return LOCK_MILLISECONDS


class BlockerWatch:
    """Notes, while it is entered, the sessions that block one server process."""

    def __init__(self, database_url: str, process_id: int) -> None:
        self._url = database_url
        self._process_id = process_id
        self._task: asyncio.Task[None] | None = None
        self.found: list[Blocker] = []
        """Those of the latest moment at which there were any."""

    async def __aenter__(self) -> Self:
        connection = await Connector(self._url).open(None, seconds=PATIENT_CONNECT_SECONDS)
        self._task = asyncio.create_task(self._watch(connection))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            # A watch that lost its connection has noted what it saw until then.
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, connection: Any) -> None:
        try:
            while True:
                if rows := await connection.fetch(_BLOCKERS, self._process_id):
                    self.found = [
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
