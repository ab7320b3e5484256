"""Brings a database to the schema of this version."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kit.db.database import sqlalchemy_url

ROOT = Path(__file__).resolve().parents[2]


class NewerDatabase(Exception):
    """The database was migrated by a newer version of the product."""


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for ``database_url``."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Migrate to the newest schema; does nothing when it is current. Must not be called inside a running event loop.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
    """
    config = alembic_config(database_url)
    scripts = ScriptDirectory.from_config(config)
    current = asyncio.run(_current(database_url))
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version does not know: "
            "run the version of Epoch Voice that migrated it, or restore a backup from before."
        )
    if current != scripts.get_current_head():
        command.upgrade(config, "head")


async def _current(database_url: str) -> str | None:
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision
    finally:
        await engine.dispose()
