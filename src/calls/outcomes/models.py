"""Database table of changes to calls' outcomes, notes and tags."""

import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, listed_values


class ChangeSource(enum.StrEnum):
    """The kinds of authors of a change."""

    USER = "user"
    """A member, on our pages or by the API with a session."""
    API_KEY = "api_key"
    PHONE = "phone"
    """The widget: the author is the call's agent, who may be only a claim of the page."""


class CallChange(TenantOwned, Base):
    """One change of a call's outcome, note or tags, with the values that held after it."""

    __tablename__ = "call_change"
    __table_args__ = (
        sa.Index("ix_call_change_call_record_id_id", "call_record_id", sa.text("id DESC")),
        sa.Index(None, "organization_id"),
        listed_values(ChangeSource, "source"),
    )

    call_record_id: Mapped[UUID] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"))
    source: Mapped[str]
    """A ``ChangeSource``."""
    author: Mapped[str | None]
    """A member's e-mail address, the API key's label, or the call's agent; None where the page names nobody."""
    outcome: Mapped[str | None]
    note: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
