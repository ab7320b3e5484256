"""Tells database outages from faulty statements by their errors, and describes the database server's error."""

from collections.abc import Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.db.statement_pool import CONNECTION_LOST

READ_ONLY = "25006"
DISK_FULL = "53100"
READ_ONLY_ADVICE = (
    "the database is read-only, as a standby or with default_transaction_read_only: let EPOCH_DATABASE_URL lead to the"
    " primary, or make it writable"
)
DISK_FULL_ADVICE = "the disk of the database server is full: free space on it"
_LOCK_STATES = frozenset({"40P01", "55P03"})
"""A deadlock, and a row that stayed locked longer than a request may wait."""
_ADVICE = {READ_ONLY: READ_ONLY_ADVICE, DISK_FULL: DISK_FULL_ADVICE}
_TEMPORARY_CLASSES = frozenset({"08", "28", "40", "53", "57", "58", "F0"})
"""Connection, authorization, deadlock, resources (full disk, memory, connections), intervention, system."""
_TEMPORARY_STATES = frozenset(
    {
        READ_ONLY,  # a standby, or a server that was switched over
        "3D000",  # no such database
        "55000",  # the database is set to allow no connections
    }
    | _LOCK_STATES
)


def is_outage(error: BaseException) -> bool:
    """True when ``error`` means that the database cannot serve the statement now, not that the statement is wrong."""
    if isinstance(error, DBAPIError):
        if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
            return True
        # SQLAlchemy's dialect maps few of the driver's exceptions; the original is the cause of its wrapper.
        driver = error.orig.__cause__ if error.orig is not None else None
        return driver is not None and is_outage(driver)
    if isinstance(error, asyncpg.PostgresError) and _is_temporary(error.sqlstate or ""):
        return True
    return isinstance(
        error,
        (
            *CONNECTION_LOST,
            TimeoutError,
            PoolTimeout,
        ),
    )


def concerns_one_row(error: BaseException) -> bool:
    """True when ``error`` means that a row is locked: statements about other rows work."""
    return sqlstate_of(error) in _LOCK_STATES


def sqlstate_of(error: BaseException) -> str | None:
    """The SQLSTATE of the database server's error that ``error`` is or wraps; None without one."""
    for found in _causes(error):
        state = getattr(found, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


def describe_database_error(error: BaseException) -> str | None:
    """One line about the database server's error that ``error`` is or wraps: advice or its text; None without one."""
    for found in _causes(error):
        if isinstance(found, asyncpg.PostgresError):
            server_text = str(found).partition("\n")[0]
            return _ADVICE.get(found.sqlstate or "", f"the database refuses a statement: {server_text}")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and the errors that it wraps, the outermost first."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.exceptions[0] if isinstance(found, BaseExceptionGroup) else found.__cause__


def _is_temporary(sqlstate: str) -> bool:
    """True for errors that a later attempt of the same statement may not get."""
    return sqlstate[:2] in _TEMPORARY_CLASSES or sqlstate in _TEMPORARY_STATES
