"""Calling rules, and the books that they are held to."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, text_enum


class CallingRules(TenantOwned, Base):
    """What an organization chose for itself; without a row the defaults hold."""

    __tablename__ = "calling_rules"
    __table_args__ = (sa.UniqueConstraint("organization_id"),)

    countries: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """ISO 3166 codes that may be called besides the home country; None means the default ones."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=sa.text("'{}'::jsonb"))
    """Limits by name, never above what the plan allows."""


class BlockedNumber(TenantOwned, Base):
    """A number that the organization's phones never call."""

    __tablename__ = "blocked_number"
    __table_args__ = (sa.UniqueConstraint("organization_id", "number"),)

    number: Mapped[str]
    """E.164."""


class TokenLimits(TenantOwned, Base):
    """What one embed token is narrowed to, within its organization's rules; None means no further."""

    __tablename__ = "token_limits"
    __table_args__ = (sa.UniqueConstraint("token_id"), sa.Index(None, "organization_id"))

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    minutes_per_day: Mapped[int | None]
    live_calls: Mapped[int | None]
    countries: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))


class LimitOverride(TenantOwned, Base):
    """Staff gave an organization another limit, until a date."""

    __tablename__ = "limit_override"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"),)

    name: Mapped[str]
    value: Mapped[int] = mapped_column(sa.BigInteger)
    ends_at: Mapped[dt.datetime]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    set_by: Mapped[str]
    """Who of the staff, as the audit trail names them."""


class UsageScope(enum.StrEnum):
    """Whose use a row of the books counts."""

    ORGANIZATION = "organization"
    TOKEN = "token"  # noqa: S105 - a word
    IDENTITY = "identity"


class UsageCounter(TenantOwned, Base):
    """What one organization, token or widget identity uses now, today and this month; one row each, however many calls.

    Windows are rolled when the row is next touched. The organization's row is also the lock behind which calls of one
    organization are admitted one after another.
    """

    __tablename__ = "usage_counter"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "scope", "key"),
        # Each exchange makes an identity; those of the past are found by age and dropped.
        sa.Index("ix_usage_counter_identity", "organization_id", "id", postgresql_where=sa.text("scope = 'identity'")),
        # Room for new versions of a row beside the old one: every call writes three of them.
        {"postgresql_with": {"fillfactor": "50"}},
    )

    scope: Mapped[UsageScope] = mapped_column(text_enum(UsageScope, name="scope"))
    key: Mapped[str]
    """Empty for the organization, the token's id, the widget's identity."""
    live: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that hold a slot."""
    reserved_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What the live calls may still use; their time limits."""
    reserved_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What that may cost, in millionths of a US dollar."""
    minute_start: Mapped[dt.datetime]
    minute_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    hour_start: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    hour_rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Refusals since ``hour_start``."""
    day: Mapped[dt.datetime]
    """Midnight UTC."""
    day_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    day_rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    day_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    day_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    month: Mapped[dt.datetime]
    """Midnight UTC of the first."""
    month_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    month_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")


class CallDestination(TenantOwned, Base):
    """How often a number was called within the hour; rows of past hours are dropped by later calls."""

    __tablename__ = "call_destination"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "number"),
        sa.Index("ix_call_destination_seen", "organization_id", "seen_at", "is_foreign"),
    )

    number: Mapped[str]
    is_foreign: Mapped[bool]
    hour_start: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=1, server_default="1")
    """Since ``hour_start``."""
    seen_at: Mapped[dt.datetime]


class CappedRejection(TenantOwned, Base):
    """One of the latest refusals of a token that have no call record: why, for the phone and for the carrier's news."""

    __tablename__ = "capped_rejection"
    __table_args__ = (
        sa.UniqueConstraint("token_id", "slot"),
        sa.Index(None, "organization_id"),
        sa.Index(None, "carrier_sid"),
        sa.Index(None, "rejected_at"),
    )

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    slot: Mapped[int]
    carrier_sid: Mapped[str]
    """The carrier's id of the caller's leg."""
    call_id: Mapped[UUID | None]
    """Made by the widget."""
    end_reason: Mapped[str]
    """A code, as in a call's record."""
    rejected_at: Mapped[dt.datetime]


class AlertKind(enum.StrEnum):
    """What people are told of."""

    FOREIGN_DESTINATIONS = "foreign_destinations"
    """For staff: many different foreign numbers within an hour."""
    NEAR_LIMIT = "near_limit"
    """For owners, who got a mail: a limit is used up to 80 %."""


class Alert(TenantOwned, Base):
    """Something that people should look at; once per window."""

    __tablename__ = "alert"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "kind", "subject", "window_start"),
        sa.Index("ix_alert_open", "id", postgresql_where=sa.text("resolved_at IS NULL")),
    )

    kind: Mapped[AlertKind] = mapped_column(text_enum(AlertKind))
    subject: Mapped[str]
    """A limit's name, with the token's id behind a colon where it is a token's."""
    window_start: Mapped[dt.datetime]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    resolved_at: Mapped[dt.datetime | None]
    resolved_by: Mapped[str | None]


class CallingPause(Base):
    """While there is a row, no organization's call is dialled."""

    __tablename__ = "calling_pause"
    __table_args__ = (sa.Index("uq_calling_pause_only", sa.text("(true)"), unique=True),)

    reason: Mapped[str] = mapped_column(default="", server_default="")
    ends_live_calls: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether the live calls are ended too."""
