"""Errors that mean that the database cannot be used at present."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kit.db.statement_pool import CONNECTION_LOST


def is_outage(error: BaseException) -> bool:
    """True when ``error`` means that the database cannot serve the statement now, not that the statement is wrong."""
    if isinstance(error, DBAPIError):
        if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
            return True
        # SQLAlchemy's dialect maps few of the driver's exceptions; the original is the cause of its wrapper.
        driver = error.orig.__cause__ if error.orig is not None else None
        return driver is not None and is_outage(driver)
    return isinstance(
        error,
        (
            *CONNECTION_LOST,
            TimeoutError,
            PoolTimeout,
            asyncpg.TooManyConnectionsError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.ObjectNotInPrerequisiteStateError,  # the database is set to allow no connections
            asyncpg.LockNotAvailableError,  # a row stayed locked longer than a request may wait
        ),
    )
