"""Database tables of calls and of call events, from which a call's state is derived.

A third table stores events of calls that are not on record yet.
"""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, listed_values, text_enum
from widget.refusals import RefusalDetails

MAX_AGENT_CHARACTERS = 200
MAX_NAME_CHARACTERS = 200
"""The longest name of a called person or of a company."""
MAX_URL_CHARACTERS = 1000
MAX_EXTENSION_CHARACTERS = 20
"""The longest extension that phone number libraries parse."""


class CallStatus(enum.StrEnum):
    """Status of a call; all after ``IN_PROGRESS`` are final."""

    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"
    VOICEMAIL = "voicemail"
    """Incoming: nobody accepted, and the caller left a message."""
    ABANDONED = "abandoned"
    """Incoming: the caller hung up while our prompts played or phones rang."""

    @property
    def is_final(self) -> bool:
        return self not in LIVE_STATUSES


class ImposedEnd(enum.StrEnum):
    """The end reasons of calls that the product ended."""

    TIME_LIMIT = "time_limit_reached"
    BY_STAFF = "ended_by_staff"
    REVOCATION = "ended_token_revoked"
    ORGANIZATION_SUSPENDED = "ended_organization_suspended"
    ORGANIZATION_DELETED = "ended_organization_deleted"
    CALLS_PAUSED = "ended_calls_paused"


LIVE_STATUSES = (CallStatus.INITIATED, CallStatus.RINGING, CallStatus.IN_PROGRESS)
MISSED_STATUSES = (CallStatus.NO_ANSWER, CallStatus.VOICEMAIL, CallStatus.ABANDONED)
"""Statuses of incoming calls that are over and that nobody accepted."""
UNRETURNED_SQL = "direction = 'inbound' AND status IN ('no-answer','voicemail','abandoned') AND returned_at IS NULL"
"""SQL condition for missed calls after which no call connected the caller with somebody."""


