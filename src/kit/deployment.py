"""The identity of a deployment: one row that tells this product's database from those of other deployments.

Other deployments may use the same carrier account: a staging system, a restored backup, a fresh database. What they own
must not be changed from here, so repairs at the carrier ask for this identity first.
"""

import datetime as dt

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from kit.db.model import Base

DATABASE_IDENTITY: sa.ColumnElement[str] = sa.literal_column(
    "(SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text"
    " FROM pg_database WHERE datname = current_database())",
    sa.Text(),
)
"""Identifies a database: a restore, a clone and a copy of the files on another server all have other values."""


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


class Deployment(msgspec.Struct, frozen=True):
    """The identity as it is now."""

    name: str
    separate_since: dt.datetime | None
    is_copy: bool
    """True in a database that was restored or cloned from another one and not confirmed since."""

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


class DeploymentUnconfirmed(Exception):
    """The database is a copy that nobody has confirmed, so nothing at the carrier may be changed; a job tries again."""


class DeploymentService:
    """Reads and changes the identity."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self) -> Deployment:
        """The identity of this database's deployment."""
        row = await self._session.execute(
            sa.select(
                DeploymentRow.name,
                DeploymentRow.separate_since,
                DeploymentRow.database_identity != DATABASE_IDENTITY,
            )
        )
        name, separate_since, is_copy = row.one()
        return Deployment(name=name, separate_since=separate_since, is_copy=is_copy)

    async def read_confirmed(self) -> Deployment:
        """The identity of this database's deployment. Raises: DeploymentUnconfirmed."""
        deployment = await self.read()
        if deployment.is_copy:
            raise DeploymentUnconfirmed("this database is a copy of another one; see `epoch deployment`")
        return deployment

    async def confirm_move(self) -> Deployment:
        """Record that the original database is no longer used: this one takes over its name and what it owns."""
        await self._session.execute(sa.update(DeploymentRow).values(database_identity=DATABASE_IDENTITY))
        return await self.read()

    async def become_separate(self) -> Deployment:
        """Record that the original is still used: this database gets a new name and owns nothing of the original's."""
        new_name = sa.func.substr(sa.func.replace(sa.cast(sa.func.gen_random_uuid(), sa.Text), "-", ""), 1, 12)
        await self._session.execute(
            sa.update(DeploymentRow).values(
                name=new_name, separate_since=sa.func.now(), database_identity=DATABASE_IDENTITY
            )
        )
        return await self.read()
