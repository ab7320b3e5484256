"""Runs migrations with asyncpg, the product's only database driver."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from epoch.models import metadata
from kit.db.database import owner_engine

URL = context.config.attributes.get("url") or os.environ.get("EPOCH_DATABASE_URL", "")


def include_object(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    """False for the job queue's tables, whose columns pgqueuer defines."""
    return kind != "table" or not (name or "").startswith("pgqueuer")


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


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run_on(given)
else:
    asyncio.run(connect_and_run())
