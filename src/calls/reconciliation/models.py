"""What the daily comparison with the carrier found.

Staff read both tables with the back office's role, newest first by id: a ``CarrierDay`` for each day (UTC) that was
compared, with ``is_settled`` when nothing is left to look at, and the ``CarrierDifference``s behind it. A difference
with ``corrected_at`` was the carrier's to say and is corrected in our records; one without is for people: money was
spent, or should have been, on a call that only one side knows.
"""

import datetime as dt
import enum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, text_enum


class ReconciledDay(Base):
    """One day's calls on both sides. Sums are of what was compared last."""

    __tablename__ = "reconciled_day"
    __table_args__ = (sa.UniqueConstraint("day"),)

    day: Mapped[dt.date]
    """UTC."""
    compared_at: Mapped[dt.datetime | None]
    """None while the comparison is under way, or was interrupted: the next run does it again."""
    calls_here: Mapped[int] = mapped_column(default=0, server_default="0")
    """Refused ones included: the carrier lists them too."""
    calls_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Those that browsers placed through us."""
    seconds_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Connected, before anything was corrected."""
    seconds_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    micros_here: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """Estimates and prices in millionths of a US dollar, before anything was corrected."""
    micros_there: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """As far as the carrier told them."""
    others_there: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls of the account that no browser placed: somebody who rings one of its numbers, another product."""
    unpriced: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that cost something of which the carrier did not tell how much: the day is compared again."""
    corrected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Differences of this day that were corrected, by any run."""
    open: Mapped[int] = mapped_column(default=0, server_default="0")
    """Differences of this day that were not."""

    @property
    def is_settled(self) -> bool:
        return self.compared_at is not None and not self.open and not self.unpriced


class DiscrepancyKind(enum.StrEnum):
    """In what the two sides differ."""

    UNKNOWN_HERE = "unknown_here"
    """The carrier has a call of one of our phones that we have no record of. Open."""
    UNKNOWN_THERE = "unknown_there"
    """We have a record of a call that the carrier does not know. Open."""
    DIALLED_THOUGH_REFUSED = "dialled_though_refused"
    """We refused it, and the carrier dialled somebody. Open."""
    STATUS = "status"
    DURATION = "duration"
    """Seconds."""
    END = "end"
    """When it ended."""
    PRICE = "price"
    """The carrier's price has changed, millionths of a US dollar. That a price replaces an estimate is none."""


class CallDiscrepancy(Base):
    """One thing about one call, once, however often its day is compared. No numbers, no names."""

    __tablename__ = "call_discrepancy"
    __table_args__ = (
        sa.UniqueConstraint("carrier_sid", "kind"),
        sa.Index(None, "day"),
        sa.Index("ix_call_discrepancy_open", "id", postgresql_where=sa.text("corrected_at IS NULL")),
    )

    day: Mapped[dt.date]
    kind: Mapped[DiscrepancyKind] = mapped_column(text_enum(DiscrepancyKind, name="kind"))
    carrier_sid: Mapped[str]
    """The caller's leg: with it the call is found in the carrier's console."""
    call_record_id: Mapped[UUID | None]
    """Our record, if there is one. No foreign key: what was found outlives the organization."""
    token_id: Mapped[UUID | None]
    """The embed token, as the record or the signed identity names it."""
    here: Mapped[str]
    """What we had; empty for nothing."""
    there: Mapped[str]
    """What the carrier has; empty for nothing."""
    corrected_at: Mapped[dt.datetime | None]
    """When our record was set right; None: it is for people to look at."""
