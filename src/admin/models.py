"""Tables of staff accounts, sessions, recovery codes and passkeys. The customers' database role cannot use them."""

import datetime as dt
import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import AbstractAccount, AbstractPasskey, AbstractRecoveryCode, AbstractSession
from kit.actor import ActorKind
from kit.db.model import text_enum


class StaffRole(enum.StrEnum):
    """Roles of staff; each includes the ones before it."""

    SUPPORT = "support"
    """Reads records and revokes embed tokens."""
    OPERATOR = "operator"
    """Also changes plans, suspensions, limits, numbers and user accounts."""
    ADMIN = "admin"
    """Also changes staff accounts."""

    @property
    def rank(self) -> int:
        return tuple(StaffRole).index(self)


class StaffSession(AbstractSession):
    """A signed-in browser of a staff member; it ends 8 hours after sign-in at the latest."""

    __tablename__ = "staff_session"

    user_id: Mapped[UUID] = mapped_column("staff_id", sa.ForeignKey("staff.id", ondelete="CASCADE"), index=True)


class StaffRecoveryCode(AbstractRecoveryCode):
    """A staff member's recovery code."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (sa.UniqueConstraint("staff_id", "digest"),)

    user_id: Mapped[UUID] = mapped_column("staff_id", sa.ForeignKey("staff.id", ondelete="CASCADE"))


class StaffPasskey(AbstractPasskey):
    """A staff member's passkey."""

    __tablename__ = "staff_passkey"

    user_id: Mapped[UUID] = mapped_column("staff_id", sa.ForeignKey("staff.id", ondelete="CASCADE"), index=True)


class Staff(AbstractAccount):
    """A staff account."""

    __tablename__ = "staff"
    actor_kind = ActorKind.STAFF
    needs_second_factor = True
    recovery_code_model = StaffRecoveryCode
    passkey_model = StaffPasskey

    role: Mapped[StaffRole] = mapped_column(text_enum(StaffRole, name="role"))
    joined_at: Mapped[dt.datetime | None]
    """None until the staff member has chosen a password."""
    link_digest: Mapped[bytes | None] = mapped_column(unique=True)
    """SHA-256 of the token in the one-time link for choosing a password; None when there is no such link."""
    link_expires_at: Mapped[dt.datetime | None]
