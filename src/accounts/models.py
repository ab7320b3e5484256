"""Users and their sessions."""

import datetime as dt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.model import Base


class User(Base):
    """A person who signs in; organizations are theirs through memberships."""

    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(unique=True)
    """Lower case; what people typed differs only in case."""
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    """Argon2id, with its parameters and salt."""
    email_verified_at: Mapped[dt.datetime | None]
    disabled_at: Mapped[dt.datetime | None]


class LoginSession(Base):
    """One signed-in browser. The cookie holds the raw id, this row only its SHA-256."""

    __tablename__ = "login_session"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    """Written at most once a minute."""
    expires_at: Mapped[dt.datetime]
    """The end whatever happens, 14 days after sign-in."""
