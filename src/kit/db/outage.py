"""Errors that mean that the database cannot be used at present."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.db.statement_pool import CONNECTION_LOST

_PASSING_CLASSES = frozenset({"08", "28", "40", "53", "57", "58", "F0"})
"""Connection, authorization, deadlock, resources (full disk, memory, connections), intervention, system."""
_PASSING_STATES = frozenset(
    {
        "25006",  # read-only: a standby, or a server that was switched over
        "3D000",  # no such database
        "55000",  # the database is set to allow no connections
        "55P03",  # a row stayed locked longer than a request may wait
    }
)


def is_outage(error: BaseException) -> bool:
    """True when ``error`` means that the database cannot serve the statement now, not that the statement is wrong."""
    if isinstance(error, DBAPIError):
        if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
            return True
        # SQLAlchemy's dialect maps few of the driver's exceptions; the original is the cause of its wrapper.
        driver = error.orig.__cause__ if error.orig is not None else None
        return driver is not None and is_outage(driver)
    if isinstance(error, asyncpg.PostgresError) and _is_passing(error.sqlstate or ""):
        return True
    return isinstance(
        error,
        (
            *CONNECTION_LOST,
            TimeoutError,
            PoolTimeout,
        ),
    )


def _is_passing(sqlstate: str) -> bool:
    """True for states of the server that a later attempt may not meet."""
    return sqlstate[:2] in _PASSING_CLASSES or sqlstate in _PASSING_STATES
