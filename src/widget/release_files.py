"""Stores the phone's files of recent releases in the database, for pages that load or pin an older version.

``epoch migrate`` writes them, so a machine serves the files of a release before and after it runs that release itself.
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

KEPT_MONTHS = 24
"""Time since the last ``epoch migrate`` of a release for which its files are kept."""
KEPT_RELEASES = 20
"""The newest releases are kept however old they are."""
REFRESH_SECONDS = 5.0
"""A worker reads the names that the database has at most once in this time, whatever it is asked for."""
CACHE_BYTES = 8_000_000
"""Files of one worker's memory; those that were asked for last stay."""
_NAMES = "SELECT name FROM widget_file"
_FILE = "SELECT gzip, brotli FROM widget_file WHERE name = $1"


class ReleaseChanged(Exception):
    """This build of a version has another phone.js than the one that was released under its number."""


class ReleaseFiles:
    """Finds files of other releases than the running one; asks the database only for names that it has."""

    def __init__(self, database: Database, public_url: str, *, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._database = database
        self._public_url = public_url
        self._refresh_seconds = refresh_seconds
        self._names: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._is_read = False
        """False after a refresh that failed."""
        self._assets: OrderedDict[str, Asset] = OrderedDict()
        """The one that was asked for last is last."""
        self._turn = asyncio.Lock()
        """One statement of a worker at a time: the connections are those of the token exchange."""

    async def find(self, name: str) -> Asset | None:
        """The file at a path below ``/widget/``; None if no release that is kept has it.

        Raises:
            Unavailable: the names could not be read a moment ago.
            Exception: an outage of the database.
        """
        if (cached := self._cached(name)) is not None:
            return cached
        if name not in self._names and not self._is_fresh():
            async with self._turn:
                if not self._is_fresh():
                    await self._refresh()
        if name in self._names:
            async with self._turn:
                return self._cached(name) or await self._load(name)
        if not self._is_read:
            raise Unavailable(retry_after=int(REFRESH_SECONDS))
        return None

    def _is_fresh(self) -> bool:
        return self._read_at is not None and monotonic() - self._read_at < self._refresh_seconds

    async def _refresh(self) -> None:
        self._read_at, self._is_read = monotonic(), False
        self._names = frozenset([row["name"] for row in await self._database.lookup_pool.fetch(_NAMES)])
        self._is_read = True

    def _cached(self, name: str) -> Asset | None:
        if name in self._assets:
            self._assets.move_to_end(name)
        return self._assets.get(name)

    async def _load(self, name: str) -> Asset | None:
        row = await self._database.lookup_pool.fetch_row_in_time(_FILE, name)
        if row is None:
            self._names -= {name}
            return None
        stored = StoredFile(gzip=row["gzip"], brotli=row["brotli"])
        # Compressing phone.js takes a tenth of a second.
        asset = await asyncio.to_thread(partial(release_asset, name, stored, public_url=self._public_url))
        self._assets[name] = asset
        while sum(map(_size, self._assets.values())) > CACHE_BYTES:
            self._assets.popitem(last=False)
        return asset


def _size(asset: Asset) -> int:
    return sum(map(len, asset.bodies.values()))


class ReleaseFileService:
    """Writes the files of a release; needs a session of the database's owner."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def ensure_unchanged(self, version: str, files: Mapping[str, StoredFile]) -> None:
        """Raises: ReleaseChanged: another phone.js was released under this number."""
        script = pinned_script(version)
        released = await self._session.scalar(sa.select(WidgetFile.gzip).where(WidgetFile.name == script))
        if released is not None and released != files[script].gzip:
            raise ReleaseChanged(
                f"This build of {version} has another phone.js than the one released as {version}, to which pages may"
                " be pinned: give it another version in pyproject.toml and build it again. Nothing was changed."
            )

    async def record(self, files: Mapping[str, StoredFile], at: dt.datetime) -> None:
        """Add a release's files; those that are there already count as released ``at`` again."""
        known = set(await self._session.scalars(sa.select(WidgetFile.name).where(WidgetFile.name.in_(files))))
        # In one order, so that two processes wait for each other instead of deadlocking.
        for name, file in sorted(files.items()):
            if name in known and file.brotli is not None:
                continue
            values = {"gzip": file.gzip, "brotli": file.brotli, "released_at": at}
            added = insert(WidgetFile).values(name=name, **values)
            await self._session.execute(added.on_conflict_do_update(index_elements=[WidgetFile.name], set_=values))
        again = sa.update(WidgetFile).where(WidgetFile.name.in_(sorted(known))).values(released_at=at)
        await self._session.execute(again)

    async def delete_old(self, at: dt.datetime) -> None:
        """Delete what belongs to no release that is kept ``at`` that time."""
        newest = (
            sa.select(WidgetFile.released_at)
            .where(WidgetFile.name.like(pinned_script("%")))
            .order_by(WidgetFile.released_at.desc())
            .limit(KEPT_RELEASES)
            .subquery()
        )
        age = sa.func.make_interval(0, KEPT_MONTHS)
        await self._session.execute(
            sa.delete(WidgetFile).where(
                WidgetFile.released_at < sa.literal(at) - age,
                WidgetFile.released_at < sa.select(sa.func.min(newest.c.released_at)).scalar_subquery(),
            )
        )
