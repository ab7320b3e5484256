"""``…/audit``: admins list and export the organization's audit log."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from kit.db.paging import PageQuery, read_moment
from kit.db.reading_session import ReadingSession
from kit.http.app_key import EXPORT_READING_SESSIONS
from kit.http.csv_response import ByteOrderMark, csv_response
from kit.http.data_age import accepted_age
from kit.http.query_parameters import Moment
from kit.http.tenant_concurrency import SENDS_EXPORT, ExportInProgress
from kit.schemas import Page
from tenants.audit_log.schemas import AuditEventInfo
from tenants.audit_log.services import (
    AuditFilters,
    AuditLogService,
    export_audit_csv,
    parse_filters,
)
from tenants.guards import requires_member, requires_role
from tenants.models import Role


def audit_filters(
    action: FromQuery[str | None] = None,
    actor: FromQuery[str | None] = None,
    since: Moment = None,
    until: Moment = None,
) -> AuditFilters:
    """Parse the filters of the list and the export from the query string. Raises: ValidationFailed."""
    return parse_filters(action, actor, read_moment("since", since), read_moment("until", until))


class AuditController(Controller):
    """The audit log of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/audit"
    tags = ["Audit"]
    guards = [requires_member, requires_role(Role.ADMIN)]
    dependencies = {"filters": Provide(audit_filters, sync_to_thread=False)}

    @get(summary="The audit log, newest first")
    async def index(
        self,
        reading_session: NamedDependency[ReadingSession],
        organization_id: FromPath[UUID],
        filters: NamedDependency[AuditFilters],
        page_query: NamedDependency[PageQuery],
    ) -> Page[AuditEventInfo]:
        rows = await AuditLogService(reading_session).list_events(
            organization_id, filters, after=page_query.after, limit=page_query.limit
        )
        return page_query.to_page(rows, AuditEventInfo.of)

    @get(
        "/export.csv",
        summary="The audit log as CSV, newest first",
        media_type="text/csv",
        opt=SENDS_EXPORT,
        refusals=(ExportInProgress,),
    )
    async def export(
        self,
        organization_id: FromPath[UUID],
        filters: NamedDependency[AuditFilters],
        request: Request[Any, Any, State],
        bom: ByteOrderMark = False,
    ) -> Stream:
        reading = EXPORT_READING_SESSIONS.get(request.app).with_max_age(accepted_age(request))
        chunks = export_audit_csv(reading, organization_id, filters)
        return csv_response("audit.csv", chunks, bom=bom, as_of=reading.as_of)