class Direction(enum.StrEnum):
    """The direction of a call, seen from the organization."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Call(TenantOwned, Base):
    """One call with both its legs. Everything from ``status`` to ``end_reason`` is derived from its events."""

    __tablename__ = "call"
    __table_args__ = (
        # Has every column that lists filter by and totals sum: both read this index and no row.
        sa.Index(
            "ix_call_organization_id_id",
            "organization_id",
            sa.text("id DESC"),
            postgresql_include=[
                "token_id",
                "to_number",
                "status",
                "duration",
                "started_at",
                "answered_at",
                "agent",
                "agent_is_member",
            ],
        ),
        # Finds calls by their number or its first digits.
        sa.Index(
            "ix_call_organization_id_to_number",
            "organization_id",
            "to_number",
            sa.text("id DESC"),
            postgresql_ops={"to_number": "text_pattern_ops"},
        ),
        listed_values(Direction, "direction"),
        # The agent is part of an index, which cannot contain long texts.
        sa.CheckConstraint(f"char_length(agent) <= {MAX_AGENT_CHARACTERS}", name="agent"),
        # Names are part of an index too. A URL becomes a link, so only http and https may be stored.
        sa.CheckConstraint(f"char_length(name) <= {MAX_NAME_CHARACTERS}", name="name"),
        sa.CheckConstraint(f"char_length(company) <= {MAX_NAME_CHARACTERS}", name="company"),
        sa.CheckConstraint(f"url ~* '^https?://' AND char_length(url) <= {MAX_URL_CHARACTERS}", name="url"),
        sa.CheckConstraint(f"extension ~ '^[0-9*#]{{1,{MAX_EXTENSION_CHARACTERS}}}$'", name="extension"),
        # Finds calls by a part of a name; reads this index and no row.
        sa.Index(
            "ix_call_named",
            "organization_id",
            sa.text("id DESC"),
            postgresql_include=["name", "company"],
            postgresql_where=sa.text("name IS NOT NULL OR company IS NOT NULL"),
        ),
        sa.Index("ix_call_to_number_prefix", "to_number", postgresql_ops={"to_number": "text_pattern_ops"}),
        sa.Index("ix_call_token_id_call_id", "token_id", "call_id"),
        sa.Index(
            "ix_call_live",
            "organization_id",
            postgresql_where=sa.text("status IN ('initiated','ringing','in-progress')"),
        ),
        # Finds and counts calls by their end reason.
        sa.Index(
            "ix_call_end_reason",
            "organization_id",
            "end_reason",
            sa.text("id DESC"),
            postgresql_include=["status", "started_at"],
            postgresql_where=sa.text("end_reason IS NOT NULL"),
        ),
        # Finds and counts calls by their outcome.
        sa.Index(
            "ix_call_outcome",
            "organization_id",
            "outcome",
            sa.text("id DESC"),
            postgresql_include=["status", "started_at", "answered_at", "duration"],
            postgresql_where=sa.text("outcome IS NOT NULL"),
        ),
        # Finds calls by a tag, among those that have any.
        sa.Index(
            "ix_call_tagged",
            "organization_id",
            sa.text("id DESC"),
            postgresql_where=sa.text("tags IS NOT NULL"),
        ),
        # Finds incoming calls, and counts those that were missed.
        sa.Index(
            "ix_call_inbound",
            "organization_id",
            sa.text("id DESC"),
            postgresql_include=["from_number", "status", "started_at"],
            postgresql_where=sa.text("direction = 'inbound'"),
        ),
        # Finds the missed calls of a caller who is reached later.
        sa.Index("ix_call_missed_from", "organization_id", "from_number", postgresql_where=sa.text(UNRETURNED_SQL)),
        # Counts the missed calls that a member has not seen.
        sa.Index("ix_call_missed_at", "organization_id", "missed_at", postgresql_where=sa.text(UNRETURNED_SQL)),
        # Finds the calls whose price the carrier is asked for.
        sa.Index("ix_call_price_due", "price_due_at", postgresql_where=sa.text("price_due_at IS NOT NULL")),
        # Finds reservations that were not released in time.
        sa.Index(
            "ix_call_reserved_until",
            "organization_id",
            "reserved_until",
            postgresql_where=sa.text("reserved_until IS NOT NULL"),
        ),
    )

    carrier_sid: Mapped[str] = mapped_column(unique=True)
    """The carrier's id of the parent leg: the widget's, or that of an incoming caller."""
    token_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    """The token that placed the call; None for incoming calls."""
    call_id: Mapped[UUID | None]
    """Made by the widget: untrusted, looked up only together with the token."""
    identity: Mapped[str]
    """The widget's identity, the only thing in a call that the browser cannot choose; empty for incoming calls."""
    direction: Mapped[str] = mapped_column(default="outbound", server_default="outbound")
    """A ``Direction``."""
    from_number: Mapped[str | None]
    """The organization's number, E.164; None when the call was rejected before one was chosen. Of an incoming call the
    caller's number, which anybody can forge; None when it is withheld."""
    from_number_id: Mapped[UUID | None]
    """The id of the organization's number that an outgoing call shows; None for older calls."""
    to_number: Mapped[str]
    """E.164; the dialled text, cut, if it is no phone number. Of an incoming call the organization's number."""
    answered_by: Mapped[str | None]
    """Of an incoming call: the forward number that accepted it, E.164."""
    attestation: Mapped[str | None]
    """Of an incoming call: the carrier's verification of the caller's number, such as ``TN-Validation-Passed-A``."""
    missed_at: Mapped[dt.datetime | None]
    """The time at which we recorded an incoming call as missed: later than ``ended_at``, which is the carrier's time.
    None for other calls, and for calls older than this column."""
    returned_at: Mapped[dt.datetime | None]
    """Of a missed call: the time at which a later call, in either direction, connected its caller with somebody. A
    trigger sets it when the later call is answered."""
    returned_call_id: Mapped[UUID | None]
    """The id of the later call."""
    status: Mapped[CallStatus] = mapped_column(text_enum(CallStatus, is_open=True, name="status"))
    duration: Mapped[int] = mapped_column(default=0, server_default="0")
    """Whole seconds connected, 0 until the end."""
    started_at: Mapped[dt.datetime]
    answered_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None]
    """A code: the reason of the rejection, or the kind of end if nobody simply hung up."""
    end_details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """``RefusalDetails``: of a rejected call its reason, of an admitted call the limit that shortens it, if any."""
    termination_reason: Mapped[str | None]
    """An ``ImposedEnd``: the reason for which we asked the carrier to end the call; None if we did not."""
    carrier_error: Mapped[int | None]
    """The carrier's error code of a failed call; ``carrier/error_codes.py`` lists the meanings."""
    agent: Mapped[str | None]
    """The person who placed the call: a member's e-mail address, cut, or the name that the page gave."""
    agent_is_member: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True when the client id was issued to a signed-in member. Otherwise the agent is the page's claim."""
    origin: Mapped[str | None]
    """The page's origin as the widget sent it: a claim, like everything that the browser sends with a call."""
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    """The page's own data, carried through the call."""
    name: Mapped[str | None]
    """The called person's name as the page gives it: a claim, like ``company`` and ``url``."""
    company: Mapped[str | None]
    url: Mapped[str | None]
    """The http(s) URL of the called person's record, as the page gives it."""
    extension: Mapped[str | None]
    """The extension that the page gave or the agent typed, sent as tones after the answer: a claim too."""
    outcome: Mapped[str | None]
    """One of the organization's outcomes when it was chosen; later changes of the list do not change it."""
    note: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """None if the call has no tags."""
    country: Mapped[str | None]
    """Country of the destination, ISO 3166; None for calls that were rejected or are older than this column."""
    limit_minutes: Mapped[int | None]
    """The time limit that the carrier enforces."""
    rate_micros: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Estimated price per minute, in millionths of a US dollar."""
    reserved_until: Mapped[dt.datetime | None]
    """Set while the call reserves minutes and counts as live; after this time the reservation is released anyway."""
    billed_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    """The minutes of this call that were added to the usage counters."""
    cost_micros: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Cost in millionths of a US dollar: an estimate, or the carrier's own price."""
    is_priced: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """True once ``cost_micros`` is the carrier's own price."""
    foreign_price_micros: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The carrier's price in millionths of ``foreign_currency``; ``cost_micros`` then stays an estimate."""
    foreign_currency: Mapped[str | None]
    """ISO 4217, three letters."""
    price_due_at: Mapped[dt.datetime | None]
    """The time of the next request for the price; None once it is known, or left to the daily reconciliation."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """1, plus one for each change after the call's end that customers see. A trigger emits an event for each change."""
    erased_at: Mapped[dt.datetime | None]
    """The time at which numbers, names, origin and metadata were erased; times, duration and cost stay."""

    @property
    def has_ended(self) -> bool:
        """True once an event of the call's end was emitted, even if a later callback made the call live again."""
        return self.status.is_final or self.version > 1


