"""Database tables of calling rules and limits.

They hold rules, limits of tokens, overrides by staff, usage counters, rejections above a cap, alerts, and the pause of
all calls.
"""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, text_enum


class CallingRules(TenantOwned, Base):
    """The calling rules and caller id settings of an organization; without a row the defaults hold."""

    __tablename__ = "calling_rules"
    __table_args__ = (sa.UniqueConstraint("organization_id"),)

    countries: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """ISO 3166 codes that may be called besides the home country; None means the defaults."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=sa.text("'{}'::jsonb"))
    """Limits by name, never above what the plan allows."""
    sticky: Mapped[bool] = mapped_column(server_default=sa.true())
    """True if a contact is called from the number that called it last."""
    match_area_code: Mapped[bool] = mapped_column(server_default=sa.false())
    """True if a call shows a number with the called number's area code, where the organization has one."""


class BlockedNumber(TenantOwned, Base):
    """A number that the organization never calls."""

    __tablename__ = "blocked_number"
    __table_args__ = (sa.UniqueConstraint("organization_id", "number"),)

    number: Mapped[str]
    """E.164."""
    asked_at: Mapped[dt.datetime | None]
    """The time at which the number's owner asked not to be called, by pressing 9 in a call; None where only the
    organization blocked the number."""
    asked_number: Mapped[str | None]
    """The organization's number that was called then, E.164."""
    attestation: Mapped[str | None]
    """The carrier's verification of the caller's number in that call."""


class TokenLimits(TenantOwned, Base):
    """Limits of one embed token within its organization's rules; None where the token has no limit of its own."""

    __tablename__ = "token_limits"
    __table_args__ = (sa.UniqueConstraint("token_id"), sa.Index(None, "organization_id"))

    token_id: Mapped[UUID] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    minutes_per_day: Mapped[int | None]
    live_calls: Mapped[int | None]
    countries: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))


class LimitOverride(TenantOwned, Base):
    """A limit that staff set for an organization until a date."""

    __tablename__ = "limit_override"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"),)

    name: Mapped[str]
    value: Mapped[int] = mapped_column(sa.BigInteger)
    ends_at: Mapped[dt.datetime]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    set_by: Mapped[str]
    """The name of the staff member, as in the audit log."""


class UsageScope(enum.StrEnum):
    """The kinds of owners of a usage counter."""

    ORGANIZATION = "organization"
    TOKEN = "token"  # noqa: S105 - a word
    IDENTITY = "identity"


class UsageCounter(TenantOwned, Base):
    """The usage of an organization, a token or a widget identity by outgoing calls: now, today and this month.

    The next call resets the columns of a past window. The organization's row is also the lock by which its outgoing
    calls are admitted one after another.
    """

    __tablename__ = "usage_counter"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "scope", "key"),
        # Finds old identities to delete: each exchange makes a new one.
        sa.Index("ix_usage_counter_identity", "organization_id", "id", postgresql_where=sa.text("scope = 'identity'")),
        # Leaves room for new row versions on the same page: every call updates three rows.
        {"postgresql_with": {"fillfactor": "50"}},
    )

    scope: Mapped[UsageScope] = mapped_column(text_enum(UsageScope, name="scope"))
    key: Mapped[str]
    """Empty, the token's id or the widget's identity, by ``scope``."""
    live: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that have a reservation."""
    reserved_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Sum of the time limits of the live calls."""
    reserved_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """The highest cost of the reserved minutes, in millionths of a US dollar."""
    minute_start: Mapped[dt.datetime]
    minute_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    hour_start: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    hour_rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rejections since ``hour_start``."""
    day: Mapped[dt.datetime]
    """The day of the ``day_`` columns: the time of its midnight, UTC."""
    day_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    day_rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    day_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    day_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    month: Mapped[dt.datetime]
    """The month of the ``month_`` columns: the time of midnight of its first day, UTC."""
    month_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    month_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")


class CallDestination(TenantOwned, Base):
    """Counts the calls to one number within an hour; later calls delete rows of past hours."""

    __tablename__ = "call_destination"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "number"),
        sa.Index("ix_call_destination_seen", "organization_id", "seen_at", "is_foreign"),
    )

    number: Mapped[str]
    is_foreign: Mapped[bool]
    hour_start: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=1, server_default="1")
    """Requested calls since ``hour_start``."""
    seen_at: Mapped[dt.datetime]


class CappedRejection(TenantOwned, Base):
    """A rejected call above the hourly cap: its reason without a call record. Each token has a number of slots."""

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
    """The carrier's id of the parent leg."""
    call_id: Mapped[UUID | None]
    """The widget's id of the call."""
    end_reason: Mapped[str]
    """A code, as in a call's record."""
    end_details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """As in a call's record."""
    rejected_at: Mapped[dt.datetime]


class AlertKind(enum.StrEnum):
    """The reasons for an alert."""

    FOREIGN_DESTINATIONS = "foreign_destinations"
    """For staff: many distinct foreign numbers were called within an hour."""
    REJECTED_CALLS = "rejected_calls"
    """For staff, and by mail for owners and admins: many calls were rejected within an hour."""
    NEAR_LIMIT = "near_limit"
    """By mail for owners: 80 % of a limit is used."""


class Alert(TenantOwned, Base):
    """A notice about limits or unusual calls of an organization; raised once per window."""

    __tablename__ = "alert"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "kind", "subject", "window_start"),
        sa.Index("ix_alert_open", "id", postgresql_where=sa.text("resolved_at IS NULL")),
    )

    kind: Mapped[AlertKind] = mapped_column(text_enum(AlertKind, is_open=True))
    subject: Mapped[str]
    """The name of a limit or threshold; for one of a token followed by a colon and the token's id."""
    window_start: Mapped[dt.datetime]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    resolved_at: Mapped[dt.datetime | None]
    resolved_by: Mapped[str | None]


class CallingPause(Base):
    """While a row exists, no call of any organization is dialled."""

    __tablename__ = "calling_pause"
    __table_args__ = (sa.Index("uq_calling_pause_only", sa.text("(true)"), unique=True),)

    reason: Mapped[str] = mapped_column(default="", server_default="")
    ends_live_calls: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True if live calls are ended too."""
