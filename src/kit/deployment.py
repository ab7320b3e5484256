"""The identity of a deployment: one row that distinguishes this database from those of other deployments.

Other deployments may use the same carrier account: a staging system, a restored backup, a fresh database. Their phone
numbers must not be changed from here, so repairs at the carrier check this identity first.
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

A physical copy (a base backup, a snapshot, a promoted standby) has the same value, which a failover needs. There the
public URL distinguishes a staging system from the original.
"""


class DeploymentRow(Base):
    """The only row of its table; the migration inserts it."""

    __tablename__ = "deployment"
    __table_args__ = (sa.Index("uq_deployment_single_row", sa.text("(true)"), unique=True),)

    name: Mapped[str]
    """Twelve random hexadecimal digits: part of the names of phone numbers at the carrier."""
    database_identity: Mapped[str]
    """The database in which the name was set or confirmed last; see ``DATABASE_IDENTITY``."""
    separate_since: Mapped[dt.datetime | None]
    """Time at which a copy became a separate deployment; older rows were copied from the original."""
    public_url: Mapped[str | None]
    """``EPOCH_PUBLIC_URL`` of the installation that uses the database; None until it starts with a real carrier."""


class Deployment(msgspec.Struct, frozen=True):
    """The identity as it is now."""

    name: str
    separate_since: dt.datetime | None
    is_copy: bool
    """True in a database that was restored or cloned from another one and not confirmed since.

    Also true when the stored ``public_url`` is not that of this installation.
    """
    public_url: str | None = None
    """The URL that is stored in the database."""

    def is_own(self, deployment_name: str | None, created_at: dt.datetime) -> bool:
        """True when a resource at the carrier provably belongs to this deployment.

        ``deployment_name`` is the part of the resource's name; None for resources from before deployments had names,
        for which ``created_at``, the time of our row about the resource, decides.
        """
        if self.is_copy:
            return False
        if deployment_name is not None:
            return deployment_name == self.name
        return self.separate_since is None or created_at >= self.separate_since


def installation_url(settings: Settings) -> str | None:
    """The public URL, which distinguishes an installation from its copies; None with the sandbox carrier."""
    return None if settings.is_sandbox else settings.public_url


class DeploymentUnconfirmed(Exception):
    """The database is an unconfirmed copy, so nothing at the carrier may be changed; a job tries again later."""


class DeploymentService:
    """Reads and changes the identity of the deployment."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._url: str | None = session.info.get(INSTALLATION_URL)
        """This process's ``EPOCH_PUBLIC_URL``; None with the sandbox carrier, where it is not compared."""

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
        name, separate_since, is_other_database, stored_url = row.one()
        is_other_url = None not in {stored_url, self._url} and stored_url != self._url
        return Deployment(
            name=name, separate_since=separate_since, is_copy=is_other_database or is_other_url, public_url=stored_url
        )

    async def read_confirmed(self) -> Deployment:
        """The identity of this database's deployment. Raises: DeploymentUnconfirmed."""
        deployment = await self.read()
        if deployment.is_copy:
            raise DeploymentUnconfirmed("this database is a copy of another one; see `epoch deployment`")
        return deployment

    async def confirm_move(self) -> Deployment:
        """Record that the original database is no longer used: this one takes over its name and its resources."""
        confirmed = sa.update(DeploymentRow).values(database_identity=DATABASE_IDENTITY, public_url=self._url)
        await self._session.execute(confirmed)
        return await self.read()

    async def store_installation_url(self) -> None:
        """Store this process's public URL, if the database has none yet, is no copy and is writable."""
        is_writable = sa.func.current_setting("transaction_read_only") == "off"
        query = sa.select(DeploymentRow.id).where(
            is_writable, DeploymentRow.public_url.is_(None), DeploymentRow.database_identity == DATABASE_IDENTITY
        )
        if (found := await self._session.scalar(query)) is not None:
            await self._session.execute(
                sa.update(DeploymentRow).where(DeploymentRow.id == found).values(public_url=self._url)
            )

    async def become_separate(self) -> Deployment:
        """Record that the original is still used: it keeps its resources, and this database gets a new name."""
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
