"""Describes a failed command in one line, unless the failure is a bug.

Imports are late so that ``epoch --help`` is quick.
"""


def describe_failure(error: Exception) -> str:
    """The line about an expected error. Raises: ``error``, when it is a bug."""
    from kit.connection_failures import describe_connection_failure
    from kit.db.outage import describe_database_error
    from kit.errors import ValidationFailed
    from kit.failures import failing_dependency

    if isinstance(error, ValidationFailed):
        return "; ".join(sentence for _, sentence in error.errors)
    is_expected = isinstance(error, _expected_failures())
    if not is_expected and failing_dependency(error) is None:
        raise error
    # The product's errors say more than the statement that caused them; the library's texts contain the SQL.
    about_database = describe_database_error(error) if not is_expected or _is_database_error(error) else None
    if about_database or str(error):
        return about_database or str(error)
    return f"{failing_dependency(error) or 'another server'}: {describe_connection_failure(error)}"


def _is_database_error(error: Exception) -> bool:
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    return isinstance(error, (asyncpg.PostgresError, DBAPIError))


def _expected_failures() -> tuple[type[Exception], ...]:
    """Errors that are no bugs: their message is enough. All other errors keep their traceback."""
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    from carrier.port import CarrierError
    from epoch.migrations import MigrationStopped, NewerDatabase, OlderDatabase
    from epoch.server.child_processes import ChildExited
    from epoch.server.postgres_programs import DatabaseServerError
    from epoch.server.start_up import StartUpFailed
    from kit.errors import DomainError
    from widget.release_files import ReleaseChanged

    return (
        asyncpg.PostgresError,
        CarrierError,
        ChildExited,
        DatabaseServerError,
        DBAPIError,
        DomainError,
        MigrationStopped,
        NewerDatabase,
        OlderDatabase,
        OSError,
        ReleaseChanged,
        StartUpFailed,
    )
