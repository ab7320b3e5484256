"""The columns of a call that events change or depend on, as a struct that is read and stored without the ORM."""

import datetime as dt
from uuid import UUID

import msgspec

from calls.models import CallStatus


class CallRow(msgspec.Struct, kw_only=True):
    """Columns of ``Call``, which documents them."""

    id: UUID
    organization_id: UUID
    token_id: UUID | None
    carrier_sid: str
    identity: str
    direction: str
    status: CallStatus
    duration: int
    answered_at: dt.datetime | None
    ended_at: dt.datetime | None
    end_reason: str | None
    termination_reason: str | None
    carrier_error: int | None
    limit_minutes: int | None
    rate_micros: int | None
    reserved_until: dt.datetime | None
    billed_minutes: int
    cost_micros: int
    is_priced: bool
    foreign_price_micros: int | None
    foreign_currency: str | None
    price_due_at: dt.datetime | None
    version: int
    erased_at: dt.datetime | None

    @property
    def has_ended(self) -> bool:
        """As ``Call.has_ended``."""
        return self.status.is_final or self.version > 1
