"""Tables of organizations: memberships, phone numbers, verified numbers, purchases, invitations and their reports,
upgrade requests, API keys.
"""

import datetime as dt
import enum
from typing import Any, TypeVarTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, listed_values, text_enum
from kit.time_zones import zone_of
from tenants.plans import Plan

Columns = TypeVarTuple("Columns")


class Role(enum.StrEnum):
    """The permissions of a member; each role includes those before it."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return tuple(Role).index(self)

    @property
    def with_article(self) -> str:
        """The role with its indefinite article."""
        return f"a {self.value}" if self is Role.MEMBER else f"an {self.value}"


class MissedDigest(enum.StrEnum):
    """The frequency of a member's mails about missed calls."""

    OFF = "off"
    HOURLY = "hourly"
    DAILY = "daily"


class Organization(Base):
    """A tenant."""

    __tablename__ = "organization"
    __table_args__ = (
        # For prefix searches by staff, which compare bytes.
        sa.Index(
            "ix_organization_name_prefix",
            sa.func.lower(sa.literal_column("name")).label("lower_name"),
            postgresql_ops={"lower_name": "text_pattern_ops"},
        ),
        sa.Index("ix_organization_slug_prefix", "slug", postgresql_ops={"slug": "text_pattern_ops"}),
        sa.Index("ix_organization_suspended", "id", postgresql_where=sa.text("suspended_at IS NOT NULL")),
        sa.Index(
            "ix_organization_invitations_paused",
            "id",
            postgresql_where=sa.text("invitations_paused_at IS NOT NULL"),
        ),
        sa.Index("ix_organization_deleted", "deleted_at", postgresql_where=sa.text("deleted_at IS NOT NULL")),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    plan: Mapped[Plan] = mapped_column(text_enum(Plan), default=Plan.STARTER, server_default=Plan.STARTER.value)
    country: Mapped[str]
    """ISO 3166 two-letter code; numbers without a country code are numbers of this country."""
    time_zone: Mapped[str | None]
    """IANA name of the zone in which pages and mails show times; None for that of the country."""
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=sa.text("'{}'::jsonb"))
    """Overrides of the default limits, by name."""
    call_outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'::jsonb"))
    """The outcomes that calls can get, in order: name, colour, counts_as_conversation."""
    retention_months: Mapped[int | None]
    """Months that call data is kept; None for the product's default."""
    calls_erased_through: Mapped[UUID | None]
    """The last call whose data was erased. Ids begin with their time, so earlier calls are erased too."""
    suspended_at: Mapped[dt.datetime | None]
    invitations_paused_at: Mapped[dt.datetime | None]
    """Set when many recipients reported invitations; staff resume them."""
    invitations_resumed_at: Mapped[dt.datetime | None]
    """Reports before this time do not count towards the next pause."""
    deleted_at: Mapped[dt.datetime | None]
    erasing_at: Mapped[dt.datetime | None]
    """Set before the first row of the organization is erased; from then on it cannot be restored."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which pages and mails show times."""
        return zone_of(self.time_zone, self.country)


class Membership(TenantOwned, Base):
    """A person's membership in an organization."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "user_id"),
        listed_values(MissedDigest, "missed_digest"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    from_number_id: Mapped[UUID | None]
    """The number that the member's calls show; a number that is not usable any more has no effect."""
    missed_seen_at: Mapped[dt.datetime | None]
    """The time at which the member last opened the list of missed calls; None before the first time."""
    missed_digest: Mapped[str] = mapped_column(default=MissedDigest.OFF.value, server_default="off")
    """A ``MissedDigest``."""
    missed_mailed_at: Mapped[dt.datetime | None]
    """The time up to which missed calls were mailed, or there were none to mail."""


class PhoneNumber(TenantOwned, Base):
    """A number that the organization holds or held."""

    __tablename__ = "phone_number"
    __table_args__ = (
        sa.Index(None, "organization_id"),
        # At most one organization holds a number; after its release anybody may buy it.
        sa.Index("ix_phone_number_e164_prefix", "e164", postgresql_ops={"e164": "text_pattern_ops"}),
        sa.Index("uq_phone_number_active", "e164", unique=True, postgresql_where=sa.text("released_at IS NULL")),
    )

    e164: Mapped[str]
    carrier_sid: Mapped[str | None]
    name: Mapped[str] = mapped_column(default="", server_default="")
    """The organization's own name for the number; its widgets show the name too."""
    is_default: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Set by an admin. When no usable number is marked, the oldest usable number is the default: ``default_of``."""
    releasing_at: Mapped[dt.datetime | None]
    """Set before the carrier is asked to release the number, so that a crash cannot leave it held by mistake."""
    released_at: Mapped[dt.datetime | None]

    @classmethod
    def caller_id_of(cls, organization_id: UUID | sa.ColumnElement[UUID] | Mapped[UUID]) -> sa.Select[str]:
        """Select the organization's default number as E.164: the number marked as default, else its oldest number.

        Numbers that are being released do not count.
        """
        return cls.usable(sa.select(cls.e164), organization_id).limit(1)

    @classmethod
    def default_of(cls, organization_id: UUID) -> sa.Select[UUID]:
        """Select the id of the number that ``caller_id_of`` selects."""
        return cls.usable(sa.select(cls.id), organization_id).limit(1)

    @classmethod
    def usable(
        cls, query: sa.Select[*Columns], organization_id: UUID | sa.ColumnElement[UUID] | Mapped[UUID]
    ) -> sa.Select[*Columns]:
        """Restrict ``query`` to the organization's bought numbers that calls may show, the default first."""
        return query.where(
            cls.organization_id == organization_id, cls.released_at.is_(None), cls.releasing_at.is_(None)
        ).order_by(cls.is_default.desc(), cls.id)


