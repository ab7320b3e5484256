"""Recordings: greetings that incoming callers hear, and voicemail greetings that agents leave in mailboxes."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned

MAX_NAME_CHARACTERS = 100


class GreetingAudio(TenantOwned, Base):
    """A recording that an incoming call's greeting can play."""

    __tablename__ = "greeting_audio"
    __table_args__ = (
        sa.Index("ix_greeting_audio_organization_id_id", "organization_id", sa.text("id DESC")),
        sa.CheckConstraint(f"char_length(name) <= {MAX_NAME_CHARACTERS}", name="name"),
    )

    name: Mapped[str]
    """For people."""
    seconds: Mapped[int]
    wav: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    """8 kHz, mono, 16 bits a sample; read only where it is played."""


class VoicemailGreeting(TenantOwned, Base):
    """A recording that agents leave in mailboxes by voicemail drop."""

    __tablename__ = "voicemail_greeting"
    __table_args__ = (
        sa.Index("ix_voicemail_greeting_organization_id_id", "organization_id", sa.text("id DESC")),
        sa.Index(None, "membership_id"),
        sa.CheckConstraint(f"char_length(name) <= {MAX_NAME_CHARACTERS}", name="name"),
    )

    membership_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("membership.id", ondelete="CASCADE"))
    """The member who alone uses it; it is deleted with the membership. None for a shared one."""
    name: Mapped[str]
    """For people."""
    seconds: Mapped[int]
    wav: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    """8 kHz, mono, 16 bits a sample; read only where it is played."""
