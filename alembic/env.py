"""Runs migrations over asyncpg: the only driver the product has."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from epoch.models import metadata
from kit.db.database import sqlalchemy_url

URL = context.config.attributes.get("url") or os.environ.get("EPOCH_DATABASE_URL", "")


def is_ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    """False for the job queue's tables: their library says what they look like."""
    return kind != "table" or not (name or "").startswith("pgqueuer")


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=is_ours,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    engine = create_async_engine(sqlalchemy_url(URL), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url=sqlalchemy_url(URL), target_metadata=metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    asyncio.run(online())
