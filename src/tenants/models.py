"""Organizations, their members and their phone numbers."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.model import Base, TenantOwned, text_enum
from tenants.plans import Plan


class Role(enum.StrEnum):
    """What a member may do; each role includes the ones before it."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return tuple(Role).index(self)


class Organization(Base):
    """A tenant."""

    __tablename__ = "organization"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    plan: Mapped[Plan] = mapped_column(text_enum(Plan), default=Plan.STARTER, server_default=Plan.STARTER.value)
    country: Mapped[str]
    """ISO 3166 two-letter code: how the organization's people write national numbers."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=sa.text("'{}'::jsonb"))
    """Overrides of the default limits, by name."""
    suspended_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]


class Membership(TenantOwned, Base):
    """A person's place in an organization."""

    __tablename__ = "membership"
    __table_args__ = (sa.UniqueConstraint("organization_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))


class PhoneNumber(TenantOwned, Base):
    """A number that the organization holds, or held."""

    __tablename__ = "phone_number"
    __table_args__ = (
        sa.Index(None, "organization_id"),
        # A number is active in at most one organization; a released one may be bought again by anybody.
        sa.Index("uq_phone_number_active", "e164", unique=True, postgresql_where=sa.text("released_at IS NULL")),
    )

    e164: Mapped[str]
    carrier_sid: Mapped[str | None]
    released_at: Mapped[dt.datetime | None]
