"""Query parts that sum calls. Rejected calls are left out."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from calls.models import Call, CallStatus
from kit.ids import first_uuid7
from kit.rounding import divide_up

_MAX_CLOCK_SKEW = dt.timedelta(hours=1)


class CallTotals(msgspec.Struct, frozen=True):
    """Sums over some calls."""

    calls: int = 0
    answered: int = 0
    seconds: int = 0
    """Connected."""

    @property
    def minutes(self) -> int:
        """Connected minutes, the last one rounded up."""
        return divide_up(self.seconds, 60)

    def __add__(self, other: "CallTotals") -> "CallTotals":
        return CallTotals(self.calls + other.calls, self.answered + other.answered, self.seconds + other.seconds)


def totals_columns(calls: Any = Call) -> tuple[sa.ColumnElement[int], ...]:
    """Columns that sum ``calls``, a table or a subquery's columns, in the order of the fields of ``CallTotals``."""
    seconds = sa.cast(sa.func.coalesce(sa.func.sum(calls.duration), 0), sa.BigInteger)
    return sa.func.count(), sa.func.count(calls.answered_at), seconds


def started_since(organization_id: UUID, start: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions for the organization's calls since ``start``."""
    # Ids begin with their time, so the index on organization and id finds the days.
    return (
        Call.owned_by(organization_id),
        Call.id >= first_uuid7(start - _MAX_CLOCK_SKEW),
        Call.started_at >= start,
        Call.status != CallStatus.REFUSED,
    )
