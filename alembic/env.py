"""Alembic's environment: runs migrations with asyncpg, or prints their SQL without a database (offline mode)."""

import asyncio
import os
from typing import Any

from alembic import context
from sqlalchemy import Connection, Result
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from epoch.models import metadata
from epoch.partitions import is_only_on_partitions, is_partition
from kit.db.database import owner_engine

URL = context.config.attributes.get("url") or os.environ.get("EPOCH_DATABASE_URL", "")


def include_object(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    """False for tables that the models do not define: pgqueuer's and partitions; and for keys of partitions only."""
    name = name or ""
    if kind == "foreign_key_constraint":
        return not is_only_on_partitions(name)
    is_without_model = name.startswith("pgqueuer") or name.endswith("_default") or is_partition(name)
    return kind != "table" or not is_without_model


def run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=include_object,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    engine = owner_engine(URL)
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


class EmptyDatabase:
    """The connection of offline mode: prints the statements of a migration; its queries find no rows."""

    def __init__(self, printer: Any) -> None:
        self._printer = printer

    def execute(self, statement: Any, *_: object, **__: object) -> Result[Any]:
        self._printer.execute(statement)
        return IteratorResult(SimpleResultMetaData(()), iter(()))

    def scalar(self, statement: Any, *_: object, **__: object) -> Any:
        return self.execute(statement).scalar()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._printer, name)


if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql", target_metadata=metadata, literal_binds=True, transaction_per_migration=True
    )
    implementation: Any = context.get_context().impl
    implementation.connection = EmptyDatabase(implementation.connection)
    with context.begin_transaction():
        context.run_migrations()
elif (given_connection := context.config.attributes.get("connection")) is not None:
    run_migrations(given_connection)
else:
    asyncio.run(connect_and_run())
