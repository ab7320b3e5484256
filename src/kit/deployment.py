"""The identity of a deployment: one row that distinguishes this database from those of other deployments.

Other deployments may use the same carrier account: a staging system, a restored backup, a fresh database. What they own
must not be changed from here, so repairs at the carrier ask for this identity first.
"""

import datetime as dt

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from kit.db.database import INSTALLATION_URL
from kit.db.model import Base
from kit.settings import Settings

DATABASE_IDENTITY: sa.ColumnElement[str] = sa.literal_column(
    "(SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text"
    " FROM pg_database WHERE datname = current_database())",
    sa.Text(),
)
"""Identifies a database: a restored dump and a clone have other values.

A physical copy (a base backup, a snapshot, a promoted standby) has the same, as it must after a failover: there the
public URL distinguishes a staging system from the original.
"""


class DeploymentRow(Base):
    """The only row of its table; the migration inserts it."""

    __tablename__ = "deployment"
    __table_args__ = (sa.Index("uq_deployment_single_row", sa.text("(true)"), unique=True),)

    name: Mapped[str]
    """Twelve random hexadecimal digits: part of the names of phone numbers at the carrier."""
    database_identity: Mapped[str]
    """The database in which the name was given or confirmed last; see ``DATABASE_IDENTITY``."""
    separate_since: Mapped[dt.datetime | None]
    """Time at which a copy became a deployment of its own; older rows came from the original."""
    public_url: Mapped[str | None]
    """``EPOCH_PUBLIC_URL`` of the installation that uses the database; None until it starts with a real carrier."""


class Deployment(msgspec.Struct, frozen=True):
    """The identity as it is now."""

    name: str
    separate_since: dt.datetime | None
    is_copy: bool
    """True in a database that was restored or cloned from another one and not confirmed since.

    That is also one whose ``public_url`` is another installation's.
    """
    public_url: str | None = None
    """As it is noted in the database."""

    def is_own(self, named: str | None, created_at: dt.datetime) -> bool:
        """True when a resource at the carrier is provably this deployment's.

        ``named`` is the deployment in the resource's name; None for names from before deployments had names, which
        are judged by the time of our row about them.
        """
        if self.is_copy:
            return False
        if named is not None:
            return named == self.name
        return self.separate_since is None or created_at >= self.separate_since


def installation_url(settings: Settings) -> str | None:
    """The public URL, which distinguishes an installation from its copies; None with the sandbox carrier."""
    return None if settings.is_sandbox else settings.public_url


class DeploymentUnconfirmed(Exception):
    """The database is a copy that nobody has confirmed, so nothing at the carrier may be changed; a job tries again."""


class DeploymentService:
    """Reads and changes the identity."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._url: str | None = session.info.get(INSTALLATION_URL)
        """This process's ``EPOCH_PUBLIC_URL``; None where it does not matter, as with the sandbox carrier."""

    async def read(self) -> Deployment:
        """The identity of this database's deployment."""
        row = await self._session.execute(
            sa.select(
                DeploymentRow.name,
                DeploymentRow.separate_since,
                DeploymentRow.database_identity != DATABASE_IDENTITY,
                DeploymentRow.public_url,
            )
        )
        name, separate_since, is_other_database, noted = row.one()
        is_other_url = None not in {noted, self._url} and noted != self._url
        return Deployment(
            name=name, separate_since=separate_since, is_copy=is_other_database or is_other_url, public_url=noted
        )

    async def read_confirmed(self) -> Deployment:
        """The identity of this database's deployment. Raises: DeploymentUnconfirmed."""
        deployment = await self.read()
        if deployment.is_copy:
            raise DeploymentUnconfirmed("this database is a copy of another one; see `epoch deployment`")
        return deployment

    async def confirm_move(self) -> Deployment:
        """Record that the original database is no longer used: this one takes over its name and what it owns."""
        confirmed = sa.update(DeploymentRow).values(database_identity=DATABASE_IDENTITY, public_url=self._url)
        await self._session.execute(confirmed)
        return await self.read()

    async def note_installation(self) -> None:
        """Store this process's public URL in a database that has none yet and is no copy, and can be written to."""
        is_writable = sa.func.current_setting("transaction_read_only") == "off"
        query = sa.select(DeploymentRow.id).where(
            is_writable, DeploymentRow.public_url.is_(None), DeploymentRow.database_identity == DATABASE_IDENTITY
        )
        if (found := await self._session.scalar(query)) is not None:
            await self._session.execute(
                sa.update(DeploymentRow).where(DeploymentRow.id == found).values(public_url=self._url)
            )

    async def become_separate(self) -> Deployment:
        """Record that the original is still used: this database gets a new name and owns nothing of the original's."""
        new_name = sa.func.substr(sa.func.replace(sa.cast(sa.func.gen_random_uuid(), sa.Text), "-", ""), 1, 12)
        await self._session.execute(
            sa.update(DeploymentRow).values(
                name=new_name,
                separate_since=sa.func.now(),
                database_identity=DATABASE_IDENTITY,
                public_url=self._url,
            )
        )
        return await self.read()
