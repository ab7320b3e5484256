"""Base class of all tables, mixin for rows of one organization, and column types and constraints for enumerations."""

import datetime as dt
import enum
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.base import CommonTableAttributes, create_registry
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from uuid_utils.compat import uuid7

E = TypeVar("E", bound=enum.StrEnum)
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(CommonTableAttributes, AsyncAttrs, DeclarativeBase):
    """A table with a UUIDv7 ``id`` and ``created_at``."""

    __abstract__ = True
    # SQLAlchemy reads the registry only in the direct subclass of DeclarativeBase.
    registry = create_registry(
        custom_annotation_map={UUID: sa.Uuid, dt.datetime: sa.TIMESTAMP(timezone=True), str: sa.Text}
    )
    registry.metadata.naming_convention = NAMING_CONVENTION

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-100)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now(), sort_order=900)


class TenantOwned:
    """A row that belongs to exactly one organization and is deleted with it."""

    @declared_attr
    def organization_id(cls) -> Mapped[UUID]:  # noqa: N805 - declared_attr hands the class
        # No index here: each table declares its indexes that begin with the organization.
        return mapped_column(sa.ForeignKey("organization.id", ondelete="CASCADE"), sort_order=-90)

    @classmethod
    def owned_by(cls, organization_id: UUID) -> sa.ColumnElement[bool]:
        """The filter that every tenant-scoped query needs."""
        return sa.type_coerce(cls.organization_id == organization_id, sa.Boolean)


def listed_values(kind: type[enum.StrEnum], column: str) -> sa.CheckConstraint:
    """A constraint that allows only values of ``kind`` in ``column``, which is of type text.

    For columns that were added as text; new columns are of type ``text_enum``.
    """
    values = ", ".join(f"'{member.value}'" for member in kind)
    return sa.CheckConstraint(f"{column} IN ({values})", name=column)


def read_member(kind: type[E], value: str) -> E:
    """The member of ``kind`` with ``value``; for an unknown value an object of class ``kind`` that equals no member."""
    try:
        return kind(value)
    except ValueError:
        unknown = str.__new__(kind, value)
        unknown._name_ = unknown._value_ = value
        return unknown


class OpenEnum(sa.Enum):
    """Also reads values that only a newer release knows, for which ``sa.Enum`` raises LookupError."""

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], Any]:
        kind: Any = self.enum_class
        return lambda value: None if value is None else read_member(kind, value)


def text_enum(kind: type[enum.StrEnum], *, is_open: bool = False, **options: Any) -> sa.Enum:
    """A column type that stores the values (not the names) of ``kind`` as text with a check constraint.

    ``is_open``: also read values that only a newer release knows, as by ``read_member``. For values that are shown,
    never for values that decide about permissions.
    """
    return (OpenEnum if is_open else sa.Enum)(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [str(member.value) for member in members],
        name=options.pop("name", kind.__name__.lower()),
        **options,
    )
