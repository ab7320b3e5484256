"""The history of changes of outcomes, notes and tags."""

import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, listed_values


class ChangeSource(enum.StrEnum):
    """The place that a change came from."""

    USER = "user"
    """A member, on our pages or with a session of the API."""
    API_KEY = "api_key"
    PHONE = "phone"
    """The phone on a page: the author is the call's agent, whom a page may only claim."""


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
    """A member's address, the key's label, or the agent of a call; None where the page names nobody."""
    outcome: Mapped[str | None]
    note: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