class VerificationState(enum.StrEnum):
    """The state of a verified number."""

    PENDING = "pending"
    """The carrier was asked to call the number, and nobody has entered the code yet."""
    VERIFIED = "verified"
    FAILED = "failed"
    """The call ended or half an hour passed, and nobody entered the code."""
    EXPIRED = "expired"
    """The number was verified, and the carrier does not list it any more."""
    REMOVING = "removing"
    """Members do not see the number any more; the row stays until the carrier has deleted its record."""


class VerifiedNumber(TenantOwned, Base):
    """A number that the organization holds with another company: outgoing calls may show it; we get no calls to it.

    Each organization verifies a number itself, even if another organization has verified the same number.
    """

    __tablename__ = "verified_number"
    __table_args__ = (sa.UniqueConstraint("organization_id", "e164"),)

    e164: Mapped[str]
    """E.164; the row's id instead while the number is being removed."""
    name: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[VerificationState] = mapped_column(text_enum(VerificationState, name="state"))
    requested_at: Mapped[dt.datetime]
    """The time of the last validation call, in UTC."""
    checked_at: Mapped[dt.datetime | None]
    """The last time that the carrier listed the number."""


def select_caller_id_numbers(organization_id: UUID) -> sa.CompoundSelect[UUID, str, str]:
    """Select id, E.164 number and name of each number that the organization's calls may show, in no order."""
    bought = sa.select(PhoneNumber.id, PhoneNumber.e164, PhoneNumber.name).where(
        PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None), PhoneNumber.releasing_at.is_(None)
    )
    return bought.union_all(
        sa.select(VerifiedNumber.id, VerifiedNumber.e164, VerifiedNumber.name).where(
            VerifiedNumber.owned_by(organization_id), VerifiedNumber.state == VerificationState.VERIFIED
        )
    )


class PurchaseState(enum.StrEnum):
    """The state of the purchase of a number."""

    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"


class NumberPurchase(TenantOwned, Base):
    """A purchase of a number, stored before the carrier is asked."""

    __tablename__ = "number_purchase"
    __table_args__ = (
        sa.Index(
            "uq_number_purchase_in_flight",
            "organization_id",
            unique=True,
            postgresql_where=sa.text("state = 'requested'"),
        ),
        sa.Index(None, "organization_id", "created_at"),
    )

    e164: Mapped[str]
    state: Mapped[PurchaseState] = mapped_column(text_enum(PurchaseState, name="state"))
    carrier_sid: Mapped[str | None]
    failure: Mapped[str | None]
    """The reason, for people."""
    requested_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    finished_at: Mapped[dt.datetime | None]


class Invitation(TenantOwned, Base):
    """A mailed invitation. The mail has the raw token, this row only its SHA-256."""

    __tablename__ = "invitation"
    __table_args__ = (
        sa.Index(
            "uq_invitation_open",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    email: Mapped[str]
    role: Mapped[Role] = mapped_column(text_enum(Role))
    digest: Mapped[bytes] = mapped_column(unique=True)
    invited_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    expires_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class InvitationReport(TenantOwned, Base):
    """A recipient's report of an invitation. While it exists, organization and inviter cannot invite the recipient."""

    __tablename__ = "invitation_report"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "recipient"),
        sa.Index(None, "recipient", "invited_by"),
    )

    invitation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    invited_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"), index=True)
    recipient: Mapped[bytes]
    """A digest of the mailbox: ``tenants.invitation_limits.recipient_digest``."""
    reports_so_far: Mapped[int]
    """Reports about the organization since staff last resumed its invitations, this one included."""


class UpgradeOutcome(enum.StrEnum):
    """The answer of staff to an upgrade request."""

    APPROVED = "approved"
    DECLINED = "declined"


class UpgradeRequest(TenantOwned, Base):
    """An owner's request for a bigger plan."""

    __tablename__ = "upgrade_request"
    __table_args__ = (
        sa.Index(
            "uq_upgrade_request_open", "organization_id", unique=True, postgresql_where=sa.text("resolved_at IS NULL")
        ),
    )

    requested_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(default="", server_default="")
    resolved_at: Mapped[dt.datetime | None]
    outcome: Mapped[UpgradeOutcome | None] = mapped_column(text_enum(UpgradeOutcome, name="outcome"))
    new_plan: Mapped[Plan | None] = mapped_column(text_enum(Plan, name="new_plan"))
    """The plan that an approval gave; None for open and declined requests, and for older approvals."""


class KeyScope(enum.StrEnum):
    """The permissions of an API key."""

    READ = "read"
    WRITE = "write"


class ApiKey(TenantOwned, Base):
    """A key for programs. The raw key is never stored."""

    __tablename__ = "api_key"
    __table_args__ = (sa.Index(None, "organization_id"),)

    label: Mapped[str] = mapped_column(default="", server_default="")
    scope: Mapped[KeyScope] = mapped_column(text_enum(KeyScope, name="scope"))
    digest: Mapped[bytes] = mapped_column(unique=True)
    prefix: Mapped[str]
    created_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
    last_used_at: Mapped[dt.datetime | None]
    """Written at most once a minute."""
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="SET NULL"))
