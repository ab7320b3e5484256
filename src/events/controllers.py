"""API route ``…/events``: lists the organization's events, for programs that fetch them."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from events.schemas import EventInfo, EventPage
from events.services import EventService, parse_sequence
from kit.db.paging import read_limit
from tenants.guards import requires_member


class EventController(Controller):
    """Events of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/events"
    tags = ["Events"]
    guards = [requires_member]

    @get(summary="Events of the last 30 days, oldest first")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        after: FromQuery[str | None] = None,
        limit: FromQuery[int | None] = None,
    ) -> EventPage:
        position = parse_sequence(after)
        rows = await EventService(db_session).list_after(organization_id, position, limit=read_limit(limit))
        # Programs store the cursor and poll with it, so without newer events it is the same again.
        same_cursor = None if after is None else position
        next_cursor = rows[-1].sequence if rows else same_cursor
        return EventPage(items=[EventInfo.of(row) for row in rows], next_cursor=next_cursor)
