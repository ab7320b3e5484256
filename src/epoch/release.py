"""Installs a release in a database: migrates the schema, stores phone.js and its chunks for pages of other releases."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from epoch.migrations import upgrade
from kit.clock import utc_now
from kit.db.database import owner_engine
from kit.product_files import BUILT_FRONTEND
from kit.version import VERSION
from widget.built_files import AssetsMissing, StoredFile, load_release
from widget.release_files import ReleaseFileService

log = structlog.get_logger("epoch.migrations")


def install_release(
    database_url: str,
    say: Callable[[str], object] = log.warning,
    *,
    is_production: bool,
    version: str = VERSION,
    dist: Path = BUILT_FRONTEND,
) -> None:
    """Migrate as ``upgrade`` does, then store this release's files. Must not be called inside a running event loop.

    Outside production a version may be built again: its new phone.js replaces the stored one.

    Raises:
        NewerDatabase, MigrationStopped: as ``upgrade`` does.
        ReleaseChanged: in production, another phone.js was released as ``version``; nothing was changed.
    """
    try:
        files = load_release(dist, version=version)
    except AssetsMissing as error:
        say(f"The files of phone.js are not stored for later releases: {error}")
        upgrade(database_url, say)
        return
    if is_production:
        asyncio.run(_ensure_unchanged(database_url, version, files))
    upgrade(database_url, say)
    asyncio.run(_store_files(database_url, files))


async def _ensure_unchanged(database_url: str, version: str, files: Mapping[str, StoredFile]) -> None:
    """Raises: ReleaseChanged."""
    async with _owner_session(database_url) as session:
        if await session.scalar(sa.text("SELECT to_regclass('widget_file')")) is not None:
            await ReleaseFileService(session).ensure_unchanged(version, files)


async def _store_files(database_url: str, files: Mapping[str, StoredFile]) -> None:
    async with _owner_session(database_url) as session:
        service, now = ReleaseFileService(session), utc_now()
        await service.record(files, now)
        await service.delete_old(now)


@asynccontextmanager
async def _owner_session(database_url: str) -> AsyncIterator[AsyncSession]:
    """A transaction of the database's owner."""
    engine = owner_engine(database_url)
    try:
        async with AsyncSession(engine) as session, session.begin():
            yield session
    finally:
        await engine.dispose()
