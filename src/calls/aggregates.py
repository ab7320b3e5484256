"""SQL expressions that sum calls, and SQL conditions for outgoing, incoming or refused calls since a time."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from calls.models import Call, CallStatus, is_inbound
from kit.ids import first_uuid7

_MAX_CLOCK_SKEW = dt.timedelta(hours=1)


class CallTotals(msgspec.Struct, frozen=True):
    """Sums over some calls."""

    calls: int = 0
    answered: int = 0
    seconds: int = 0
    """Talk time: seconds connected."""
    minutes: int = 0
    """Billed minutes: each call's talk time, rounded up to whole minutes."""

    def __add__(self, other: "CallTotals") -> "CallTotals":
        return CallTotals(
            self.calls + other.calls,
            self.answered + other.answered,
            self.seconds + other.seconds,
            self.minutes + other.minutes,
        )


def totals_columns(calls: Any = Call) -> tuple[sa.ColumnElement[int], ...]:
    """Columns that sum ``calls``, a table or a subquery's columns, in the order of the fields of ``CallTotals``."""
    seconds = sa.cast(sa.func.coalesce(sa.func.sum(calls.duration), 0), sa.BigInteger)
    # Equals ``billed_minutes``, which no index contains.
    minutes = sa.cast(sa.func.coalesce(sa.func.sum((calls.duration + 59) // 60), 0), sa.BigInteger)
    return sa.func.count(), sa.func.count(calls.answered_at), seconds, minutes


def outgoing_since(organization_id: UUID, start: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions for the organization's outgoing calls since ``start``, without refused ones."""
    # Incoming calls have no token; the index that lists use contains the token, but not the direction.
    return *_since(organization_id, start), Call.status != CallStatus.REFUSED, Call.token_id.is_not(None)


def incoming_since(organization_id: UUID, start: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions for the organization's incoming calls since ``start``, without refused ones."""
    return *_since(organization_id, start), Call.status != CallStatus.REFUSED, is_inbound()


def refused_since(organization_id: UUID, start: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Conditions for the organization's refused calls of both directions since ``start``."""
    # "IS NOT NULL" repeats the condition of the partial index on end reasons, so that the planner uses that index.
    return *_since(organization_id, start), Call.end_reason.is_not(None), Call.status == CallStatus.REFUSED


def _since(organization_id: UUID, start: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    # Ids begin with the time of their creation, so the index on organization and id finds the days.
    return Call.owned_by(organization_id), Call.id >= first_uuid7(start - _MAX_CLOCK_SKEW), Call.started_at >= start
