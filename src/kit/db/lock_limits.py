"""Time limits of locks and of statements that hold them, for changes of the schema."""

LOCK_MILLISECONDS = 500
"""The time that a migration waits for a lock, and with it every statement that comes behind it.

Below PostgreSQL's ``deadlock_timeout`` (1 s), so that of two sessions that wait for each other the migration gives up,
and not the worker; and below the 1.5 s after which a request gives up.
"""
LOCK_MILLISECONDS_AGAINST_VACUUM = 1500
"""Above ``deadlock_timeout``, after which PostgreSQL ends an automatic vacuum that stands in somebody's way."""
STATEMENT_MILLISECONDS = 10_000
"""The time that one statement of a migration may take while it holds locks."""
