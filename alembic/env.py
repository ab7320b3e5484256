"""Runs migrations with asyncpg, the product's only database driver."""

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
    """False for the job queue's tables, whose columns pgqueuer defines, for partitions, and for keys of these alone."""
    name = name or ""
    if kind == "foreign_key_constraint":
        return not is_only_on_partitions(name)
    is_foreign = name.startswith("pgqueuer") or name.endswith("_default") or is_partition(name)
    return kind != "table" or not is_foreign


def run_on(connection: Connection) -> None:
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
        await connection.run_sync(run_on)
    await engine.dispose()


class EmptyDatabase:
    """The connection of offline mode: writes the statements of a migration and finds no rows for its questions."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def execute(self, statement: Any, *_: object, **__: object) -> Result[Any]:
        self._writer.execute(statement)
        return IteratorResult(SimpleResultMetaData(()), iter(()))

    def scalar(self, statement: Any, *_: object, **__: object) -> Any:
        return self.execute(statement).scalar()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


if context.is_offline_mode():
    context.configure(
        dialect_name="postgresql", target_metadata=metadata, literal_binds=True, transaction_per_migration=True
    )
    implementation: Any = context.get_context().impl
    implementation.connection = EmptyDatabase(implementation.connection)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run_on(given)
else:
    asyncio.run(connect_and_run())
