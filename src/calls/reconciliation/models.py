"""Database tables of the results of the daily reconciliation with the carrier.

Staff read both tables with the back office's role, newest first by id: a ``ReconciledDay`` for each day (UTC), which
``is_settled`` when nothing is left to check, and its ``CallDiscrepancy`` rows. A discrepancy with ``corrected_at`` is
corrected in our records; one without must be checked by people, because only one side has a record of the call.
"""

import datetime as dt
import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, text_enum


class ReconciledDay(Base):
    """Sums over one day's calls from its last comparison: ``_here`` are ours, ``_there`` the carrier's."""

    __tablename__ = "reconciled_day"
    __table_args__ = (sa.UniqueConstraint("day"),)

    day: Mapped[dt.date]
    """UTC."""
    compared_at: Mapped[dt.datetime | None]
    """None while the comparison is under way or was interrupted: the next run repeats it."""
    calls_here: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rejected calls included, because the carrier lists them too."""
    calls_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that our widgets placed, and calls to our numbers."""
    seconds_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Connected seconds before any correction."""
    seconds_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    micros_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Estimates and prices in millionths of a US dollar, before any correction."""
    micros_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """The prices that the carrier has set in US dollars."""
    others_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls of the carrier account that are not ours: of another product, or to other numbers."""
    unpriced: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls whose price the carrier has not set yet: the day is compared again."""
    corrected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Discrepancies of this day that were corrected, by any run."""
    open: Mapped[int] = mapped_column(default=0, server_default="0")
    """Discrepancies of this day that were not corrected."""

    @property
    def is_settled(self) -> bool:
        return self.compared_at is not None and not self.open and not self.unpriced


class DiscrepancyKind(enum.StrEnum):
    """The kinds of differences between our records and the carrier's."""

    UNKNOWN_TO_US = "unknown_here"
    """The carrier has a call of one of our widgets, or to one of our numbers, without our record. Never corrected."""
    UNKNOWN_TO_CARRIER = "unknown_there"
    """We have a record of a call that the carrier has not. Never corrected."""
    DIALLED_THOUGH_REFUSED = "dialled_though_refused"
    """We rejected the call, and the carrier dialled somebody. Never corrected."""
    STATUS = "status"
    DURATION = "duration"
    """The seconds connected; of an incoming call the minutes of all its legs."""
    END = "end"
    """The time of the call's end."""
    PRICE = "price"
    """The carrier has changed its price, in millionths of a US dollar. Replacing an estimate is no discrepancy."""


class CallDiscrepancy(Base):
    """One discrepancy of one call, stored once however often its day is compared; without numbers and names."""

    __tablename__ = "call_discrepancy"
    __table_args__ = (
        sa.UniqueConstraint("carrier_sid", "kind"),
        sa.Index(None, "day"),
        sa.Index("ix_call_discrepancy_open", "id", postgresql_where=sa.text("corrected_at IS NULL")),
    )

    day: Mapped[dt.date]
    kind: Mapped[DiscrepancyKind] = mapped_column(text_enum(DiscrepancyKind, is_open=True, name="kind"))
    carrier_sid: Mapped[str]
    """The id of the parent leg, by which staff find the call in the carrier's console."""
    call_record_id: Mapped[UUID | None]
    """Our record, if there is one. No foreign key: the discrepancy outlives the organization."""
    token_id: Mapped[UUID | None]
    """The embed token in the call's record or signed identity."""
    here: Mapped[str]
    """Our value; empty for none."""
    there: Mapped[str]
    """The carrier's value; empty for none."""
    corrected_at: Mapped[dt.datetime | None]
    """The time at which our record was corrected; None if people have to check the discrepancy."""
