"""Tables of the HubSpot sync: an organization's connection, and the state of each call that is written."""

import datetime as dt
import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, text_enum


class CrmCallState(enum.StrEnum):
    """The states of a call on its way to HubSpot."""

    WAITING = "waiting"
    """The call waits to be written for the first time, or again after a change."""
    LOGGED = "logged"
    """HubSpot has the call's present state."""
    FAILED = "failed"
    """The call could not be written; it is tried again when a person requests that or the call changes."""


class FailureReason(enum.StrEnum):
    """The causes for which a call could not be written; ``crm.failures`` has a sentence about each."""

    RECORD_ID_NOT_VALID = "record_id_not_valid"
    OTHER_ACCOUNT = "other_account"
    OBJECT_TYPE_UNKNOWN = "object_type_unknown"
    RECORD_MISSING = "record_missing"
    CALL_DELETED = "call_deleted"
    SCOPE_MISSING = "scope_missing"
    EDIT_REFUSED = "edit_refused"
    NOT_ACCEPTED = "not_accepted"
    UNREACHABLE = "unreachable"
    FAULT = "fault"


class HubSpotConnection(TenantOwned, Base):
    """An organization's access to its HubSpot account. The columns from ``failures`` on belong to the sync."""

    __tablename__ = "hubspot_connection"
    __table_args__ = (
        sa.UniqueConstraint("organization_id"),
        sa.Index(None, "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )

    access_token: Mapped[str]
    """Encrypted."""
    portal_id: Mapped[str]
    """The number of the HubSpot account."""
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """The token's scopes when it was connected; None where HubSpot does not return them."""
    broken_at: Mapped[dt.datetime | None]
    """The time at which HubSpot refused the token; nothing is sent until another token is connected."""
    calls_without_record: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that have ended since the connection and named no record, so that they are not written."""
    last_logged_at: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Failed attempts to reach HubSpot since the last success."""
    due_at: Mapped[dt.datetime | None]
    """The time of the next attempt; None when no call waits."""
    leased_until: Mapped[dt.datetime | None]
    """The end of the lease of the process that writes the calls."""
    leased_by: Mapped[UUID | None]


class HubSpotCall(TenantOwned, Base):
    """A call that names a record in HubSpot; deleted with the connection, and when the call is anonymized."""

    __tablename__ = "hubspot_call"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "call_record_id"),
        sa.Index(
            "ix_hubspot_call_waiting", "connection_id", "requested_at", postgresql_where=sa.text("state = 'waiting'")
        ),
        sa.Index(
            "ix_hubspot_call_failed",
            "organization_id",
            sa.text("id DESC"),
            postgresql_where=sa.text("state = 'failed'"),
        ),
        sa.Index(None, "connection_id"),
        sa.Index(None, "call_record_id"),
    )

    connection_id: Mapped[UUID] = mapped_column(sa.ForeignKey("hubspot_connection.id", ondelete="CASCADE"))
    call_record_id: Mapped[UUID] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"))
    state: Mapped[CrmCallState] = mapped_column(
        text_enum(CrmCallState, name="state"), default=CrmCallState.WAITING, server_default="waiting"
    )
    requested: Mapped[int] = mapped_column(default=1, server_default="1")
    """Grows with each event of the call, so that an event during a write causes another write."""
    requested_at: Mapped[dt.datetime] = mapped_column(server_default=sa.func.now())
    engagement_id: Mapped[str | None]
    """HubSpot's id of the call."""
    reason: Mapped[FailureReason | None] = mapped_column(text_enum(FailureReason, name="reason"))
    detail: Mapped[str | None]
    """The missing scopes, or HubSpot's category of an error; never HubSpot's text, which may contain phone numbers."""
    failed_at: Mapped[dt.datetime | None]
