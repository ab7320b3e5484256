"""``POST /widget/recent``: a signed-in member's own latest outgoing calls, for the widget on our own pages."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from calls.agent_identification import AgentIdentification
from calls.models import Call
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.schemas import ResponseModel, rfc3339
from widget.token_auth import AuthenticatedWidget, WidgetRequest

MAX_RECENT_CALLS = 20
_RECENT_DAYS = dt.timedelta(days=30)
"""Only calls of this period are searched, in an index that contains all filtered columns."""
_encode = msgspec.json.Encoder().encode


class RecentCall(ResponseModel, frozen=True, kw_only=True, rename="camel"):
    """A call as the widget lists it; fields are named as in phone.js."""

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
    """The answer of ``/widget/recent``, newest first; empty unless the person is a verified agent."""

    calls: Sequence[RecentCall]


class RecentCallsHandler:
    """Returns a member's own calls with the widget's token, if the token allows the list. Made once at start."""

    def __init__(self, database: Database, agent_identification: AgentIdentification) -> None:
        self._database = database
        self._agent_identification = agent_identification

    async def __call__(self, widget: AuthenticatedWidget, _: WidgetRequest) -> bytes:
        client_id = widget.ticket.client_id
        # A client id belongs to a member only if our own page was rendered for that member.
        if not widget.shows_recent_calls or not self._agent_identification.may_be_signed(widget.token_id, client_id):
            return _encode(RecentCalls(calls=()))
        async with self._database.tenant_session(widget.organization_id) as session:
            email = await self._agent_identification.find_member_email(session, widget.token_id, client_id)
            rows = [] if email is None else (await session.execute(_query(widget, email))).all()
        return _encode(RecentCalls(calls=[_recent_call(row) for row in rows]))


def _query(widget: AuthenticatedWidget, member_email: str) -> sa.Executable:
    conditions = (
        Call.owned_by(widget.organization_id),
        Call.id >= first_uuid7(utc_now() - _RECENT_DAYS),
        Call.token_id == widget.token_id,
        Call.agent_is_member,
        Call.agent == member_email,
    )
    found = sa.select(Call.id).where(*conditions).order_by(Call.id.desc()).limit(MAX_RECENT_CALLS)
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
