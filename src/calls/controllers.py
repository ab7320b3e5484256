"""API endpoints of an organization's calls (list, CSV file, one call, its outcome, note and tags) and of its usage."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, patch
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from calls.csv_export import calls_csv
from calls.incoming.missed_calls import MissedCallService
from calls.list_filters import (
    parse_direction_filter,
    parse_end_reason_filter,
    parse_name_filter,
    parse_number_filter,
    parse_status_filter,
)
from calls.listing import CallFilters, CallListService
from calls.models import CallStatus, Direction
from calls.outcomes.errors import CallErased
from calls.outcomes.rules import parse_outcome_filter, parse_tag_filter
from calls.outcomes.schemas import ChangeCall
from calls.outcomes.services import Author, RemarkService
from calls.refusal_help import explain_call
from calls.schemas import CallDetail, CallExplanation, CallInfo, MonthUsageInfo, UsageInfo
from calls.services import CallService
from calls.usage import UsageService
from kit.clock import utc_now
from kit.db.paging import PageQuery, read_moment
from kit.db.reading_session import ReadingSession
from kit.http.app_key import EXPORT_READING_SESSIONS
from kit.http.csv_response import ByteOrderMark, csv_response
from kit.http.data_age import accepted_age
from kit.http.query_parameters import Moment
from kit.http.tenant_concurrency import SENDS_EXPORT, ExportInProgress
from kit.schemas import Page
from tenants.auth import current_member
from tenants.guards import requires_member
from tenants.services import OrganizationService
from widget.refusals import REFUSALS


def parse_call_filters(
    request: Request[Any, Any, State],
    status: Annotated[str | None, QueryParameter(schema_extra={"enum": list(CallStatus)})] = None,
    number: FromQuery[str | None] = None,
    name: FromQuery[str | None] = None,
    token_id: FromQuery[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
    end_reason: FromQuery[str | None] = None,
    outcome: FromQuery[str | None] = None,
    tag: FromQuery[str | None] = None,
    direction: Annotated[str | None, QueryParameter(schema_extra={"enum": list(Direction)})] = None,
    missed: FromQuery[bool | None] = None,
    with_refused: Annotated[
        bool, QueryParameter(description="With `missed=true`: also incoming calls that were refused.")
    ] = False,
    from_number_id: FromQuery[UUID | None] = None,
) -> CallFilters:
    """The filters in a request's query, for the list and for the export. Raises: ValidationFailed."""
    return CallFilters(
        status=parse_status_filter(status),
        number=parse_number_filter(number, current_member(request).country),
        name=parse_name_filter(name),
        token_id=token_id,
        since=read_moment("since", since),
        until=read_moment("until", until),
        end_reason=parse_end_reason_filter(end_reason),
        outcome=parse_outcome_filter(outcome),
        tag=parse_tag_filter(tag),
        direction=parse_direction_filter(direction),
        missed=missed,
        with_refused=with_refused,
        from_number_id=from_number_id,
    )


class CallController(Controller):
    """Calls of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/calls"
    tags = ["Calls"]
    guards = [requires_member]
    dependencies = {"filters": Provide(parse_call_filters, sync_to_thread=False)}

    @get(summary="Calls, newest first")
    async def index(
        self,
        reading_session: NamedDependency[ReadingSession],
        organization_id: FromPath[UUID],
        filters: NamedDependency[CallFilters],
        page_query: NamedDependency[PageQuery],
    ) -> Page[CallInfo]:
        rows = await CallListService(reading_session).page(
            organization_id, filters, after=page_query.after, limit=page_query.limit
        )
        return page_query.to_page(rows, CallInfo.of)

    @get(
        "/export.csv",
        summary="Calls as CSV, newest first",
        media_type="text/csv",
        opt=SENDS_EXPORT,
        refusals=(ExportInProgress,),
    )
    async def export(
        self,
        organization_id: FromPath[UUID],
        filters: NamedDependency[CallFilters],
        request: Request[Any, Any, State],
        bom: ByteOrderMark = False,
    ) -> Stream:
        reading = EXPORT_READING_SESSIONS.get(request.app).with_max_age(accepted_age(request))
        chunks = calls_csv(reading, organization_id, filters)
        return csv_response("calls.csv", chunks, bom=bom, as_of=reading.as_of)

    @get("/{call_id:uuid}", summary="One call with its timeline")
    async def show(
        self, db_session: NamedDependency[AsyncSession], organization_id: FromPath[UUID], call_id: FromPath[UUID]
    ) -> CallDetail:
        calls = CallService(db_session)
        call = await calls.get(organization_id, call_id)
        events = await calls.visible_events(organization_id, call.id)
        changes = await RemarkService(db_session).history(organization_id, call.id)
        if call.end_reason not in REFUSALS:
            later_call = (await MissedCallService(db_session).later_calls(organization_id, [call])).get(call.id)
            returned_by = None if later_call is None else later_call.by
            return CallDetail.with_events(call, events, changes, returned_by=returned_by)
        organization = await OrganizationService(db_session).get(organization_id)
        explanation = explain_call(call, organization.name, organization.zone)
        shown = None if explanation is None else CallExplanation.of(explanation, organization.slug)
        return CallDetail.with_events(call, events, changes, shown)

    @patch("/{call_id:uuid}", summary="Set a call's outcome, note and tags", refusals=(CallErased,))
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        call_id: FromPath[UUID],
        data: JSONBody[ChangeCall],
    ) -> CallInfo:
        """Change what is given. The outcome is one of the organization's, or the one that the call has."""
        author = Author.of(current_member(request).actor)
        return CallInfo.of(await RemarkService(db_session).change(organization_id, call_id, data.to_remarks(), author))


class UsageController(Controller):
    """Usage of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/usage"
    tags = ["Usage"]
    guards = [requires_member]

    @get(summary="Calls, billed minutes and talk time, this month and last, by token and agent")
    async def show(
        self, reading_session: NamedDependency[ReadingSession], organization_id: FromPath[UUID]
    ) -> UsageInfo:
        this_month, last_month = await UsageService(reading_session).this_and_last_month(
            organization_id, today=utc_now().date()
        )
        return UsageInfo(this_month=MonthUsageInfo.of(this_month), last_month=MonthUsageInfo.of(last_month))
