"""The checks of ``epoch doctor`` that read the database, its pooler and its read replica; none changes anything."""

import asyncio
from typing import Any

import asyncpg

from epoch.cli.check_results import CheckFailed, CheckWarned, PartUnusable
from epoch.cli.commands import count_stored_secrets, read_deployment, read_partition_faults
from epoch.connection_budget import read_budget
from epoch.health import MAX_CLOCK_SKEW
from epoch.pooler_check import ensure_pooler_is_declared
from epoch.replica_check import inspect_replica
from epoch.tenant_isolation import describe_gaps, describe_needless_privileges, expected_isolation, find_gaps
from kit.connection_failures import describe_connection_failure
from kit.db.connector import Connector, DatabaseUnreachable
from kit.db.database import REQUEST_ROLE
from kit.db.outage import READ_ONLY_ADVICE
from kit.deployment import installation_url
from kit.settings import Settings

TIMEOUT_SECONDS = 10.0
MIN_POSTGRES_VERSION = 140_000


async def _connect(settings: Settings) -> Any:
    """A connection as the database's owner; the caller closes it."""
    return await _connector(settings).open(None, seconds=TIMEOUT_SECONDS)


def _connector(settings: Settings) -> Connector:
    if settings.owner_url is None:
        raise CheckFailed("EPOCH_DATABASE_URL is not set")
    setting = "EPOCH_DATABASE_URL" if settings.database_direct_url is None else "EPOCH_DATABASE_DIRECT_URL"
    return Connector(settings.owner_url, setting=setting)


async def check_database(settings: Settings) -> str:
    """Read the server's version. Raises: PartUnusable, when it does not answer or has no tables; CheckFailed."""
    try:
        connection = await _connect(settings)
    except DatabaseUnreachable as error:
        raise PartUnusable(str(error), reason="the database does not answer") from error
    except (OSError, asyncpg.PostgresError) as error:
        text = f"{describe_connection_failure(error)}: {error}"
        raise PartUnusable(text, reason="the database cannot be used") from error
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        if number < MIN_POSTGRES_VERSION:
            raise CheckFailed("PostgreSQL 14 or newer is needed")
        if await connection.fetchval("SELECT current_setting('transaction_read_only')::boolean"):
            raise CheckFailed(READ_ONLY_ADVICE)
        if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
            raise PartUnusable("it has no schema yet: run `epoch migrate`", reason="the database has no schema")
        return f"PostgreSQL {number // 10_000}.{number % 10_000}"
    finally:
        await connection.close()


async def check_connections(settings: Settings) -> str:
    """Compare the connections that all workers may open with those that the server accepts."""
    connection = await _connect(settings)
    try:
        budget = await read_budget(connection, settings)
    finally:
        await connection.close()
    budget.ensure_free()
    held = f", {budget.held_by_others} of them held by other programs" if budget.held_by_others else ""
    return f"{budget.calculation} of {budget.limit}{held}"


async def check_tenant_isolation(settings: Settings) -> str:
    """Compare row-level security and grants with those of the migrations. Raises: CheckFailed."""
    expected = await asyncio.to_thread(expected_isolation)
    connection = await _connect(settings)
    try:
        if gaps := await find_gaps(connection, expected):
            raise CheckFailed(describe_gaps(gaps))
        text = f"{len(expected.policies)} policies on {len(expected.secured)} tables, as the migrations made them"
        needless = await describe_needless_privileges(connection)
        return f"{text}; {needless}" if needless else text
    finally:
        await connection.close()


async def check_partitions(settings: Settings) -> str:
    """Look for missing and old monthly partitions. Raises: CheckFailed."""
    if faults := await read_partition_faults(settings):
        raise CheckFailed("; ".join(faults))
    return "each month has its own partition, the next ones too"


async def check_pooler(settings: Settings) -> str:
    """Refuse an undeclared pooler in transaction mode, and connect through a declared one. Raises: SettingsError."""
    await ensure_pooler_is_declared(settings)
    if not settings.is_pooled_by_transaction or settings.database_url is None:
        return "each connection is one of the server"
    # All other checks use the direct URL.
    connection = await Connector(settings.database_url, by_transaction=True).open(REQUEST_ROLE, seconds=TIMEOUT_SECONDS)
    await connection.close()
    return "answers; transactions share connections, as EPOCH_DATABASE_POOLER says"


async def check_replica(settings: Settings) -> str:
    """Check the read replica, if there is one.

    Raises:
        CheckWarned: it cannot be used now; lists and reports read the database itself.
        WrongReplica: the server is not a standby of this database.
    """
    if settings.database_replica_url is None:
        return "none: lists and reports read the database itself"
    try:
        findings = await inspect_replica(settings)
    except (OSError, asyncpg.PostgresError) as error:
        reason = str(error) or describe_connection_failure(error)
        raise CheckWarned(f"lists and reports read the database itself: {reason}") from error
    if not findings.is_standby:
        raise CheckWarned("there is no standby: lists and reports read the database itself")
    budget = findings.budget
    if budget.needed > budget.limit - budget.held_by_others:
        raise CheckWarned(
            f"{budget.calculation} of {budget.limit}, {budget.held_by_others} of them held by other programs: raise"
            " max_connections of the standby"
        )
    age = findings.seconds_since_commit
    if not findings.is_caught_up and age is not None and age > settings.database_replica_max_lag:
        raise CheckWarned(
            f"its last change is {age:.0f} s old, and there are newer ones: lists and reports"
            " read the database itself until it has caught up"
        )
    return f"a standby that follows; {budget.calculation} of {budget.limit}"


async def check_deployment(settings: Settings) -> str:
    """Name the deployment. Raises: CheckFailed, when the database is a copy that nobody has declared as one."""
    deployment = await read_deployment(settings)
    if deployment.is_copy:
        raise CheckFailed(
            f"this database is a copy of {_describe_original(deployment.public_url, settings)}: run"
            " `epoch deployment --moved` if the original is no longer used or its URL changed, else"
            " `epoch deployment --copied`"
        )
    return f"{deployment.name}; the names of its numbers at the carrier contain this"


def _describe_original(recorded_url: str | None, settings: Settings) -> str:
    is_other = recorded_url not in {None, installation_url(settings)}
    return f"that of the installation at {recorded_url}" if is_other else "another one"


async def check_secret_key(settings: Settings) -> str:
    """Count stored values that another EPOCH_SECRET_KEY encrypted. Raises: CheckFailed, CheckWarned."""
    stored = await count_stored_secrets(settings)
    if stored.unreadable:
        raise CheckFailed(stored.advice)
    if stored.old:
        raise CheckWarned(f"{stored.old} still encrypted with EPOCH_SECRET_KEY_PREVIOUS: run `epoch rotate-secrets`")
    if settings.secret_key_previous:
        return "nothing stored needs EPOCH_SECRET_KEY_PREVIOUS; when to remove it: docs/key-rotation.md"
    return "decrypts everything that is stored"


async def check_database_clock(settings: Settings) -> str:
    """Compare the database's clock with this machine's. Raises: CheckFailed."""
    skew = await _connector(settings).clock_skew(seconds=TIMEOUT_SECONDS)
    if abs(skew) > MAX_CLOCK_SKEW.total_seconds():
        raise CheckFailed(f"{abs(skew):.0f} s away from this machine's: set both clocks (NTP)")
    return f"within {MAX_CLOCK_SKEW.total_seconds():.0f} s of this machine's"
