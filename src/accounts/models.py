"""People who sign in, their sessions, and what proves that they are who they say."""

import datetime as dt
import enum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.actor import ActorKind
from kit.db.model import Base, text_enum


class TokenPurpose(enum.StrEnum):
    """What a mailed link is good for."""

    VERIFY_EMAIL = "verify-email"
    RESET_PASSWORD = "reset-password"  # noqa: S105 - a purpose
    CHANGE_EMAIL = "change-email"


class AbstractSession(Base):
    """One signed-in browser. The cookie holds the raw id, this row only its SHA-256."""

    __abstract__ = True

    user_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(unique=True)
    last_seen_at: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    """Written at most once a minute."""
    expires_at: Mapped[dt.datetime]
    """The end whatever happens."""
    awaits_second_factor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True between the password and the code: such a session signs nobody in."""
    user_agent: Mapped[str] = mapped_column(default="", server_default="")
    """Cut to 200 characters, for people to tell their sessions apart."""
    address: Mapped[str] = mapped_column(default="", server_default="")
    """Where it was begun from."""


class AbstractRecoveryCode(Base):
    """One way in without the second factor, good once."""

    __abstract__ = True

    user_id: Mapped[UUID]
    digest: Mapped[bytes]
    used_at: Mapped[dt.datetime | None]


class LoginSession(AbstractSession):
    """A customer's session; it ends 14 days after sign-in at the latest."""

    __tablename__ = "login_session"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)


class RecoveryCode(AbstractRecoveryCode):
    """A customer's recovery code."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("user_id", "digest"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))


class AbstractAccount(Base):
    """Somebody who signs in: customers and the product's own staff, who share no table."""

    __abstract__ = True
    actor_kind: ClassVar[ActorKind]
    needs_second_factor: ClassVar[bool]
    """True when no password alone lets anybody in."""
    recovery_code_model: ClassVar[type[AbstractRecoveryCode]]

    email: Mapped[str] = mapped_column(unique=True)
    """Lower case; what people typed differs only in case."""
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    """Argon2id, with its parameters and salt."""
    totp_secret: Mapped[bytes | None]
    """Sealed with the product's key; set from the start of enrolment."""
    totp_enabled_at: Mapped[dt.datetime | None]
    """None until a first code has confirmed the secret."""
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The last time step whose code was used: each code is good once."""
    disabled_at: Mapped[dt.datetime | None]


class User(AbstractAccount):
    """A customer; organizations are theirs through memberships."""

    __tablename__ = "user_account"
    # What staff type is compared with beginnings, byte by byte.
    __table_args__ = (sa.Index("ix_user_account_email_prefix", "email", postgresql_ops={"email": "text_pattern_ops"}),)
    actor_kind = ActorKind.USER
    needs_second_factor = False
    recovery_code_model = RecoveryCode

    email_verified_at: Mapped[dt.datetime | None]


class OneTimeToken(Base):
    """A link that was mailed; the mail holds the raw token, this row only its SHA-256."""

    __tablename__ = "one_time_token"
    __table_args__ = (sa.Index(None, "user_id", "purpose"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    purpose: Mapped[TokenPurpose] = mapped_column(text_enum(TokenPurpose, name="purpose"))
    digest: Mapped[bytes] = mapped_column(unique=True)
    new_email: Mapped[str | None]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
