"""Database tables of incoming calls: settings, usage counters, counts of calls by caller, and voicemails."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from calls.incoming.transcripts import TranscriptStatus
from kit.db.model import Base, TenantOwned, text_enum


class IncomingCallSettings(TenantOwned, Base):
    """Settings by which calls are answered: of the organization, or of one number that has its own."""

    __tablename__ = "incoming_call_settings"
    __table_args__ = (
        sa.Index(
            "uq_incoming_call_settings_organization",
            "organization_id",
            unique=True,
            postgresql_where=sa.text("phone_number_id IS NULL"),
        ),
        sa.UniqueConstraint("organization_id", "phone_number_id"),
    )

    phone_number_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("phone_number.id", ondelete="CASCADE"))
    """None for the organization's settings, which hold for all numbers without their own."""
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """``AnswerSettings``, validated when they were saved, and ``UnplayedTexts``."""


class IncomingUsage(TenantOwned, Base):
    """An organization's usage by incoming calls, today and this month.

    The row is also the lock by which its incoming calls are admitted one after another.
    """

    __tablename__ = "incoming_usage"
    __table_args__ = (sa.UniqueConstraint("organization_id"),)

    day: Mapped[dt.datetime]
    """The day of the ``day_`` columns: the time of its midnight, UTC. The first call of a later day resets them."""
    day_minutes: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Minutes of callers' legs and of forwarded legs, each rounded up."""
    day_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Cost of calls and recordings, in millionths of a US dollar: estimates, replaced by the carrier's prices."""
    month: Mapped[dt.datetime] = mapped_column(server_default=sa.text("'1970-01-01 00:00:00+00'"))
    """The month of ``month_micros``: the time of midnight of its first day, UTC."""
    month_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")


class IncomingCaller(TenantOwned, Base):
    """Counts the calls from one caller's number within an hour; later calls delete rows of past hours."""

    __tablename__ = "incoming_caller"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "number"),
        sa.Index(None, "organization_id", "hour_start"),
    )

    number: Mapped[str]
    """E.164; empty for all callers together who withhold their number."""
    hour_start: Mapped[dt.datetime]
    calls: Mapped[int] = mapped_column(default=1, server_default="1")
    """Calls since ``hour_start``."""


class Voicemail(TenantOwned, Base):
    """A message that a caller left; its audio is stored at the carrier."""

    __tablename__ = "voicemail"
    __table_args__ = (
        sa.UniqueConstraint("recording_sid"),
        sa.Index(None, "call_record_id"),
        sa.Index("ix_voicemail_organization_id_id", "organization_id", sa.text("id DESC")),
        # Counts the voicemails that nobody has marked as heard.
        sa.Index("ix_voicemail_unheard", "organization_id", postgresql_where=sa.text("heard_at IS NULL")),
    )

    call_record_id: Mapped[UUID] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"))
    recording_sid: Mapped[str]
    """The carrier's id of the recording."""
    seconds: Mapped[int]
    heard_at: Mapped[dt.datetime | None]
    """None until somebody marks it as heard."""
    transcript_status: Mapped[TranscriptStatus | None] = mapped_column(
        text_enum(TranscriptStatus, is_open=True, name="transcript_status")
    )
    """None if no transcription was requested, or if the transcript was erased."""
    transcript: Mapped[str | None]
    """The text; None unless the status is ``completed``. Empty if the carrier recognized no words."""
    transcription_sid: Mapped[str | None]
    """The carrier's id of the stored transcription."""