def is_inbound() -> sa.ColumnElement[bool]:
    """The filter of incoming calls, which the index on them answers."""
    return sa.type_coerce(Call.direction == sa.literal_column(f"'{Direction.INBOUND}'"), sa.Boolean)


def stored_details(details: RefusalDetails | None) -> dict[str, Any] | None:
    """``details`` as the column ``end_details`` stores them."""
    return None if details is None else msgspec.to_builtins(details)


class CallEvent(TenantOwned, Base):
    """One event of one leg, stored once however often it is reported."""

    __tablename__ = "call_event"
    __table_args__ = (
        sa.UniqueConstraint("call_record_id", "leg_sid", "kind", "sequence"),
        sa.Index(None, "organization_id"),
    )

    call_record_id: Mapped[UUID] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"))
    leg_sid: Mapped[str]
    """The carrier's id of the leg."""
    is_child: Mapped[bool]
    """True for a child leg (called person, or forwarded phone), False for the parent leg."""
    kind: Mapped[str]
    """The leg's new status as the carrier names it, or a kind of ours, such as ``dial-ended``."""
    sequence: Mapped[int]
    """The carrier's sequence number within the leg; -1 where it gives none."""
    duration: Mapped[int | None]
    """Whole seconds connected; only in final events."""
    sip_code: Mapped[int | None]
    dial_status: Mapped[str | None]
    """The carrier's result of the dial; only in ``dial-ended`` events."""
    error_code: Mapped[int | None]
    """The carrier's error code."""
    occurred_at: Mapped[dt.datetime]
    """The carrier's time of the event."""


class UnmatchedEvent(Base):
    """An event of a call that is not on record; a job records it once the call is, or it is deleted after some days."""

    __tablename__ = "unmatched_event"
    __table_args__ = (
        sa.UniqueConstraint("parent_sid", "leg_sid", "kind", "sequence"),
        sa.Index(None, "created_at"),
    )

    parent_sid: Mapped[str]
    """The carrier's id of the parent leg; the other columns as in ``CallEvent``."""
    leg_sid: Mapped[str]
    is_child: Mapped[bool]
    kind: Mapped[str]
    sequence: Mapped[int]
    duration: Mapped[int | None]
    sip_code: Mapped[int | None]
    dial_status: Mapped[str | None]
    error_code: Mapped[int | None]
    occurred_at: Mapped[dt.datetime]
