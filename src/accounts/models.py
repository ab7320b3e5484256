"""Tables of customers' accounts, sessions, recovery codes, passkeys and one-time tokens; the abstract models are shared
with the accounts of staff.
"""

import datetime as dt
import enum
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.actor import ActorKind
from kit.db.model import Base, text_enum


class TokenPurpose(enum.StrEnum):
    """The purpose of a mailed link."""

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
    """The end of the session, however often it is used."""
    awaits_second_factor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True after the password until the second factor is verified; until then the session grants no access."""
    user_agent: Mapped[str] = mapped_column(default="", server_default="")
    """Cut to 200 characters; people recognize their sessions by it."""
    address: Mapped[str] = mapped_column(default="", server_default="")
    """The IP address of the sign-in."""


class AbstractRecoveryCode(Base):
    """A code that replaces one code of the authenticator app, once."""

    __abstract__ = True

    user_id: Mapped[UUID]
    digest: Mapped[bytes]
    used_at: Mapped[dt.datetime | None]


class AbstractPasskey(Base):
    """A WebAuthn credential: a person signs in with it alone, or uses it as the second factor after a password."""

    __abstract__ = True

    user_id: Mapped[UUID]
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    """In COSE form, as the authenticator sent it."""
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    """The authenticator's counter at the last use; 0 with authenticators that do not count."""
    transports: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text))
    name: Mapped[str]
    last_used_at: Mapped[dt.datetime | None]


class LoginSession(AbstractSession):
    """A customer's session; it ends at most 14 days after sign-in."""

    __tablename__ = "login_session"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)


class RecoveryCode(AbstractRecoveryCode):
    """A customer's recovery code."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("user_id", "digest"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))


class Passkey(AbstractPasskey):
    """A customer's passkey."""

    __tablename__ = "passkey"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)


class AbstractAccount(Base):
    """An account that signs in. Customers and staff have separate tables."""

    __abstract__ = True
    actor_kind: ClassVar[ActorKind]
    needs_second_factor: ClassVar[bool]
    """True when a password alone never signs in."""
    recovery_code_model: ClassVar[type[AbstractRecoveryCode]]
    passkey_model: ClassVar[type[AbstractPasskey]]

    email: Mapped[str] = mapped_column(unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    """Argon2id, with its parameters and salt."""
    totp_secret: Mapped[bytes | None]
    """Encrypted; set when the enrolment starts."""
    totp_enabled_at: Mapped[dt.datetime | None]
    """None until a first code confirms the secret."""
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The last time step whose code was used; each code works once."""
    has_passkey: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True while the account has a passkey; written with the passkeys."""
    disabled_at: Mapped[dt.datetime | None]

    @property
    def has_second_factor(self) -> bool:
        """True when the account has an authenticator app or a passkey, so that a password alone does not sign in."""
        return self.totp_enabled_at is not None or self.has_passkey


class User(AbstractAccount):
    """A customer."""

    __tablename__ = "user_account"
    # For prefix searches by staff, which compare bytes.
    __table_args__ = (
        sa.Index("ix_user_account_email_prefix", "email", postgresql_ops={"email": "text_pattern_ops"}),
        sa.Index(
            "ix_user_account_name_prefix",
            sa.func.lower(sa.literal_column("name")).label("lower_name"),
            postgresql_ops={"lower_name": "text_pattern_ops"},
        ),
    )
    actor_kind = ActorKind.USER
    needs_second_factor = False
    recovery_code_model = RecoveryCode
    passkey_model = Passkey

    email_verified_at: Mapped[dt.datetime | None]


class OneTimeToken(Base):
    """The token of a mailed link. The mail has the raw token, this row only its SHA-256."""

    __tablename__ = "one_time_token"
    __table_args__ = (sa.Index(None, "user_id", "purpose"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    purpose: Mapped[TokenPurpose] = mapped_column(text_enum(TokenPurpose, name="purpose"))
    digest: Mapped[bytes] = mapped_column(unique=True)
    new_email: Mapped[str | None]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
