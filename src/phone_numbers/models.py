"""Tables of this package: discrepancies with the carrier's numbers, postal addresses, and regulatory bundles.

``PhoneNumber``, ``NumberPurchase`` and ``VerifiedNumber`` are in ``tenants.models``.
"""

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, text_enum

UNEXPLAINED = "at the carrier, not held here"
OF_ANOTHER_DEPLOYMENT = "at the carrier, named for another deployment"
MISSING = "held here, not at the carrier"
RELEASED_BY_STAFF = "released at the carrier by staff"


class NumberDiscrepancy(Base):
    """A number that is only at the carrier, or only held by an organization: a person must decide about it."""

    __tablename__ = "phone_number_discrepancy"
    __table_args__ = (sa.UniqueConstraint("e164", "reason"),)

    e164: Mapped[str]
    carrier_sid: Mapped[str | None]
    """The carrier's id of the number, if it is known."""
    reason: Mapped[str]
    """One of the constants above."""
    last_seen_at: Mapped[dt.datetime]
    """The time of the last comparison that found it; ``created_at`` is the time of the first one."""

    @property
    def last_digits(self) -> str:
        """The number's last four digits: logs and terminals may show no more."""
        return self.e164[-4:]


class AddressState(enum.StrEnum):
    """The state of an address at the carrier."""

    REQUESTED = "requested"
    """Stored before the carrier is asked; the outcome is not known yet."""
    REGISTERED = "registered"
    DELETING = "deleting"


class RegisteredAddress(TenantOwned, Base):
    """A postal address of an organization, which numbers of some countries need: at most one in each country."""

    __tablename__ = "registered_address"
    __table_args__ = (sa.UniqueConstraint("organization_id", "country"),)

    country: Mapped[str]
    """ISO 3166 two-letter code."""
    customer_name: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    region: Mapped[str]
    postal_code: Mapped[str]
    state: Mapped[AddressState] = mapped_column(text_enum(AddressState, name="state"))
    carrier_sid: Mapped[str | None]


class RegulatoryBundle(TenantOwned, Base):
    """Identity documents of an organization that the carrier approved, for the numbers of one country."""

    __tablename__ = "regulatory_bundle"
    __table_args__ = (sa.UniqueConstraint("organization_id", "country"),)

    country: Mapped[str]
    """ISO 3166 two-letter code."""
    carrier_sid: Mapped[str]
