"""Stores the phone's files of recent releases in the database; finds them for pages that load or pin an old version.

``epoch migrate`` writes them, so that every machine can serve the files of a release before it runs that release, and
after it.
"""

import asyncio
import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from time import monotonic

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.database import Database
from kit.errors import Unavailable
from widget.built_files import Asset, StoredFile, pinned_script, release_asset
from widget.models import WidgetFile

RETENTION_MONTHS = 24
"""The files of a release are deleted this many months after its last ``epoch migrate``."""
MIN_STORED_RELEASES = 20
"""The number of newest releases whose files are never deleted."""
REFRESH_SECONDS = 5.0
"""A worker reads the list of stored names at most once in this time, however many unknown names are requested."""
CACHE_BYTES = 8_000_000
"""Limit of the files in one worker's memory; the least recently requested one is removed first."""
_NAMES_SQL = "SELECT name FROM widget_file"
_FILE_SQL = "SELECT gzip, brotli FROM widget_file WHERE name = $1"


class ReleaseChanged(Exception):
    """This build has another phone.js than the release with the same version number."""


class ReleaseFiles:
    """Finds the stored files of all releases; queries the database only for names that it contains."""

    def __init__(self, database: Database, public_url: str, *, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._database = database
        self._public_url = public_url
        self._refresh_seconds = refresh_seconds
        self._names: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._has_names = False
        """False if the last read of the names failed."""
        self._assets: OrderedDict[str, Asset] = OrderedDict()
        """In the order of the last request."""
        self._query_lock = asyncio.Lock()
        """Allows one statement of a worker at a time, because the token exchange needs the same connections."""

    async def find(self, name: str) -> Asset | None:
        """The file at a path below ``/widget/``; None if no stored release has it.

        Raises:
            Unavailable: the last read of the names failed and is not repeated yet.
            Exception: an outage of the database.
        """
        if (cached := self._cached(name)) is not None:
            return cached
        if name not in self._names and not self._is_fresh():
            async with self._query_lock:
                if not self._is_fresh():
                    await self._refresh()
        if name in self._names:
            async with self._query_lock:
                return self._cached(name) or await self._load(name)
        if not self._has_names:
            raise Unavailable(retry_after=int(REFRESH_SECONDS))
        return None

    def _is_fresh(self) -> bool:
        return self._read_at is not None and monotonic() - self._read_at < self._refresh_seconds

    async def _refresh(self) -> None:
        self._read_at, self._has_names = monotonic(), False
        self._names = frozenset([row["name"] for row in await self._database.lookup_pool.fetch(_NAMES_SQL)])
        self._has_names = True

    def _cached(self, name: str) -> Asset | None:
        if name in self._assets:
            self._assets.move_to_end(name)
        return self._assets.get(name)

    async def _load(self, name: str) -> Asset | None:
        row = await self._database.lookup_pool.fetch_row_in_time(_FILE_SQL, name)
        if row is None:
            self._names -= {name}
            return None
        stored = StoredFile(gzip=row["gzip"], brotli=row["brotli"])
        # In a thread, because compressing phone.js takes a tenth of a second.
        asset = await asyncio.to_thread(partial(release_asset, name, stored, public_url=self._public_url))
        self._assets[name] = asset
        while sum(map(_size, self._assets.values())) > CACHE_BYTES:
            self._assets.popitem(last=False)
        return asset


def _size(asset: Asset) -> int:
    return sum(map(len, asset.bodies.values()))


class ReleaseFileService:
    """Writes and deletes the files of releases; needs a session of the database's owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ensure_unchanged(self, version: str, files: Mapping[str, StoredFile]) -> None:
        """Ensure that the stored phone.js of ``version`` is the same. Raises: ReleaseChanged."""
        script = pinned_script(version)
        released = await self._session.scalar(sa.select(WidgetFile.gzip).where(WidgetFile.name == script))
        if released is not None and released != files[script].gzip:
            raise ReleaseChanged(
                f"This build of {version} has another phone.js than the one released as {version}, to which pages may"
                " be pinned: give it another version in pyproject.toml and build it again. Nothing was changed."
            )

    async def record(self, files: Mapping[str, StoredFile], at: dt.datetime) -> None:
        """Store a release's files; files that are stored already get the release time ``at``."""
        known = set(await self._session.scalars(sa.select(WidgetFile.name).where(WidgetFile.name.in_(files))))
        # Sorted, so that two processes at the same time wait for each other and do not deadlock.
        for name, file in sorted(files.items()):
            if name in known and file.brotli is not None:
                continue
            values = {"gzip": file.gzip, "brotli": file.brotli, "released_at": at}
            added = insert(WidgetFile).values(name=name, **values)
            await self._session.execute(added.on_conflict_do_update(index_elements=[WidgetFile.name], set_=values))
        renewed = sa.update(WidgetFile).where(WidgetFile.name.in_(sorted(known))).values(released_at=at)
        await self._session.execute(renewed)

    async def delete_old(self, at: dt.datetime) -> None:
        """Delete the files of releases that need not be stored any more at the time ``at``."""
        newest = (
            sa.select(WidgetFile.released_at)
            .where(WidgetFile.name.like(pinned_script("%")))
            .order_by(WidgetFile.released_at.desc())
            .limit(MIN_STORED_RELEASES)
            .subquery()
        )
        age = sa.func.make_interval(0, RETENTION_MONTHS)
        await self._session.execute(
            sa.delete(WidgetFile).where(
                WidgetFile.released_at < sa.literal(at) - age,
                WidgetFile.released_at < sa.select(sa.func.min(newest.c.released_at)).scalar_subquery(),
            )
        )
