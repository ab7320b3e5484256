"""Builds a worker's access to the configured read replica, and the connector that commands use for it."""

from kit.db.connections import share_replica_connections
from kit.db.connector import Connector
from kit.db.database import Database
from kit.db.replica import ReadReplica
from kit.settings import Settings


def replica_connector(settings: Settings) -> Connector | None:
    """Make the connector to the replica in the settings; None without a replica."""
    if settings.database_replica_url is None:
        return None
    return Connector(settings.database_replica_url, by_transaction=settings.is_pooled_by_transaction, is_replica=True)


def build_replica(settings: Settings, database: Database) -> ReadReplica | None:
    """Make the replica in the settings, which serves reads in place of ``database``; None without a replica."""
    connector = replica_connector(settings)
    if connector is None:
        return None
    return ReadReplica(
        database,
        connector,
        shares=share_replica_connections(settings.database_connections),
        max_lag_seconds=settings.database_replica_max_lag,
    )
