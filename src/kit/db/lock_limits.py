"""Time limits of migrations: for waiting for a lock, and for a statement that holds locks."""

LOCK_MILLISECONDS = 500
"""The time that a migration waits for a lock. Later statements on the table wait for the migration meanwhile.

Below PostgreSQL's ``deadlock_timeout`` (1 s), so that in a deadlock the migration gives up and not the worker; and
below the 1.5 s after which a request gives up.
"""
LOCK_MILLISECONDS_AGAINST_VACUUM = 1500
"""Above ``deadlock_timeout``, after which PostgreSQL cancels an automatic vacuum that blocks another session."""
STATEMENT_MILLISECONDS = 10_000
"""The time that one statement of a migration may take while it holds locks."""
