"""``POST /widget/recent``: a verified person's own latest calls with the token, for the phone on our own pages."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from calls.caller_attribution import CallerAttribution
from calls.models import Call
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.schemas import ResponseModel, rfc3339
from widget.token_auth import AuthenticatedWidget, WidgetRequest

MAX_RECENT_CALLS = 20
_RECENT_DAYS = dt.timedelta(days=30)
"""The calls of these days are searched, in an index that has all filtered columns."""
_encode = msgspec.json.Encoder().encode


class RecentCall(ResponseModel, frozen=True, kw_only=True, rename="camel"):
    """A call as the phone lists it: with the names that phone.js itself uses."""

    call_id: str
    number: str
    """E.164."""
    name: str | None
    company: str | None
    url: str | None
    extension: str | None
    status: str
    duration: int
    """Whole seconds connected."""
    started_at: str | None


class RecentCalls(ResponseModel, frozen=True, kw_only=True):
    """The answer of ``/widget/recent``, newest first; empty for everybody who is not verified."""

    calls: Sequence[RecentCall]


class RecentCallsHandler:
    """Returns a verified member's own calls with the widget's token, if the token shows them. Made once at start."""

    def __init__(self, database: Database, attribution: CallerAttribution) -> None:
        self._database = database
        self._attribution = attribution

    async def __call__(self, widget: AuthenticatedWidget, _: WidgetRequest) -> bytes:
        client_id = widget.ticket.client_id
        # The client id is a member's only in a ticket of a page that we rendered for them.
        if not widget.shows_recent_calls or not self._attribution.may_be_signed(widget.token_id, client_id):
            return _encode(RecentCalls(calls=()))
        async with self._database.tenant_session(widget.organization_id) as session:
            member = await self._attribution.find_member(session, widget.token_id, client_id)
            rows = [] if member is None else (await session.execute(_query(widget, member))).all()
        return _encode(RecentCalls(calls=[_recent_call(row) for row in rows]))


def _query(widget: AuthenticatedWidget, member: str) -> sa.Executable:
    own = (
        Call.owned_by(widget.organization_id),
        Call.id >= first_uuid7(utc_now() - _RECENT_DAYS),
        Call.token_id == widget.token_id,
        Call.agent_is_member,
        Call.agent == member,
    )
    found = sa.select(Call.id).where(*own).order_by(Call.id.desc()).limit(MAX_RECENT_CALLS)
    columns = (
        Call.id,
        Call.call_id,
        Call.to_number,
        Call.name,
        Call.company,
        Call.url,
        Call.extension,
        Call.status,
        Call.duration,
        Call.started_at,
    )
    shown = Call.owned_by(widget.organization_id), Call.id.in_(found), Call.to_number.startswith("+")
    return sa.select(*columns).where(*shown).order_by(Call.id.desc())


def _recent_call(row: Any) -> RecentCall:
    return RecentCall(
        call_id=str(row.call_id or row.id),
        number=row.to_number,
        name=row.name,
        company=row.company,
        url=row.url,
        extension=row.extension,
        status=row.status.value,
        duration=row.duration,
        started_at=rfc3339(row.started_at),
    )
