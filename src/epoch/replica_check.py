"""Checks the read replica before workers start and in ``epoch doctor``: standby of this database, lag, connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from epoch.connection_budget import ConnectionBudget, read_server_connections
from epoch.replica_wiring import replica_connector
from kit.connection_failures import describe_connection_failure
from kit.db.connections import share_replica_connections
from kit.db.connector import Connector
from kit.db.database import REQUEST_ROLE
from kit.db.replica import IDENTITY_SQL, POSITION_SQL, REPLAYED_SQL, without_header
from kit.environment import SettingsError
from kit.settings import Settings

CONNECT_SECONDS = 10.0
REPLICA_COMMAND_CONNECTIONS = 1
"""``epoch doctor``, beside the workers."""
SETTING = "EPOCH_DATABASE_REPLICA_URL"
_DEPLOYMENT_NAME = "SELECT name FROM deployment"
_SECONDS_SINCE_COMMIT = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float"
CATCH_UP_SECONDS = 2.0
"""The time in which a standby that follows has replayed what the primary had written."""
_POLL_SECONDS = 0.1


class WrongReplica(SettingsError):
    """The replica is a primary, or a standby of another database."""


class ReplicaFindings(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the replica when it was asked."""

    is_standby: bool
    """False for a primary, which ``target_session_attrs=prefer-standby`` allows."""
    is_caught_up: bool
    """True when the standby replayed, within ``CATCH_UP_SECONDS``, what the primary had written before."""
    seconds_since_commit: float | None
    """Seconds since the last commit that it replayed, None before the first. Also grows while the primary is idle."""
    budget: ConnectionBudget


async def inspect_replica(settings: Settings) -> ReplicaFindings:
    """Ask the database and the replica.

    Raises:
        WrongReplica: the server is not a standby of this database.
        OSError, asyncpg.PostgresError: the database or the replica does not answer.
    """
    connector = replica_connector(settings)
    if connector is None or settings.owner_url is None:
        raise SettingsError(f"{SETTING} and EPOCH_DATABASE_URL are needed")
    async with _connection(Connector(settings.owner_url)) as primary:
        # As the user in the URL: another server may not have the product's roles.
        async with _connection(connector) as replica:
            await _ensure_same(IDENTITY_SQL, primary, replica)
        async with _connection(connector, REQUEST_ROLE) as replica:
            # A copy of the database has the same identity; ``epoch deployment --copied`` gave it another name.
            await _ensure_same(_DEPLOYMENT_NAME, primary, replica)
            return await _read_findings(settings, connector, primary, replica)


async def _read_findings(settings: Settings, connector: Connector, primary: Any, replica: Any) -> ReplicaFindings:
    is_standby, _ = await replica.fetchrow(REPLAYED_SQL)
    if not is_standby and connector.target.session_attributes != "prefer-standby":
        raise WrongReplica(
            f"{SETTING} leads to a primary: it must lead to a streaming standby of EPOCH_DATABASE_URL; where the"
            " servers change roles, name all of them with target_session_attrs=prefer-standby"
        )
    connections = await read_server_connections(replica)
    return ReplicaFindings(
        is_standby=is_standby,
        is_caught_up=is_standby and await _catches_up(primary, replica),
        seconds_since_commit=await replica.fetchval(_SECONDS_SINCE_COMMIT),
        budget=ConnectionBudget(
            workers=settings.workers,
            per_worker=share_replica_connections(settings.database_connections).total,
            for_commands=REPLICA_COMMAND_CONNECTIONS,
            limit=connections.limit,
            held_by_others=connections.held_by_others,
        ),
    )


async def _catches_up(primary: Any, replica: Any) -> bool:
    """True when the replica replays, within ``CATCH_UP_SECONDS``, what the primary has written until now."""
    _, written = await primary.fetchrow(POSITION_SQL)
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while True:
        _, replayed = await replica.fetchrow(REPLAYED_SQL)
        if replayed is not None and replayed >= without_header(written):
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)


async def ensure_replica_fits(settings: Settings, say: Callable[[str], None]) -> None:
    """Refuse a replica that is not a standby of this database, and warn of one that cannot be used now.

    A warning is enough for the latter: workers read the database itself until the replica can be used.

    Raises: WrongReplica.
    """
    if settings.database_replica_url is None:
        return
    try:
        findings = await inspect_replica(settings)
    except (OSError, asyncpg.PostgresError) as error:
        reason = str(error) or describe_connection_failure(error)
        say(f"Warning: the read replica is not used until it answers: {reason}")
        return
    if not findings.is_standby:
        say(f"Warning: {SETTING} finds no standby: lists and reports read the database itself")
    if findings.budget.needed > findings.budget.limit:
        say(f"Warning: read replica: {findings.budget.calculation}, but the server accepts {findings.budget.limit}")


@asynccontextmanager
async def _connection(connector: Connector, role: str | None = None) -> AsyncIterator[Any]:
    connection = await connector.open(role, seconds=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close()


async def _ensure_same(query: str, primary: Any, replica: Any) -> None:
    """Compare the answers of both servers to ``query``. Raises: WrongReplica."""
    if await primary.fetchval(query) != await replica.fetchval(query):
        raise WrongReplica(f"{SETTING} leads to another database: it must be a streaming standby of EPOCH_DATABASE_URL")
