"""Handles unexpected errors: tells failures of other services from our faults, and logs each kind once per interval."""

import asyncio
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from kit.db.outage import DISK_FULL, is_outage, sqlstate_of

INTERVAL_SECONDS = 60.0
"""A kind of failure is logged once in this time; at its end one line has the number of further occurrences."""
MAX_KINDS = 500
"""Kinds that are counted separately; further kinds are not logged, so that requests cannot fill the memory."""
_SERVICE_BY_PACKAGE = {
    "aiosmtplib": "mail server",
    "coredis": "Valkey",
    "httpcore": "HTTP",
    "httpx": "HTTP",
    "limits": "Valkey",
    "redis": "Valkey",
    "valkey": "Valkey",
}
"""The services that client libraries connect to, by the package that defines the library's exceptions."""
_CLIENT_DISCONNECTED = ("ClientDisconnect", "client disconnected prematurely")
"""The name of Starlette's exception and the text of Litestar's; this module imports no web framework."""
log = structlog.get_logger("epoch.failures")


class DependencyFailed(Exception):
    """A service that the product depends on failed, or its answer could not be read. The message is for logs."""

    dependency = "another service"


class _Kind(msgspec.Struct, frozen=True):
    """Failures with the same cause."""

    event: str
    error: str
    place: str
    """File and line that raised it."""


class FailureLog:
    """Logs the first failure of each kind in an interval, and at the interval's end the number of the others."""

    def __init__(self, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._interval_seconds = interval_seconds
        self._repeats: dict[_Kind, int] = {}
        self._disk_full_at: float | None = None
        self.on_unexpected: Callable[[BaseException], None] | None = None
        """Is called with each error that is our fault and is logged."""

    def report(self, error: BaseException, *, where: str) -> bool:
        """Log ``error``, which happened at the path or part ``where``; return True when a dependency failed."""
        self.record_full_disk(error)
        dependency = failing_dependency(error)
        event = "unexpected_error" if dependency is None else "dependency_failed"
        kind = _Kind(event, type(error).__name__, _location_of(error))
        if kind in self._repeats:
            self._repeats[kind] += 1
        elif len(self._repeats) < MAX_KINDS:
            self._repeats[kind] = 0
            asyncio.get_running_loop().call_later(self._interval_seconds, self._close, kind)
            self._log(error, dependency, kind, where)
            if dependency is None:
                self.notify_listener(error)
        return dependency is not None

    def record_full_disk(self, error: BaseException) -> None:
        """Record for health checks if ``error`` reports a full disk of the database. ``report`` calls this."""
        if sqlstate_of(error) == DISK_FULL:
            self._disk_full_at = time.monotonic()

    @property
    def is_disk_full(self) -> bool:
        """True when the database server reported a full disk within the last interval."""
        return self._disk_full_at is not None and time.monotonic() - self._disk_full_at < self._interval_seconds

    def notify_listener(self, error: BaseException) -> None:
        """Call ``on_unexpected`` with ``error``, which is our fault and is logged by the caller."""
        if self.on_unexpected is not None:
            self.on_unexpected(error)

    def reset(self) -> None:
        """Forget all failures: the next failure of each kind is logged again."""
        self._repeats.clear()
        self._disk_full_at = None

    def _log(self, error: BaseException, dependency: str | None, kind: _Kind, where: str) -> None:
        fields: dict[str, Any] = {"error": kind.error, "where": where}
        if state := sqlstate_of(error):
            fields["sqlstate"] = state
        if dependency is not None:
            log.warning(kind.event, dependency=dependency, place=kind.place, **fields)
        elif any(isinstance(found, (SQLAlchemyError, asyncpg.PostgresError)) for found in _chain(error)):
            # The text of a database error may contain customers' values, so only the stack frames are logged.
            log.error(kind.event, frames="".join(traceback.format_tb(error.__traceback__)), **fields)
        else:
            log.error(kind.event, exc_info=error, **fields)

    def _close(self, kind: _Kind) -> None:
        if repeats := self._repeats.pop(kind, 0):
            log.warning("failure_repeated", of=kind.event, error=kind.error, place=kind.place, times=repeats)


FAILURES = FailureLog()
"""The failure log of this process."""


def failing_dependency(error: BaseException) -> str | None:
    """The service whose failure caused ``error``; None when the fault is ours."""
    for found in _chain(error):
        if isinstance(found, DependencyFailed):
            return found.dependency
        for base in type(found).__mro__:
            if service := _SERVICE_BY_PACKAGE.get(base.__module__.partition(".")[0]):
                return service
        if is_outage(found):
            return "database"
    return None


def is_client_disconnected(error: BaseException) -> bool:
    """True when ``error`` means that the client disconnected before its request ended."""
    return type(error).__name__ in _CLIENT_DISCONNECTED or getattr(error, "detail", None) in _CLIENT_DISCONNECTED


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and its causes (``__cause__``), without errors that are only its context."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.exceptions[0] if isinstance(found, BaseExceptionGroup) else found.__cause__


def _location_of(error: BaseException) -> str:
    """File and line that raised ``error``."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
