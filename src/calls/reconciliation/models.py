"""Results of the daily reconciliation with the carrier.

Staff read both tables with the back office's role, newest first by id: a ``ReconciledDay`` for each day (UTC), with
``is_settled`` when nothing is left to look at, and its ``CallDiscrepancy`` rows. A discrepancy with ``corrected_at`` is
corrected in our records; one without is for people, because money was spent on a call that only one side knows.
"""

import datetime as dt
import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, text_enum


class ReconciledDay(Base):
    """Sums over one day's calls on both sides, from the last comparison."""

    __tablename__ = "reconciled_day"
    __table_args__ = (sa.UniqueConstraint("day"),)

    day: Mapped[dt.date]
    """UTC."""
    compared_at: Mapped[dt.datetime | None]
    """None while the comparison is under way or was interrupted: the next run repeats it."""
    calls_here: Mapped[int] = mapped_column(default=0, server_default="0")
    """Rejected ones included: the carrier lists them too."""
    calls_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Those that browsers placed through us, and those to our numbers."""
    seconds_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Connected, before anything was corrected."""
    seconds_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    micros_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Estimates and prices in millionths of a US dollar, before anything was corrected."""
    micros_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """As far as the carrier knows prices, and states them in US dollars."""
    others_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls of the account that are not ours: of another product, or to other numbers."""
    unpriced: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls whose price the carrier does not know yet: the day is compared again."""
    corrected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Discrepancies of this day that were corrected, by any run."""
    open: Mapped[int] = mapped_column(default=0, server_default="0")
    """Discrepancies of this day that were not."""

    @property
    def is_settled(self) -> bool:
        return self.compared_at is not None and not self.open and not self.unpriced


class DiscrepancyKind(enum.StrEnum):
    """The kinds of differences between the two sides."""

    UNKNOWN_HERE = "unknown_here"
    """The carrier has a call of one of our widgets, or to one of our numbers, that we have no record of. Open."""
    UNKNOWN_THERE = "unknown_there"
    """We have a record of a call that the carrier does not know. Open."""
    DIALLED_THOUGH_REFUSED = "dialled_though_refused"
    """We rejected the call, and the carrier dialled somebody. Open."""
    STATUS = "status"
    DURATION = "duration"
    """Seconds connected; of an incoming call the minutes of all its legs."""
    END = "end"
    """The time at which it ended."""
    PRICE = "price"
    """The carrier's price has changed, in millionths of a US dollar. A price that replaces an estimate is none."""


class CallDiscrepancy(Base):
    """One discrepancy of one call, stored once however often its day is compared. No numbers, no names."""

    __tablename__ = "call_discrepancy"
    __table_args__ = (
        sa.UniqueConstraint("carrier_sid", "kind"),
        sa.Index(None, "day"),
        sa.Index("ix_call_discrepancy_open", "id", postgresql_where=sa.text("corrected_at IS NULL")),
    )

    day: Mapped[dt.date]
    kind: Mapped[DiscrepancyKind] = mapped_column(text_enum(DiscrepancyKind, is_open=True, name="kind"))
    carrier_sid: Mapped[str]
    """The caller's leg, by which the call is found in the carrier's console."""
    call_record_id: Mapped[UUID | None]
    """Our record, if there is one. No foreign key: the discrepancy outlives the organization."""
    token_id: Mapped[UUID | None]
    """The embed token, as the record or the signed identity names it."""
    here: Mapped[str]
    """Our value; empty for none."""
    there: Mapped[str]
    """The carrier's value; empty for none."""
    corrected_at: Mapped[dt.datetime | None]
    """The time at which our record was corrected; None means that people have to look at it."""
