"""Discrepancies between the carrier's list of numbers and the organizations', as the last comparison found them."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from kit.db.model import Base

UNEXPLAINED = "at the carrier, not held here"
OF_ANOTHER_DEPLOYMENT = "at the carrier, named for another deployment"
MISSING = "held here, not at the carrier"
RELEASED_BY_STAFF = "released at the carrier by staff"


class NumberDiscrepancy(Base):
    """A number that only the carrier or only an organization holds, and that a person must look at."""

    __tablename__ = "phone_number_discrepancy"
    __table_args__ = (sa.UniqueConstraint("e164", "reason"),)

    e164: Mapped[str]
    carrier_sid: Mapped[str | None]
    """The carrier's id of the number, where it is known."""
    reason: Mapped[str]
    """One of the texts above."""
    last_seen_at: Mapped[dt.datetime]
    """By the last comparison; ``created_at`` is the time of the first one."""

    @property
    def last_digits(self) -> str:
        """The number's last four digits: logs and terminals may show no more."""
        return self.e164[-4:]
